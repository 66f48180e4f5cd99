"""The whole kit against the embedded reference server: every rule exercised, none failed, always the same."""

from __future__ import annotations

from typing import Any

import pytest

import chatconform
from chatconform.core.result import Verdict
from chatconform.core.rule import Level


@pytest.fixture(scope="module")
def result() -> Any:
    return chatconform.check()


def verdicts(result: Any) -> dict[str, Verdict]:
    return {outcome.rule.id: outcome.verdict for outcome in result.outcomes}


def test_no_rule_fails_against_the_reference(result):
    failed = [(o.rule.id, [e.finding for e in o.examples()]) for o in result.failed(Level.MUST, Level.SHOULD)]
    assert failed == []
    assert result.exit_status(strict=True) == 0
    assert result.cut_short is None


def test_every_rule_is_exercised_and_passes(result):
    assert {rule: verdict for rule, verdict in verdicts(result).items() if verdict is not Verdict.PASSED} == {}


def test_no_check_breaks(result):
    assert [(outcome.rule.id, outcome.reasons) for outcome in result.outcomes if outcome.kit_fault] == []


def test_a_whole_run_is_within_its_budget(result):
    assert result.requests <= 156  # what splits and repeats of other targets cost comes on top


def test_another_run_comes_to_the_same(result):
    assert verdicts(chatconform.check(concurrency=1)) == verdicts(result)


def test_a_chosen_rule_comes_to_the_same_alone_and_costs_less(result):
    alone = chatconform.check(only=["response.usage"])
    assert alone.requests < result.requests / 2
    assert {outcome.verdict for outcome in alone.outcomes} <= {Verdict.PASSED, Verdict.INCONCLUSIVE}
