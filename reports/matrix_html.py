"""The matrix as a page: for each kind of results the counts, the capabilities, and every row with a cell a column.

A cell that fails leads to more: to the page of its implementation where there is one, else to what the page itself
tells of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatconform.reports.digest import LEVELS, Digest, Judged, Shade, counted
from chatconform.reports.html_view import BADGES, STATUS, Badge, Share, badge_of
from chatconform.reports.look import many
from chatconform.reports.matrix import TITLES, Implementation, Row, Table, many_of
from chatconform.reports.matrix_cells import SUPPORTS, cells, look_of, support_tally, supports, tally
from chatconform.reports.plain import plain
from chatconform.reports.templating import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markupsafe import Markup

    from chatconform.reports.reading import Kind

MANY: Final = 7
"""Columns from which on their names are written upright."""
MOST_COLUMNS: Final = 60
"""With more no browser opens the page at once, and nobody reads it: rows then tell how many came to what."""
SIGNS: Final = (
    Badge("failed", "✗", "fails a MUST"),
    Badge("warned", "!", "fails a SHOULD"),
    Badge("told", "i", "worth knowing, no breach"),
    *(BADGES[name] for name in ("known", "passed", "lossy", "unsupported", "inconclusive", "blocked", "not_exercised")),
)
"""What the signs in cells say."""


@dataclass(frozen=True, slots=True)
class Column:
    """One implementation, as the page shows it."""

    name: str
    about: str
    href: str | None
    """The page of its own, or what this page tells of its failures; None where there is nothing to tell."""
    anchor: str
    slug: str
    status: Badge
    counts: tuple[int, ...]
    shares: tuple[Share, ...]
    told: str
    judged_by: str
    ended: str
    cut_short: str | None
    failures: tuple[tuple[Judged, Badge], ...]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row, with its cells as markup."""

    id: str
    anchor: str
    short: str
    level: str
    title: str
    state: str
    cells: Markup


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table, as the page shows it."""

    anchor: str
    title: str
    count: str
    upright: bool
    heads: tuple[str, ...]
    row_heads: tuple[str, ...]
    """What rows tell the numbers of, where there are too many columns for a cell each; else empty."""
    ability_heads: tuple[str, ...]
    columns: tuple[Column, ...]
    areas: tuple[tuple[str, str, tuple[ShownRow, ...]], ...]
    abilities: tuple[tuple[str, Markup], ...]
    levels: tuple[str, ...]

    @property
    def width(self) -> int:
        """Columns of the table of rows."""
        return 2 + (len(self.row_heads) + 1 if self.row_heads else len(self.columns))

    @property
    def dated(self) -> bool:
        """Whether any of its results tells when its run ended."""
        return any(column.ended for column in self.columns)

    @property
    def has_failures(self) -> bool:
        """Whether this page tells of failures."""
        return any(column.failures for column in self.columns)


def render(tables: Sequence[Table], *, pages: bool = False) -> str:
    """The page; with `pages` each implementation has one of its own beside it, named by its slug."""
    shown = [_sheet(table, pages) for table in tables]
    counts = [sheet.count for sheet in shown]
    title = f"Conformance of {' and '.join(filter(None, [', '.join(counts[:-1]), counts[-1]]))}"
    return page("matrix.html", styles=["matrix.css"], scripts=["matrix.js"], title=title, sheets=shown, signs=SIGNS)


def _sheet(table: Table, pages: bool) -> Sheet:
    others = [shade for shade in _shades(table) if shade is not Shade.FAILED]
    levels = [level for level in LEVELS if any(level in one.digest.failed for one in table.implementations)]
    columns = tuple(_column(one, others, levels, pages) for one in table.implementations)
    make = _rows(table, columns, pages)
    is_tallied = _is_tallied(table)
    return Sheet(
        anchor=str(table.kind),
        title=TITLES[table.kind],
        count=many_of(table),
        upright=len(columns) >= MANY,
        heads=(*(f"failed {level}" for level in levels), *(BADGES[shade].word for shade in others)),
        row_heads=tuple(BADGES[shade].word for shade in _shades(table)) if is_tallied else (),
        ability_heads=SUPPORTS if is_tallied else (),
        columns=columns,
        areas=tuple(
            (area.name, _failing(area.rows), tuple(_row(row, table.kind, make(row)) for row in area.rows))
            for area in table.areas
        ),
        abilities=tuple(
            (ability.title, (support_tally if is_tallied else supports)(ability.supports))
            for ability in table.abilities
        ),
        levels=tuple(level for level in LEVELS if any(row.level == level for row in table.rows)),
    )


def _is_tallied(table: Table) -> bool:
    return len(table.implementations) > MOST_COLUMNS


def _shades(table: Table) -> list[Shade]:
    """What anything came to."""
    found = [one.digest.counts for one in table.implementations]
    return [shade for shade in Shade if any(counts[shade] for counts in found)]


def _column(one: Implementation, shades: Sequence[Shade], levels: Sequence[str], pages: bool) -> Column:
    digest = one.digest
    failures = () if pages else tuple(_failures(digest))
    own = f"{one.slug}.html" if pages else f"#of-{one.slug}" if failures else None
    return Column(
        name=one.name,
        about=plain(digest.about, 200),
        href=own,
        anchor=f"of-{one.slug}",
        slug=one.slug,
        status=STATUS[digest.status],
        counts=(*(digest.failed.get(level, 0) for level in levels), *(digest.counts[shade] for shade in shades)),
        shares=tuple(_shares(digest)),
        told=counted(digest),
        judged_by=plain(digest.kit, 40),
        ended=plain(digest.ended or "", 40).partition("T")[0],
        cut_short=None if digest.cut_short is None else plain(digest.cut_short, 200),
        failures=failures,
    )


def _shares(digest: Digest) -> Iterator[Share]:
    yield from (Share(badge_of("failed", level), level, count) for level, count in digest.failed.items())
    counts = digest.counts
    yield from (Share(look, "", counts[Shade(name)]) for name, look in BADGES.items() if _is_other(name, counts))


def _is_other(name: str, counts: dict[Shade, int]) -> bool:
    return name in counts and name != Shade.FAILED and counts[Shade(name)] > 0


def _failures(digest: Digest) -> Iterator[tuple[Judged, Badge]]:
    """What failed, the worst first."""
    failed = [one for one in digest.judged.values() if one.shade is Shade.FAILED]
    for one in sorted(failed, key=lambda one: LEVELS.index(one.level)):
        yield one, look_of(one)


def _failing(rows: Sequence[Row]) -> str:
    failing = sum(row.failed > 0 for row in rows)
    return f"{failing} of {many(len(rows), 'row')} fail somewhere" if failing else many(len(rows), "row")


def _rows(table: Table, columns: Sequence[Column], pages: bool) -> Callable[[Row], Markup]:
    """What makes the cells of a row."""
    links = [f"{column.slug}.html#" if pages else f"#{column.anchor}." for column in columns]
    if not _is_tallied(table):
        return lambda row: cells(row, links)
    names = [column.name for column in columns]
    shades = _shades(table)
    return lambda row: tally(row, shades, names, links)


def _row(row: Row, kind: Kind, shown: Markup) -> ShownRow:
    return ShownRow(
        id=row.id,
        anchor=f"{kind}.{row.id}",
        short=row.id.rpartition(".")[2] or row.id,
        level=row.level,
        title=plain(row.title, 400),
        state="failed" if row.failed else "fine",
        cells=shown,
    )
