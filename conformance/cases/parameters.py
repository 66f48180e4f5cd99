"""The parameters of a request as the published schema has them: their types, bounds and values.

The law of this file: nothing here names a parameter, so that one that is added to the schema is asked for by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name, its JSON types, its listed values and its bounds, as far as it has them."""

    name: str
    types: frozenset[str]
    values: tuple[Any, ...]
    lowest: float | None
    highest: float | None

    @property
    def nullable(self) -> bool:
        """Whether null stands for unset."""
        return "null" in self.types

    @property
    def bounded(self) -> bool:
        """Whether it is a number with both bounds."""
        return self.lowest is not None and self.highest is not None


@cache
def parameters() -> tuple[Parameter, ...]:
    """All parameters of a request, in the order of the schema."""
    from chatconform.schemas import bundle

    document = bundle("CreateChatCompletionRequest")
    return tuple(_parameter(name, schema, document) for name, schema in document["properties"].items())


def _parameter(name: str, schema: Mapping[str, Any], document: Mapping[str, Any]) -> Parameter:
    while "$ref" in schema:
        schema = document["$defs"][schema["$ref"].rpartition("/")[2]]
    kinds = schema.get("type", [])
    return Parameter(
        name,
        frozenset([kinds] if isinstance(kinds, str) else kinds),
        tuple(value for value in schema.get("enum", ()) if value is not None),
        schema.get("minimum"),
        schema.get("maximum"),
    )
