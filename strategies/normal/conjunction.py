"""Everything that holds of a value at once: one set of constraints, tightened step by step until it contradicts itself.

Each constraint speaks about one JSON type, and a contradiction within a type takes only that type away. When no type is
left the conjunction is impossible, and `Contradiction` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from chatconform.strategies.normal.equality import identity
from chatconform.strategies.normal.languages import found_in

NULL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT = 1, 2, 4, 8, 16, 32
EVERY_TYPE = 63
TYPE_OF_NAME = {
    "null": NULL, "boolean": BOOLEAN, "number": NUMBER, "integer": NUMBER,
    "string": STRING, "array": ARRAY, "object": OBJECT,
}  # fmt: skip

Key = frozenset[int]
ANYTHING: Key = frozenset()


def kind_of(value: Any) -> int:
    """Return the bit of a value's JSON type."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int | float):
        return NUMBER
    if isinstance(value, str):
        return STRING
    return ARRAY if isinstance(value, list) else OBJECT


class Contradiction(Exception):
    """No value can meet the constraints; the text says which of them exclude each other."""


class Unknown(Exception):
    """Whether a value meets a schema cannot be told while the schema is still being taken apart."""


class Nodes(Protocol):
    """What a conjunction asks of the schemas below it."""

    def joined(self, *keys: Key) -> Key: ...
    def is_nothing(self, key: Key) -> bool: ...
    def finite(self, key: Key) -> list[Any] | None: ...
    def accepts(self, key: Key, value: Any) -> bool: ...


@dataclass(frozen=True)
class Group:
    """What one schema says about the members of an object: by name, by pattern, and about all others (None: nothing).

    It is assumed when it stems from a condition: breaking it leads to another branch and is no fault in itself.
    """

    named: dict[str, Key]
    patterned: tuple[tuple[str, Key], ...]
    rest: Key | None
    owners: tuple[int, ...] = ()
    assumed: bool = False


@dataclass(frozen=True)
class Row:
    """What one schema says about the items of an array: of the first ones each, and of all others (None: nothing)."""

    prefix: tuple[Key, ...]
    rest: Key | None
    owners: tuple[int, ...] = ()


@dataclass(frozen=True)
class Contained:
    """How many items from `start` on have to match a schema."""

    key: Key
    start: int
    low: int
    high: int | None
    owners: tuple[int, ...] = ()


@dataclass(frozen=True)
class Some:
    """At least one member, whose name matches `pattern` (if any) and is not told, has such a name and value."""

    names: frozenset[str]
    patterns: tuple[str, ...]
    pattern: str | None
    name: Key
    value: Key


_FIELDS = {
    "types": EVERY_TYPE, "integer": None,
    "low": None, "low_open": False, "high": None, "high_open": False, "multiples": (), "nonmultiples": (),
    "min_length": 0, "max_length": None, "patterns": (), "unpatterns": (), "formats": (),
    "min_items": 0, "max_items": None, "rows": (), "contained": (), "unique": None,
    "min_members": 0, "max_members": None, "required": (), "groups": (), "names": ANYTHING, "some": (),
    "allowed": None, "banned": (), "inexact": False,
}  # fmt: skip


class Conjunction:
    """A mutable set of constraints; each method adds one and raises `Contradiction` when nothing is left."""

    __slots__ = ("nodes", "origins", "reason", *_FIELDS)
    types: int
    integer: bool | None
    low: Any
    low_open: bool
    high: Any
    high_open: bool
    multiples: tuple[Any, ...]
    nonmultiples: tuple[Any, ...]
    min_length: int
    max_length: int | None
    patterns: tuple[str, ...]
    unpatterns: tuple[str, ...]
    formats: tuple[str, ...]
    min_items: int
    max_items: int | None
    rows: tuple[Row, ...]
    contained: tuple[Contained, ...]
    unique: bool | None
    min_members: int
    max_members: int | None
    required: tuple[str, ...]
    groups: tuple[Group, ...]
    names: Key
    some: tuple[Some, ...]
    allowed: tuple[Any, ...] | None
    banned: tuple[Any, ...]
    inexact: bool

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.reason = ""
        self.origins: dict[str, Any] = {}
        for name, value in _FIELDS.items():
            setattr(self, name, value)

    def copy(self) -> Conjunction:
        new = object.__new__(Conjunction)
        for name in Conjunction.__slots__:
            setattr(new, name, getattr(self, name))
        new.origins = dict(self.origins)
        return new

    def same_as(self, other: Conjunction) -> bool:
        return all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    def drop(self, kinds: int, reason: str) -> None:
        if self.types & kinds:
            self.types &= ~kinds
            self.reason = reason
        if not self.types:
            raise Contradiction(self.reason or reason)

    # any type

    def of_types(self, kinds: int, integer: bool | None = None) -> None:
        self.origins["types"] = self.origins.get("types", EVERY_TYPE) & kinds
        if integer is not None and self.types & NUMBER & kinds:
            if self.integer not in (None, integer):
                self.drop(NUMBER, "a number would have to be an integer and not one")
            self.integer = integer
        self.drop(EVERY_TYPE & ~kinds, "the types that are allowed exclude each other")

    def among(self, values: Iterable[Any], where: str) -> None:
        wanted = {identity(v): v for v in values}
        known = wanted.values() if self.allowed is None else self.allowed
        kept = [v for v in known if identity(v) in wanted]
        if not kept:
            raise Contradiction(f"none of the values listed at {where} is allowed")
        if where.endswith("enum") or "allowed" not in self.origins:
            self.origins["allowed"] = where
        self.allowed = tuple(kept)
        kinds = 0
        for value in kept:
            kinds |= kind_of(value)
        self.drop(EVERY_TYPE & ~kinds, f"none of the values listed at {where} has an allowed type")

    def not_among(self, values: Iterable[Any]) -> None:
        known = {identity(v) for v in self.banned}
        self.banned += tuple(v for v in values if identity(v) not in known)

    def uncertain(self) -> None:
        self.inexact = True

    # numbers

    def above(self, bound: Any, is_open: bool, where: str = "") -> None:
        if self.low is None or bound > self.low or (bound == self.low and is_open):
            self.low, self.low_open = bound, is_open
            self.origins["low"] = where
            self._numbers()

    def below(self, bound: Any, is_open: bool, where: str = "") -> None:
        if self.high is None or bound < self.high or (bound == self.high and is_open):
            self.high, self.high_open = bound, is_open
            self.origins["high"] = where
            self._numbers()

    def _numbers(self) -> None:
        if self.low is None or self.high is None:
            return
        if self.low > self.high or (self.low == self.high and (self.low_open or self.high_open)):
            self.drop(NUMBER, f"no number is from {self.low} to {self.high}" + self._at("low", "high"))

    def _at(self, *names: str) -> str:
        places = [self.origins[n] for n in names if self.origins.get(n)]
        return f" ({' and '.join(dict.fromkeys(places))})" if places else ""

    def multiple(self, factor: Any) -> None:
        if factor not in self.multiples:
            self.multiples += (factor,)

    def not_multiple(self, factor: Any) -> None:
        if factor not in self.nonmultiples:
            self.nonmultiples += (factor,)

    # lengths and counts: texts, arrays, objects

    def at_least(self, what: str, count: int, where: str = "") -> None:
        if count > getattr(self, "min_" + what):
            setattr(self, "min_" + what, count)
            self.origins["min_" + what] = where
            self._count(what)

    def at_most(self, what: str, count: int, where: str = "") -> None:
        now = getattr(self, "max_" + what)
        if now is None or count < now:
            setattr(self, "max_" + what, count)
            self.origins["max_" + what] = where
            self._count(what)

    def _count(self, what: str) -> None:
        low, high = getattr(self, "min_" + what), getattr(self, "max_" + what)
        if high is not None and low > high:
            kind, word = _COUNTED[what]
            self.drop(kind, f"no {word} {low} to {high}" + self._at("min_" + what, "max_" + what))

    # texts

    def matching(self, pattern: str) -> None:
        if pattern not in self.patterns:
            self.patterns += (pattern,)

    def not_matching(self, pattern: str) -> None:
        if pattern not in self.unpatterns:
            self.unpatterns += (pattern,)

    def formatted(self, name: str) -> None:
        if name not in self.formats:
            self.formats += (name,)

    # arrays

    def row(self, row: Row) -> None:
        if row not in self.rows:
            self.rows += (row,)

    def containing(self, contained: Contained) -> None:
        if contained not in self.contained:
            self.contained += (contained,)
            self.at_least("items", contained.start + contained.low if contained.low else 0)

    def distinct(self, wanted: bool) -> None:
        if self.unique is not None and self.unique != wanted:
            self.drop(ARRAY, "the items would have to be distinct and not distinct")
        self.unique = wanted

    def item_key(self, index: int) -> Key:
        keys = []
        for row in self.rows:
            if index < len(row.prefix):
                keys.append(row.prefix[index])
            elif row.rest is not None:
                keys.append(row.rest)
        return self.nodes.joined(*keys)

    # objects

    def require(self, name: str, where: str = "") -> None:
        if name not in self.required:
            self.required += (name,)
            self.origins["required " + name] = where
            if self.types & OBJECT and self.nodes.is_nothing(self.member_key(name)):
                self.drop(
                    OBJECT, f"the property {name!r} is required{' at ' + where if where else ''}, and not allowed"
                )

    def group(self, group: Group) -> None:
        if group in self.groups:
            return
        before = self.groups
        if group.rest is None and not group.patterned and self.types & OBJECT:
            named = {name: key for name, key in group.named.items() if not self._implied(name, key)}
            if not named and not group.owners:
                return
            group = replace(group, named=named) if not group.owners else group
        self.groups = (*before, group)
        for name in self.required:
            if self.types & OBJECT and self.nodes.is_nothing(self.member_key(name)):
                self.drop(OBJECT, f"the property {name!r} is required, and no value of it is allowed")

    def _implied(self, name: str, key: Key) -> bool:
        """Whether every value that the property can have meets the key anyway."""
        if name not in self.required:
            return False
        values = self.nodes.finite(self.member_key(name))
        try:
            return values is not None and all(self.nodes.accepts(key, v) for v in values)
        except Unknown:
            return False

    def member_key(self, name: str) -> Key:
        return member_key(self.nodes.joined, self.groups, name)

    def named(self, key: Key) -> None:
        self.names = self.nodes.joined(self.names, key)

    def some_member(self, some: Some) -> None:
        if some not in self.some:
            self.some += (some,)
            self.at_least("members", 1)


_COUNTED = {
    "length": (STRING, "text has a length from"),
    "items": (ARRAY, "array has a number of items from"),
    "members": (OBJECT, "object has a number of properties from"),
}


def member_key(joined: Callable[..., Key], groups: tuple[Group, ...], name: str) -> Key:
    """Return what a member of that name has to meet, by all groups together."""
    keys = []
    for group in groups:
        told = False
        if name in group.named:
            keys.append(group.named[name])
            told = True
        for pattern, key in group.patterned:
            if found_in(pattern, name):
                keys.append(key)
                told = True
        if not told and group.rest is not None:
            keys.append(group.rest)
    return joined(*keys)
