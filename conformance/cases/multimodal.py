"""Images, sound and files beside text: read or refused, and never dropped without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.cases import samples
from chatconform.cases.acceptance import beside, part, together_or_each, user
from chatconform.core.case import Situation, case

if TYPE_CHECKING:
    from chatconform.core.ask import Ask
    from chatconform.core.case import Asking

MOST: Final = 6
TEXT: Final = "What do you notice?"
PNG: Final = samples.image("png", samples.PNG)


def picture(url: str) -> dict[str, Any]:
    """A part with an image."""
    return {"type": "image_url", "image_url": {"url": url}}


def _with(situation: Situation, *parts: dict[str, Any]) -> Ask:
    return situation.chat([user([part(TEXT), *parts])], most=MOST)


@case(
    "multimodal.parts",
    exercises=["series.media", "response.refusals.media", "response.media"],
    most=15,
)
def media_parts(situation: Situation) -> Asking:
    """A question alone and with a picture, a sound and a file; what is read comes in other forms; then sound back."""
    plain = yield _with(situation)
    seen = yield beside(plain, _with(situation, picture(PNG)))
    if seen.succeeded:
        yield from _pictures(situation)
    good: dict[str, Any] = {"data": samples.sound(), "format": "wav"}
    heard = yield beside(plain, _with(situation, {"type": "input_audio", "input_audio": good}))
    if heard.succeeded:
        wrong = situation.random.choice([{"format": "ogg"}, {"data": "!!! this is no base64 !!!"}, {"data": ""}])
        yield _with(situation, {"type": "input_audio", "input_audio": {**good, **wrong}})
    document = {"filename": "hello.pdf", "file_data": samples.document()}
    read = yield beside(plain, _with(situation, {"type": "file", "file": document}))
    if read.succeeded:
        yield _with(situation, {"type": "file", "file": {"filename": "hello.pdf"}})
    voice = {"voice": "alloy", "format": "wav"}
    yield situation.chat("Say hello.", most=48, modalities=["text", "audio"], audio=voice)


def _pictures(situation: Situation) -> Asking:
    """Pictures in every place and format, and one that is none."""
    formats = [
        samples.image("jpeg", samples.JPEG),
        samples.image("gif", samples.GIF),
        samples.image("webp", samples.WEBP),
        samples.image("PNG", samples.PNG, head="DATA:IMAGE/"),
    ]
    first, *others = map(picture, formats)
    yield from together_or_each(
        situation.chat([user([first, part("And"), *others, part("now?")])], most=MOST),
        [
            situation.chat([user([picture(PNG), part("And"), picture(PNG), part("now?")])], most=MOST),
            *(_with(situation, picture(url)) for url in formats),
        ],
    )
    wrong = [
        samples.image("png", "!!! this is no base64 !!!"),
        samples.image("png", "VGhpcyBpcyBub3QgYSBwaWN0dXJlLCBpdCBpcyBhIHNlbnRlbmNlLg=="),
        "",
        "not a URL",
        "https://pictures.invalid/cat.png",
    ]
    yield _with(situation, picture(situation.random.choice(wrong)))
