"""A comparison for people at a terminal.

The law of this file: nothing that stands in a results file reaches the terminal unescaped or unbounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chatconform.reports.diff import HEADINGS, WORDS, Change, Diff, Difference
from chatconform.reports.digest import Digest, counted
from chatconform.reports.look import BOLD, DIM, GREEN, RED, YELLOW, Detail, Look
from chatconform.reports.plain import plain

PAINTS: Final = {0: GREEN, 1: RED}
NAMED_ONLY: Final = frozenset({Change.ADDED, Change.REMOVED})
SHORT: Final = {Change.OTHER_OUTCOME: "with another outcome"}
MOST_NAMED: Final = 10
"""Ids that are told of changes that are no better and no worse, where not everything is wanted."""
MOST_PLACES: Final = 5


def render(diff: Diff, look: Look) -> str:
    """The comparison as text; nothing but what is worse, and the counts, where little is wanted."""
    return "\n".join(_lines(diff, look)) + "\n"


def _lines(diff: Diff, look: Look) -> Iterator[str]:
    is_quiet = look.detail is Detail.QUIET
    if not is_quiet:
        yield from look.wrapped(f"from  {_subject(diff.old)}", later=" " * 6)
        yield from look.wrapped(f"to    {_subject(diff.new)}", later=" " * 6)
    for change, ones in diff.groups.items():
        if is_quiet:
            yield from (_headline(one, look) for one in ones if one.counts)
            continue
        yield ""
        yield look.paint(BOLD, f"{HEADINGS[change]} ({len(ones):,})")
        if change in NAMED_ONLY:
            yield from _named([one.judged.id for one in ones], look)
        else:
            for one in ones:
                yield from _difference(one, look)
    if diff.treatments and not is_quiet:
        yield ""
        yield look.paint(BOLD, "Capabilities")
        for treatment in diff.treatments:
            was, now = treatment.before or "nothing said", treatment.now or "nothing said"
            yield f"  {plain(treatment.name, 60)}: {was}, now {now}"
    if not is_quiet:
        yield ""
    yield _ending(diff, look)


def _subject(digest: Digest) -> str:
    about = f" ({plain(digest.about, 200)})" if digest.about else ""
    when = f", {plain(digest.ended, 40)}" if digest.ended else ""
    return f"{plain(digest.names[0], 80)}{about}{when}: {counted(digest)}"


def _named(ids: list[str], look: Look) -> Iterator[str]:
    shown = ids if look.detail is Detail.EVERYTHING else ids[:MOST_NAMED]
    more = f" and {len(ids) - len(shown):,} more" if len(ids) > len(shown) else ""
    yield from look.wrapped(", ".join(plain(id, 120) for id in shown) + more, "  ", "  ")


def _headline(one: Difference, look: Look) -> str:
    judged = one.judged
    paint = RED if one.counts else GREEN if one.change is Change.FIXED else DIM
    known = ", known" if judged.excused else ""
    return f"  {look.paint(paint, f'{judged.level:<7}')} {plain(judged.id, 120)}  {plain(one.told, 120)}{known}"


def _difference(one: Difference, look: Look) -> Iterator[str]:
    yield _headline(one, look)
    for place in one.places[:MOST_PLACES]:
        yield from look.wrapped(f"at {plain(place, 200) or 'the whole'}", " " * 10, " " * 12)
    if len(one.places) > MOST_PLACES:
        yield f"{'':10}and in {len(one.places) - MOST_PLACES} more places"
    if one.change is Change.NEWLY_FAILING and one.judged.why:
        yield from look.wrapped(plain(one.judged.why, 300), " " * 10, " " * 12)


def _ending(diff: Diff, look: Look) -> str:
    word = WORDS.get(diff.status, "NOT CONCLUSIVE")
    told = [f"{len(ones):,} {SHORT.get(change, HEADINGS[change].lower())}" for change, ones in diff.groups.items()]
    worse = any(one.change is Change.NEWLY_FAILING for one in diff.differences) and not diff.status
    told += ["none of what newly fails counts"] if worse else []
    if diff.status == 2:
        told.append(f"the newer run cannot say: {plain(diff.new.cut_short or 'too little was judged', 200)}")
    painted = look.paint(f"{BOLD};{PAINTS.get(diff.status, YELLOW)}", word)
    return f"{painted}  {'; '.join(told) or 'nothing changed'}"
