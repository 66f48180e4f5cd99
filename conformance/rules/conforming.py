"""Whether a value follows a schema that a request brought along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatconform.schemas import Violation

META_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"


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
