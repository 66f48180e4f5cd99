"""The deterministic cases of a schema: at every place each bound, each choice and each way to be wrong, one at a time.

Cases of a schema inside are made once and then set into the smallest value around them that is otherwise valid.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chatconform.strategies import scalar_cases
from chatconform.strategies.drawing.composer import Composer
from chatconform.strategies.drawing.simplest import Simplest
from chatconform.strategies.drawing.sources import Rejected
from chatconform.strategies.normal.acceptance import accepts, item_key
from chatconform.strategies.normal.alternatives import Alternative, Arrays, Literals, Numbers, Objects, Strings
from chatconform.strategies.normal.conjunction import (
    ARRAY,
    BOOLEAN,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Key,
    kind_of,
    member_key,
)
from chatconform.strategies.normal.dialects import escaped
from chatconform.strategies.normal.items import laid_out, lengths
from chatconform.strategies.normal.members import Members, least, members_of
from chatconform.strategies.normal.texts import samples
from chatconform.strategies.scalar_cases import Case

_WRONG: tuple[tuple[int, Any, str], ...] = (
    (NULL, None, "null"),
    (BOOLEAN, True, "a boolean"),
    (NUMBER, 1, "a number"),
    (STRING, "text", "a string"),
    (ARRAY, [], "an array"),
    (OBJECT, {}, "an object"),
)
_EVERY = NULL | BOOLEAN | NUMBER | STRING | ARRAY | OBJECT
_MOST_ITEMS = 300


class Enumeration:
    """Makes the cases of one document's schemas."""

    def __init__(self, composer: Composer) -> None:
        self.composer = composer
        self.forms = composer.forms
        self._cases: dict[Key, list[Case]] = {}
        self._simple: dict[Key, Any] = {}
        self._underway: set[Key] = set()
        self._tagged: dict[int, tuple[tuple[str, str], ...]] = {}
        self._members: dict[tuple[int, str], Key] = {}

    def cases(self, key: Key) -> list[Case]:
        """Return the cases of a key; of a schema that is met again inside itself only the simplest value."""
        found = self._cases.get(key)
        if found is None:
            if key in self._underway:
                return [Case(self.simplest(key), "", "again")]
            self._underway.add(key)
            found = list(self._made(key))
            self._underway.discard(key)
            self._cases[key] = found
        return found

    def simplest(self, key: Key) -> Any:
        """Return the plainest value of a key."""
        if key not in self._simple:
            self._simple[key] = self._several(key, 1)[0]
        return self._simple[key]

    def _several(self, key: Key, count: int) -> list[Any]:
        cell = self.composer.flattest(key)
        found: list[Any] = []
        for turn in range(count + 60):
            source = Simplest()
            source.turn = turn
            try:
                value = cell.draw(source)
            except Rejected:
                continue
            if value not in found or not found:
                found.append(value)
            if len(found) == count:
                break
        return found

    def _made(self, key: Key) -> Iterator[Case]:
        live = [alternative for alternative, _, _ in self.forms.live(key)]
        seen: set[Any] = set()
        kinds = 0
        integers = all(a.integer for a in live if isinstance(a, Numbers))
        for alternative in live:
            kinds |= _kinds(alternative)
            rivals = [a for a in live if a is not alternative and _kinds(a) & _kinds(alternative)]
            if isinstance(alternative, Objects):
                yield from self._objects(alternative, [r for r in rivals if isinstance(r, Objects)], seen)
                continue
            for case in self._of(alternative):
                if case.keyword is None or not any(accepts(self.forms, rival, case.value) for rival in rivals):
                    yield case
        origins = live[0].origins if live else {}
        asserted = origins.get("types", _EVERY)
        listing = scalar_cases.keyword_at(origins, "allowed")
        if kinds != _EVERY:
            for kind, value, name in _WRONG:
                if not kind & kinds:
                    yield Case(
                        value, "", f"{name} of the wrong type", listing if kind & asserted and listing else "type"
                    )
        for numbers in live:
            if isinstance(numbers, Numbers) and integers:
                yield from scalar_cases.of_fractions(numbers)
                break

    def _of(self, alternative: Literals | Numbers | Strings | Arrays) -> Iterator[Case]:
        match alternative:
            case Literals():
                return scalar_cases.of_literals(alternative)
            case Numbers():
                return scalar_cases.of_numbers(alternative)
            case Strings():
                return scalar_cases.of_strings(alternative)
            case Arrays():
                return self._arrays(alternative)

    def _tags(self, alternative: Objects) -> tuple[tuple[str, str], ...]:
        """The members that can have one text only: they tell the branches of a union apart."""
        tags = self._tagged.get(id(alternative))
        if tags is None:
            found = ((name, self.forms.finite(self._key(alternative, name))) for name in alternative.required)
            single = ((name, values[0]) for name, values in found if values and len(values) == 1)
            tags = self._tagged[id(alternative)] = tuple((name, v) for name, v in single if isinstance(v, str))
        return tags

    def _key(self, objects: Objects, name: str) -> Key:
        mark = (id(objects), name)
        key = self._members.get(mark)
        if key is None:
            key = self._members[mark] = member_key(self.forms.joined, objects.groups, name)
        return key

    def _is_none_of(self, rivals: list[Objects], value: dict[str, Any]) -> bool:
        return not any(accepts(self.forms, rival, value) for rival in rivals)

    def _arrays(self, arrays: Arrays) -> Iterator[Case]:
        forms = self.forms
        look = forms.heights.of
        found = lengths(forms, arrays, look, 3)
        base = self._array(arrays, found[0])
        assert base is not None
        yield Case(base, "", f"{len(base)} items")
        fussy = arrays.unique is not None or arrays.contained or arrays.banned
        some = next((n for n in found if n), None)
        if some is not None:
            first = self._array(arrays, some)
            layout = laid_out(forms, arrays, some, look)
            assert first is not None
            assert layout is not None
            for i in range(min(some, max((len(row.prefix) for row in arrays.rows), default=0) + 1)):
                for case in self.cases(layout.keys[i]):
                    value = [*first[:i], case.value, *first[i + 1 :]]
                    if case.keyword is not None or not fussy or accepts(forms, arrays, value):
                        yield Case(value, f"/{i}{case.pointer}", case.label, case.keyword)
        yield from self._counts(arrays)

    def _counts(self, arrays: Arrays) -> Iterator[Case]:
        if arrays.high is not None and arrays.high <= _MOST_ITEMS:
            full = self._array(arrays, arrays.high)
            if full is not None and arrays.high > arrays.low:
                yield Case(full, "", f"the most items, {arrays.high}")
            over = self._array(replace(arrays, high=None, banned=()), arrays.high + 1)
            if over is not None:
                yield Case(over, "", f"{arrays.high + 1} items, one too many", "maxItems")
        if arrays.low > 0 and not arrays.contained and "min_items" in arrays.origins:
            under = self._array(replace(arrays, low=0, banned=()), arrays.low - 1)
            if under is not None:
                yield Case(under, "", f"{arrays.low - 1} items, one too few", "minItems")
        if arrays.unique and not arrays.contained:
            one = self._array(arrays, max(arrays.low, 1))
            if one and item_key(self.forms, arrays, 0) == item_key(self.forms, arrays, len(one)):
                twice = [*one, one[0]]
                if arrays.high is None or len(twice) <= arrays.high:
                    yield Case(twice, "", "the same item twice", "uniqueItems")

    def _array(self, arrays: Arrays, length: int) -> list[Any] | None:
        layout = laid_out(self.forms, arrays, length, self.forms.heights.of)
        if layout is None:
            return None
        if not arrays.unique:
            return [self.simplest(key) for key in layout.keys]
        stock = {key: self._several(key, layout.keys.count(key)) for key in dict.fromkeys(layout.keys)}
        value = [stock[key].pop() if stock[key] else None for key in reversed(layout.keys)][::-1]
        return value if accepts(self.forms, arrays, value) else None

    def _objects(self, objects: Objects, rivals: list[Objects], seen: set[Any]) -> Iterator[Case]:
        forms = self.forms
        members = members_of(forms, objects, forms.heights.of, only_told=True)
        assert members is not None
        chosen = least(forms, objects, members, forms.heights.of)
        assert chosen is not None
        base = {name: self.simplest(key) for name, key in chosen}
        tags = self._tags(objects)
        own = dict(tags)
        like = [r for r in rivals if all(own.get(name, tag) == tag for name, tag in self._tags(r))]
        yield Case(base, "", "the members that are required, alone" if members.optional else "an object")
        room = math.inf if objects.high is None else objects.high
        optional = [(name, key) for name, key in members.optional if name not in base]
        if len(optional) > 1 and len(base) + len(optional) <= room:
            yield Case(base | {name: self.simplest(key) for name, key in optional}, "", "every member at once")
        for name, key in (*chosen, *(optional if len(base) < room else ())):
            if (name, key, tags) in seen:
                continue
            seen.add((name, key, tags))
            place = "/" + escaped(name)
            assumed = [g.named[name] for g in objects.groups if g.assumed and name in g.named]
            others = [r for r in (rivals if name in own else like) if self._key(r, name) != key]
            for case in self.cases(key):
                value = {**base, name: case.value}
                if case.keyword is not None and not self._is_none_of(others, value):
                    continue
                # What breaks a condition leads to another branch, whose own demands would be broken as well.
                if case.keyword is None or all(forms.accepts(key, case.value) for key in assumed):
                    yield Case(value, place + case.pointer, case.label, case.keyword)
        for case in (*self._absent(objects, base, seen, tags), *self._others(objects, base, members)):
            if case.keyword is None or self._is_none_of(like, case.value):
                yield case

    def _absent(self, objects: Objects, base: dict[str, Any], seen: set[Any], tags: tuple[Any, ...]) -> Iterator[Case]:
        for name in objects.required:
            rest = {other: value for other, value in base.items() if other != name}
            mark = (name, tuple(rest), tags)
            if mark not in seen:
                seen.add(mark)
                yield Case(rest, "", f"without {name}", "required")

    def _others(self, objects: Objects, base: dict[str, Any], members: Members) -> Iterator[Case]:
        """Members that no schema tells by name: closed objects refuse them, open ones may count and name them."""
        forms = self.forms
        closed = any(group.rest is not None and forms.is_nothing(group.rest) for group in objects.groups)
        if closed and (not objects.high or len(base) < objects.high):
            yield Case({**base, "unknown_member": 1}, "", "a member that is not allowed", "additionalProperties")
        for zone in members.zones:
            if not zone.told or (objects.high is not None and len(base) >= objects.high):
                continue
            name = next((n for n in zone.names if n), zone.names[0])
            place = "/" + escaped(name)
            for case in self.cases(self._key(objects, name)):
                yield Case({**base, name: case.value}, place + case.pointer, case.label, case.keyword)
            yield from self._named(objects, base, zone.texts.strings)
        if objects.high is not None and members.zones and objects.high <= _MOST_ITEMS:
            names = samples(members.zones[0].texts, objects.high + 1 - len(base))
            full = {**base, **{n: self.simplest(self._key(objects, n)) for n in names}}
            if len(full) == objects.high + 1:
                yield Case(full, "", f"{objects.high + 1} members, one too many", "maxProperties")
                yield Case(dict(list(full.items())[:-1]), "", f"the most members, {objects.high}")

    def _named(self, objects: Objects, base: dict[str, Any], names: Strings) -> Iterator[Case]:
        for case in scalar_cases.of_strings(names):
            value = {**base, case.value: self.simplest(self._key(objects, case.value))}
            if accepts(self.forms, objects, value) == (case.keyword is None):
                yield Case(value, "", f"a name: {case.label}", case.keyword and "propertyNames")


def _kinds(alternative: Alternative) -> int:
    match alternative:
        case Literals(values):
            kinds = 0
            for value in values:
                kinds |= kind_of(value)
            return kinds
        case Numbers():
            return NUMBER
        case Strings():
            return STRING
        case Arrays():
            return ARRAY
        case Objects():
            return OBJECT
