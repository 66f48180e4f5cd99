"""What is wrong with an image or a sound: only what no server could use."""

from __future__ import annotations

from base64 import b64encode

import pytest

from chatconform.cases import samples
from chatconform.rules.media import wrong_audio, wrong_image

LONG = b64encode(samples.PDF).decode()


def image(url: str) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": url}}


@pytest.mark.parametrize(
    "url",
    [
        samples.image("png", samples.PNG),
        samples.image("jpeg", samples.JPEG),
        samples.image("gif", samples.GIF),
        samples.image("webp", samples.WEBP),
        samples.image("PNG", samples.PNG, head="DATA:IMAGE/"),
        samples.image("png;charset=utf-8", samples.PNG),
        samples.image("png", samples.PNG.replace("w", "w\n", 1)),
        samples.image("jpeg", samples.PNG),
        samples.image("heic", LONG),
        "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E",
        "https://example.com/cat.png",
        "gs://bucket/cat.png",
        "file:///cat.png",
        samples.PNG,
    ],
)
def test_an_image_that_some_server_can_use_is_right(url: str) -> None:
    assert wrong_image(image(url)) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("cat.png", "no URL"),
        ("not a URL", "no URL"),
        ("https://pictures.invalid/cat.png", "cannot exist"),
        ("data:image/png;base64", "without data"),
        ("data:image/png;base64,", "without data"),
        ("data:image/png;base64,@@@@", "no base64"),
        (samples.image("png", LONG), "no image's"),
    ],
)
def test_an_image_that_no_server_can_use_is_told(url: str, why: str) -> None:
    assert why in str(wrong_image(image(url)))


def test_a_long_image_is_looked_at_no_further_than_its_first_bytes() -> None:
    assert wrong_image(image(samples.image("png", samples.PNG[:32] + "A" * 10_000_000))) is None


@pytest.mark.parametrize("part", [{}, {"type": "image_url"}, {"type": "image_url", "image_url": {"url": 7}}])
def test_a_part_of_another_form_is_left_to_the_schema(part: dict[str, object]) -> None:
    assert wrong_image(part) is None
    assert wrong_audio(part) is None


@pytest.mark.parametrize(("data", "right"), [(samples.sound(), True), ("", False), ("@@@@", False), ("data:x,", True)])
def test_sound_is_base64(data: str, right: bool) -> None:
    assert (wrong_audio({"type": "input_audio", "input_audio": {"data": data}}) is None) is right
