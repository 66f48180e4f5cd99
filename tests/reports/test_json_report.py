"""The JSON report keeps to its own schema, whatever the target sent."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from chatconform.core.exchange import Exchange, Origin, Request, Response
from chatconform.core.recording import from_json
from chatconform.reports import json_report, render
from chatconform.schemas.edition import EDITION

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.run_result import RunResult

    Make = Callable[..., RunResult]

SCHEMA = Draft202012Validator(json_report.schema())


def read(result: RunResult, **options: Any) -> dict[str, Any]:
    text = render("json", result, **options)
    document: dict[str, Any] = orjson.loads(text)
    errors = [f"{error.json_path}: {error.message[:200]}" for error in SCHEMA.iter_errors(document)]
    assert errors == []
    return document


def exchange_of(body: bytes = b"", response: bytes = b"", **about: Any) -> Exchange:
    return Exchange(
        Origin("cases.one"), Request("POST", "/v1", (), body), Response(200, (), response), about=about, seconds=0.0
    )


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_report.schema())


def test_every_rule_stands_in_it_with_its_outcome(a_result: Make) -> None:
    document = read(a_result())
    assert {entry["id"]: entry["outcome"] for entry in document["rules"]} == {
        "sample.answers.always-passes": "passed",
        "sample.answers.must-fails": "failed",
        "sample.answers.should-fails": "failed",
        "sample.other.cannot-say": "inconclusive",
        "sample.other.is-unsupported": "unsupported",
        "sample.other.is-not-exercised": "not_exercised",
    }
    assert document["summary"] == {
        "rules": 6,
        "passed": 1,
        "failed": 2,
        "unsupported": 1,
        "inconclusive": 1,
        "not_exercised": 1,
        "failed_by_level": {"MUST": 1, "SHOULD": 1, "INFO": 0},
    }
    assert document["target"] == {"url": "http://127.0.0.1:1/v1", "model": "m"}
    assert document["capabilities"][0]["support"] == "refused"
    assert document["exit_status"] == 1
    assert document["seed"] == 7
    assert document["requests"] == 2
    assert document["tool"] == {
        "name": "chatconform",
        "version": version("chatconform"),
        "schemas": {"version": EDITION.version, "date": EDITION.date},
    }


def test_a_finding_leads_to_its_exchange(a_result: Make) -> None:
    document = read(a_result())
    finding = document["rules"][1]["findings"][0]
    assert finding["pointer"] == "/choices/0"
    assert finding["expected"] == "something kind"
    assert finding["case"] == "cases.sample"
    record = document["exchanges"][finding["exchange"]]
    assert from_json(record).request.body == b'{"model":"m","messages":[]}'
    assert record["response"]["arrivals"][0] == [0.1, 30]


def test_only_exchanges_with_findings_are_kept(a_result: Make) -> None:
    document = read(a_result())
    referred = {finding["exchange"] for entry in document["rules"] for finding in entry["findings"]}
    assert set(document["exchanges"]) == referred


def test_no_secret_stands_in_it(a_result: Make, failure: Exchange) -> None:
    result = a_result(failure, cut_short="it said sk-very-secret-0123456789", notes=("sk-very-secret-0123456789",))
    for text in (render("json", result), render("json", a_result())):
        assert "very-secret" not in text
        assert "abcdef" not in text
        assert "[redacted]" in text


def test_strict_is_told_with_the_exit_status_it_makes(only_should: RunResult) -> None:
    assert read(only_should)["exit_status"] == 0
    assert read(only_should, strict=True)["exit_status"] == 1
    assert read(only_should, strict=True)["strict"] is True


def test_a_long_body_is_cut_and_its_length_told(a_result: Make) -> None:
    body = "é" * 1_000_000
    document = read(a_result(exchange_of(orjson.dumps(body), body.encode())))
    record = document["exchanges"]["cases.one#0"]
    assert record["response"]["cut_from"] == 2_000_000
    assert record["response"]["text"] == "é" * (128 * 1024)
    assert record["request"]["cut_from"] == 2_000_002
    assert record["request"]["text"].startswith('"é')


def test_all_bodies_together_are_bounded(a_result: Make) -> None:
    exchanges = [
        Exchange(Origin("cases.many", step), Request("POST", "/", (), b"x" * 2_000_000), None) for step in range(80)
    ]
    outcome = a_result(*exchanges).outcomes[1]
    assert outcome.findings == 80
    assert len(render("json", a_result(*exchanges))) < 40_000_000


@pytest.mark.parametrize("depth", [90, 200, 260, 500, 2000])
def test_a_deep_body_is_reported(a_result: Make, depth: int) -> None:
    body = b"[" * depth + b"]" * depth
    record = read(a_result(exchange_of(body, body)))["exchanges"]["cases.one#0"]
    assert from_json(record).request.body == body


@pytest.mark.parametrize(
    "text", ["\ud800", "\x00", "\u2028\u202e", "\x1b[2J", "</script>", "\uffff", "\U0010ffff"], ids=ascii
)
def test_odd_characters_are_reported(a_result: Make, text: str) -> None:
    exchange = exchange_of(b"{}", text.encode("utf-8", "surrogatepass"), note=text, kinds={1, 2}, raw=b"\xff")
    assert read(a_result(exchange, notes=(text,)))


def test_headers_beyond_a_bound_are_left_out(a_result: Make) -> None:
    response = Response(200, tuple(("X", "y") for _ in range(100_000)), b"")
    exchange = Exchange(Origin("cases.one"), Request("POST", "/"), response)
    assert len(read(a_result(exchange))["exchanges"]["cases.one#0"]["response"]["headers"]) == 200


def test_a_broken_check_is_told_as_the_kits_own_fault(with_a_broken_check: RunResult) -> None:
    document = read(with_a_broken_check)
    assert document["rules"][0]["kit_fault"] is True
    assert "please report it" in document["rules"][0]["reasons"][0]
    assert document["exit_status"] == 2
