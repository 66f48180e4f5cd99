"""Each keyword of JSON Schema in terms of a conjunction's constraints.

An atom is one step to take on a branch: ("hold", element) for a schema that holds in place, ("assume", element) for
one that is a condition, ("deny", element) under `not`, else the name of a method of `Conjunction` with its arguments.
A choice is a list of options, each a list of atoms, of which at least one has to be taken.
"""

# ruff: noqa: ARG001, ARG005 - the readers of one table share a signature

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chatconform.strategies.normal.conjunction import (
    OBJECT,
    TYPE_OF_NAME,
    Contained,
    Group,
    Key,
    Row,
)
from chatconform.strategies.normal.dialects import escaped
from chatconform.strategies.normal.documents import Document, Entry

Atom = tuple[Any, ...]
Option = list[Atom]
Choice = list[Option]


_MOST_PAIRED = 6


@dataclass
class Reading:
    """What one schema says: atoms that all hold, choices that all have to be made, and what comes last."""

    atoms: list[Atom] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    unevaluated_items: Key | None = None
    unevaluated_properties: Key | None = None


class Keywords:
    """Reads the keywords of one entry of a document."""

    def __init__(self, document: Document, entry: Entry, owners: tuple[int, ...], assumed: bool) -> None:
        assert isinstance(entry.keywords, dict)
        self.document, self.entry, self.owners, self.assumed = document, entry, owners, assumed
        self.words = entry.keywords

    def key(self, schema: Any, step: str) -> Key:
        """The key of a schema inside, as one element even when it says nothing."""
        return frozenset((self.document.inner(self.entry, schema, step) * 2,))

    def at(self, keyword: str) -> str:
        return f"{self.entry.pointer}/{keyword}"

    def keys(self, keyword: str) -> list[Key]:
        return [self.key(schema, f"/{keyword}/{i}") for i, schema in enumerate(self.words[keyword])]

    def element(self, keyword: str) -> int:
        (element,) = self.key(self.words[keyword], f"/{keyword}")
        return element

    def target(self, keyword: str) -> int:
        return self.document.target(self.entry, self.words[keyword], dynamic=keyword == "$dynamicRef") * 2

    def held(self) -> Reading:
        """Return what follows when the schema holds."""
        reading = Reading()
        for keyword in self.words:
            read = _HELD.get(keyword)
            if read is not None:
                read(self, reading, self.words[keyword])
        self._held_groups(reading)
        return reading

    def object_group(self) -> Group | None:
        words = self.words
        if not any(k in words for k in ("properties", "patternProperties", "additionalProperties")):
            return None
        named = {n: self.key(s, f"/properties/{escaped(n)}") for n, s in words.get("properties", {}).items()}
        patterned = tuple(
            (p, self.key(s, f"/patternProperties/{escaped(p)}")) for p, s in words.get("patternProperties", {}).items()
        )
        rest = (
            self.key(words["additionalProperties"], "/additionalProperties")
            if "additionalProperties" in words
            else None
        )
        return Group(named, patterned, rest, self.owners, self.assumed)

    def _held_groups(self, reading: Reading) -> None:
        words = self.words
        group = self.object_group()
        if group is not None:
            reading.atoms.append(("group", group))
        if "prefixItems" in words or "items" in words:
            prefix = tuple(self.keys("prefixItems")) if "prefixItems" in words else ()
            rest = self.key(words["items"], "/items") if "items" in words else None
            reading.atoms.append(("row", Row(prefix, rest, self.owners)))
        if "contains" in words:
            low, high = words.get("minContains", 1), words.get("maxContains")
            evaluating = self.owners if self.entry.draft >= 2020 else ()
            contained = Contained(self.key(words["contains"], "/contains"), 0, int(low), whole(high), evaluating)
            reading.atoms.append(("containing", contained))
        if "if" in words and ("then" in words or "else" in words or self.document.tells_evaluated):
            condition = self.element("if")
            yes: Option = [("assume", condition)]
            no: Option = [("assume", condition ^ 1)]
            if "then" in words:
                yes.append(("hold", self.element("then")))
            if "else" in words:
                no.append(("hold", self.element("else")))
            reading.choices.append([yes, no])


def whole(value: Any) -> int | None:
    """Return a count as an integer: a schema may write it 2.0."""
    return None if value is None else int(value)


def types_of(value: Any) -> tuple[int, bool | None]:
    """Return the types that `type` names as bits, and True when of numbers only integers are meant."""
    names = [value] if isinstance(value, str) else value
    kinds = 0
    for name in names:
        kinds |= TYPE_OF_NAME[name]
    return kinds, True if "integer" in names and "number" not in names else None


def _held_types(self: Keywords, reading: Reading, value: Any) -> None:
    reading.atoms.insert(0, ("of_types", *types_of(value)))


def _held_choice(self: Keywords, reading: Reading, keyword: str, exactly_one: bool) -> None:
    elements = [element for (element,) in self.keys(keyword)]
    if len(elements) == 1:
        reading.atoms.append(("hold", elements[0]))
        return
    options: Choice = []
    for i, element in enumerate(elements):
        others = [("hold", e ^ 1) for j, e in enumerate(elements) if j != i] if exactly_one else []
        options.append([("hold", element), *others])
    if not exactly_one and self.document.tells_evaluated:
        # Each branch that holds makes members evaluated: holding several of them at once can be the only way.
        options.append([("hold", element) for element in elements])
        if 2 < len(elements) <= _MOST_PAIRED:
            options += [[("hold", a), ("hold", b)] for i, a in enumerate(elements) for b in elements[i + 1 :]]
    reading.choices.append(options)


def _held_dependent(self: Keywords, reading: Reading, value: dict[str, Any]) -> None:
    for name, needed in value.items():
        if isinstance(needed, list):
            if not needed:
                continue
            then: Option = [("require", other, self.at("dependentRequired")) for other in needed]
        else:
            (element,) = self.key(needed, f"/dependentSchemas/{escaped(name)}")
            then = [("hold", element)]
        reading.choices.append([[("forbid", name)], [("of_types", OBJECT), ("require", name), *then]])


def _atom(name: str, *extra: Any, located: str | None = None) -> Callable[[Keywords, Reading, Any], None]:
    def read(self: Keywords, reading: Reading, value: Any) -> None:
        places = (self.at(located),) if located else ()
        reading.atoms.append((name, value, *extra, *places))

    return read


def _counted(name: str, what: str, keyword: str) -> Callable[[Keywords, Reading, Any], None]:
    return lambda self, reading, value: reading.atoms.append((name, what, int(value), self.at(keyword)))


_HELD: dict[str, Callable[[Keywords, Reading, Any], None]] = {
    "type": _held_types,
    "enum": _atom("among", located="enum"),
    "const": lambda self, reading, value: reading.atoms.append(("among", [value], self.at("const"))),
    "minimum": _atom("above", False, located="minimum"),
    "exclusiveMinimum": _atom("above", True, located="exclusiveMinimum"),
    "maximum": _atom("below", False, located="maximum"),
    "exclusiveMaximum": _atom("below", True, located="exclusiveMaximum"),
    "multipleOf": _atom("multiple"),
    "pattern": _atom("matching"),
    "format": _atom("formatted"),
    "minLength": _counted("at_least", "length", "minLength"),
    "maxLength": _counted("at_most", "length", "maxLength"),
    "minItems": _counted("at_least", "items", "minItems"),
    "maxItems": _counted("at_most", "items", "maxItems"),
    "minProperties": _counted("at_least", "members", "minProperties"),
    "maxProperties": _counted("at_most", "members", "maxProperties"),
    "uniqueItems": lambda self, reading, value: reading.atoms.append(("distinct", True)) if value else None,
    "required": lambda self, reading, value: reading.atoms.extend(
        ("require", name, self.at("required")) for name in value if isinstance(name, str)
    ),
    "propertyNames": lambda self, reading, value: reading.atoms.append(("named", self.key(value, "/propertyNames"))),
    "dependentRequired": _held_dependent,
    "dependentSchemas": _held_dependent,
    "$ref": lambda self, reading, value: reading.atoms.append(("hold", self.target("$ref"))),
    "$dynamicRef": lambda self, reading, value: reading.atoms.append(("hold", self.target("$dynamicRef"))),
    "allOf": lambda self, reading, value: reading.atoms.extend(("hold", e) for (e,) in self.keys("allOf")),
    "anyOf": lambda self, reading, value: _held_choice(self, reading, "anyOf", False),
    "oneOf": lambda self, reading, value: _held_choice(self, reading, "oneOf", True),
    "not": lambda self, reading, value: reading.atoms.append(("deny", self.element("not") ^ 1)),
    "any of keys": lambda self, reading, value: reading.choices.append(
        [[("hold", e) for e in sorted(k)] for k in value]
    ),
    "unevaluatedItems": lambda self, reading, value: setattr(
        reading, "unevaluated_items", self.key(value, "/unevaluatedItems")
    ),
    "unevaluatedProperties": lambda self, reading, value: setattr(
        reading, "unevaluated_properties", self.key(value, "/unevaluatedProperties")
    ),
}


ASSERTING = frozenset(_HELD) | {
    "if",
    "properties",
    "patternProperties",
    "additionalProperties",
    "prefixItems",
    "items",
    "contains",
}
