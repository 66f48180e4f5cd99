"""Judging: which verdict a rule comes to, and that a broken check is the kit's own fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.capability import Capability
from chatconform.core.exchange import Exchange
from chatconform.core.judge import MOST_FINDINGS, judge, judge_series
from chatconform.core.panel import Panel
from chatconform.core.recording import from_json
from chatconform.core.result import Verdict
from chatconform.core.rule import Finding, Inconclusive, Level, Part, Rule, rule

TOOLS = Capability("tools", "tools", lambda body: "tools" in body, lambda _: None)
ANSWER = from_json({"request": {"json": {}}, "response": {"json": {"choices": []}}})
STREAM = from_json({"request": {"json": {}}, "response": {"text": "data: {}\n\n"}})
REFUSAL = from_json({"request": {"json": {"tools": []}}, "response": {"status": 400, "json": {"error": {}}}})
SILENCE = from_json({"request": {"text": "{"}, "failure": {"kind": "reset"}})
ALL = [ANSWER, STREAM, REFUSAL, SILENCE]


def saying(*said: Finding | Inconclusive, on: Part = Part.EXCHANGE, **more: Any) -> Rule:
    """A rule that always says the same."""

    def check(_: Any) -> Iterator[Finding | Inconclusive]:
        """It says so."""
        yield from said

    return rule("some.rule.says-so", Level.MUST, on=on, source="a test", **more)(check)


FOUND, UNSURE = Finding("/a", "is wrong"), Inconclusive("it did not happen")


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ((), Verdict.PASSED),
        ((FOUND,), Verdict.FAILED),
        ((UNSURE,), Verdict.INCONCLUSIVE),
        ((UNSURE, FOUND), Verdict.FAILED),
    ],
)
def test_one_finding_fails_and_one_doubt_leaves_open(said: Sequence[Any], verdict: Verdict) -> None:
    (result,) = judge(ANSWER, [saying(*said)])
    assert result.verdict is verdict
    assert result.findings == tuple(one for one in said if isinstance(one, Finding))
    assert (result.reason == UNSURE.reason) is (verdict is Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("part", "judged"),
    [
        (Part.EXCHANGE, ALL),
        (Part.REQUEST, [ANSWER, STREAM, REFUSAL]),
        (Part.RESPONSE, [ANSWER, STREAM, REFUSAL]),
        (Part.ERROR, [REFUSAL]),
        (Part.COMPLETION, [ANSWER]),
        (Part.STREAM, [STREAM]),
        (Part.ANSWER, [ANSWER, STREAM]),
        (Part.OVERLOAD, []),
        (Part.SERIES, []),
    ],
)
def test_a_rule_is_silent_on_exchanges_without_its_part(part: Part, judged: list[Exchange]) -> None:
    assert [one for one in ALL if list(judge(one, [saying(on=part)]))] == judged


def test_a_rule_is_silent_where_its_condition_does_not_hold() -> None:
    assert not list(judge(ANSWER, [saying(when=lambda exchange: exchange.is_stream)]))


def test_a_refused_capability_is_unsupported() -> None:
    needy = saying(FOUND, on=Part.COMPLETION, needs=TOOLS)
    (result,) = judge(REFUSAL, [needy])
    assert (result.verdict, result.kit_fault) == (Verdict.UNSUPPORTED, False)
    assert "tools" in (result.reason or "")
    assert not list(judge(SILENCE, [needy]))


@pytest.mark.parametrize(
    "told",
    [
        {"response": {"status": 404, "json": {"error": {"code": "model_not_found"}}}},
        {"response": {"status": 404, "json": {"error": {"code": None}}}, "about": {"unknown_model": True}},
        {"response": {"status": 404, "json": {"error": {}}}, "about": {"unknown_path": True}},
        {"response": {"status": 400, "json": {"error": {"code": "context_length_exceeded"}}}},
        {"response": {"status": 400, "json": {"error": {"code": 400, "type": "exceed_context_size_error"}}}},
        {
            "response": {
                "status": 400,
                "json": {
                    "error": {"code": 400, "type": "invalid_request_error", "message": "exceeds the context size"}
                },
            }
        },
        {"response": {"status": 422, "json": {"detail": "The prompt is too long for this model"}}},
        {"response": {"status": 400, "json": {"object": "error", "message": "maximum context length is 4096 tokens"}}},
        {"response": {"status": 415, "json": {"error": {}}}},
        {"response": {"status": 405, "text": ""}},
    ],
)
def test_a_refusal_of_something_else_refuses_no_capability(told: dict[str, Any]) -> None:
    exchange = from_json({"request": {"json": {"tools": []}}, **told})
    assert exchange.refused
    assert not exchange.refuses_a_wish
    assert list(judge(exchange, [saying(on=Part.COMPLETION, needs=TOOLS)])) == []


def test_a_refusal_of_anything_else_says_nothing() -> None:
    other = from_json({"request": {"json": {"n": 5}}, "response": {"status": 400, "json": {}}})
    assert not list(judge(other, [saying(on=Part.COMPLETION, needs=TOOLS)]))


@pytest.mark.parametrize("broken", ["check", "when"])
def test_a_check_that_raises_is_the_kits_own_fault(broken: str) -> None:
    def breaks(_: Any) -> Iterator[Finding]:
        """It breaks."""
        raise KeyError("choices")
        yield

    if broken == "check":
        faulty = rule("some.rule.breaks", Level.MUST, on=Part.EXCHANGE, source="a test")(breaks)
    else:
        faulty = saying(when=lambda exchange: exchange.nothing)
    (result,) = judge(ANSWER, [faulty])
    assert (result.verdict, result.kit_fault, result.findings) == (Verdict.INCONCLUSIVE, True, ())
    assert "report" in (result.reason or "")


def test_a_rule_without_end_is_cut_off() -> None:
    def endless(_: Any) -> Iterator[Finding]:
        """It never ends."""
        yield from (Finding(f"/{number}", "is wrong") for number in count())

    (result,) = judge(ANSWER, [rule("some.rule.endless", Level.MUST, on=Part.EXCHANGE, source="a test")(endless)])
    assert len(result.findings) == MOST_FINDINGS


def test_series_rules_judge_a_series_and_nothing_else() -> None:
    single, several = saying(), saying(FOUND, on=Part.SERIES)
    assert [result.rule for result in judge(ANSWER, [single, several])] == [single]
    (result,) = judge_series(ALL, [single, several])
    assert (result.rule, result.exchanges) == (several, tuple(ALL))


@given(st.permutations(ALL))
def test_the_order_of_exchanges_changes_no_result(order: list[Exchange]) -> None:
    rules = [saying(), saying(FOUND, on=Part.STREAM), saying(UNSURE, on=Part.ERROR)]
    found = {id(one): [result.verdict for result in judge(one, rules)] for one in order}
    assert found == {id(one): [result.verdict for result in judge(one, rules)] for one in ALL}


@pytest.mark.parametrize(
    "said",
    [
        3,
        None,
        "no X-Request-Id",
        Finding(3, "is wrong"),  # type: ignore[arg-type]
        Finding("", {"is": "wrong"}),  # type: ignore[arg-type]
        Finding("", "is wrong", expected=5),  # type: ignore[arg-type]
        Finding("", "is wrong", exchange=1),
        Finding("", "is wrong", exchange=-1),
        Inconclusive(4),  # type: ignore[arg-type]
    ],
)
def test_a_check_that_says_what_no_report_can_tell_is_at_fault_itself(said: Any) -> None:
    faulty = saying(said)
    (result,) = judge(ANSWER, [faulty])
    assert (result.verdict, result.kit_fault, result.findings) == (Verdict.INCONCLUSIVE, True, ())
    assert f"it yields {said!r}, which should be " in (result.reason or "")
    assert Panel([faulty]).judge(ANSWER)[1] == [result]


@pytest.mark.parametrize("broken", ["check", "when"])
def test_a_check_that_exits_ends_no_run(broken: str) -> None:
    def leaves(_: Any) -> Any:
        """It leaves."""
        raise SystemExit(0)

    exiting = rule("some.rule.exits", Level.MUST, on=Part.EXCHANGE, source="a test")(leaves)
    faulty = exiting if broken == "check" else saying(when=leaves)
    (result,) = judge(ANSWER, [faulty])
    assert (result.verdict, result.kit_fault) == (Verdict.INCONCLUSIVE, True)
    assert Panel([faulty]).judge(ANSWER)[1] == [result]
