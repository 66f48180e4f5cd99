"""Baselines: failures that are known, a line each, in a file that people edit and review.

    # Why a line is here stands above it, or behind it.
    [check]
    response.usage.total-is-the-sum  /usage/total_tokens  # images are counted twice, ticket 12
    response.errors.has-an-error-object  whole
    stream.chunks.ids-are-the-same

A line has the id of a rule, the place (a JSON Pointer with list indexes as `*`, or `whole`) and perhaps a reason;
without a place it stands for the rule wherever it fails. The id of a scenario stands alone. What follows `[check]`,
`[client]` or `[validate]` holds for that command, what stands before them for all. What follows `[check --fuzz]` is
shown by generated requests alone, so that only a run that sends some misses it.

The law of this file: an entry weighs what its rule weighs. A failure that no entry names fails the run where its level
does; an entry that no failure bears out any more is stale, and fails the run where the failure did. What a run did not
look at is neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from chatconform.core.failure import WHOLE, Sight, failure_at, failures_of, weighs
from chatconform.core.naming import unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from chatconform.core.failure import Failure
    from chatconform.core.rule import Level
    from chatconform.core.scenario import Grade
    from chatconform.core.tally import Outcome

COMMANDS: Final = ("check", "client", "validate")
LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
HEADER: Final = re.compile(r"\[([^\]]*)\]\s*(?:#.*)?")
REASON: Final = re.compile(r"(?:^|\s)#\s*(.*)")
NUMBER: Final = re.compile(r"/\d+(?=/|$)")
FUZZED: Final = "--fuzz"
REQUEST: Final = "request:"
"""How a place begins that is in the request: what generated requests found is told by what they have."""
BEGINNING: Final = (
    "# Known failures: a rule and its place (a JSON Pointer, * for any index), or a scenario, and why after #.",
    "# A failure that is not here fails the run, and so does a line that no longer fails.",
)
SHOWN: Final = 60


class BaselineError(ValueError):
    """A baseline that cannot be read or written; the message is one sentence with the file, the line and the remedy."""


@dataclass(frozen=True, slots=True)
class Section:
    """What entries hold for: a command (None for all), and with `fuzzed` what only generated requests show."""

    command: str | None = None
    fuzzed: bool = False

    def __str__(self) -> str:
        return f"[{self.command}{f' {FUZZED}' if self.fuzzed else ''}]"


@dataclass(frozen=True, slots=True)
class Entry:
    """One known failure: `place` is None where the entry stands for the rule wherever it fails, or for a scenario."""

    name: str
    place: str | None = None
    reason: str | None = None
    line: int = 0
    section: Section = Section()

    def names(self, failure: Failure) -> bool:
        """Whether this is the failure that is meant."""
        return self.name == failure.name and self.place in {None, failure.place}

    @property
    def is_of_requests(self) -> bool:
        """Whether its place is told by what requests have that show it."""
        return self.place is not None and self.place.startswith(REQUEST)

    def __str__(self) -> str:
        return self.name if self.place is None else f"{self.name}  {self.place}"


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


class Judged(Protocol):
    """A result that a baseline can be applied to."""

    @property
    def baseline(self) -> Applied | None:
        """What the baseline said, where there was one."""

    def sight(self) -> Sight:
        """What the run saw."""


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
        for one in new:
            if one.place is None or one.name not in wide:
                _insert(lines, one, Section(seen.command, one.generated))
        return replace(self, lines=tuple(lines), entries=tuple(_entries(self.path, lines)))

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
            if entry.section.fuzzed and not seen.fuzzed:
                unseen.append(Unseen(entry, f"only a run with {FUZZED} shows it"))
            elif (level := seen.judged.get(entry.name)) is not None:
                stale.append(Stale(entry, level))
            else:
                unseen.append(Unseen(entry, seen.unjudged.get(entry.name, "not chosen, or nothing showed it")))
        return Applied(self.path, tuple(known), tuple(stale), tuple(unseen))


def read(text: str, path: str, *, rules: Collection[str], scenarios: Collection[str]) -> Baseline:
    """The baseline in the text of a file. Takes the ids that there are; raises `BaselineError` for what is none."""
    lines = LINE.findall(text)
    entries = tuple(_entries(path, lines))
    first: dict[tuple[str, str | None, Section], int] = {}
    for entry in entries:
        _check(entry, path, rules, scenarios)
        if (before := first.setdefault((entry.name, entry.place, entry.section), entry.line)) != entry.line:
            raise _wrong(path, entry.line, f"line {before} says this already; remove one of the two")
    for entry in entries:
        if (wide := first.get((entry.name, None, entry.section), entry.line)) != entry.line:
            raise _wrong(path, entry.line, f"line {wide} stands for this rule wherever it fails; remove one of the two")
    return Baseline(path, tuple(lines), entries)


def _entries(path: str, lines: Sequence[str]) -> Iterator[Entry]:
    section = Section()
    for number, line in enumerate(lines, 1):
        text = line.removeprefix("\ufeff").strip() if number == 1 else line.strip()
        if text.startswith("["):
            section = _section(text, path, number)
            continue
        reason = REASON.search(text)
        words = (text[: reason.start()] if reason else text).split()
        if len(words) > 2:
            raise _wrong(path, number, f"{_short(words[2])} is one word too many; a reason stands behind a #")
        if words:
            told = reason[1].strip() if reason else ""
            yield Entry(words[0], words[1] if len(words) > 1 else None, told or None, number, section)


def _section(text: str, path: str, number: int) -> Section:
    named = HEADER.fullmatch(text)
    words = named[1].split() if named else []
    if not words or words[0] not in COMMANDS or words[1:] not in ([], [FUZZED]) or words == ["validate", FUZZED]:
        raise _wrong(path, number, f"{_short(text)} is no section; the sections are [check], [client] and [validate]")
    return Section(words[0], len(words) > 1)


def _check(entry: Entry, path: str, rules: Collection[str], scenarios: Collection[str]) -> None:
    """Raises `BaselineError` for an entry that can name no failure."""
    name, place = entry.name, entry.place
    if name in scenarios:
        if place is not None:
            raise _wrong(path, entry.line, f"the scenario {name} has no places; remove {_short(place)}")
    elif name not in rules:
        if any(char in name for char in "*?"):
            raise _wrong(path, entry.line, f"{_short(name)} is a pattern; an entry names one rule or one scenario")
        raise _wrong(path, entry.line, unknown(name[:SHOWN], (*rules, *scenarios), "rule or scenario"))
    elif place is not None and place != WHOLE and not place.startswith(("/", REQUEST)):
        why = f"a place is a JSON Pointer such as /choices/*/message, or {WHOLE}, and {_short(place)} is neither"
        raise _wrong(path, entry.line, why)
    elif place is not None and NUMBER.search(place) and not place.startswith(REQUEST):
        general = NUMBER.sub("/*", place)
        raise _wrong(path, entry.line, f"the indexes of lists are told as *: write {_short(general)}")


def _wrong(path: str, line: int, what: str) -> BaselineError:
    return BaselineError(f"{path}:{line}: {what}")


def _short(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


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


def _insert(lines: list[str], failure: Failure, section: Section) -> None:
    """Adds an entry as the last one of its section, which is there from then on."""
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if not lines:
        lines += [f"{line}{end}" for line in BEGINNING]
    if not lines[-1].endswith("\n"):
        lines[-1] += end
    headers = [n for n, line in enumerate(lines) if line.strip().startswith("[")]
    start = next((n for n in headers if _section(lines[n].strip(), "", n) == section), None)
    if start is None:
        lines += [end, f"{section}{end}"]
        at = len(lines)
    else:
        after = next((n for n in headers if n > start), len(lines))
        at = max(n for n in range(start, after) if n == start or _is_entry(lines[n])) + 1
    lines.insert(at, f"{Entry(failure.name, failure.place)}{end}")


def _is_entry(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith(("#", "["))
