"""From a completion to the chunks and the events of a stream that spells it.

The law of this file: the chunks joined give the completion again; a choice's role comes first and its finish last, and
nothing comes after the usage but `[DONE]`.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.reference.tokens import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

HEAD: Final = ("id", "created", "model", "service_tier", "system_fingerprint")
PADDING: Final = 16
SOUND: Final = 8192
"""How many characters of base64 a piece of sound has."""


def chunks(body: Mapping[str, Any], completion: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The chunks that spell a completion, the way the request asks for them."""
    options = body.get("stream_options") or {}
    head = {key: completion[key] for key in HEAD if key in completion}
    head = {"id": head.pop("id", None), "object": "chat.completion.chunk", **head}
    parts = [list(_parts(choice)) for choice in completion["choices"]]
    made = []
    for step in range(max(map(len, parts), default=0)):
        made += [{**head, "choices": [choice[step]]} for choice in parts if step < len(choice)]
    if options.get("include_usage"):
        for chunk in made:
            chunk["usage"] = None
        made.append({**head, "choices": [], "usage": completion.get("usage")})
    if options.get("include_obfuscation", True):
        for number, chunk in enumerate(made):
            chunk["obfuscation"] = _padding(f"{head['id']}{number}", chunk)
    return made


def _parts(choice: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A choice, piece by piece."""
    message, logprobs = choice["message"], choice.get("logprobs")

    def part(delta: dict[str, Any], entries: list[Any] | None = None, finish: Any = None) -> dict[str, Any]:
        told = None if entries is None else {"content": entries, "refusal": None}
        return {"index": choice["index"], "delta": delta, "logprobs": told, "finish_reason": finish}

    content, refusal = message.get("content"), message.get("refusal")
    yield part({"role": message["role"], "content": None if content is None else "", "refusal": None})
    entries = logprobs.get("content") if logprobs else None
    for piece, entry in _pieces(content, entries):
        yield part({"content": piece}, entry)
    for sound in _sound(message.get("audio")):
        yield part({"audio": sound})
    for piece in encode(refusal or ""):
        yield part({"refusal": piece})
    for number, call in enumerate(message.get("tool_calls") or ()):
        for fragment in _fragments(call):
            yield part({"tool_calls": [{"index": number, **fragment}]})
    if called := message.get("function_call"):
        yield part({"function_call": {"name": called["name"], "arguments": ""}})
        for piece in encode(called["arguments"]):
            yield part({"function_call": {"arguments": piece}})
    yield part({}, finish=choice["finish_reason"])


def _pieces(content: str | None, entries: list[Any] | None) -> Iterator[tuple[str, list[Any] | None]]:
    """The pieces of a text: the tokens that are told where some are, else the text's own."""
    if entries is None:
        for piece in encode(content or ""):
            yield piece, None
        return
    for entry in entries:
        yield entry["token"], [entry]


def _sound(audio: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """A spoken answer, piece by piece: its id, its words, its sound, and until when it can be referred to."""
    if audio is None:
        return
    yield {"id": audio["id"], "transcript": ""}
    for piece in encode(audio["transcript"]):
        yield {"transcript": piece}
    for start in range(0, len(audio["data"]), SOUND):
        yield {"data": audio["data"][start : start + SOUND]}
    yield {"expires_at": audio["expires_at"]}


def _fragments(call: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A call, piece by piece: all about it first, then what it is handed."""
    kind = call["type"]
    key = "arguments" if kind == "function" else "input"
    called = call[kind]
    yield {"id": call["id"], "type": kind, kind: {"name": called["name"], key: ""}}
    for piece in encode(called[key]):
        yield {kind: {key: piece}}


def _padding(name: str, chunk: Mapping[str, Any]) -> str:
    """Letters that hide how long a chunk's text is."""
    length = sum(len(str(choice["delta"].get("content") or "")) for choice in chunk["choices"])
    return blake2b(name.encode(), digest_size=PADDING).hexdigest()[: max(1, PADDING - length % PADDING)]


def events(chunks: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The events of a stream, each as it goes over the wire."""
    for chunk in chunks:
        yield b"data: " + orjson.dumps(chunk) + b"\n\n"
    yield b"data: [DONE]\n\n"
