"""Rules on the usage that a stream tells when it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import STREAM, STREAM_USAGE
from chatconform.rules.stream.finish import has_come_to_its_end
from chatconform.rules.stream.parts import answers, asks_for_usage, chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.core.exchange import Exchange

SOURCE: Final = "ChatCompletionStreamOptions.include_usage"


def tells_usage(exchange: Exchange) -> bool:
    """Whether a stream that was asked for its usage tells it."""
    return asks_for_usage(exchange) and bool(_told(exchange))


@rule(
    "stream.usage.is-told",
    Level.MUST,
    on=Part.STREAM,
    source=SOURCE,
    needs=STREAM_USAGE,
    when=lambda exchange: asks_for_usage(exchange) and has_come_to_its_end(exchange),
)
def is_told(exchange: Exchange) -> Iterator[Finding]:
    """A stream with `include_usage` tells the usage of the whole request.

    Costs, quotas and context bars are computed from it, and a stream has no other place for it. Judged on every stream
    that was asked for its usage and came to its end.
    """
    if not _told(exchange):
        given = [number for number, chunk in chunks(exchange) if chunk.get("usage") is not None]
        message = "is no object" if given else "no chunk has a usage"
        yield Finding(f"/{given[-1]}/usage" if given else "", message, "a last chunk with the usage")


@rule(
    "stream.usage.chunk-has-no-choices",
    Level.INFO,
    on=Part.STREAM,
    source=SOURCE,
    needs=STREAM_USAGE,
    published=Level.MUST,
    when=tells_usage,
)
def chunk_has_no_choices(exchange: Exchange) -> Iterator[Finding]:
    """The usage comes in a chunk of its own, whose `choices` is empty.

    Some servers put it beside the finish reason, which most clients take; those that wait for the chunk without choices
    do not. Judged on every stream that tells its usage.
    """
    number, chunk = _told(exchange)[-1]
    if chunk.get("choices"):
        yield Finding(f"/{number}/choices", f"is {tell(chunk['choices'])} in the chunk with the usage", "[]")


@rule(
    "stream.usage.is-null-elsewhere", Level.SHOULD, on=Part.STREAM, source=SOURCE, needs=STREAM_USAGE, when=tells_usage
)
def is_null_elsewhere(exchange: Exchange) -> Iterator[Finding]:
    """In all other chunks of a stream with `include_usage` the usage is null or left out, never a running total.

    Clients that add up what they are given count a request many times over. Judged on every stream that tells its
    usage.
    """
    for number, chunk in _told(exchange)[:-1]:
        yield Finding(f"/{number}/usage", f"is {tell(chunk['usage'])} before the last", "null")


@rule("stream.usage.is-last", Level.MUST, on=Part.STREAM, source=SOURCE, needs=STREAM_USAGE, when=tells_usage)
def is_last(exchange: Exchange) -> Iterator[Finding]:
    """No chunk follows the one with the usage.

    The official SDKs keep the usage of the last chunk, so a later one with null wipes it out. Judged on every stream
    that tells its usage.
    """
    last = _told(exchange)[-1][0]
    for number, chunk in chunks(exchange):
        if number > last:
            yield Finding(f"/{number}", f"{tell(dict(chunk))} follows the usage of event {last}", "[DONE]")


@rule(
    "stream.usage.is-absent-when-off",
    Level.SHOULD,
    on=Part.STREAM,
    source=SOURCE,
    needs=STREAM,
    when=lambda exchange: bool(exchange.asked) and answers(exchange) and not asks_for_usage(exchange),
)
def is_absent_when_off(exchange: Exchange) -> Iterator[Finding]:
    """Without `include_usage` no chunk tells a usage.

    The chunk without choices that carries it breaks clients that did not ask for it. Judged on every stream that was
    not asked for its usage.
    """
    for number, chunk in chunks(exchange):
        if chunk.get("usage") is not None:
            yield Finding(f"/{number}/usage", f"is {tell(chunk['usage'])} unasked", "no usage")


def _told(exchange: Exchange) -> list[tuple[int, Mapping[str, Any]]]:
    """The chunks with a usage, and the numbers of their events."""
    return [(number, chunk) for number, chunk in chunks(exchange) if isinstance(chunk.get("usage"), dict)]
