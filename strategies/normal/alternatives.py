"""The normal form: a schema is a list of alternatives, each about one JSON type and free of unions and references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chatconform.strategies.normal.conjunction import (
    ARRAY,
    BOOLEAN,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Conjunction,
    Contained,
    Group,
    Key,
    Nodes,
    Row,
    Some,
)
from chatconform.strategies.normal.equality import identity

# Where in the schema a bound was found: by the bound's name, the JSON Pointer that ends in its keyword.
Origins = Mapping[str, Any]


@dataclass(frozen=True)
class Literals:
    """One of some values."""

    values: tuple[Any, ...]
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Numbers:
    """A number: an integer (True), none (False) or either (None), within bounds and a multiple of all factors."""

    integer: bool | None
    low: Any
    low_open: bool
    high: Any
    high_open: bool
    multiples: tuple[Any, ...]
    nonmultiples: tuple[Any, ...]
    banned: tuple[Any, ...]
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Strings:
    """A text, by length, patterns and formats."""

    low: int
    high: int | None
    patterns: tuple[str, ...]
    unpatterns: tuple[str, ...]
    formats: tuple[str, ...]
    banned: tuple[str, ...]
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Arrays:
    """An array, by length, by what stands where and what it contains; distinct (True), not (False) or either."""

    low: int
    high: int | None
    rows: tuple[Row, ...]
    contained: tuple[Contained, ...]
    unique: bool | None
    banned: tuple[Any, ...]
    origins: Origins = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Objects:
    """An object, by its members."""

    low: int
    high: int | None
    required: tuple[str, ...]
    groups: tuple[Group, ...]
    names: Key
    some: tuple[Some, ...]
    banned: tuple[Any, ...]
    origins: Origins = field(default_factory=dict, compare=False)

    def known(self) -> list[str]:
        """Return all names that are told of by name, required ones first."""
        return list(dict.fromkeys((*self.required, *(name for group in self.groups for name in group.named))))


Alternative = Literals | Numbers | Strings | Arrays | Objects
Path = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Form:
    """A schema's alternatives, the options taken at each choice on the way to each, and why others fell away."""

    alternatives: tuple[Alternative, ...]
    paths: tuple[Path, ...]
    reasons: tuple[str, ...]
    exact: bool


class Formed(Nodes, Protocol):
    """Where the normal form of a key is found."""

    def form(self, key: Key) -> Form: ...


def alternatives_of(c: Conjunction) -> list[Alternative]:
    """Return a conjunction as one alternative for each type that it allows; listed values are not yet tried."""
    o = c.origins
    if c.allowed is not None:
        banned = {identity(v) for v in c.banned}
        kept = tuple(v for v in c.allowed if identity(v) not in banned)
        return [Literals(kept, o)] if kept else []
    found: list[Alternative] = []
    if c.types & NULL and None not in c.banned:
        found.append(Literals((None,), o))
    if c.types & BOOLEAN:
        booleans = tuple(b for b in (False, True) if not any(b is v for v in c.banned))
        if booleans:
            found.append(Literals(booleans, o))
    if c.types & NUMBER:
        banned_numbers = tuple(v for v in c.banned if isinstance(v, int | float) and not isinstance(v, bool))
        found.append(
            Numbers(c.integer, c.low, c.low_open, c.high, c.high_open, c.multiples, c.nonmultiples, banned_numbers, o)
        )
    if c.types & STRING:
        words = tuple(v for v in c.banned if isinstance(v, str))
        found.append(Strings(c.min_length, c.max_length, c.patterns, c.unpatterns, c.formats, words, o))
    if c.types & ARRAY:
        lists = tuple(v for v in c.banned if isinstance(v, list))
        found.append(Arrays(c.min_items, c.max_items, c.rows, c.contained, c.unique, lists, o))
    if c.types & OBJECT:
        maps = tuple(v for v in c.banned if isinstance(v, dict))
        found.append(Objects(c.min_members, c.max_members, c.required, c.groups, c.names, c.some, maps, o))
    return found
