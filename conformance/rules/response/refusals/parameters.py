"""Faults in the parameters: types, bounds, values, counts, and pairs of which one is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.rules.refusing import answered_with, has_fault
from chatconform.rules.validity import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    "response.refusals.parameters.wrong-type",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest",
    when=has_fault(Kind.TYPE),
)
def wrong_type(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A parameter of another JSON type than its own is refused.

    A server that reads a number from a string reads another number from the next one, and a truth from 1 or `false`
    in quotes. Judged on every such request that is sent; each parameter of the published type has its place.
    """
    return answered_with(Kind.TYPE, exchange)


@rule(
    "response.refusals.parameters.out-of-bounds",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest",
    when=has_fault(Kind.BOUNDS),
)
def out_of_bounds(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A number beyond its published bounds is refused, and a text or list beyond its length.

    A server that clamps or ignores it leaves the caller with another setting than was asked for, and nobody knows
    which. Judged on every such request that is sent; the bounds are those of the published type.
    """
    return answered_with(Kind.BOUNDS, exchange)


@rule(
    "response.refusals.parameters.unknown-value",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest",
    when=has_fault(Kind.ENUM),
)
def unknown_value(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A word that is none of a parameter's published values is refused.

    A typing error in a setting should not pass for the setting. Judged on every such request that is sent; a server
    that does not know the parameter at all may not know its values either.
    """
    return answered_with(Kind.ENUM, exchange)


@rule(
    "response.refusals.parameters.wrong-stops",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="StopConfiguration",
    when=has_fault(Kind.STOP),
)
def wrong_stops(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """Stop sequences that are more than four, or no strings, are refused.

    A server that keeps four of five does not stop where it was told to. Judged on every such request that is sent.
    """
    return answered_with(Kind.STOP, exchange)


@rule(
    "response.refusals.parameters.lonely-top-logprobs",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.top_logprobs",
    when=has_fault(Kind.TOP_LOGPROBS),
)
def lonely_top_logprobs(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`top_logprobs` without `logprobs` true is refused.

    The caller asks for something that will not come. Judged on every such request that is sent.
    """
    return answered_with(Kind.TOP_LOGPROBS, exchange)


@rule(
    "response.refusals.parameters.lonely-stream-options",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.stream_options",
    when=has_fault(Kind.STREAM_OPTIONS),
)
def lonely_stream_options(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`stream_options` without `stream` true is refused.

    The caller waits for a stream, or for its usage, and gets neither. Judged on every such request that is sent;
    null is not an option.
    """
    return answered_with(Kind.STREAM_OPTIONS, exchange)


@rule(
    "response.refusals.parameters.wrong-modalities",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.modalities; CreateChatCompletionRequest.audio",
    when=has_fault(Kind.MODALITIES),
)
def wrong_modalities(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`modalities` that ask for sound without `audio` to say how it sounds are refused, and unknown ones too.

    The caller waits for sound. Judged on every such request that is sent.
    """
    return answered_with(Kind.MODALITIES, exchange)


@rule(
    "response.refusals.parameters.too-much-metadata",
    Level.INFO,
    on=Part.RESPONSE,
    source="Metadata; CreateChatCompletionRequest.safety_identifier",
    when=has_fault(Kind.METADATA),
    published=Level.SHOULD,
)
def too_much_metadata(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`metadata` beyond 16 pairs, 64 characters a key or 512 a value, or other than strings, is refused.

    A server that ignores metadata may ignore too much of it. Judged on every such request that is sent, and on
    `safety_identifier` beyond 64 characters.
    """
    return answered_with(Kind.METADATA, exchange)


@rule(
    "response.refusals.parameters.malformed-extras",
    Level.INFO,
    on=Part.RESPONSE,
    source="PredictionContent; CreateChatCompletionRequest.web_search_options",
    when=has_fault(Kind.EXTRAS),
    published=Level.SHOULD,
)
def malformed_extras(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A `prediction`, `web_search_options`, `moderation` or `prompt_cache_options` of the wrong form is refused.

    Few servers know them, and one that does not may leave them unread. Judged on every such request that is sent.
    """
    return answered_with(Kind.EXTRAS, exchange)
