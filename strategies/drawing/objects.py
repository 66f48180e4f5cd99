"""Generators of objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatconform.strategies.drawing.cells import Cell, Cells
from chatconform.strategies.drawing.scalars import texts_generator
from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.normal.alternatives import Objects
from chatconform.strategies.normal.conjunction import ANYTHING, member_key
from chatconform.strategies.normal.equality import identity
from chatconform.strategies.normal.items import NEVER
from chatconform.strategies.normal.members import Members, Zone, least, members_of

_TRIES = 30
_WIDE = 8


def object_generator(composer: Cells, objects: Objects, *, flat: bool) -> Callable[[Source], dict[str, Any]]:
    """Return a generator of the alternative's objects; a flat one makes them as small and as flat as can be."""
    forms = composer.forms
    members = members_of(forms, objects, forms.heights.of, only_told=not composer.extras)
    assert members is not None
    if flat:
        draw = _flat(composer, objects, members)
    elif members.some or objects.high is not None or objects.low > len(members.required):
        draw = _counted(composer, objects, members)
    else:
        draw = _free(composer, objects, members)
    if not objects.banned:
        return draw
    banned = {identity(v) for v in objects.banned}

    def allowed(source: Source) -> dict[str, Any]:
        for _ in range(_TRIES):
            value = draw(source)
            if identity(value) not in banned:
                return value
        return source.reject()

    return allowed


def _flat(composer: Cells, objects: Objects, members: Members) -> Callable[[Source], dict[str, Any]]:
    chosen = least(composer.forms, objects, members, composer.forms.heights.of)
    assert chosen is not None
    cells = [(name, composer.flattest(key)) for name, key in chosen]

    def draw(source: Source) -> dict[str, Any]:
        source.depth += 1
        value = {name: cell.draw(source) for name, cell in cells}
        source.depth -= 1
        return value

    return draw


def presence(count: int) -> Callable[[Source], int]:
    """Return a generator of bits that say which optional members are there: none, few, half or all of them."""
    if count <= _WIDE:
        size = 1 << count
        return lambda source: source.below(size)
    chunks = [min(_WIDE, count - at) for at in range(0, count, _WIDE)]
    everything = (1 << count) - 1

    def draw(source: Source) -> int:
        density = source.below(8)
        if density == 0:
            return 0
        if density == 7:
            return everything
        bits = at = 0
        for size in chunks:
            some = source.below(1 << size)
            if density <= 4:
                some &= source.below(1 << size)
            bits |= some << at
            at += size
        return bits

    return draw


def _free(composer: Cells, objects: Objects, members: Members) -> Callable[[Source], dict[str, Any]]:
    required = [(name, composer.cell(key)) for name, key in members.required]
    optional = [(1 << i, name, composer.cell(key)) for i, (name, key) in enumerate(members.optional)]
    present = presence(len(optional)) if optional else None
    zones = tuple(zone for zone in members.zones if zone.told or composer.extras)
    extra = _extra(composer, objects, zones) if zones else None

    def draw(source: Source) -> dict[str, Any]:
        source.budget -= 1
        source.depth += 1
        value = {name: cell.draw(source) for name, cell in required}
        if present is not None and (bits := present(source)):
            for bit, name, cell in optional:
                if bits & bit:
                    value[name] = cell.draw(source)
        if extra is not None:
            extra(source, value)
        source.depth -= 1
        return value

    return draw


def _extra(composer: Cells, objects: Objects, zones: tuple[Zone, ...]) -> Callable[[Source, dict[str, Any]], None]:
    told = any(zone.told for zone in zones)
    counts = (0, 1, 1, 2, 3) if told else (0, 0, 0, 0, 0, 0, 0, 1)
    add = _adding(composer, objects, zones)

    def draw(source: Source, value: dict[str, Any]) -> None:
        for _ in range(counts[source.below(len(counts))]):
            add(source, value)

    return draw


def _adding(composer: Cells, objects: Objects, zones: tuple[Zone, ...]) -> Callable[[Source, dict[str, Any]], bool]:
    """Return what adds one member whose name no schema tells, if it finds a new name."""
    forms = composer.forms
    names = [texts_generator(zone.texts) for zone in zones]
    known = set(objects.known())
    cells: dict[str, Cell | None] = {}

    def cell_of(name: str) -> Cell | None:
        if name not in cells:
            key = member_key(forms.joined, objects.groups, name)
            if len(cells) > 500:
                cells.clear()
            cells[name] = composer.cell(key) if forms.has_values(key) else None
        return cells[name]

    def add(source: Source, value: dict[str, Any]) -> bool:
        for _ in range(4):
            name = names[source.below(len(names))](source)
            if name not in value and name not in known and (cell := cell_of(name)) is not None:
                value[name] = cell.draw(source)
                return True
        return False

    return add


def _counted(composer: Cells, objects: Objects, members: Members) -> Callable[[Source], dict[str, Any]]:
    """Objects of which the number of members counts, or that must have some member of a kind."""
    forms = composer.forms
    look = forms.heights.of
    zones = members.zones
    add = _adding(composer, objects, zones) if zones else None
    fallback = least(forms, objects, members, look)
    assert fallback is not None
    optional = [pair for pair in members.optional if look(pair[1]) < NEVER]
    present = presence(len(optional)) if optional else None
    high = objects.high
    keen = [zone for zone in zones if zone.told or composer.extras]

    def draw(source: Source) -> dict[str, Any]:
        source.budget -= 1
        source.depth += 1
        keys = dict(members.required)
        for choices in members.some:
            name, key = choices[source.below(len(choices))]
            joint = forms.joined(key, keys.get(name, ANYTHING))
            if look(joint) == NEVER:
                keys = dict(fallback)
                break
            keys[name] = joint
        if high is not None and len(keys) > high:
            keys = dict(fallback)
        bits = present(source) if present is not None else 0
        start = source.below(len(optional)) if len(optional) > 1 and high is not None else 0
        room = None if high is None else high - len(keys)
        for turn in range(len(optional)):
            i = (start + turn) % len(optional)
            wanted = bits >> i & 1 or (len(keys) + (len(optional) - turn) <= objects.low and not zones)
            if wanted and optional[i][0] not in keys and (room is None or room > 0):
                keys[optional[i][0]] = optional[i][1]
                room = None if room is None else room - 1
        value = {name: composer.cell(key).draw(source) for name, key in keys.items()}
        _fill(source, value, keen)
        source.depth -= 1
        return value

    def _fill(source: Source, value: dict[str, Any], keen: list[Zone]) -> None:
        wanted = objects.low
        if keen and (high is None or high > wanted):
            wanted += source.below(3 if high is None else min(3, high - wanted + 1))
        wanted = max(wanted, objects.low)
        tries = 0
        while add is not None and len(value) < wanted and tries < 4 * wanted + 8:
            add(source, value)
            tries += 1
        for name, key in (*fallback, *optional):
            if len(value) >= objects.low:
                break
            if name not in value:
                value[name] = composer.cell(key).draw(source)
        if len(value) < objects.low:
            source.reject()

    return draw
