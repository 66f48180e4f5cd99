"""Baselines: what is known to fail, and what that makes of a result.

The law of this file: an entry weighs what its rule weighs. A failure that no entry names fails the run where its level
does; an entry that no failure bears out any more is stale, and fails the run where the failure did. What a run did not
look at is neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from chatconform.core.baseline_form import BEGINNING, FUZZED, LINE, Entry, Section, check, entries_in, insert, wrong
from chatconform.core.baseline_form import BaselineError as BaselineError
from chatconform.core.failure import Sight, failure_at, failures_of, weighs
from chatconform.core.judged import Judged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from chatconform.core.failure import Failure
    from chatconform.core.rule import Level
    from chatconform.core.scenario import Grade
    from chatconform.core.tally import Outcome


@dataclass(frozen=True, slots=True)
class Stale:
    """An entry that was looked at and no longer fails."""

    entry: Entry
    level: Level | Grade


@dataclass(frozen=True, slots=True)
class Unseen:
    """An entry that this run did not look at, and why."""

    entry: Entry
    why: str


@dataclass(frozen=True)
class Applied:
    """What a baseline says of one run."""

    path: str
    known: tuple[tuple[Failure, Entry], ...] = ()
    stale: tuple[Stale, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    def entry(self, failure: Failure) -> Entry | None:
        """The entry that names a failure; None for a new one."""
        return self._entries.get(failure)

    @cached_property
    def _entries(self) -> dict[Failure, Entry]:
        return dict(self.known)


def is_excused(outcome: Outcome, baseline: Applied | None) -> bool:
    """Whether a rule failed, and a baseline names every place that it failed at."""
    failures = list(failures_of([outcome])) if baseline is not None else []
    return baseline is not None and bool(failures) and all(baseline.entry(one) is not None for one in failures)


def fresh(outcomes: Iterable[Outcome], baseline: Applied | None) -> list[Outcome]:
    """What rules failed at that a baseline does not name: the outcomes of which anything is left, with what is left."""
    if baseline is None:
        return list(outcomes)
    left: list[Outcome] = []
    for outcome in outcomes:
        entries = {name: baseline.entry(failure_at(outcome.rule, name)) for name in outcome.places}
        new = {name: place for name, place in outcome.places.items() if entries[name] is None}
        known = sum(place.count for name, place in outcome.places.items() if name not in new)
        if not is_excused(outcome, baseline):
            left.append(replace(outcome, places=new, findings=outcome.findings - known))
    return left


Result = TypeVar("Result", bound=Judged)


@dataclass(frozen=True)
class Baseline:
    """A baseline: the lines of its file as they are, and the entries in them. `path` is its name in messages."""

    path: str
    lines: tuple[str, ...] = ()
    """With their ends."""
    entries: tuple[Entry, ...] = ()

    def applied(self, result: Result) -> Result:
        """The same result with what this baseline says of it: known failures no longer fail it, stale entries do."""
        seen = result.sight()
        changed: Any = replace(result, baseline=self._said_of(seen))  # type: ignore[type-var]  # results are dataclasses
        told: Result = changed
        return told

    def updated(self, result: Judged, *, strict: bool = False) -> Baseline:
        """The baseline with what this result brings: new failures that count are added, stale entries are left out.

        Comments, order, reasons and what the run did not look at stay as they are.
        """
        seen = result.sight()
        stale = {one.entry for one in self._said_of(seen).stale}
        kept = [entry for entry in self.entries if entry not in stale]
        named = _by_name(kept, seen)
        new = [one for one in seen.failures if weighs(one.level, strict=strict) and _entry(one, named) is None]
        wide = {one.name for one in new if one.place is None}
        # Where a rule fails at more places than are kept, one entry stands for all of them.
        dropped = {entry for entry in kept if entry.name in wide and entry.place and _is_for(entry, seen)}
        gone = {entry.line for entry in stale | dropped}
        lines = [line for number, line in enumerate(self.lines, 1) if number not in gone]
        lines = lines if self.lines else list(BEGINNING)
        for one in new:
            if one.place is None or one.name not in wide:
                insert(lines, one, Section(seen.command, one.generated))
        return replace(self, lines=tuple(lines), entries=tuple(entries_in(self.path, lines)))

    def entries_of(self, name: str, command: str) -> list[Entry]:
        """What a command knows of a rule or scenario."""
        return _by_name(self.entries, Sight(command)).get(name, [])

    def entry(self, failure: Failure, command: str) -> Entry | None:
        """The entry by which a command knows a failure; None for a new one."""
        return next((entry for entry in self.entries_of(failure.name, command) if entry.names(failure)), None)

    @property
    def text(self) -> str:
        """The whole file."""
        return "".join(self.lines)

    def _said_of(self, seen: Sight) -> Applied:
        named = _by_name(self.entries, seen)
        known = [(one, entry) for one in seen.failures if (entry := _entry(one, named)) is not None]
        used = {entry for _, entry in known}
        stale: list[Stale] = []
        unseen: list[Unseen] = []
        for entry in self.entries:
            if entry in used or not _is_for(entry, seen):
                continue
            if entry.sometimes:
                unseen.append(Unseen(entry, "said to fail only sometimes"))
            elif entry.section.fuzzed and not seen.fuzzed:
                unseen.append(Unseen(entry, f"only a run with {FUZZED} shows it"))
            elif (level := seen.judged.get(entry.name)) is not None:
                stale.append(Stale(entry, level))
            else:
                unseen.append(Unseen(entry, seen.unjudged.get(entry.name, "not chosen, or nothing showed it")))
        return Applied(self.path, tuple(known), tuple(stale), tuple(unseen))


def read(text: str, path: str, *, rules: Collection[str], scenarios: Collection[str]) -> Baseline:
    """The baseline in the text of a file. Takes the ids that there are; raises `BaselineError` for what is none."""
    lines = LINE.findall(text)
    entries = tuple(entries_in(path, lines))
    first: dict[tuple[str, str | None, Section], int] = {}
    for entry in entries:
        check(entry, path, rules, scenarios)
        if (before := first.setdefault((entry.name, entry.place, entry.section), entry.line)) != entry.line:
            raise wrong(path, entry.line, f"line {before} says this already; remove one of the two")
    for entry in entries:
        if (wide := first.get((entry.name, None, entry.section), entry.line)) != entry.line:
            raise wrong(path, entry.line, f"line {wide} stands for this rule wherever it fails; remove one of the two")
    return Baseline(path, tuple(lines), entries)


def _is_for(entry: Entry, seen: Sight) -> bool:
    return entry.section.command in {None, seen.command}


def _by_name(entries: Iterable[Entry], seen: Sight) -> dict[str, list[Entry]]:
    named: dict[str, list[Entry]] = {}
    for entry in entries:
        if _is_for(entry, seen):
            named.setdefault(entry.name, []).append(entry)
    return named


def _entry(failure: Failure, named: Mapping[str, Sequence[Entry]]) -> Entry | None:
    return next((entry for entry in named.get(failure.name, ()) if entry.names(failure)), None)
