"""Streams: the chunks that spell a completion, and their bytes, cut and decorated in any way that is legal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from chatconform.strategies.drawing.sources import Source

_MOST_PIECES = 6


@dataclass(frozen=True)
class Stream:
    """A streamed answer: the completion, the chunks that spell it, their bytes, and these bytes as they arrive."""

    completion: dict[str, Any]
    chunks: tuple[dict[str, Any], ...]
    body: bytes
    pieces: tuple[bytes, ...]


def stream(source: Source, completion: dict[str, Any], *, include_usage: bool | None, decorated: bool) -> Stream:
    """Return a stream that spells the completion."""
    with_usage = bool(source.below(2)) if include_usage is None else include_usage
    chunks = _chunks(source, completion, with_usage)
    body = _written(source, chunks) if decorated else _plain(chunks)
    pieces = _cut(source, body) if decorated else (body,)
    return Stream(completion, tuple(chunks), body, pieces)


def _chunks(source: Source, completion: dict[str, Any], with_usage: bool) -> list[dict[str, Any]]:
    head: dict[str, Any] = {key: completion[key] for key in ("id", "created", "model") if key in completion}
    head["object"] = "chat.completion.chunk"
    head |= {key: completion[key] for key in ("system_fingerprint", "service_tier") if completion.get(key) is not None}
    queues = [_deltas(source, choice) for choice in completion["choices"]]
    chunks = []
    # One choice after the other, or all of them interleaved.
    interleaved = source.below(2) if len(queues) > 1 else 0
    while any(queues):
        waiting = [queue for queue in queues if queue]
        queue = waiting[source.below(len(waiting))] if interleaved else waiting[0]
        together = [queue.pop(0)]
        if interleaved and source.below(4) == 3:
            others = [other for other in waiting if other is not queue and other]
            together += [other.pop(0) for other in others[:1]]
        chunks.append({**head, "choices": together, **({"usage": None} if with_usage else {})})
    if with_usage and completion.get("usage") is not None:
        chunks.append({**head, "choices": [], "usage": completion["usage"]})
    if source.below(6) == 5:
        for chunk in chunks:
            chunk["obfuscation"] = "abcXYZ"[: 1 + source.below(6)]
    return chunks


def _deltas(source: Source, choice: dict[str, Any]) -> list[dict[str, Any]]:
    message = choice["message"]
    opening: dict[str, Any] = {"role": message.get("role", "assistant")}
    deltas: list[dict[str, Any]] = [opening]
    told: list[tuple[str, list[Any]]] = []
    logprobs = choice.get("logprobs")
    for key in ("content", "refusal"):
        text = message.get(key)
        if text is None:
            continue
        entries = (logprobs or {}).get(key)
        if entries:
            deltas += [{key: entry["token"]} for entry in entries]
            told += [(key, [entry]) for entry in entries]
        else:
            deltas += [{key: piece} for piece in _pieces(source, text)]
            told += [(key, [])] * (len(deltas) - 1 - len(told))
    if source.below(2) and message.get("content") is not None:
        opening["content"] = ""
    elif message.get("content") is None and message.get("refusal") is None and source.below(2):
        opening["content"] = None
    deltas += _calls(source, message)
    if message.get("function_call") is not None:
        call = message["function_call"]
        deltas.append({"function_call": {"name": call["name"], "arguments": ""}})
        deltas += [{"function_call": {"arguments": piece}} for piece in _pieces(source, call["arguments"])]
    parts = []
    for number, delta in enumerate(deltas):
        entry: dict[str, Any] | None = None
        if logprobs is not None and 0 < number <= len(told):
            key, entries = told[number - 1]
            entry = {"content": None, "refusal": None, key: entries}
        elif logprobs is not None and number == 0:
            entry = {key: [] if logprobs.get(key) == [] else None for key in ("content", "refusal")}
        parts.append({"index": choice["index"], "delta": delta, "logprobs": entry, "finish_reason": None})
    if len(parts) > 1 and source.below(6) == 5:
        parts[-1]["finish_reason"] = choice["finish_reason"]
    else:
        last = {"index": choice["index"], "delta": {}, "logprobs": None, "finish_reason": choice["finish_reason"]}
        parts.append(last)
    return parts


def _calls(source: Source, message: dict[str, Any]) -> list[dict[str, Any]]:
    calls = message.get("tool_calls") or []
    queues: list[list[dict[str, Any]]] = []
    for index, call in enumerate(calls):
        kind = call["type"]
        text_key = "arguments" if kind == "function" else "input"
        inner = call[kind]
        first = {"index": index, "id": call["id"], "type": kind, kind: {"name": inner["name"], text_key: ""}}
        rest = [{"index": index, kind: {text_key: piece}} for piece in _pieces(source, inner[text_key])]
        queues.append([{"tool_calls": [first]}, *({"tool_calls": [fragment]} for fragment in rest)])
    if len(queues) > 1 and source.below(4) == 3:
        openings = [queue.pop(0) for queue in queues]
        mixed = []
        while any(queues):
            waiting = [queue for queue in queues if queue]
            mixed.append(waiting[source.below(len(waiting))].pop(0))
        return [{"tool_calls": [fragment for each in openings for fragment in each["tool_calls"]]}, *mixed]
    return [delta for queue in queues for delta in queue]


def _pieces(source: Source, text: str) -> list[str]:
    """The text in up to six pieces, of which some may be empty."""
    if not text:
        return [text]
    cuts = sorted(source.below(len(text) + 1) for _ in range(source.below(_MOST_PIECES)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _plain(chunks: list[dict[str, Any]]) -> bytes:
    events = [f"data: {json.dumps(chunk, ensure_ascii=False, separators=(',', ':'))}\n\n" for chunk in chunks]
    return "".join([*events, "data: [DONE]\n\n"]).encode()


_LINE_ENDS = ("\n", "\r\n", "\r")
_COMMENTS = (": keep-alive", ":", ": data: {}", ": ё 😀", ":" + " ping" * 50)


def _written(source: Source, chunks: list[dict[str, Any]]) -> bytes:
    """The events as they may be written: other line ends, comments, fields, spaces, several data lines."""
    way = source.below(8)
    end = _LINE_ENDS[(0, 0, 0, 1, 2, 0, 1, 0)[way]]
    mixed = way == 7
    ascii_only = bool(source.below(2))
    spaced = source.below(4)
    noisy = source.below(3)
    lines: list[str] = []
    for number, chunk in enumerate(chunks):
        text = _json(chunk, spaced, ascii_only)
        if noisy and source.below(3) == 2:
            lines.append(_COMMENTS[source.below(len(_COMMENTS))])
            if source.below(2):
                lines.append("")
        if noisy == 2 and source.below(4) == 3:
            lines += (["event: message"], ["id: 1"], ["retry: 3000"], ["unknown: field"], ["id"])[source.below(5)]
        prefix = "data:" if spaced == 1 or (noisy and number % 2) else "data: "
        lines += [prefix + line for line in text.split("\n")]
        lines += ["", ""] if noisy and source.below(8) == 7 else [""]
    lines += ["data:[DONE]" if spaced == 1 else "data: [DONE]", ""]
    ends = [_LINE_ENDS[source.below(2)] if mixed else end for _ in lines]
    text = "".join(line + end for line, end in zip(lines, ends, strict=True))
    bom = "\ufeff" if noisy == 2 and source.below(6) == 5 else ""
    return (bom + text).encode()


def _json(chunk: dict[str, Any], spaced: int, ascii_only: bool) -> str:
    if spaced == 2:
        return json.dumps(chunk, ensure_ascii=ascii_only)
    if spaced == 3:
        return json.dumps(chunk, ensure_ascii=ascii_only, indent=1)
    return json.dumps(chunk, ensure_ascii=ascii_only, separators=(",", ":"))


def _cut(source: Source, body: bytes) -> tuple[bytes, ...]:
    """The bytes in pieces: whole, each byte alone, of one size, or cut anywhere, within characters too."""
    way = source.below(5)
    if way == 0:
        return (body,)
    if way == 1 and len(body) <= 4000:
        return tuple(body[i : i + 1] for i in range(len(body)))
    if way <= 2:
        size = (1460, 7, 64, 333)[source.below(4)]
        return tuple(body[i : i + size] for i in range(0, len(body), size))
    cuts = sorted(source.below(len(body) + 1) for _ in range(1 + source.below(8)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    return tuple(piece for piece in pieces if piece)
