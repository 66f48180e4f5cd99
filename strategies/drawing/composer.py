"""Generators from the normal form: for each schema one function that makes a value from a source's decisions.

Depth and size are bounded: beyond a few levels, or once the budget of containers is spent, the flattest value is made.
"""

from __future__ import annotations

import copy
from typing import Any

from chatconform.strategies.drawing import scalars
from chatconform.strategies.drawing.arrays import array_generator
from chatconform.strategies.drawing.cells import Cell, Generator
from chatconform.strategies.drawing.objects import object_generator
from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.normal.alternatives import Alternative, Arrays, Literals, Numbers, Objects, Path, Strings
from chatconform.strategies.normal.conjunction import Key
from chatconform.strategies.normal.forms import Forms

DEEPEST = 6
_TABLE = 120


class Composer:
    """Makes the generators of one document's schemas.

    With `extras`, objects that are not closed get members now and then that no schema tells of.
    """

    def __init__(self, forms: Forms, *, extras: bool) -> None:
        self.forms = forms
        self.extras = extras
        self._cells: dict[Key, Cell] = {}
        self._flattest: dict[Key, Cell] = {}

    def cell(self, key: Key) -> Cell:
        """Return the cell that draws values of a key."""
        found = self._cells.get(key)
        if found is None:
            found = self._cells[key] = Cell(lambda: self._made(key))
        return found

    def override(self, key: Key, cell: Cell) -> None:
        """Draw the values of a key from this cell instead."""
        self._cells[key] = cell

    def flattest(self, key: Key) -> Cell:
        """Return the cell that draws values of a key with as little nesting as there can be."""
        found = self._flattest.get(key)
        if found is None:
            found = self._flattest[key] = Cell(lambda: self._made_flat(key))
        return found

    def _made(self, key: Key) -> Generator:
        live = sorted(self.forms.live(key), key=lambda each: (each[2], _size(each[0])))
        generators = [self._alternative(alternative, flat=False) for alternative, _, _ in live]
        if not generators:
            return _never
        chosen = (
            generators[0] if len(generators) == 1 else _one_of(_weighted(generators, [path for _, path, _ in live]))
        )
        if all(height == 0 and not isinstance(a, Arrays | Objects) for a, _, height in live):
            return chosen
        flattest = self.flattest(key)

        def bounded(source: Source) -> Any:
            if source.depth >= DEEPEST or source.budget <= 0:
                return flattest.draw(source)
            return chosen(source)

        return bounded

    def _made_flat(self, key: Key) -> Generator:
        live = self.forms.live(key)
        if not live:
            return _never
        least = min(height for _, _, height in live)
        generators = [self._alternative(a, flat=True) for a, _, height in live if height == least]
        return generators[0] if len(generators) == 1 else _one_of(generators)

    def _alternative(self, alternative: Alternative, *, flat: bool) -> Generator:
        match alternative:
            case Literals():
                return literal_generator(alternative.values)
            case Numbers():
                return scalars.number_generator(alternative)
            case Strings():
                return scalars.text_generator(alternative)
            case Arrays():
                return array_generator(self, alternative, flat=flat)
            case Objects():
                return object_generator(self, alternative, flat=flat)


def _one_of(table: list[Generator]) -> Generator:
    count = len(table)
    return lambda source: table[source.below(count)](source)


def literal_generator(values: tuple[Any, ...]) -> Generator:
    """Return a generator of some values, each drawn anew so that no two results share a list or an object."""
    count = len(values)
    shared = any(isinstance(v, list | dict) for v in values)
    if count == 1 and not shared:
        return always(values[0])
    if shared:
        return lambda source: copy.deepcopy(values[source.below(count)])
    return lambda source: values[source.below(count)]


def always(value: Any) -> Generator:
    """Return a generator that decides nothing and returns the value."""

    def draw(source: Source) -> Any:  # noqa: ARG001 - generators share one signature
        return value

    return draw


def _never(source: Source) -> Any:
    source.reject()


def _size(alternative: Alternative) -> int:
    """How plain an alternative is, for the order in which shrinking prefers them."""
    match alternative:
        case Literals(values):
            return 0 if values[0] is None or isinstance(values[0], bool) else 1
        case Numbers():
            return 2
        case Strings():
            return 3
        case Arrays():
            return 4
        case Objects():
            return 5 + len(alternative.required)


def _weighted(generators: list[Generator], paths: list[Path]) -> list[Generator]:
    """A table to choose from, in order, in which neither a rare branch nor a rich one is starved.

    Half the weight is spread over the branches as they were written, level by level, half over all alternatives alike.
    """
    shares = [0.5 / len(generators)] * len(generators)

    def spread(members: list[int], level: int, share: float) -> None:
        groups: dict[Any, list[int]] = {}
        for member in members:
            path = paths[member]
            groups.setdefault(path[level] if level < len(path) else None, []).append(member)
        for step, group in groups.items():
            part = share * len(group) / len(members) if len(groups) == 1 or step is None else share / len(groups)
            if step is None or len(group) == 1 or level > 12:
                for member in group:
                    shares[member] += part / len(group)
            else:
                spread(group, level + 1, part)

    spread(list(range(len(generators))), 0, 0.5)
    table: list[Generator] = []
    for generator, share in zip(generators, shares, strict=True):
        table += [generator] * max(1, round(share * _TABLE))
    return table
