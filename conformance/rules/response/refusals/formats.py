"""Faults in the response format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.rules.refusing import answered_with, has_fault
from chatconform.rules.validity import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    "response.refusals.formats.unknown-format",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.response_format",
    when=has_fault(Kind.FORMAT_TYPE),
)
def unknown_format(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A `response_format` of an unknown type is refused.

    The caller parses the answer as what was asked for. Judged on every such request that is sent.
    """
    return answered_with(Kind.FORMAT_TYPE, exchange)


@rule(
    "response.refusals.formats.wrong-schema",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ResponseFormatJsonSchema",
    when=has_fault(Kind.FORMAT_SCHEMA),
)
def wrong_schema(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A `json_schema` format without a proper name, or whose schema is misplaced or no JSON Schema, is refused.

    A schema that is not found is not enforced, and the caller does not know. Judged on every such request that is
    sent.
    """
    return answered_with(Kind.FORMAT_SCHEMA, exchange)
