"""What schemas say, place by place, however they are written.

OpenAPI 3.0 and 3.1 and our own files write the same thing in different ways: `nullable`, a type list or a union with
null; `oneOf` with a discriminator or a chain of conditions; `allOf` or everything in one object. Here each becomes the
same plain facts, so that two documents can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Facts = dict[str, Any]

PLAIN = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "format",
    "default",
)
"""The keywords that are facts as they stand."""

DEEPEST = 40
"""How many levels of one type are followed. Published types have about ten."""


@dataclass(frozen=True, slots=True)
class Source:
    """Schemas by their types' names, and how a `$ref` in them is read: as a type's name, or as a schema close by."""

    types: Mapping[str, Any]
    named: Callable[[str], str | None]
    nearby: Callable[[str, str], Any]


def facts_of(name: str, source: Source) -> dict[str, Facts]:
    """Returns, for each place in a type, what is said of it.

    A place is written `Type.property`, `[]` for the items of an array, `.*` for properties that are not listed, and
    `(label)` for a branch of a union.
    """
    found: dict[str, Facts] = {}
    _tell(name, source.types[name], _Reader(name, source), found, 0)
    return found


def references(schema: Any) -> Iterator[str]:
    """Yields every `$ref` in a schema, at any depth."""
    to_see = [schema]
    while to_see:
        node = to_see.pop()
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            to_see += node.values()
        elif isinstance(node, list):
            to_see += node


@dataclass(frozen=True, slots=True)
class _Reader:
    home: str
    source: Source

    def type_named(self, node: Facts) -> str | None:
        ref = node.get("$ref")
        return self.source.named(ref) if isinstance(ref, str) else None


def _tell(place: str, schema: Any, reader: _Reader, found: dict[str, Facts], depth: int) -> None:
    node, nullable, branches = _settled(schema, reader)
    facts: Facts = {"nullable": nullable, "deprecated": node.get("deprecated") is True}
    found[place] = facts
    for keyword in PLAIN:
        if keyword in node:
            facts[keyword] = node[keyword]
    if isinstance(node.get("enum"), list):
        facts["values"] = [value for value in node["enum"] if value is not None]
    if "known values" in node:
        facts["known values"] = node["known values"]
    if isinstance(node.get("propertyNames"), dict):
        facts["propertyNames"] = node["propertyNames"]
    if depth >= DEEPEST:
        return
    if branches:
        labels = [_label(branch, reader) for branch in branches]
        facts["type"] = sorted(labels)
        for label, branch in zip(labels, branches, strict=True):
            if reader.type_named(branch) is None:
                _tell(f"{place}({label})", branch, reader, found, depth + 1)
        return
    named = reader.type_named(node)
    facts["type"] = [named] if named else _kinds(node)
    _tell_below(place, node, reader, found, depth)


def _tell_below(place: str, node: Facts, reader: _Reader, found: dict[str, Facts], depth: int) -> None:
    required = _list(node.get("required"))
    for key, below in _mapping(node.get("properties")).items():
        _tell(f"{place}.{key}", below, reader, found, depth + 1)
        found[f"{place}.{key}"]["required"] = key in required
    if isinstance(node.get("items"), dict):
        _tell(f"{place}[]", node["items"], reader, found, depth + 1)
    others = node.get("additionalProperties", True)
    if isinstance(others, dict) and others:
        _tell(f"{place}.*", others, reader, found, depth + 1)
    elif node.get("type") == "object":
        found[place]["other properties"] = others is not False


def _settled(schema: Any, reader: _Reader) -> tuple[Facts, bool, list[Facts]]:
    """Returns a schema with what is only a way of writing resolved: itself, whether null is allowed, its branches."""
    node: Facts = dict(schema) if isinstance(schema, dict) else {}
    nullable = False
    for _ in range(DEEPEST):
        nullable = nullable or node.pop("nullable", False) is True
        ref = node.get("$ref")
        if isinstance(node.get("allOf"), list):
            node = _unwrapped(node) if _is_wrapping(node) else _merged(node, reader)
        elif isinstance(ref, str) and reader.type_named(node) is None:
            del node["$ref"]
            node = {**_mapping(reader.source.nearby(reader.home, ref)), **node}
        elif isinstance(node.get("oneOf") or node.get("anyOf"), list):
            union = [_unwrapped(_mapping(branch)) for branch in node.pop("oneOf", None) or node.pop("anyOf")]
            branches = [branch for branch in union if branch.get("type") != "null"]
            nullable = nullable or len(branches) < len(union) or any(each.get("nullable") is True for each in branches)
            if len(branches) == 1:
                node = {**branches[0], **node}
            elif known := _known_values(branches):
                node = {"type": "string", "known values": known, **node}
            elif branches:
                return node, nullable, branches
        else:
            break
    kinds = node.get("type")
    if isinstance(kinds, list) and "null" in kinds:
        nullable = True
        node["type"] = kinds[0] if len(kinds := [kind for kind in kinds if kind != "null"]) == 1 else kinds
    return node, nullable, []


def _is_wrapping(node: Facts) -> bool:
    """Says whether an `allOf` holds one schema alone: so a reference gets a description beside it in OpenAPI 3.0."""
    return isinstance(node.get("allOf"), list) and len(node["allOf"]) == 1 and "properties" not in node


def _unwrapped(node: Facts) -> Facts:
    while _is_wrapping(node):
        node = {**_mapping(node["allOf"][0]), **{key: value for key, value in node.items() if key != "allOf"}}
    return node


def _merged(node: Facts, reader: _Reader) -> Facts:
    """Returns one schema for an `allOf`. What a later member says of a property stands for what an earlier one said."""
    members = [_mapping(member) for member in node.pop("allOf")] + [node]
    made: Facts = {}
    properties: Facts = {}
    required: list[Any] = []
    for member in members:
        name = reader.type_named(member)
        inner = _mapping(reader.source.types.get(name)) if name else member
        if "allOf" in inner:
            inner = _merged(dict(inner), _Reader(name or reader.home, reader.source))
        properties |= _mapping(inner.get("properties"))
        required += _list(inner.get("required"))
        made |= {key: value for key, value in inner.items() if key not in ("$id", "$schema", "title", "description")}
    return {**made, "properties": properties, "required": required}


def _known_values(branches: list[Facts]) -> list[Any] | None:
    """Returns the values listed in a union of any string with some strings: every string is allowed there."""
    if any(branch.get("type") != "string" for branch in branches):
        return None
    if all("enum" in branch for branch in branches):
        return None
    return [value for branch in branches for value in _list(branch.get("enum"))]


def _label(branch: Facts, reader: _Reader) -> str:
    """Returns what tells a branch from its siblings: the name of its type, its tag, or its kind."""
    if name := reader.type_named(branch):
        return name
    node, _, _ = _settled(branch, reader)
    for below in _mapping(node.get("properties")).values():
        values = _mapping(below).get("enum")
        if isinstance(values, list) and len(values) == 1:
            return str(values[0])
    return " or ".join(_kinds(node))


def _kinds(node: Facts) -> list[str]:
    kinds = node.get("type")
    if isinstance(kinds, list):
        return sorted(map(str, kinds))
    if isinstance(kinds, str):
        return [kinds]
    return ["object" if "properties" in node else "anything"]


def _mapping(value: Any) -> Facts:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
