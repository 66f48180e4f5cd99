"""Faults in images, sound and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.rules.capabilities import AUDIO_INPUT, FILE_INPUT, VISION
from chatconform.rules.refusing import answered_with, has_fault
from chatconform.rules.validity import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    "response.refusals.media.wrong-image",
    Level.MUST,
    on=Part.RESPONSE,
    source="ChatCompletionRequestMessageContentPartImage",
    when=has_fault(Kind.IMAGE),
    needs=VISION,
)
def wrong_image(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """An image that is none is refused: bad base64, bytes of nothing, an empty or impossible address.

    A server that drops it answers about a picture that the model has not seen. A server that does not take images
    refuses it as well. Judged on every such request that is sent.
    """
    return answered_with(Kind.IMAGE, exchange)


@rule(
    "response.refusals.media.wrong-sound",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionRequestMessageContentPartAudio",
    when=has_fault(Kind.AUDIO),
    needs=AUDIO_INPUT,
)
def wrong_sound(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """Sound that is none is refused: bad base64, no data, or a format other than wav and mp3.

    A server that drops it answers a question that the model has not heard. A server that does not take sound
    refuses it as well. Judged on every such request that is sent.
    """
    return answered_with(Kind.AUDIO, exchange)


@rule(
    "response.refusals.media.no-file",
    Level.INFO,
    on=Part.RESPONSE,
    source="ChatCompletionRequestMessageContentPartFile",
    when=has_fault(Kind.FILE),
    needs=FILE_INPUT,
)
def no_file(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A file part with neither `file_data` nor `file_id` is refused.

    There is no file in it. The published type does not ask for either, which is why this is only told. Judged on
    every such request that is sent.
    """
    return answered_with(Kind.FILE, exchange)
