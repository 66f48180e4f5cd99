"""The vocabulary that scenarios are written in: calls, completions that fit them, and how bytes go out.

Texts are ASCII and short unless a scenario is about something else, so that one hazard fails one scenario.
"""

from __future__ import annotations

import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.scenario import Attempt, Call, End, Expected, Grade, Pause, Scenario, ToldError
from chatconform.core.spelling import spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MODEL = "test-model-1"
ID = "chatcmpl-abc123"
CREATED = 1_760_000_000
TEXT = "Hello there, how are you?"
USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}
JSON = "application/json"
SSE = "text/event-stream"
DONE = b"data: [DONE]\n\n"
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
}
REASONS |= {409: "Conflict", 413: "Content Too Large", 422: "Unprocessable Content", 429: "Too Many Requests"}
REASONS |= {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}

ANY_ERROR = ToldError()

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


def call(text: str = "Say hello.", *, timeout_s: float = 8.0, max_retries: int = 0, **parameters: Any) -> Call:
    """A call without streaming: a user's text and any further parameters of the request."""
    request = {"model": MODEL, "messages": [{"role": "user", "content": text}], **parameters}
    return Call(request, timeout_s, max_retries)


def stream_call(text: str = "Say hello.", *, usage: bool = True, stop_after: int | None = None, **options: Any) -> Call:
    """A streamed call, by default with the usage asked for."""
    asked: dict[str, Any] = {"stream_options": {"include_usage": True}} if usage else {}
    made = call(text, stream=True, **asked, **options)
    return Call(made.request, made.timeout_s, made.max_retries, stop_after)


def tool_call(arguments: str = '{"city":"Oslo"}', *, id: str = "call_1", name: str = "get_weather") -> dict[str, Any]:
    """One function tool call of a message."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def choice(content: str | None = TEXT, *, index: int = 0, finish: str | None = None, **message: Any) -> dict[str, Any]:
    """One choice of a completion; it finishes with `tool_calls` where its message has some, else with `stop`."""
    finish = finish or ("tool_calls" if message.get("tool_calls") else "stop")
    told = {"role": "assistant", "content": content, "refusal": None, **message}
    return {"index": index, "message": told, "logprobs": None, "finish_reason": finish}


def completion(*choices: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A completion of these choices (of one plain text where none is given); `fields` replace or add top-level ones."""
    whole = {"id": ID, "object": "chat.completion", "created": CREATED, "model": MODEL}
    return {**whole, "choices": list(choices or [choice()]), "usage": USAGE, **fields}


def head(status: int = 200, *headers: tuple[str, str], version: str = "1.1") -> bytes:
    """A response's status line and header fields, with the blank line."""
    lines = [
        f"HTTP/{version} {status} {REASONS.get(status, 'Unknown')}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answer(
    body: Any,
    status: int = 200,
    *,
    media_type: str | None = JSON,
    headers: Sequence[tuple[str, str]] = (),
    end: End = End.KEEP,
) -> Attempt:
    """A whole answer with its length: `body` is bytes, or a JSON value."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    typed = [("content-type", media_type)] if media_type is not None else []
    return Attempt((head(status, *typed, *headers, ("content-length", str(len(data)))) + data,), end)


def error_body(message: str = "It failed.", *, type: str = "invalid_request_error", **fields: Any) -> dict[str, Any]:
    """An error object in its envelope."""
    return {"error": {"message": message, "type": type, "param": None, "code": None, **fields}}


def event(value: Any) -> bytes:
    """One event as the endpoint's own server writes it: `data: `, compact JSON, a blank line."""
    return b"data: " + orjson.dumps(value) + b"\n\n"


def events(told: Mapping[str, Any], *, usage: bool = True, done: bool = True, **options: Any) -> list[bytes]:
    """The events that spell a completion, one a piece, `[DONE]` last."""
    return [event(chunk) for chunk in spell(told, usage=usage, **options)] + ([DONE] if done else [])


def chunked(pieces: Iterable[bytes | Pause]) -> list[bytes | Pause]:
    """Each piece framed as one HTTP chunk, and the last chunk."""
    framed = [piece if isinstance(piece, Pause) else b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece]
    return [*framed, b"0\r\n\r\n"]


def stream(
    pieces: Iterable[bytes | Pause],
    *,
    media_type: str | None = SSE,
    headers: Sequence[tuple[str, str]] = (),
    end: End = End.KEEP,
    hold: float = 0.0,
) -> Attempt:
    """A streamed answer in HTTP chunks, a chunk for each piece."""
    typed = [("content-type", media_type)] if media_type is not None else []
    opening = head(200, *typed, ("cache-control", "no-cache"), *headers, ("transfer-encoding", "chunked"))
    return Attempt((opening, *chunked(pieces)), end, hold)


def until_close(pieces: Iterable[bytes | Pause], *, media_type: str = SSE, version: str = "1.1") -> Attempt:
    """An answer that ends where the connection does, with a moment between the pieces so that each arrives alone."""
    steps: list[bytes | Pause] = [head(200, ("content-type", media_type), ("connection", "close"), version=version)]
    for piece in pieces:
        steps += [piece, Pause(0.0003)] if isinstance(piece, bytes) else [piece]
    return Attempt(tuple(steps), End.CLOSE)


def sliced(data: bytes, size: int = 1) -> list[bytes]:
    """Bytes cut into pieces of a size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def cut_at(data: bytes, *places: int) -> list[bytes]:
    """Bytes cut at these places."""
    bounds = [0, *sorted(places), len(data)]
    return [data[start:stop] for start, stop in pairwise(bounds)]


def apart(pieces: Iterable[bytes]) -> list[bytes | Pause]:
    """The pieces with a moment between them, so that no client that reads fast enough sees two as one."""
    return [step for piece in pieces for step in (piece, Pause(0.005))]


def gzipped(pieces: Iterable[bytes]) -> list[bytes]:
    """The pieces in one gzip stream, flushed after each."""
    packer = zlib.compressobj(wbits=31)
    packed = [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in pieces]
    return [*packed, packer.flush()]


def whole(
    id: str,
    grade: Grade,
    purpose: str,
    told: Mapping[str, Any] | None = None,
    *,
    attempt: Attempt | None = None,
    expected: Expected | None = None,
    needs: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    asked: Call | None = None,
) -> Scenario:
    """A scenario of one call that is not streamed: by default answered by `told`, which must then come out."""
    told = completion() if told is None else told
    blockers = () if id == "ns.plain" else ("ns.plain",)
    answers = (attempt or answer(told),)
    return Scenario(id, grade, purpose, (asked or call(),), answers, expected or Expected(told), needs, blockers, also)


def streamed(
    id: str,
    grade: Grade,
    purpose: str,
    told: Mapping[str, Any] | None = None,
    *,
    pieces: Iterable[bytes | Pause] | None = None,
    attempt: Attempt | None = None,
    expected: Expected | None = None,
    needs: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
    asked: Call | None = None,
    raw_is_fine: bool = False,
) -> Scenario:
    """A scenario of one streamed call: by default the events that spell `told`, which must then come out."""
    told = completion() if told is None else told
    blockers = ("ns.plain",) if id == "st.plain" else ("st.plain",)
    answers = (attempt or stream(events(told) if pieces is None else pieces),)
    wanted, call_made = expected or Expected(told), asked or stream_call()
    needed = ("stream", *needs)
    return Scenario(id, grade, purpose, (call_made,), answers, wanted, needed, blockers, also, raw_is_fine)
