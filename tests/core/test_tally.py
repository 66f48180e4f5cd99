"""Adding up results: halves tallied apart and merged are the whole, and memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.recording import from_json
from chatconform.core.result import Result, Verdict
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.tally import MOST_EXAMPLES, MOST_PLACES, Outcome, Tally, general

EXCHANGES = [from_json({"case": f"case-{number}", "request": {}}) for number in range(3)]


def _check(_: Any) -> Iterator[Finding]:
    """It holds."""
    yield from ()


RULES = [rule(f"some.rule.number-{n}", Level.MUST, on=Part.EXCHANGE, source="a test")(_check) for n in range(3)]
POINTERS = st.builds("/{}/{}/x{}".format, st.integers(0, 30), st.sampled_from("abcdefgh"), st.integers(0, 2))


@st.composite
def results(draw: st.DrawFn) -> Result:
    verdict = draw(st.sampled_from([v for v in Verdict if v is not Verdict.NOT_EXERCISED]))
    exchange, one = draw(st.sampled_from(EXCHANGES)), draw(st.sampled_from(RULES))
    found = draw(st.lists(POINTERS, min_size=1, max_size=8)) if verdict is Verdict.FAILED else []
    open_ones = {Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED}
    reason = draw(st.sampled_from(["a", "b", "c", "d", "e"])) if verdict in open_ones else None
    findings = tuple(Finding(pointer, draw(st.sampled_from("abcde"))) for pointer in found)
    return Result(one, (exchange,), verdict, findings, reason, draw(st.booleans()) and verdict in open_ones)


def told(tally: Tally) -> dict[str, Any]:
    """All that an outcome holds, in an order that can be compared."""
    return {
        name: (
            sorted(outcome.counts.items()),
            outcome.findings,
            outcome.reasons,
            outcome.kit_fault,
            [(p.pointer, p.count, [(e.finding, e.exchange.id) for e in p.examples]) for p in outcome.places.values()],
        )
        for name, outcome in tally.outcomes.items()
    }


@given(st.lists(results(), max_size=40), st.integers(0, 40))
def test_halves_tallied_apart_and_merged_are_the_whole(found: list[Result], half: int) -> None:
    whole, first, second = Tally(RULES), Tally(RULES), Tally(RULES)
    whole.add(found)
    first.add(found[:half])
    second.add(found[half:])
    first.merge(second)
    assert told(first) == told(whole)


@given(st.lists(results(), max_size=60))
def test_findings_are_counted_and_a_few_are_kept(found: list[Result]) -> None:
    tally = Tally(RULES)
    tally.add(found)
    for outcome in tally.outcomes.values():
        own = [result for result in found if result.rule.id == outcome.rule.id]
        assert outcome.findings == sum(len(result.findings) for result in own)
        assert sum(outcome.counts.values()) == len(own)
        assert len(outcome.places) <= MOST_PLACES
        for name, place in outcome.places.items():
            there = [f.message for result in own for f in result.findings if general(f.pointer) == name]
            kept = [example.finding.message for example in place.examples]
            assert len(kept) == min(len(there), MOST_EXAMPLES)
            assert len(set(kept)) == min(len(set(there)), MOST_EXAMPLES)
        assert len(outcome.reasons) <= MOST_EXAMPLES


def test_places_in_lists_are_one_place() -> None:
    tally = Tally(RULES)
    findings = tuple(Finding(f"/{event}/choices/{n}/delta", "is wrong") for event in range(9) for n in range(2))
    tally.add([Result(RULES[0], (EXCHANGES[0],), Verdict.FAILED, findings)])
    outcome = tally.outcomes[RULES[0].id]
    assert [(place.pointer, place.count) for place in outcome.places.values()] == [("/*/choices/*/delta", 18)]
    assert [example.finding for example in outcome.examples()] == list(findings[:MOST_EXAMPLES])


def test_a_finding_of_a_series_keeps_the_exchange_that_it_speaks_of() -> None:
    tally = Tally(RULES)
    finding = Finding("/id", "is wrong", exchange=2)
    tally.add([Result(RULES[0], tuple(EXCHANGES), Verdict.FAILED, (finding,))])
    (example,) = tally.outcomes[RULES[0].id].examples()
    assert example.exchange is EXCHANGES[2]


@pytest.mark.parametrize(
    ("counts", "verdict", "judged"),
    [
        ({}, Verdict.NOT_EXERCISED, 0),
        ({Verdict.UNSUPPORTED: 1}, Verdict.UNSUPPORTED, 0),
        ({Verdict.UNSUPPORTED: 9, Verdict.INCONCLUSIVE: 1}, Verdict.INCONCLUSIVE, 0),
        ({Verdict.INCONCLUSIVE: 9, Verdict.PASSED: 1}, Verdict.PASSED, 1),
        ({Verdict.PASSED: 9, Verdict.FAILED: 1}, Verdict.FAILED, 10),
    ],
)
def test_one_failure_fails_and_one_pass_passes(counts: dict[Verdict, int], verdict: Verdict, judged: int) -> None:
    outcome = Outcome(RULES[0], counts)
    assert (outcome.verdict, outcome.judged) == (verdict, judged)


def test_every_chosen_rule_has_an_outcome() -> None:
    assert list(Tally(RULES).outcomes) == [one.id for one in RULES]


def test_a_secret_that_a_target_made_the_name_of_a_place_is_hidden() -> None:
    tally = Tally(RULES)
    tally.add([Result(RULES[0], tuple(EXCHANGES), Verdict.FAILED, (Finding("/a/sk-123", "is wrong"),))])
    outcome = tally.outcomes[RULES[0].id]
    outcome.hide(lambda text: text.replace("sk-123", "[redacted]"))
    assert [(name, place.pointer) for name, place in outcome.places.items()] == [("/a/[redacted]", "/a/[redacted]")]
