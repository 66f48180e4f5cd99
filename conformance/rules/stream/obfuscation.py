"""Rules on the padding that hides how long the pieces of a stream are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import STREAM
from chatconform.rules.stream.parts import answers, chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange


def declines(exchange: Exchange) -> bool:
    """Whether the request wants no padding."""
    match exchange.asked.get("stream_options"):
        case {"include_obfuscation": False}:
            return answers(exchange)
    return False


@rule(
    "stream.obfuscation.is-left-out-when-declined",
    Level.INFO,
    on=Part.STREAM,
    needs=STREAM,
    when=declines,
    source="ChatCompletionStreamOptions.include_obfuscation",
)
def is_left_out_when_declined(exchange: Exchange) -> Iterator[Finding]:
    """With `include_obfuscation` false no chunk carries `obfuscation`.

    Callers who trust the network turn it off to save bytes. Judged on every stream that declined it.
    """
    for number, chunk in chunks(exchange):
        if chunk.get("obfuscation") is not None:
            yield Finding(f"/{number}/obfuscation", f"is {tell(chunk['obfuscation'])} although declined", "no such key")
