"""What a page of results tells, and how each outcome looks: never by its color alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatconform.reports.digest import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.reports.html_evidence import ShownExchange


@dataclass(frozen=True, slots=True)
class Badge:
    """How an outcome looks: its shade, its sign, and the word that tells it without either."""

    shade: str
    sign: str
    word: str


BADGES: Final = {
    "passed": Badge("passed", "✓", "passed"),
    "failed": Badge("failed", "✗", "failed"),
    "known": Badge("known", "≡", "known to fail"),
    "unsupported": Badge("unsupported", "−", "unsupported"),
    "inconclusive": Badge("inconclusive", "?", "inconclusive"),
    "not_exercised": Badge("not_exercised", "·", "not exercised"),
    "lossy": Badge("lossy", "≈", "reshaped"),
    "blocked": Badge("blocked", "⊘", "blocked"),
    "honoured": Badge("honoured", "✓", "honoured"),
    "refused": Badge("refused", "−", "refused"),
    "ignored": Badge("ignored", "✗", "ignored"),
    "unknown": Badge("unknown", "?", "unknown"),
}
FAILED_BADGES: Final = {
    "SHOULD": Badge("warned", "!", "failed"),
    "INFO": Badge("told", "i", "noted"),
    "should": Badge("warned", "!", "failed"),
    "policy": Badge("warned", "!", "failed"),
    "strict": Badge("told", "i", "failed"),
    "hostile": Badge("told", "i", "failed"),
}
STATUS: Final = {
    0: Badge("passed", "✓", "Passed"),
    1: Badge("failed", "✗", "Failed"),
    2: Badge("warned", "?", "Not conclusive"),
}


@dataclass(frozen=True, slots=True)
class Share:
    """So many of something came to this."""

    badge: Badge
    level: str
    count: int


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """One thing that is wrong: the place in the body, what is there, where it was seen, and what stands there."""

    pointer: str
    message: str
    where: str
    count: int = 1
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule or scenario, and what it came to."""

    id: str
    title: str
    level: str
    outcome: str
    badge: Badge
    told: str
    """In a few words: how many findings there are, or why it was not judged."""
    source: str = ""
    why: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    findings: tuple[ShownFinding, ...] = ()
    more: int = 0
    remarks: tuple[tuple[str, str], ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    exchanges: tuple[ShownExchange, ...] = ()

    @property
    def opens(self) -> bool:
        """Whether there is more to tell of it than stands in its line."""
        return bool(self.findings or self.remarks or self.exchanges)


@dataclass(frozen=True, slots=True)
class Area:
    """The entries of one area, failures first."""

    title: str
    entries: tuple[Entry, ...]

    @property
    def shares(self) -> tuple[Share, ...]:
        """How many came to what."""
        return shares(self.entries)

    @property
    def is_sound(self) -> bool:
        """Whether nothing in it failed."""
        return not any(entry.outcome == "failed" for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Section:
    """The areas that share the first word of their ids."""

    title: str
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rules, or scenarios: what is filtered and counted together."""

    title: str
    sections: tuple[Section, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them."""
        return tuple(entry for section in self.sections for area in section.areas for entry in area.entries)

    @property
    def shares(self) -> tuple[Share, ...]:
        """How many came to what."""
        return shares(self.entries)

    @property
    def failures(self) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
        """What failed, by level, and last what a baseline knows to fail."""
        failed = [entry for entry in self.entries if entry.outcome == "failed"]
        by_level = [(level, tuple(entry for entry in failed if entry.level == level)) for level in LEVELS]
        known = tuple(entry for entry in self.entries if entry.outcome == "known")
        return tuple((level, entries) for level, entries in (*by_level, ("", known)) if entries)

    @property
    def outcomes(self) -> tuple[tuple[str, str, int], ...]:
        """What entries came to, to choose from: each outcome with its word and how many there are."""
        counts = Counter(entry.outcome for entry in self.entries)
        return tuple((name, BADGES[name].word, counts[name]) for name in BADGES if counts[name])

    @property
    def levels(self) -> tuple[tuple[str, int], ...]:
        """The levels that there are, each with how many entries are of it."""
        counts = Counter(entry.level for entry in self.entries)
        return tuple((level, counts[level]) for level in LEVELS if counts[level])


@dataclass(frozen=True, slots=True)
class View:
    """A whole page."""

    kind: str
    name: str
    status: Badge
    verdict: str
    facts: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]
    notes: tuple[str, ...]
    groups: tuple[Group, ...]
    capabilities: tuple[tuple[Badge, str, tuple[str, ...]], ...]


CAPABILITIES: Final = {
    "honoured": "asked for, and the effect showed",
    "refused": "answered with a proper error",
    "ignored": "accepted without effect",
    "unknown": "not asked for, or the model had the choice",
}
SECTIONS: Final = {
    "request": "Requests",
    "response": "Answers",
    "stream": "Streams",
    "series": "Several exchanges",
    "schema": "Schemas",
    "record": "Records",
    "ns": "Not streamed",
    "st": "Streamed",
    "f": "Faults",
    "rq": "What is sent",
    "fuzz": "Generated",
}


def badge_of(outcome: str, level: str) -> Badge:
    """How an outcome looks at a level: what fails and does not count is no alarm."""
    return FAILED_BADGES.get(level, BADGES["failed"]) if outcome == "failed" else BADGES[outcome]


def shares(entries: Sequence[Entry]) -> tuple[Share, ...]:
    """How many entries came to what: failures by level first, then what passed, then the rest."""
    counts = Counter((entry.outcome, entry.level if entry.outcome == "failed" else "") for entry in entries)
    order = [("failed", level) for level in LEVELS] + [(name, "") for name in BADGES if name != "failed"]
    return tuple(Share(badge_of(*key), key[1], counts[key]) for key in order if counts[key])


def sections(entries: Sequence[Entry]) -> tuple[Section, ...]:
    """Entries by the words of their ids, failures first in each area."""
    found: dict[str, dict[str, list[Entry]]] = {}
    for entry in entries:
        first, _, rest = entry.id.rpartition(".")[0].partition(".")
        found.setdefault(first, {}).setdefault(rest, []).append(entry)
    return tuple(
        Section(
            SECTIONS.get(first, first),
            tuple(
                Area(_titled(rest) or SECTIONS.get(first, first), _failures_first(inside))
                for rest, inside in areas.items()
            ),
        )
        for first, areas in found.items()
    )


def _titled(words: str) -> str:
    told = words.replace("-", " ").replace(".", " › ")
    return "HTTP" if told == "http" else told[:1].upper() + told[1:]


def _failures_first(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda one: LEVELS.index(one.level) if one.outcome == "failed" else len(LEVELS)))
