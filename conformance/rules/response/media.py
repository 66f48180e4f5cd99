"""Sound in an answer: whether it can be played, whole or put together from its pieces."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from typing import TYPE_CHECKING, Any

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import kept
from chatconform.rules.capabilities import AUDIO_OUTPUT
from chatconform.rules.plain import answers_plainly
from chatconform.rules.response.logprobs import holders

if TYPE_CHECKING:
    from collections.abc import Iterator


def _sounds(exchange: Exchange) -> Iterator[tuple[str, dict[str, Any]]]:
    """What stands under `audio` in the messages of a completion, or in the deltas of a stream, with its pointers."""
    held = "delta" if exchange.is_stream else "message"
    for pointer, choice in holders(exchange):
        if sound := kept(kept(choice, held), "audio"):
            yield f"{pointer}/{held}/audio", sound


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except (Error, ValueError):
        return False
    return True


@rule(
    "response.media.sound-has-its-shape",
    Level.INFO,
    on=Part.ANSWER,
    source="ChatCompletionResponseMessage.audio",
    when=lambda exchange: any(True for _ in _sounds(exchange)),
    needs=AUDIO_OUTPUT,
    idle_where=answers_plainly,
)
def sound_has_its_shape(exchange: Exchange) -> Iterator[Finding]:
    """Sound in an answer has an id, base64 that can be read, and the words that are spoken.

    The id is how a later request refers to it, and the words are what goes into a history of text. Judged on every
    answer with sound; the pieces of a streamed one are put together, and may be encoded each for itself.
    """
    found = list(_sounds(exchange))
    where = found[0][0]
    for key in ("id", "transcript"):
        if not any(isinstance(sound.get(key), str) for _, sound in found):
            yield Finding(where, f"lacks `{key}`", expected="a string")
    pieces = [(place, sound["data"]) for place, sound in found if isinstance(sound.get("data"), str)]
    if not pieces:
        yield Finding(where, "lacks `data`", expected="base64")
    elif not _is_base64("".join(data for _, data in pieces)):
        for place, data in pieces:
            if not _is_base64(data):
                yield Finding(f"{place}/data", f"is {tell(data)}, which is no base64", expected="base64")
                break
