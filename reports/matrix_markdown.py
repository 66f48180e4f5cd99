"""The matrix as Markdown: the counts of each implementation, what some fail, and folded below it everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from chatconform.reports.digest import LEVELS, Judged, Shade
from chatconform.reports.look import STATUS_WORDS, many
from chatconform.reports.markdown import bounded, code, folded, table
from chatconform.reports.matrix import TITLES, Area, Row, Table

WORDS: Final = {
    Shade.PASSED: "✓",
    Shade.LOSSY: "lossy",
    Shade.FAILED: "**fails**",
    Shade.UNSUPPORTED: "unsupported",
    Shade.INCONCLUSIVE: "inconclusive",
    Shade.BLOCKED: "blocked",
    Shade.NOT_EXERCISED: "–",
}
AT_ONCE: Final = 20
"""Columns of a table: wider ones are read by nobody."""
LEGEND: Final = "✓ passed, – not exercised, empty: not among the chosen."
REST: Final = "`chatconform report --html` or `--json` tells everything."


def render(tables: Sequence[Table]) -> str:
    """The tables as Markdown text."""
    return bounded((block for one in tables for block in _blocks(one)), REST)


def _blocks(one: Table) -> Iterator[str]:
    yield f"## {TITLES[one.kind]}"
    yield "\n".join(_summary(one))
    failing = [Area(area.name, tuple(row for row in area.rows if row.failed)) for area in one.areas]
    failing = [area for area in failing if area.rows]
    if failing:
        yield "### What some fail"
        yield LEGEND
        yield from _tables(one, failing, "")
    else:
        yield "Nothing that was judged failed."
    for area in one.areas:
        yield from _tables(one, [area], f"{area.name} ({many(len(area.rows), 'row')})")


def _summary(one: Table) -> list[str]:
    shades = [shade for shade in Shade if any(each.digest.counts[shade] for each in one.implementations)]
    levels = [level for level in LEVELS if any(level in each.digest.failed for each in one.implementations)]
    heads = [shade.words for shade in shades if shade is not Shade.FAILED] + [f"failed: {level}" for level in levels]
    rows = []
    for each in one.implementations:
        counts = [each.digest.counts[shade] for shade in shades if shade is not Shade.FAILED]
        counts += [each.digest.failed.get(level, 0) for level in levels]
        word, _ = STATUS_WORDS.get(each.digest.status, ("NOT CONCLUSIVE", ""))
        rows.append(
            [code(each.name), code(each.digest.about), word, *(f"{count:,}" if count else "" for count in counts)]
        )
    return table(["name", "what", "verdict", *heads], rows, frozenset(range(3, 3 + len(heads))))


def _tables(one: Table, areas: Sequence[Area], title: str) -> Iterator[str]:
    """Rows as tables that are not too wide, folded where they have a title."""
    numbers = iter(range(len(one.implementations)))
    while block := list(islice(numbers, AT_ONCE)):
        heads = ["", "level", *(code(one.implementations[number].name) for number in block)]
        lines = table(heads, (_row(row, block) for area in areas for row in area.rows))
        yield folded("", title, lines) if title else "\n".join(lines)


def _row(row: Row, block: Sequence[int]) -> list[str]:
    return [code(row.id), row.level, *(_cell(row.cells[number]) for number in block)]


def _cell(cell: Judged | None) -> str:
    return "" if cell is None else WORDS[cell.shade]
