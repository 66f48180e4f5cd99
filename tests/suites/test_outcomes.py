"""An outcome becomes what pytest calls it, and one trouble is told by one test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chatconform.suites.outcomes import Outcomes, shared, unchecked

if TYPE_CHECKING:
    from pathlib import Path


def outcomes(trouble: str | None = None, strict: bool = False, **rules: tuple[str, str]) -> Outcomes:
    entry = {"title": "t", "source": "s", "reason": "because", "kit_fault": False, "text": "the whole story"}
    entry = {**entry, "stale": [], "excused": False, "open": None}
    told = {name: {**entry, "level": level, "verdict": verdict} for name, (level, verdict) in rules.items()}
    return Outcomes({"rules": told, "trouble": trouble, "strict": strict})


def came_to(found: Outcomes, rule: str) -> tuple[str, str]:
    try:
        found.tell(rule)
    except (pytest.fail.Exception, pytest.skip.Exception, pytest.xfail.Exception) as raised:
        return type(raised).__name__, str(raised)
    return "Passed", ""


@pytest.mark.parametrize(
    ("level", "verdict", "strict", "expected"),
    [
        ("MUST", "passed", False, ("Passed", "")),
        ("MUST", "failed", False, ("Failed", "the whole story")),
        ("SHOULD", "failed", False, ("XFailed", "SHOULD: the whole story")),
        ("SHOULD", "failed", True, ("Failed", "the whole story")),
        ("INFO", "failed", True, ("XFailed", "INFO: the whole story")),
        ("MUST", "unsupported", False, ("Skipped", "unsupported: because")),
        ("MUST", "inconclusive", True, ("Skipped", "inconclusive: because")),
        ("MUST", "not_exercised", True, ("Skipped", "not exercised: because")),
    ],
)
def test_an_outcome_becomes_what_pytest_calls_it(
    level: str, verdict: str, strict: bool, expected: tuple[str, str]
) -> None:
    assert came_to(outcomes(strict=strict, one=(level, verdict)), "one") == expected


def test_a_fault_of_the_kit_is_told_as_its_own() -> None:
    entry = {"level": "MUST", "verdict": "inconclusive", "reason": "oops", "kit_fault": True}
    kind, text = came_to(Outcomes({"rules": {"one": entry}, "trouble": None, "strict": False}), "one")
    assert kind == "Failed"
    assert text == "the rule itself is at fault here, not the target: oops"


def test_what_ended_a_check_early_is_told_by_the_first_rule_that_it_left_open() -> None:
    found = outcomes(
        "the target died",
        a=("MUST", "passed"),
        b=("SHOULD", "inconclusive"),
        c=("MUST", "not_exercised"),
        d=("MUST", "failed"),
        e=("MUST", "unsupported"),
    )
    assert [came_to(found, rule) for rule in "abcde"] == [
        ("Passed", ""),
        ("Failed", "the target died"),
        ("Skipped", "the target died"),
        ("Failed", "the whole story"),
        ("Skipped", "unsupported: because"),
    ]


def test_a_target_that_cannot_be_checked_is_told_by_the_first_rule() -> None:
    rules = ["response.usage.total-is-the-sum", "response.body.is-strict-json"]
    found = Outcomes(unchecked("nobody is there", rules))
    assert [came_to(found, rule) for rule in rules] == [
        ("Failed", "chatconform: nobody is there"),
        ("Skipped", "chatconform: nobody is there"),
    ]
    assert dict(found.facts(rules[0]))["level"] == "MUST"


def test_a_check_is_shared_by_all_who_come_later_and_need_no_more(tmp_path: Path) -> None:
    made: list[int] = []

    def check(*rules: str) -> dict[str, Any]:
        made.append(1)
        return {"rules": dict.fromkeys(rules), "trouble": None, "strict": False}

    for url, rules in (
        ("http://a", "xy"),
        ("http://a", "y"),
        ("http://b", "x"),
        ("http://a", "xy"),
        ("http://a", "xz"),
    ):
        assert {*rules} <= shared(tmp_path / "shared", url, rules, lambda rules=rules: check(*rules))["rules"].keys()
    assert len(made) == 3


def test_a_check_that_breaks_leaves_the_way_free(tmp_path: Path) -> None:
    def broken() -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shared(tmp_path / "shared", "http://a", ["x"], broken)
    document = {"rules": {}, "trouble": None, "strict": True}
    shared(tmp_path / "shared", "http://a", [], lambda: json.loads(json.dumps(document)))
