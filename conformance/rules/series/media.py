"""Images, sound and files: whether what is accepted is read, judged by the tokens that a prompt takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.accepting import excuse
from chatconform.rules.asking import count, has_part, kept, listed, parts
from chatconform.rules.capabilities import AUDIO_INPUT, FILE_INPUT, VISION
from chatconform.rules.refusing import answers
from chatconform.rules.validity import faults_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SOURCE = "ChatCompletionRequestUserMessageContentPart; the API's practice: every part takes tokens of the prompt"


def _without(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A request without the parts of a type."""
    messages = [_lighter(message, kind) for message in listed(body.get("messages"))]
    return {**body, "messages": messages}


def _lighter(message: dict[str, Any], kind: str) -> dict[str, Any]:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [one for one in content if not (isinstance(one, dict) and one.get("type") == kind)]}


def _pairs(series: Sequence[Exchange], kind: str) -> Iterator[tuple[int, Exchange, Exchange]]:
    """Answered requests with a part of a type, each with the answered one that differs by that part alone."""
    for number, exchange in enumerate(series):
        if has_part(exchange.asked, kind) and answers(exchange) and not faults_of(exchange):
            bare = _without(exchange.asked, kind)
            for other in series:
                if answers(other) and dict(other.asked) == bare:
                    yield number, exchange, other
                    break


def _compared(kind: str) -> Callable[[Sequence[Exchange]], bool]:
    return lambda series: any(True for _ in _pairs(series, kind))


def _unread(series: Sequence[Exchange], kind: str, name: str) -> Iterator[Finding | Inconclusive]:
    """A finding for each part that adds nothing to the tokens of its prompt."""
    for number, exchange, other in _pairs(series, kind):
        tokens, bare = (count(kept(e.answer, "usage").get("prompt_tokens")) for e in (exchange, other))
        if tokens is None or bare is None:
            yield Inconclusive("the usage does not tell the tokens of the prompt")
        elif tokens <= bare:
            found = f"the prompt takes {tell(tokens)} tokens with {name}, and {tell(bare)} without"
            expected = f"more than {tell(bare)}, or a 400"
            yield Finding("/usage/prompt_tokens", found, expected=expected, exchange=number)


@rule(
    "series.media.images-are-read",
    Level.SHOULD,
    on=Part.SERIES,
    source=SOURCE,
    when=_compared("image_url"),
    needs=VISION,
)
def images_are_read(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """An image that is accepted is read, and not dropped.

    The model answers about a picture that it has not seen, and makes it up. A server that cannot read images refuses
    them. Judged by the tokens of the prompt, with the image and without.
    """
    return _unread(series, "image_url", "the image")


@rule(
    "series.media.sound-is-read",
    Level.SHOULD,
    on=Part.SERIES,
    source=SOURCE,
    when=_compared("input_audio"),
    needs=AUDIO_INPUT,
)
def sound_is_read(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """Sound that is accepted is read, and not dropped.

    The model answers a question that it has not heard. A server that cannot read sound refuses it. Judged by the tokens
    of the prompt, with the sound and without.
    """
    return _unread(series, "input_audio", "the sound")


@rule(
    "series.media.files-are-read",
    Level.SHOULD,
    on=Part.SERIES,
    source=SOURCE,
    when=_compared("file"),
    needs=FILE_INPUT,
)
def files_are_read(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A file that is accepted is read, and not dropped.

    The model speaks of a document that it does not have. A server that cannot read files refuses them. Judged by the
    tokens of the prompt, with the file and without.
    """
    return _unread(series, "file", "the file")


def _pictures(exchange: Exchange) -> list[str]:
    """The addresses of the images of a request."""
    held = (kept(one, "image_url").get("url") for _, one in parts(exchange.asked) if one.get("type") == "image_url")
    return [url for url in held if isinstance(url, str)]


def _is_png(url: str) -> bool:
    return url.startswith("data:image/png;base64,")


def _kinds(exchange: Exchange) -> list[Any]:
    return [one.get("type") for _, one in parts(exchange.asked)]


def _takes_a_picture(series: Sequence[Exchange]) -> bool:
    """Whether a text with one PNG after it is answered."""
    return any(
        answers(e) and _kinds(e) == ["text", "image_url"] and all(map(_is_png, _pictures(e))) and not faults_of(e)
        for e in series
    )


def _in_another_format(exchange: Exchange) -> bool:
    """Whether a request holds images in data URLs that are no PNG, or PNGs in an unusual spelling."""
    found = _pictures(exchange)
    data = bool(found) and all(url[:5].lower() == "data:" for url in found)
    return data and not any(map(_is_png, found)) and not faults_of(exchange)


def _in_another_order(exchange: Exchange) -> bool:
    """Whether a request holds images and texts, and not just one after the other.

    One that is refused speaks of their order where all of them are PNGs, which alone are known to be read.
    """
    found = _pictures(exchange)
    unusual = _kinds(exchange) != ["text", "image_url"]
    return bool(found) and unusual and not faults_of(exchange) and (all(map(_is_png, found)) or answers(exchange))


@rule(
    "series.media.image-formats-are-read",
    Level.SHOULD,
    on=Part.SERIES,
    source="ChatCompletionRequestMessageContentPartImage.image_url.url; RFC 2397",
    when=lambda series: _takes_a_picture(series) and any(map(_in_another_format, series)),
    needs=VISION,
)
def image_formats_are_read(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A server that reads PNG reads JPEG, GIF and WebP too, and data URLs in upper case.

    Those are the four formats that are documented, and browsers write the URLs. Judged where a PNG is accepted: the
    formats together, and each alone where that is refused.
    """
    alone = any(_in_another_format(e) and len(_pictures(e)) == 1 for e in series)
    for number, exchange in enumerate(series):
        several = len(_pictures(exchange)) > 1
        if _in_another_format(exchange) and not answers(exchange) and not (several and alone):
            if reason := excuse(exchange):
                yield Inconclusive(reason)
            else:
                head = _pictures(exchange)[0].partition(",")[0]
                found = f"an image of {tell(head)} is refused with status {exchange.status}, and a PNG is not"
                yield Finding("/messages", found, expected="an answer", exchange=number)


@rule(
    "series.media.image-places-are-free",
    Level.SHOULD,
    on=Part.SERIES,
    source="ChatCompletionRequestUserMessage.content",
    when=lambda series: _takes_a_picture(series) and any(map(_in_another_order, series)),
    needs=VISION,
)
def image_places_are_free(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """Texts and images may come in any order and number.

    A list of parts is a list. Judged where a text with one image after it is accepted.
    """
    for number, exchange in enumerate(series):
        if _in_another_order(exchange) and not answers(exchange):
            if reason := excuse(exchange):
                yield Inconclusive(reason)
            else:
                order = ", ".join(map(str, _kinds(exchange)))
                found = f"parts in the order {order} are refused with status {exchange.status}"
                yield Finding("/messages", found, expected="an answer", exchange=number)
