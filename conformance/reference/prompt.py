"""What the reference model reads: a conversation as a count of tokens, and as a digest that its answer hangs on.

The law of this file: only what a model would read counts. Text reads the same as a string and as parts; parameters of
sampling, limits and streaming are not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.reference.tokens import count

if TYPE_CHECKING:
    from collections.abc import Mapping

PER_MESSAGE: Final = 4
PER_ANSWER: Final = 3
PER_TOOL: Final = 6
PER_SOUND: Final = 20
IMAGE: Final = {"low": 85, "auto": 255, "high": 765}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation as it was read."""

    tokens: int
    audio_tokens: int
    image_tokens: int
    context: bytes
    """The digest of all that was read."""
    text: str
    """What the last message says, in words."""
    asks: bool
    """Whether the last message is a user's."""


def read(body: Mapping[str, Any]) -> Prompt:
    """Reads the conversation, and the tools and the schema that stand beside it."""
    reader = _Reader()
    reader.take("model", body["model"])
    for message in body["messages"]:
        reader.message(message)
    tools = [*(body.get("tools") or ()), *(body.get("functions") or ())]
    for tool in tools:
        reader.tokens += PER_TOOL + count(orjson.dumps(tool).decode())
    match body.get("response_format"):
        case {"json_schema": schema}:
            reader.tokens += count(orjson.dumps(schema).decode())
    last = body["messages"][-1]
    return Prompt(
        reader.tokens + PER_ANSWER,
        reader.audio_tokens,
        reader.image_tokens,
        reader.digest.digest(),
        _text(last.get("content")),
        last["role"] == "user",
    )


class _Reader:
    def __init__(self) -> None:
        self.tokens = self.audio_tokens = self.image_tokens = 0
        self.digest = blake2b(digest_size=16)

    def take(self, kind: str, text: str) -> None:
        """Takes a piece of text into the digest, told apart from what stands before and after it."""
        data = text.encode()
        self.digest.update(b"%s %d " % (kind.encode(), len(data)))
        self.digest.update(data)

    def message(self, message: Mapping[str, Any]) -> None:
        self.take("role", message["role"])
        self.tokens += PER_MESSAGE
        for key in ("name", "tool_call_id", "refusal"):
            if isinstance(value := message.get(key), str):
                self.take(key, value)
                self.tokens += count(value) if key != "tool_call_id" else 1
        self.content(message.get("content"))
        if sound := message.get("audio"):
            self.take("spoken", sound["id"])
            self.tokens += PER_SOUND
        calls = [*(message.get("tool_calls") or ())]
        if message.get("function_call"):
            calls.append({"function": message["function_call"]})
        for call in calls:
            called = call.get("function") or call.get("custom") or {}
            for text in (called.get("name", ""), called.get("arguments", called.get("input", ""))):
                self.take("call", text)
                self.tokens += 1 + count(text)

    def content(self, content: Any) -> None:
        if isinstance(content, str) or not content:
            self.text(content or "")
            return
        texts: list[str] = []
        for part in content:
            if part["type"] in {"text", "refusal"}:
                texts.append(part[part["type"]])
                continue
            self.text("".join(texts))
            texts.clear()
            self.media(part)
        if texts:
            self.text("".join(texts))

    def text(self, text: str) -> None:
        self.take("text", text)
        self.tokens += count(text)

    def media(self, part: Mapping[str, Any]) -> None:
        match part:
            case {"type": "image_url", "image_url": dict(image)}:
                self.take("image", image["url"])
                tokens = IMAGE[image.get("detail", "auto")]
                self.image_tokens += tokens
            case {"type": "input_audio", "input_audio": {"data": str(data)}}:
                self.take("audio", data)
                tokens = 10 + len(data) // 400
                self.audio_tokens += tokens
            case {"type": "file", "file": dict(file)}:
                self.take("file", file["file_data"])
                tokens = 20 + count(file.get("filename", "")) + len(file["file_data"]) // 6
            case _:
                tokens = 0
        self.tokens += tokens


def _text(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(part["text"] for part in content if part.get("type") == "text")
    return content if isinstance(content, str) else ""
