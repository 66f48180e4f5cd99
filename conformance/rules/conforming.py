"""Schemas that a request brought along: whether a value follows one, and what it forces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.schemas import Violation

META_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"
DEPTH: Final = 40
"""How deep a schema is looked through."""


def departures(schema: Mapping[str, Any], value: Any) -> list[Violation] | None:
    """What a value breaks of a schema; None where the schema is one that no validator can use."""
    from chatconform.schemas import UnusableSchema, violations_of

    try:
        return list(violations_of(dict(schema), value))
    except UnusableSchema:
        return None


def conforms(schema: Mapping[str, Any], value: Any) -> bool | None:
    """Whether a value follows a schema; None where the schema is one that no validator can use."""
    found = departures(schema, value)
    return None if found is None else not found


def is_schema(value: Any) -> bool:
    """Whether a value is a JSON Schema by the meta-schema; its references and patterns are not followed."""
    from chatconform.schemas import violations_of

    return not violations_of({"$ref": META_SCHEMA}, value)


def holds_keyword(schema: Any, keywords: frozenset[str], depth: int = DEPTH) -> bool:
    """Whether one of the keywords stands anywhere in a schema."""
    if isinstance(schema, dict) and keywords & schema.keys():
        return True
    return depth > 0 and any(holds_keyword(child, keywords, depth - 1) for child in _children(schema))


def forced_strings(schema: Any, depth: int = DEPTH) -> Iterator[str]:
    """The strings that stand as `const` or in an `enum` anywhere in a schema."""
    if isinstance(schema, dict):
        options = schema.get("enum")
        values = [schema.get("const"), *(options if isinstance(options, list) else ())]
        yield from (value for value in values if isinstance(value, str))
    for child in _children(schema) if depth else ():
        yield from forced_strings(child, depth - 1)


def _children(schema: Any) -> list[Any]:
    return list(schema.values()) if isinstance(schema, dict) else schema if isinstance(schema, list) else []


def at(value: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer in a value; None where nothing does."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and len(key) < 10 and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value
