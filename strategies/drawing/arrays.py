"""Generators of arrays."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from chatconform.strategies.drawing.cells import Cells
from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.normal.acceptance import item_key
from chatconform.strategies.normal.alternatives import Arrays
from chatconform.strategies.normal.equality import identity
from chatconform.strategies.normal.items import laid_out, lengths, listed

_USUAL = (0, 1, 1, 2, 2, 3, 1, 6)
_TRIES = 30
_VARIED = 100
"""Items that are drawn one by one; what a long array has beyond them repeats them."""


def array_generator(composer: Cells, arrays: Arrays, *, flat: bool) -> Callable[[Source], list[Any]]:
    """Return a generator of the alternative's arrays; a flat one makes them as short and as flat as can be."""
    forms = composer.forms
    found = lengths(forms, arrays, forms.heights.of, 1 if flat else 7)
    table = found if flat else [found[min(i, len(found) - 1)] for i in _USUAL]
    simple = not arrays.contained and arrays.unique is None
    make = _simple if simple else _arranged
    draw = make(composer, arrays, sorted(table), flat)
    if not arrays.banned:
        return draw
    banned = {identity(v) for v in arrays.banned}

    def allowed(source: Source) -> list[Any]:
        for _ in range(_TRIES):
            value = draw(source)
            if identity(value) not in banned:
                return value
        return source.reject()

    return allowed


def _simple(composer: Cells, arrays: Arrays, table: list[int], flat: bool) -> Callable[[Source], list[Any]]:
    cell = composer.flattest if flat else composer.cell
    longest = max((len(row.prefix) for row in arrays.rows), default=0)
    reach = max(table)
    cells = [cell(item_key(composer.forms, arrays, i)) for i in range(min(longest, reach))]
    rest = cell(item_key(composer.forms, arrays, longest))
    count = len(table)
    fixed = table[0] if table[0] == table[-1] else None

    def draw(source: Source) -> list[Any]:
        length = table[source.below(count)] if fixed is None else fixed
        source.budget -= 1
        source.depth += 1
        drawn = min(length, longest + _VARIED)
        if not cells:
            value = [rest.draw(source) for _ in range(drawn)]
        else:
            value = [(cells[i] if i < longest else rest).draw(source) for i in range(drawn)]
        for i in range(drawn, length):
            value.append(copy.deepcopy(value[i - _VARIED]))
        source.depth -= 1
        return value

    return draw


def _arranged(composer: Cells, arrays: Arrays, table: list[int], flat: bool) -> Callable[[Source], list[Any]]:
    forms = composer.forms
    cell = composer.flattest if flat else composer.cell
    look = forms.heights.of
    turns = 1 if flat or not (arrays.contained or arrays.unique is False) else 16

    def draw(source: Source) -> list[Any]:
        length = table[source.below(len(table))]
        layout = None
        if turns > 1:
            layout = laid_out(forms, arrays, length, look, source.below(turns))
        layout = layout or laid_out(forms, arrays, length, look)
        assert layout is not None
        source.budget -= 1
        source.depth += 1
        value: list[Any] = []
        seen: set[Any] = set()
        lists = {key: listed(forms, key) if arrays.unique else None for key in dict.fromkeys(layout.keys)}
        few = [lists[key] for key in layout.keys]
        # Places with few values are filled first, or others would use those up.
        order = sorted(range(length), key=lambda i: (len(few[i] or ()) or 1000, i)) if arrays.unique else range(length)
        placed: dict[int, Any] = {}
        for i in order:
            if arrays.unique:
                left = [v for v in few[i] or () if identity(v) not in seen]
                item = _distinct(source, cell(layout.keys[i]).draw, seen, left, few[i] is not None)
                seen.add(identity(item))
                placed[i] = item
            elif layout.twins and i == layout.twins[1]:
                placed[i] = copy.deepcopy(placed[layout.twins[0]])
            else:
                placed[i] = cell(layout.keys[i]).draw(source)
        value = [placed[i] for i in range(length)]
        source.depth -= 1
        return value

    return draw


def _distinct(source: Source, draw: Callable[[Source], Any], seen: set[Any], left: list[Any], is_few: bool) -> Any:
    if is_few:
        return copy.deepcopy(left[source.below(len(left))]) if left else source.reject()
    for _ in range(_TRIES):
        item = draw(source)
        if identity(item) not in seen:
            return item
    return source.reject()
