"""Two results of one kind compared: what fails newly, what is fixed, and what else is not as it was.

The law of this file: nothing is called new that the older results may have left out. They keep so many places of a
rule; where they kept as many as they can, a place that they do not name is no news.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chatconform.reports.digest import LEVELS, Digest, Judged, Shade


class Incomparable(Exception):
    """Two results that cannot be compared; the message is one sentence that says why."""


class Change(StrEnum):
    """What became of a rule or scenario, the worst first."""

    NEWLY_FAILING = "newly_failing"
    NEW_PLACES = "new_places"
    """It failed before, and fails now in places where it did not."""
    WEIGHTIER = "weightier"
    """It fails as before, and counts now."""
    FIXED = "fixed"
    FEWER_PLACES = "fewer_places"
    """It still fails, and not where it did before."""
    OTHER_OUTCOME = "other_outcome"
    ADDED = "added"
    REMOVED = "removed"


HEADINGS: Final = {
    Change.NEWLY_FAILING: "Newly failing",
    Change.NEW_PLACES: "Failing in new places",
    Change.WEIGHTIER: "Failing as before, and counted now",
    Change.FIXED: "Fixed",
    Change.FEWER_PLACES: "Failing in fewer places",
    Change.OTHER_OUTCOME: "Another outcome",
    Change.ADDED: "Judged only now",
    Change.REMOVED: "Judged only before",
}
WORDS: Final = {0: "NOTHING WORSE", 1: "WORSE"}
"""What a comparison came to, by exit status."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One change of one rule or scenario; `before` and `now` are None where it was not among the chosen."""

    change: Change
    before: Judged | None
    now: Judged | None
    places: tuple[str, ...] = ()
    counts: bool = False
    """Whether it makes the newer results worse."""

    @property
    def judged(self) -> Judged:
        """The rule or scenario, as it is now if it still is."""
        one = self.now or self.before
        if one is None:
            raise ValueError("a difference is between two results, and neither holds this")
        return one

    @property
    def told(self) -> str:
        """The change of the outcome, in a few words."""
        before, now = (_outcome(one) for one in (self.before, self.now))
        return f"{before} before" if before != now and self.change is Change.NEWLY_FAILING else f"{before}, now {now}"


@dataclass(frozen=True, slots=True)
class Treatment:
    """A capability that is treated otherwise than before; None where nothing was said of it."""

    name: str
    title: str
    before: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed from one digest to another, the worst first."""

    old: Digest
    new: Digest
    strict: bool
    differences: tuple[Difference, ...]
    treatments: tuple[Treatment, ...]

    @property
    def status(self) -> int:
        """0 nothing is worse, 1 something that counts newly fails, 2 the newer run cannot say."""
        if any(one.counts for one in self.differences):
            return 1
        return 2 if self.new.status == 2 else 0

    @property
    def groups(self) -> Mapping[Change, tuple[Difference, ...]]:
        """The differences by what changed; changes that did not happen are left out."""
        found = {change: tuple(one for one in self.differences if one.change is change) for change in Change}
        return {change: ones for change, ones in found.items() if ones}


def compare(old: Digest, new: Digest, *, strict: bool = False) -> Diff:
    """What changed; `strict` counts a failed SHOULD, as the newer run does if it was strict. Raises `Incomparable`."""
    if old.kind is not new.kind:
        raise Incomparable(f"the first results are of a {old.kind}, the second of a {new.kind}: compare one kind")
    counted = strict or new.strict
    ids = dict.fromkeys([*new.judged, *old.judged])
    found = [one for id in ids for one in _differences(old.judged.get(id), new.judged.get(id), counted)]
    order = list(Change)
    found.sort(key=lambda one: (order.index(one.change), LEVELS.index(one.judged.level)))
    return Diff(old, new, counted, tuple(found), tuple(_treatments(old, new)))


def _differences(before: Judged | None, now: Judged | None, strict: bool) -> Iterator[Difference]:
    if now is None:
        yield Difference(Change.REMOVED, before, now)
    elif now.shade is Shade.FAILED and (before is None or before.shade is not Shade.FAILED):
        yield Difference(Change.NEWLY_FAILING, before, now, now.places, now.counts(strict=strict))
    elif before is None:
        yield Difference(Change.ADDED, before, now)
    elif before.shade is not now.shade:
        fixed = before.shade is Shade.FAILED and now.shade in {Shade.PASSED, Shade.LOSSY}
        yield Difference(Change.FIXED if fixed else Change.OTHER_OUTCOME, before, now)
    elif now.shade is Shade.FAILED:
        yield from _still_failing(before, now, strict)


def _still_failing(before: Judged, now: Judged, strict: bool) -> Iterator[Difference]:
    counts = now.counts(strict=strict)
    new = tuple(place for place in now.places if place not in before.places) if before.all_places else ()
    gone = tuple(place for place in before.places if place not in now.places) if now.all_places else ()
    if new:
        yield Difference(Change.NEW_PLACES, before, now, new, counts)
    elif counts and not before.counts(strict=strict):
        yield Difference(Change.WEIGHTIER, before, now, counts=True)
    if gone:
        yield Difference(Change.FEWER_PLACES, before, now, gone)
    if now.is_scenario and before.place != now.place:
        yield Difference(Change.OTHER_OUTCOME, before, now)


def _treatments(old: Digest, new: Digest) -> Iterator[Treatment]:
    for name in dict.fromkeys([*new.capabilities, *old.capabilities]):
        title, before = old.capabilities.get(name, (None, None))
        title, now = new.capabilities.get(name, (title, None))
        if before != now:
            yield Treatment(name, title or name, before, now)


def _outcome(one: Judged | None) -> str:
    if one is None:
        return "not judged"
    if one.shade is Shade.FAILED:
        told = f" ({one.place})" if one.is_scenario and one.place else ""
        return f"failed{told} as {one.level}"
    return one.shade.words
