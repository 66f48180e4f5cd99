"""Images, sound and files in a prompt: used and counted, or refused."""

from __future__ import annotations

import base64
import io
import wave
from typing import Any

import pytest

from chatconform.reference.streaming import chunks
from chatconform.schemas import violations

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(40)).decode()
GIF = base64.b64encode(b"GIF89a" + bytes(20)).decode()
WEBP = base64.b64encode(b"RIFF\x24\0\0\0WEBPVP8 " + bytes(20)).decode()
WAV = base64.b64encode(b"RIFF\x24\0\0\0WAVEfmt " + bytes(40)).decode()
MP3 = base64.b64encode(b"\xff\xfb\x90\x64" + bytes(40)).decode()


def image(url: Any, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def sound(data: Any, format: str = "wav") -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": {"data": data, "format": format}}


def said(*parts: Any) -> list[Any]:
    return [{"role": "user", "content": [*parts, {"type": "text", "text": "What is it?"}]}]


GOOD = [
    image(f"data:image/png;base64,{PNG}"),
    image(f"DATA:image/jpeg;name=a.jpg;base64,{JPEG}", detail="high"),
    image(f"data:image/gif;base64,{GIF}", detail="low"),
    image(f"data:image/webp;base64,{WEBP}", detail="auto"),
    image("https://example.com/cat.png"),
    sound(WAV),
    sound(MP3, "mp3"),
    {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjQ="}},
    {"type": "file", "file": {"file_data": "JVBERi0xLjQ="}},
]
BAD = [
    (image("data:image/png;base64,@@@"), "image_url.url", "invalid_image_url"),
    (image("data:image/png;base64,"), "image_url.url", "invalid_image_url"),
    (image(f"data:image/png,{PNG}"), "image_url.url", "invalid_image_url"),
    (image("data:image/png;base64,aGVsbG8gd29ybGQ="), "image_url.url", "invalid_image_format"),
    *((image(url), "image_url.url", "invalid_image_url") for url in (
        "", "cat.png", "ftp://example.com/a.png", "file:///etc/passwd", "http://127.0.0.1:1/a.png", "http://[::1/a",
        "http://localhost/a.png", "http://nowhere.invalid/a.png", "http://10.0.0.1/a.png", "http://a.b:99999/x",
    )),
    (image(f"data:image/png;base64,{PNG}", detail="enormous"), "image_url.detail", "invalid_value"),
    (sound("@@@"), "input_audio.data", "invalid_audio"),
    (sound(MP3), "input_audio.data", "invalid_audio"),
    (sound(WAV, "mp3"), "input_audio.data", "invalid_audio"),
    (sound(WAV, "ogg"), "input_audio.format", "invalid_value"),
    (sound(None), "input_audio.data", "invalid_type"),
    ({"type": "file", "file": {}}, "file", "missing_required_parameter"),
    ({"type": "file", "file": {"file_id": "file-none"}}, "file.file_id", "file_not_found"),
    ({"type": "file", "file": {"file_data": "data:a/b;base64,@"}}, "file.file_data", "invalid_file"),
    ({"type": "file", "file": {"file_data": "%"}}, "file.file_data", "invalid_file"),
]  # fmt: skip


@pytest.mark.parametrize("part", GOOD, ids=lambda part: str(part)[:60])
def test_a_part_is_read_and_counted(heart: Any, part: Any) -> None:
    without, once, twice = (heart.ask(said(*[part] * times)) for times in (0, 1, 2))
    counted = [answer["usage"]["prompt_tokens"] for answer in (without, once, twice)]
    assert counted[0] < counted[1] < counted[2]
    assert heart.text(said(part), temperature=0) != heart.text(said(), temperature=0)


@pytest.mark.parametrize(("part", "where", "code"), BAD, ids=lambda value: str(value)[:60])
def test_a_part_that_cannot_be_read_is_refused(heart: Any, part: Any, where: str, code: str) -> None:
    refusal = heart.refused(said({"type": "text", "text": "a"}, part))
    assert (refusal.status, refusal.param, refusal.code) == (400, f"messages[0].content[1].{where}", code)


def test_the_details_tell_what_media_took(heart: Any) -> None:
    details = heart.ask(said(GOOD[0], GOOD[5], GOOD[1]))["usage"]["prompt_tokens_details"]
    assert details["image_tokens"] == 255 + 765
    assert details["audio_tokens"] > 0


def test_only_users_send_media(heart: Any) -> None:
    for role in ("system", "developer", "assistant"):
        refusal = heart.refused([{"role": role, "content": [GOOD[0]]}])
        assert refusal.param == "messages[0].content[0].type"


def test_more_breakpoints_than_four_are_refused(heart: Any) -> None:
    part = {"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}}
    assert heart.ask(said(*[part] * 4))
    assert heart.refused(said(*[part] * 5)).param == "messages"


VOICE = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}


def test_a_spoken_answer_is_sound_with_its_words(heart: Any) -> None:
    answer = heart.ask(**VOICE, temperature=0)
    message = answer["choices"][0]["message"]
    assert not violations("CreateChatCompletionResponse", answer)
    assert message["content"] is None
    assert message["audio"]["transcript"] == heart.text(temperature=0)
    with wave.open(io.BytesIO(base64.b64decode(message["audio"]["data"], validate=True))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (24_000, 1, 2)
        assert sound.getnframes() == 96 * len(message["audio"]["transcript"])
    usage = answer["usage"]
    assert usage["completion_tokens_details"]["audio_tokens"] == usage["completion_tokens"]
    assert heart.ask([{"role": "user", "content": "?"}, message, {"role": "user", "content": "!"}])["choices"]


def test_a_spoken_stream_is_the_spoken_answer_in_pieces(heart: Any) -> None:
    body = heart.body(modalities=["audio"], audio={"voice": "alloy", "format": "pcm16"}, stream=True)
    whole = heart.complete(body)
    told = chunks(body, whole)
    assert not any(violations("CreateChatCompletionStreamResponse", chunk) for chunk in told)
    pieces = [part["delta"]["audio"] for chunk in told for part in chunk["choices"] if "audio" in part["delta"]]
    joined = {key: "".join(piece.get(key, "") for piece in pieces) for key in ("id", "transcript", "data")}
    assert joined | {"expires_at": pieces[-1]["expires_at"]} == whole["choices"][0]["message"]["audio"]
