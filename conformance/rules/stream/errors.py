"""Rules on how a stream tells that it failed after it began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import STREAM
from chatconform.rules.stream.parts import additions, tells_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange


def _errors(exchange: Exchange) -> Iterator[int]:
    """The numbers of the events that tell an error."""
    for number, (event, value) in enumerate(zip(exchange.events, exchange.chunks, strict=True)):
        if tells_error(event, value):
            yield number


@rule(
    "stream.errors.error-is-told-under-error",
    Level.MUST,
    on=Part.STREAM,
    source="the official SDKs, which raise on an event with `error`",
    needs=STREAM,
)
def error_is_told_under_error(exchange: Exchange) -> Iterator[Finding]:
    """A failure after the stream began is told as `{"error": {"message": ...}}` in the data of an event.

    The official SDKs raise on that form alone; an event that is only named `error`, or that tells the error in another
    form, is swallowed, and half an answer is taken for a whole one. Judged on every stream, by each event that is named
    `error` or has the key.
    """
    for number in _errors(exchange):
        match exchange.chunks[number]:
            case {"error": {"message": str(message)}} if message.strip():
                continue
            case {"error": {"message": message}}:
                yield Finding(
                    f"/{number}/error/message", f"is {tell(message)}", expected="a sentence that says what failed"
                )
            case {"error": dict()}:
                yield Finding(f"/{number}/error", "lacks `message`", expected="a sentence that says what failed")
            case {"error": error}:
                yield Finding(f"/{number}/error", f"is {tell(error)}", expected='{"message": ...}')
            case _:
                told = tell(exchange.events[number].data)
                yield Finding(
                    f"/{number}", f"an event named `error` with {told}", expected='{"error": {"message": ...}}'
                )


@rule(
    "stream.errors.failed-stream-does-not-finish",
    Level.SHOULD,
    on=Part.STREAM,
    source="CreateChatCompletionStreamResponse.choices.finish_reason",
    needs=STREAM,
)
def failed_stream_does_not_finish(exchange: Exchange) -> Iterator[Finding]:
    """After a stream told an error no choice ends with `stop`.

    A client that goes by the finish reason, or that missed the error, takes what came so far for the whole answer.
    Judged on every stream.
    """
    failed = next(_errors(exchange), None)
    if failed is None:
        return
    for addition in additions(exchange):
        if addition.event > failed and addition.value.get("finish_reason") == "stop":
            told = f'is "stop" after the error in event {failed}'
            yield Finding(f"{addition.pointer}/finish_reason", told, expected="no finish reason")
