"""What texts for people tell of a baseline: the failures that are known, the lines that are stale, and what is open."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from chatconform.core.baseline_form import SOMETIMES
from chatconform.core.failure import WHOLE, weighs
from chatconform.reports.look import BOLD, DIM, RED, YELLOW, Detail, Look, many
from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.baseline import Applied
    from chatconform.core.baseline_form import Entry

MOST_KNOWN: Final = 20
"""Known failures that are told one by one where not everything is."""


class Shade(StrEnum):
    """What a rule or scenario came to whose failure is known."""

    XFAIL = "xfail"


def lines(baseline: Applied | None, look: Look, *, strict: bool) -> Iterator[str]:
    """The paragraphs on a baseline, each after an empty line; of the quiet text only the lines that are stale."""
    if baseline is None:
        return
    if look.detail is Detail.QUIET:
        yield from _stale(baseline, look, strict)
        return
    path = plain(baseline.path, 100)
    if baseline.known:
        yield ""
        yield f"Known failures, by {path}:"
        shown = baseline.known if look.detail is Detail.EVERYTHING else baseline.known[:MOST_KNOWN]
        for failure, entry in shown:
            yield from look.wrapped(
                f"XFAIL {failure.level}  {_named(failure.name, failure.place, entry)}", "  ", "    "
            )
        if len(baseline.known) > len(shown):
            yield f"  and {len(baseline.known) - len(shown)} more; -v tells them all"
    if baseline.stale:
        yield ""
        yield from look.wrapped(
            f"Known failures that no longer fail; --update-baseline removes them from {path}, and `{SOMETIMES}` behind "
            "a place says that it need not fail:"
        )
        yield from (f"  {line}" for line in _stale(baseline, look, strict))
    if baseline.unseen:
        yield ""
        counts = Counter(plain(one.why, 60) for one in baseline.unseen)
        told = ", ".join(f"{count} {why}" for why, count in counts.most_common())
        not_seen = f"Not looked at in this run, and so left as they are: {many(len(baseline.unseen), 'line')} of {path}"
        yield from look.wrapped(f"{not_seen} ({told}).")
        for one in baseline.unseen if look.detail is Detail.EVERYTHING else ():
            yield look.paint(DIM, f"  line {one.entry.line}: {_named(one.entry.name, one.entry.place, one.entry)}")


def stale(baseline: Applied | None) -> str:
    """What the counts add where lines are stale."""
    return f", {many(len(baseline.stale), 'line')} of the baseline stale" if baseline and baseline.stale else ""


def _stale(baseline: Applied, look: Look, strict: bool) -> Iterator[str]:
    for one in baseline.stale:
        word = look.paint(f"{BOLD};{RED if weighs(one.level, strict=strict) else YELLOW}", f"STALE {one.level}")
        where = f"{plain(baseline.path, 100)}:{one.entry.line}"
        yield f"{word}  {where}  {_named(one.entry.name, one.entry.place, one.entry)}"


def _named(name: str, place: str | None, entry: Entry) -> str:
    where = "" if place in {None, WHOLE} else f"  {plain(place or '')}"
    return f"{name}{where}{f'  # {plain(entry.reason)}' if entry.reason else ''}"
