"""A matrix for people at a terminal: a line for each implementation, then the rows that some of them fail.

The law of this file: nothing that stands in a results file reaches the terminal unescaped or unbounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from chatconform.reports.digest import LEVELS, Digest, Judged, Shade, counted
from chatconform.reports.look import BOLD, DIM, GREEN, RED, STATUS_WORDS, YELLOW, Detail, Look, many
from chatconform.reports.matrix import TITLES, Row, Table
from chatconform.reports.plain import plain

WORDS: Final = {
    Shade.PASSED: "pass",
    Shade.LOSSY: "lossy",
    Shade.UNSUPPORTED: "unsup",
    Shade.INCONCLUSIVE: "?",
    Shade.BLOCKED: "block",
    Shade.NOT_EXERCISED: "-",
}
CELL: Final = 7
NAMES: Final = 40
"""Columns that names of implementations may take."""
IDS: Final = 60
SIGNS: Final = {
    "FAIL": "counts against its run",
    "fail": "does not count",
    "info": "worth knowing, and no breach",
    "lossy": "reshaped without another meaning",
    "unsup": "unsupported",
    "block": "what it builds on failed",
    "?": "inconclusive",
    "-": "not exercised",
    "": "not among the chosen",
}
"""What is told of the signs that are no words of their own."""


def render(tables: Sequence[Table], look: Look) -> str:
    """The tables as text; every row where everything is wanted, and none where little is."""
    return "\n".join(_lines(tables, look)) + "\n"


def _lines(tables: Sequence[Table], look: Look) -> Iterator[str]:
    for number, table in enumerate(tables):
        if number:
            yield ""
        yield look.paint(BOLD, TITLES[table.kind])
        yield ""
        yield from _summary(table, look)
        if look.detail is not Detail.QUIET:
            yield from _rows(table, look)
    if look.detail is not Detail.QUIET:
        yield ""
        yield from _ending(tables, look)


def _ending(tables: Sequence[Table], look: Look) -> Iterator[str]:
    """What the signs say that were told, and how to see the rest."""
    shown = {
        _sign(cell, one.digest.strict)
        for table in tables
        for row in _wanted(table, look)
        for cell, one in zip(row.cells, table.implementations, strict=True)
    }
    told = [f"{sign or 'blank'}: {meaning}" for sign, meaning in SIGNS.items() if sign in shown]
    left = sum(len(list(table.rows)) - len(_wanted(table, look)) for table in tables)
    rest = f"{many(left, 'row')} that nobody fails: -v shows them." if left else ""
    for line in (text for part in ("; ".join(told), rest) if part for text in look.wrapped(part)):
        yield look.paint(DIM, line)


def _wanted(table: Table, look: Look) -> list[Row]:
    """The rows that are told."""
    return [row for row in table.rows if row.failed or look.detail is Detail.EVERYTHING]


def _summary(table: Table, look: Look) -> Iterator[str]:
    """A line for each implementation; where columns do not fit, a paragraph."""
    shades = [shade for shade in Shade if any(one.digest.counts[shade] for one in table.implementations)]
    levels = [level for level in LEVELS if any(level in one.digest.failed for one in table.implementations)]
    heads = {shade.words: shade.words for shade in shades if shade is not Shade.FAILED}
    failed = {level: f"{'' if number else 'failed: '}{level}" for number, level in enumerate(levels)}
    heads = {**dict(list(heads.items())[:1]), **failed, **heads}
    names = max(min(NAMES, len(one.name)) for one in table.implementations)
    first = f"{'':>4}  {'':<{names}}  {'':<{len('NOT CONCLUSIVE')}}"
    is_wide = len(first) + sum(len(heading) + 2 for heading in heads.values()) <= look.width
    if is_wide:
        yield look.paint(DIM, first + "".join(f"  {heading}" for heading in heads.values()))
    for number, one in enumerate(table.implementations, 1):
        counts = _counts(one.digest, shades, levels)
        name = f"{number:>4}  {plain(one.name, names):<{names}}  {_word(one.digest, look)}"
        if is_wide:
            yield name + "".join(f"  {counts[name] or '.':>{len(heading)}}" for name, heading in heads.items())
        else:
            yield name.rstrip()
            yield from look.wrapped(counted(one.digest), " " * 6, " " * 6)


def _counts(digest: Digest, shades: Sequence[Shade], levels: Sequence[str]) -> dict[str, int]:
    return {
        **{shade.words: digest.counts[shade] for shade in shades},
        **{level: digest.failed.get(level, 0) for level in levels},
    }


def _word(digest: Digest, look: Look) -> str:
    word, paint = STATUS_WORDS.get(digest.status, ("NOT CONCLUSIVE", YELLOW))
    return look.paint(f"{BOLD};{paint}", f"{word:<{len('NOT CONCLUSIVE')}}")


def _rows(table: Table, look: Look) -> Iterator[str]:
    """What some implementation fails, or everything; columns that do not fit come below."""
    wanted = _wanted(table, look)
    if not wanted:
        yield ""
        yield "Nothing that was judged failed."
        return
    ids = min(IDS, max(len(row.id) for row in wanted))
    at_once = max(1, (look.width - ids - 9) // CELL)
    columns = iter(enumerate(table.implementations))
    while block := list(islice(columns, at_once)):
        yield ""
        heads = "".join(f"{number + 1:>{CELL}}" for number, _ in block)
        yield look.paint(DIM, f"{'':<{ids}}  {'':<7}{heads}")
        for row in wanted:
            cells = "".join(_cell(row.cells[number], one.digest.strict, look) for number, one in block)
            yield f"{plain(row.id, ids):<{ids}}  {row.level:<7}{cells}".rstrip()


def _cell(cell: Judged | None, strict: bool, look: Look) -> str:
    sign = _sign(cell, strict)
    paint = {"pass": GREEN, "FAIL": RED, "fail": YELLOW}.get(sign, DIM)
    return look.paint(paint, f"{sign:>{CELL}}") if sign else " " * CELL


def _sign(cell: Judged | None, strict: bool) -> str:
    if cell is None:
        return ""
    if cell.shade is not Shade.FAILED:
        return WORDS[cell.shade]
    return "info" if cell.level == "INFO" else "FAIL" if cell.counts(strict=strict) else "fail"
