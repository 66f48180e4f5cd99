"""A rule of one's own is proven by what keeps it and what breaks it, as the kit's are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chatconform import Exchange, Finding, Inconclusive, Level, Part, assert_rule, rule


@rule("acme.request-id", Level.MUST, on=Part.RESPONSE, source="the runbook")
def request_id(exchange: Exchange) -> Any:
    """Every answer has an `X-Request-Id`."""
    assert exchange.response is not None
    value = exchange.response.header("x-request-id")
    if value == "raise":
        raise ValueError(value)
    if value == "?":
        yield Inconclusive("who knows")
    elif value is None:
        yield Finding("", "there is none")


def specimen(kind: str, value: str | None) -> dict[str, Any]:
    headers = [["x-request-id", value]] if value is not None else []
    return {"specimen": kind, "response": {"headers": headers, "json": {}}, "request": {"json": {}}}


GOOD = [
    specimen("keeps", "a"),
    specimen("breaks", None),
    specimen("inconclusive", "?"),
    {"specimen": "silent", "request": {"json": {}}, "failure": {"kind": "reset", "message": "gone"}},
]


def test_a_rule_is_proven_by_specimens_in_a_file_or_in_python(tmp_path: Path) -> None:
    assert_rule(request_id, GOOD)
    file = tmp_path / "any.jsonl"
    file.write_text("\n".join(map(json.dumps, GOOD)) + "\n\n")
    assert_rule(request_id, file)
    assert_rule(request_id, str(file))


@pytest.mark.parametrize(
    ("specimens", "said"),
    [
        (GOOD[:1], "no specimen breaks it"),
        (GOOD[1:], "no specimen keeps it"),
        ([*GOOD, specimen("keeps", None)], "specimen 5 is told as 'keeps', and the rule says failed (there is none)"),
        ([*GOOD, specimen("breaks", "a")], "specimen 5 is told as 'breaks', and the rule says passed"),
        ([*GOOD, specimen("silent", "a")], "specimen 5 is told as 'silent', and the rule says passed"),
        ([*GOOD, specimen("inconclusive", "raise")], "ValueError: raise"),
        ([*GOOD, {**GOOD[3], "specimen": "breaks"}], "the rule is not exercised by it"),
    ],
)
def test_a_rule_that_is_not_proven_is_told(specimens: list[Any], said: str) -> None:
    with pytest.raises(AssertionError) as raised:
        assert_rule(request_id, specimens)
    assert "acme.request-id is not proven:" in str(raised.value)
    assert said in str(raised.value)


def test_specimens_stand_beside_the_rule_where_none_are_given() -> None:
    with pytest.raises(AssertionError, match="no specimen keeps it") as raised:
        assert_rule(request_id)
    assert str(Path(__file__).parent / "specimens" / "acme.request-id.jsonl") in str(raised.value)


def test_what_is_no_specimen_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "any.jsonl"
    for text, said in (("{", "any.jsonl:1 is no specimen"), ('{"specimen": "maybe", "request": {}}', "'maybe'")):
        file.write_text(text)
        with pytest.raises(ValueError, match=said):
            assert_rule(request_id, file)
