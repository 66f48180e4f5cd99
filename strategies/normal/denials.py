"""Each keyword of JSON Schema denied: the ways in which a value can fail to meet it."""

# ruff: noqa: ARG001, ARG005 - the readers of one table share a signature

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chatconform.strategies.normal.conjunction import (
    ANYTHING,
    ARRAY,
    EVERY_TYPE,
    NUMBER,
    OBJECT,
    STRING,
    Contained,
    Group,
    Key,
    Row,
    Some,
)
from chatconform.strategies.normal.dialects import children, escaped
from chatconform.strategies.normal.keywords import Atom, Choice, Keywords, Option, types_of, whole


def ways_to_fail(words: Keywords) -> Choice:
    """Return the ways in which a schema can fail to hold: one of them is needed."""
    options: Choice = []
    for keyword in words.words:
        read = _DENIED.get(keyword)
        if read is not None:
            options += read(words, words.words[keyword])
    return options


def _opposite(key: Key) -> int:
    """Return the element that denies a key of one element."""
    (element,) = key
    return element ^ 1


def _only(kind: int, *atoms: Atom) -> Choice:
    return [[("of_types", kind), *atoms]]


def _denied_type(self: Keywords, value: Any) -> Choice:
    kinds, integer = types_of(value)
    options: Choice = []
    if kinds != EVERY_TYPE:
        options.append([("of_types", EVERY_TYPE & ~kinds)])
    if integer and kinds & NUMBER:
        options.append([("of_types", NUMBER, False)])
    return options


def _denied_required(self: Keywords, value: list[str]) -> Choice:
    return [[("of_types", OBJECT), ("forbid", name)] for name in value]


def _denied_properties(self: Keywords, value: dict[str, Any]) -> Choice:
    options: Choice = []
    for name, schema in value.items():
        wrong = frozenset((_opposite(self.key(schema, f"/properties/{escaped(name)}")),))
        options.append(
            [("of_types", OBJECT), ("group", Group({name: wrong}, (), None, assumed=True)), ("require", name)]
        )
    return options


def _denied_patterns(self: Keywords, value: dict[str, Any]) -> Choice:
    options: Choice = []
    for pattern, schema in value.items():
        wrong = frozenset((_opposite(self.key(schema, f"/patternProperties/{escaped(pattern)}")),))
        options += _only(OBJECT, ("some_member", Some(frozenset(), (), pattern, ANYTHING, wrong)))
    return options


def _denied_rest(self: Keywords, value: Any) -> Choice:
    wrong = frozenset((_opposite(self.key(value, "/additionalProperties")),))
    names, patterns = frozenset(self.words.get("properties", ())), tuple(self.words.get("patternProperties", ()))
    return _only(OBJECT, ("some_member", Some(names, patterns, None, ANYTHING, wrong)))


def _denied_names(self: Keywords, value: Any) -> Choice:
    wrong = frozenset((_opposite(self.key(value, "/propertyNames")),))
    return _only(OBJECT, ("some_member", Some(frozenset(), (), None, wrong, ANYTHING)))


def _denied_dependent(self: Keywords, value: dict[str, Any]) -> Choice:
    options: Choice = []
    for name, needed in value.items():
        if isinstance(needed, list):
            options += [[("of_types", OBJECT), ("require", name), ("forbid", other)] for other in needed]
        else:
            wrong = _opposite(self.key(needed, f"/dependentSchemas/{escaped(name)}"))
            options.append([("of_types", OBJECT), ("require", name), ("hold", wrong)])
    return options


def _denied_prefix(self: Keywords, value: list[Any]) -> Choice:
    options: Choice = []
    for i, key in enumerate(self.keys("prefixItems")):
        row = Row((*(ANYTHING,) * i, frozenset((_opposite(key),))), None)
        options += _only(ARRAY, ("at_least", "items", i + 1), ("row", row))
    return options


def _denied_items(self: Keywords, value: Any) -> Choice:
    start = len(self.words.get("prefixItems", ()))
    return _only(ARRAY, ("containing", Contained(frozenset((_opposite(self.key(value, "/items")),)), start, 1, None)))


def _denied_contains(self: Keywords, value: Any) -> Choice:
    key = self.key(value, "/contains")
    low, high = int(self.words.get("minContains", 1)), whole(self.words.get("maxContains"))
    options: Choice = []
    if low > 0:
        options += _only(ARRAY, ("containing", Contained(key, 0, 0, low - 1)))
    if high is not None:
        options += _only(ARRAY, ("containing", Contained(key, 0, high + 1, None)))
    return options


def _denied_any(self: Keywords, keyword: str) -> Option:
    return [("hold", element ^ 1) for (element,) in self.keys(keyword)]


def _denied_one(self: Keywords, value: Any) -> Choice:
    elements = [element for (element,) in self.keys("oneOf")]
    pairs = [[("hold", a), ("hold", b)] for i, a in enumerate(elements) for b in elements[i + 1 :]]
    return [_denied_any(self, "oneOf"), *pairs]


def _denied_if(self: Keywords, value: Any) -> Choice:
    condition = self.element("if")
    options: Choice = []
    if "then" in self.words:
        options.append([("hold", condition), ("hold", self.element("then") ^ 1)])
    if "else" in self.words:
        options.append([("hold", condition ^ 1), ("hold", self.element("else") ^ 1)])
    return options


def _denied_unevaluated_properties(self: Keywords, value: Any) -> Choice:
    """A member that nothing inside the schema tells of, and that is wrong; a validator has the last word."""
    wrong = frozenset((_opposite(self.key(value, "/unevaluatedProperties")),))
    told = list(_inside(self.words))
    names = frozenset(name for schema in told for name in schema.get("properties", ()))
    patterns = tuple(dict.fromkeys(p for schema in told for p in schema.get("patternProperties", ())))
    return _only(OBJECT, ("some_member", Some(names, patterns, None, ANYTHING, wrong)), ("uncertain",))


def _denied_unevaluated_items(self: Keywords, value: Any) -> Choice:
    wrong = frozenset((_opposite(self.key(value, "/unevaluatedItems")),))
    start = max(len(schema.get("prefixItems", ())) for schema in _inside(self.words))
    return _only(ARRAY, ("containing", Contained(wrong, start, 1, None)), ("uncertain",))


def _inside(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for _, inner in children(schema):
            yield from _inside(inner)


def _too_few(what: str, kind: int) -> Callable[[Keywords, Any], Choice]:
    return lambda self, value: _only(kind, ("at_most", what, int(value) - 1)) if int(value) > 0 else []


def _too_many(what: str, kind: int) -> Callable[[Keywords, Any], Choice]:
    return lambda self, value: _only(kind, ("at_least", what, int(value) + 1))


_DENIED: dict[str, Callable[[Keywords, Any], Choice]] = {
    "type": _denied_type,
    "enum": lambda self, value: [[("not_among", value)]],
    "const": lambda self, value: [[("not_among", [value])]],
    "minimum": lambda self, value: _only(NUMBER, ("below", value, True)),
    "exclusiveMinimum": lambda self, value: _only(NUMBER, ("below", value, False)),
    "maximum": lambda self, value: _only(NUMBER, ("above", value, True)),
    "exclusiveMaximum": lambda self, value: _only(NUMBER, ("above", value, False)),
    "multipleOf": lambda self, value: _only(NUMBER, ("not_multiple", value)),
    "pattern": lambda self, value: _only(STRING, ("not_matching", value)),
    "minLength": _too_few("length", STRING),
    "maxLength": _too_many("length", STRING),
    "minItems": _too_few("items", ARRAY),
    "maxItems": _too_many("items", ARRAY),
    "minProperties": _too_few("members", OBJECT),
    "maxProperties": _too_many("members", OBJECT),
    "uniqueItems": lambda self, value: _only(ARRAY, ("distinct", False)) if value else [],
    "required": _denied_required,
    "properties": _denied_properties,
    "patternProperties": _denied_patterns,
    "additionalProperties": _denied_rest,
    "propertyNames": _denied_names,
    "dependentRequired": _denied_dependent,
    "dependentSchemas": _denied_dependent,
    "prefixItems": _denied_prefix,
    "items": _denied_items,
    "contains": _denied_contains,
    "$ref": lambda self, value: [[("hold", self.target("$ref") ^ 1)]],
    "$dynamicRef": lambda self, value: [[("hold", self.target("$dynamicRef") ^ 1)]],
    "allOf": lambda self, value: [[("hold", e ^ 1)] for (e,) in self.keys("allOf")],
    "anyOf": lambda self, value: [_denied_any(self, "anyOf")],
    "oneOf": _denied_one,
    "if": _denied_if,
    "not": lambda self, value: [[("deny", self.element("not"))]],
    "any of keys": lambda self, value: [],
    "unevaluatedItems": _denied_unevaluated_items,
    "unevaluatedProperties": _denied_unevaluated_properties,
}
