"""A comparison as Markdown, for the summary of a CI job or a comment on a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.reports.diff import HEADINGS, WORDS, Change, Diff, Difference
from chatconform.reports.digest import Digest, counted
from chatconform.reports.markdown import bounded, code, folded, prose, table

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDED: Final = frozenset({Change.FEWER_PLACES, Change.OTHER_OUTCOME, Change.ADDED, Change.REMOVED})
MOST_PLACES: Final = 3
REST: Final = "`chatconform report --diff --json` tells everything."


def render(diff: Diff) -> str:
    """The comparison as Markdown text."""
    return bounded(_blocks(diff), REST)


def _blocks(diff: Diff) -> Iterator[str]:
    yield f"## chatconform: {WORDS.get(diff.status, 'NOT CONCLUSIVE')}"
    yield f"- from {_subject(diff.old)}\n- to {_subject(diff.new)}"
    if diff.status == 2:
        yield f"The newer run cannot say: {prose(diff.new.cut_short or 'too little was judged')}."
    if not diff.differences and not diff.treatments:
        yield "Nothing changed."
    for change, ones in diff.groups.items():
        lines = table(("level", "id", "change", "where and what"), map(_row, ones))
        title = f"{HEADINGS[change]} ({len(ones):,})"
        yield folded(title, "", lines) if change in FOLDED else "\n".join([f"### {title}", "", *lines])
    if diff.treatments:
        rows = [(code(one.name), one.before or "", one.now or "") for one in diff.treatments]
        yield "\n".join(["### Capabilities", "", *table(("capability", "before", "now"), rows)])


def _subject(digest: Digest) -> str:
    about = f" ({code(digest.about)})" if digest.about else ""
    when = f", {code(digest.ended)}" if digest.ended else ""
    return f"{code(digest.names[0])}{about}{when}: {counted(digest)}"


def _row(one: Difference) -> tuple[str, ...]:
    places = ", ".join(code(place) or "the whole" for place in one.places[:MOST_PLACES])
    more = f" and {len(one.places) - MOST_PLACES} more" if len(one.places) > MOST_PLACES else ""
    why = f" {prose(one.judged.why, 300)}" if one.change is Change.NEWLY_FAILING else ""
    known = " (known)" if one.judged.excused else ""
    return one.judged.level, code(one.judged.id), prose(one.told) + known, f"{places}{more}{why}".strip()
