"""Adding up results: one outcome a rule, however many exchanges it judged.

The law of this file: tallies merge. Two halves of the work, tallied apart and merged in order, give what one tally of
the whole gives; memory is bounded by the number of rules and places, not by the number of exchanges.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from chatconform.core.result import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chatconform.core.exchange import Exchange
    from chatconform.core.result import Result
    from chatconform.core.rule import Finding, Rule

MOST_PLACES = 20
MOST_EXAMPLES = 3
INDEX = re.compile(r"(?<=/)\d+(?=/|$)")


@lru_cache(maxsize=4096)
def general(pointer: str) -> str:
    """A pointer with its list indexes told as `*`."""
    return INDEX.sub("*", pointer)


@dataclass(frozen=True, slots=True)
class Example:
    """One finding and the exchange it was made in; of a record in a file only where it stands, and an excerpt."""

    finding: Finding
    exchange: Exchange
    excerpt: str | None = None


@dataclass(slots=True)
class Place:
    """The findings of one rule in one place, list indexes told as `*`: how many, and the first that differ."""

    pointer: str
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def keeps(self, message: str) -> bool:
        """Makes room for one more example, if it is to be kept: what says something new goes before what repeats."""
        if len(self.examples) < MOST_EXAMPLES:
            return True
        said = [example.finding.message for example in self.examples]
        if message in said or len(set(said)) == len(said):
            return False
        repeats = [number for number, text in enumerate(said) if text in said[:number]]
        del self.examples[repeats[-1]]
        return True


@dataclass(slots=True)
class Outcome:
    """What one rule came to over all that it judged."""

    rule: Rule
    counts: dict[Verdict, int] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    findings: int = 0
    reasons: list[str] = field(default_factory=list)
    kit_fault: bool = False
    known: str | None = None
    """What is documented of the target's family where this rule fails; it explains, and excuses nothing."""

    @property
    def judged(self) -> int:
        """How many exchanges (or series) passed or failed."""
        return self.counts.get(Verdict.PASSED, 0) + self.counts.get(Verdict.FAILED, 0)

    @property
    def verdict(self) -> Verdict:
        """One failure fails; else one pass passes; else what stood in the way."""
        order = (Verdict.FAILED, Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED)
        return next((verdict for verdict in order if self.counts.get(verdict)), Verdict.NOT_EXERCISED)

    def hide(self, hidden: Callable[[str], str]) -> None:
        """Takes secrets out of the names of places, which a target makes; `hidden` takes them out of a text."""
        for place in self.places.values():
            place.pointer = hidden(place.pointer)
        self.places = {hidden(name): place for name, place in self.places.items()}

    def examples(self) -> list[Example]:
        """The kept findings, place by place."""
        return [example for place in self.places.values() for example in place.examples]


class Tally:
    """Results added up rule by rule. Every rule given at the start has an outcome, exercised or not."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.outcomes: dict[str, Outcome] = {rule.id: Outcome(rule) for rule in rules}

    def add(self, results: Iterable[Result]) -> None:
        """Takes more results in."""
        for result in results:
            outcome = self.outcomes.setdefault(result.rule.id, Outcome(result.rule))
            outcome.counts[result.verdict] = outcome.counts.get(result.verdict, 0) + 1
            outcome.kit_fault = outcome.kit_fault or result.kit_fault
            if (
                result.reason is not None
                and result.reason not in outcome.reasons
                and len(outcome.reasons) < MOST_EXAMPLES
            ):
                outcome.reasons.append(result.reason)
            for finding in result.findings:
                _note(outcome, general(finding.pointer), 1, [Example(finding, result.exchanges[finding.exchange])])

    def outcome(self, rule: Rule) -> Outcome:
        """The outcome of a rule, which is there from now on."""
        return self.outcomes.get(rule.id) or self.outcomes.setdefault(rule.id, Outcome(rule))

    def note(self, rule: Rule, pointer: str, message: str, make: Callable[[], Example]) -> None:
        """Counts one finding of a rule at a pointer, and makes an example of it where one more is kept.

        The verdict that it belongs to is counted by whoever judged.
        """
        outcome = self.outcome(rule)
        outcome.findings += 1
        place = _place(outcome, general(pointer))
        if place is not None:
            place.count += 1
            if place.keeps(message):
                place.examples.append(make())

    def merge(self, other: Tally) -> None:
        """Takes another tally in, as if its results had come after this one's."""
        for rule_id, theirs in other.outcomes.items():
            ours = self.outcomes.setdefault(rule_id, Outcome(theirs.rule))
            for verdict, count in theirs.counts.items():
                ours.counts[verdict] = ours.counts.get(verdict, 0) + count
            ours.kit_fault = ours.kit_fault or theirs.kit_fault
            ours.reasons += [reason for reason in theirs.reasons if reason not in ours.reasons]
            del ours.reasons[MOST_EXAMPLES:]
            for pointer, place in theirs.places.items():
                _note(ours, pointer, place.count, place.examples)
            ours.findings += theirs.findings - sum(place.count for place in theirs.places.values())


def _note(outcome: Outcome, pointer: str, count: int, examples: Iterable[Example]) -> None:
    """Counts findings at a place; places beyond the most that are kept are counted, not shown."""
    outcome.findings += count
    place = _place(outcome, pointer)
    if place is not None:
        place.count += count
        for example in examples:
            if place.keeps(example.finding.message):
                place.examples.append(example)


def _place(outcome: Outcome, pointer: str) -> Place | None:
    """The place of findings; None where there are as many as are kept."""
    place = outcome.places.get(pointer)
    if place is None and len(outcome.places) < MOST_PLACES:
        place = outcome.places[pointer] = Place(pointer)
    return place
