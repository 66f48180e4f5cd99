"""Many results beside each other: what was judged as columns, rules and scenarios as rows, a table for each kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from chatconform.reports.digest import Digest, Judged, Shade
from chatconform.reports.plain import plain
from chatconform.reports.reading import Kind, Results

LONGEST_NAME: Final = 80
INDEX: Final = "index"
"""The slug of the page that leads to all others."""
TITLES: Final = {Kind.SERVER: "Servers", Kind.CLIENT: "Clients", Kind.RECORDINGS: "Recordings"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One results file of a matrix: the name that it was given, if any, where it is from, and the digest."""

    given: str | None
    source: str
    digest: Digest
    results: Results | None = None
    """Kept where they are few, or where their source cannot be read a second time."""


@dataclass(frozen=True, slots=True)
class Implementation:
    """One column: a server, a client or recordings. No two have the same name or slug."""

    name: str
    slug: str
    """The name as addresses and file names can have it."""
    source: str
    digest: Digest
    results: Results | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One rule or scenario, and what each implementation made of it; None where it was not among the chosen."""

    id: str
    level: str
    title: str
    cells: tuple[Judged | None, ...]

    @property
    def failed(self) -> int:
        """How many implementations fail it."""
        return sum(cell is not None and cell.shade is Shade.FAILED for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Area:
    """The rows of one area."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Ability:
    """One capability, and how each implementation treats it; None where nothing is said of it."""

    name: str
    title: str
    supports: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """All results of one kind."""

    kind: Kind
    implementations: tuple[Implementation, ...]
    areas: tuple[Area, ...]
    abilities: tuple[Ability, ...]

    @property
    def rows(self) -> Iterator[Row]:
        """All rows, area by area."""
        return (row for area in self.areas for row in area.rows)


def tables(entries: Iterable[Entry]) -> tuple[Table, ...]:
    """The tables of many results, servers first; in each, columns stand as the results were given."""
    named = _named(list(entries))
    return tuple(_table(kind, found) for kind in Kind if (found := [one for one in named if one.digest.kind is kind]))


def many_of(table: Table) -> str:
    """How many there are in a table, as in `3 servers`."""
    count, title = len(table.implementations), TITLES[table.kind].lower()
    if table.kind is Kind.RECORDINGS:
        return f"{count:,} sets of recordings" if count > 1 else "1 set of recordings"
    return f"{count:,} {title if count > 1 else title[:-1]}"


def _table(kind: Kind, implementations: Sequence[Implementation]) -> Table:
    areas: dict[str, dict[str, Judged]] = {}
    for one in implementations:
        for judged in one.digest.judged.values():
            areas.setdefault(judged.area, {}).setdefault(judged.id, judged)
    known: dict[str, str] = {}
    for one in implementations:
        for name, (title, _) in one.digest.capabilities.items():
            known.setdefault(name, title)
    return Table(
        kind=kind,
        implementations=tuple(implementations),
        areas=tuple(
            Area(
                name,
                tuple(
                    Row(id, first.level, first.title, tuple(one.digest.judged.get(id) for one in implementations))
                    for id, first in rows.items()
                ),
            )
            for name, rows in areas.items()
        ),
        abilities=tuple(
            Ability(name, title, tuple(one.digest.capabilities.get(name, (title, None))[1] for one in implementations))
            for name, title in known.items()
        ),
    )


def _named(entries: Sequence[Entry]) -> list[Implementation]:
    """The implementations of results, each with the shortest name that no other has."""
    choices = [_names(entry) for entry in entries]
    told = [0] * len(entries)  # which of its names each has so far
    while True:
        counts = Counter(names[number] for names, number in zip(choices, told, strict=True))
        longer = [
            min(number + (counts[names[number]] > 1), len(names) - 1)
            for names, number in zip(choices, told, strict=True)
        ]
        if longer == told:
            break
        told = longer
    names = _numbered([names[number] for names, number in zip(choices, told, strict=True)], " #")
    slugs = _numbered([_slug(name) for name in names], "-", {INDEX})
    return [
        Implementation(name, slug, entry.source, entry.digest, entry.results)
        for name, slug, entry in zip(names, slugs, entries, strict=True)
    ]


def _names(entry: Entry) -> list[str]:
    """What an entry may be called, from the shortest name to the most telling."""
    if entry.given is not None:
        return [plain(entry.given, LONGEST_NAME)]
    stem = plain(PurePath(entry.source).stem, 40) or "results"
    if entry.digest.kind is Kind.RECORDINGS:
        return [stem]
    names = [plain(name, LONGEST_NAME) for name in entry.digest.names]
    return [*names, f"{names[-1]} ({stem})"]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "results"


def _numbered(names: Sequence[str], mark: str, taken: Collection[str] = ()) -> list[str]:
    """The names, those that came before or are taken with a number behind them."""
    seen = Counter(taken)
    taken = {*names, *taken}
    told = []
    for name in names:
        seen[name] += 1
        if seen[name] == 1:
            told.append(name)
            continue
        while (numbered := f"{name}{mark}{seen[name]}") in taken:
            seen[name] += 1
        taken.add(numbered)
        told.append(numbered)
    return told
