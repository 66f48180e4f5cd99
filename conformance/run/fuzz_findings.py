"""What a fuzz run found: findings grouped with their like, made smaller, and told as places of their rules.

The law of this file: one line for a rule and a place, however many requests show it. Where the finding has no place in
the answer, its place is what the request has and the plain one has not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.result import Verdict
from chatconform.core.rule import Finding, Level
from chatconform.core.tally import INDEX, MOST_EXAMPLES, MOST_PLACES, Example, Place
from chatconform.core.telling import tell
from chatconform.run.shrink import differences, least, leaves, weight
from chatconform.run.trouble import Trouble, trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chatconform.core.exchange import Exchange
    from chatconform.core.result import Result
    from chatconform.core.rule import Rule
    from chatconform.core.tally import Tally
    from chatconform.run.probes import Probe

MOST_KEPT: Final = 40
"""Examples of a group that are kept, the smallest; the others are counted."""
MOST_TRIES: Final = 300
"""Requests that making one example smaller may cost."""
MOST_TOLD: Final = 3
MOST_SHRUNK: Final = 10
"""Examples of a group that are made smaller, each of which no earlier one explains."""


@dataclass(frozen=True)
class Seen:
    """One probe and what came of it; `number` is its place in the run."""

    number: int
    probe: Probe
    exchange: Exchange

    @property
    def trouble(self) -> Trouble | None:
        """How the answer broke; None where it did not."""
        return trouble(self.exchange)


@dataclass(frozen=True)
class Shown:
    """A finding and the request that shows it. Of the least such request `where` tells what it has of its own."""

    seen: Seen
    finding: Finding
    body: Any
    exchange: Exchange
    where: tuple[tuple[str, Any], ...] = ()


Fails = Callable[[Seen, "Rule", Any, int], "Exchange | None"]


@dataclass
class Group:
    """The findings of one rule at one place of the answer."""

    rule: Rule
    count: int = 0
    kept: list[Shown] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    """Those that were made smaller, one for each cause that can be told apart."""
    explained: Counter[int] = field(default_factory=Counter)
    """How many of those kept each of those shown explains."""


class Findings:
    """Takes results in, has what failed made smaller, and gives all to a tally; `plain` is the plain request's body."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self._plain = plain
        self._groups: dict[tuple[str, str], Group] = {}
        self._counts: Counter[tuple[str, Verdict]] = Counter()
        self._rules: dict[str, Rule] = {}
        self._kit_faults: list[Result] = []

    @property
    def failed(self) -> int:
        """How many rules failed."""
        return len({rule_id for rule_id, _ in self._groups})

    def take(self, seen: Seen, results: Iterable[Result]) -> None:
        """Takes in what rules say of one exchange: what passed or failed counts, all else says nothing."""
        for result in results:
            if result.kit_fault:
                self._kit_faults += [] if len(self._kit_faults) >= MOST_KEPT else [result]
            elif result.verdict in {Verdict.PASSED, Verdict.FAILED}:
                self._rules[result.rule.id] = result.rule
                self._counts[result.rule.id, result.verdict] += 1
                self._note(seen, result)

    def shrink(self, fails: Fails) -> None:
        """Makes examples smaller: of each group the first, then of each what no smaller one explains.

        `fails` sends a body as another one was sent; it gives the exchange if the rule fails by it in the same way, and
        raises `StopIteration` where no more may be sent.
        """
        groups = sorted(self._groups.values(), key=lambda group: (list(Level).index(group.rule.level), group.rule.id))
        for most in (1, MOST_SHRUNK):
            for group in groups:
                self._shrink(group, fails, most)

    def into(self, tally: Tally) -> None:
        """Adds everything to a tally."""
        tally.add(self._kit_faults)
        for (rule_id, verdict), count in self._counts.items():
            counts = tally.outcome(self._rules[rule_id]).counts
            counts[verdict] = counts.get(verdict, 0) + count
        for (_, pointer), group in self._groups.items():
            outcome = tally.outcome(group.rule)
            outcome.findings += group.count
            for key, place in self._places(pointer, group):
                if (known := outcome.places.get(key)) is not None:
                    known.count += place.count
                    known.examples += place.examples[: MOST_EXAMPLES - len(known.examples)]
                elif len(outcome.places) < MOST_PLACES:
                    outcome.places[key] = place

    def _note(self, seen: Seen, result: Result) -> None:
        places: set[str] = set()
        for finding in result.findings:
            pointer = INDEX.sub("*", finding.pointer)
            group = self._groups.setdefault((result.rule.id, pointer), Group(result.rule))
            group.count += 1
            if pointer in places:
                continue
            places.add(pointer)
            group.kept.append(Shown(seen, finding, seen.probe.body, seen.exchange))
            if len(group.kept) > 2 * MOST_KEPT:
                self._keep_the_smallest(group)

    def _keep_the_smallest(self, group: Group) -> None:
        group.kept.sort(key=lambda one: (weight(one.body, self._plain), one.seen.number))
        del group.kept[MOST_KEPT:]

    def _shrink(self, group: Group, fails: Fails, most: int) -> None:
        self._keep_the_smallest(group)
        group.explained.clear()
        for one in group.kept:
            by = next((n for n, other in enumerate(group.shown) if self._explains(other, one)), None)
            if by is None and len(group.shown) < most:
                try:
                    group.shown.append(self._least(one, group.rule, fails))
                except StopIteration:
                    return
                by = len(group.shown) - 1
            if by is not None:
                group.explained[by] += 1

    def _least(self, one: Shown, rule: Rule, fails: Fails) -> Shown:
        """The same finding by the least request that shows it, which was sent twice."""
        tries = 0
        found: dict[int, Exchange] = {}

        def still(body: Any) -> bool:
            nonlocal tries
            if tries >= MOST_TRIES:
                raise StopIteration
            tries += 1
            exchange = fails(one.seen, rule, body, tries)
            if exchange is not None:
                found[id(body)] = exchange
            return exchange is not None

        if one.seen.probe.lies or one.seen.trouble is Trouble.SILENT:
            body = one.body  # a lie is about just these bytes, and each silence costs as long as is waited for
        else:
            body = least(one.body, self._plain, still)
        again = fails(one.seen, rule, body, tries + 1) if body is not one.body else None
        if again is None:
            return replace(one, where=tuple(differences(one.body, self._plain)))
        finding = next(iter(rule.check(again)), None)
        finding = finding if isinstance(finding, Finding) else one.finding
        return Shown(one.seen, finding, body, again, tuple(differences(body, self._plain)))

    def _explains(self, least: Shown, other: Shown) -> bool:
        """Whether another request has all that the least one has."""
        if isinstance(least.body, bytes) or isinstance(other.body, bytes):
            return least.seen.probe.kind == other.seen.probe.kind and least.seen.probe.family == other.seen.probe.family
        needed = leaves(least.body, self._plain)
        return bool(needed) and needed <= leaves(other.body, self._plain)

    def _places(self, pointer: str, group: Group) -> Iterator[tuple[str, Place]]:
        """The places to tell, the first of which has all that none of the others explains."""
        shown = group.shown or group.kept[:1]
        explained = sum(group.explained.values())
        for number, one in enumerate(shown):
            count = max(1, group.explained[number]) + (group.count - max(1, explained) if not number else 0)
            where = _told(one)
            finding = replace(one.finding, message=f"{one.finding.message}{where}")
            key = pointer or _of_the_request(one)
            yield key, Place(key, max(1, count), [Example(finding, one.exchange)])


def _of_the_request(one: Shown) -> str:
    """What a request has that shows a finding, as the name of a place."""
    if isinstance(one.body, bytes):
        return f"request:{one.seen.probe.family or one.seen.probe.kind}"
    parts = (f"{INDEX.sub('*', at) or '/'}={'' if value is ... else tell(value, 40)}" for at, value in one.where)
    return f"request:{','.join(list(parts)[:MOST_TOLD])}" if one.where else ""


def _told(one: Shown) -> str:
    """What is special in a request, for the end of a message."""
    if isinstance(one.body, bytes):
        return f" (sent {one.seen.probe.point})"
    if not one.where:
        return ""
    parts = [f"{pointer or '/'} {tell(value, 60)}" for pointer, value in one.where if value is not ...]
    lacks = [f"no {pointer}" for pointer, value in one.where if value is ...]
    several = [*lacks, *parts]
    more = f" and {len(several) - MOST_TOLD} more" if len(several) > MOST_TOLD else ""
    return f" (the request has {', '.join(several[:MOST_TOLD])}{more})"
