"""From a completion to the chunks that spell it: the inverse of assembly.

The law of this file: `assemble(spell(completion))` gives the completion back, wherever its texts are cut; and the
chunks are as the endpoint's own server writes them: role first, fragments by index, one finish a choice, usage last.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Cut = Callable[[str], Sequence[str]]
    """Cuts a text that is not empty into pieces that join to it."""

SHARED = ("id", "created", "model", "service_tier", "system_fingerprint")
SPOKEN = ("content", "refusal")


def by_words(text: str) -> list[str]:
    """A text cut before each space: what tokens of a plain text look like."""
    words = text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]


def spell(completion: Mapping[str, Any], *, cut: Cut = by_words, usage: bool = False) -> list[dict[str, Any]]:
    """The chunks of a stream that spells a completion, choice by choice in the order of their index.

    With `usage` the last chunk tells the completion's usage with no choices, and every other chunk has it null, as
    `stream_options.include_usage` asks for.
    """
    head: dict[str, Any] = {key: completion[key] for key in SHARED if key in completion}
    head["object"] = "chat.completion.chunk"
    chunks: list[dict[str, Any]] = []
    for choice in completion["choices"]:
        chunks += ({**head, "choices": [part]} for part in parts(choice, cut))
    if usage:
        chunks = [{**chunk, "usage": None} for chunk in chunks]
        chunks.append({**head, "choices": [], "usage": completion.get("usage")})
    return chunks


def parts(choice: Mapping[str, Any], cut: Cut = by_words) -> Iterator[dict[str, Any]]:
    """The choice objects, one a chunk, that spell one choice."""
    message, index = choice["message"], choice["index"]
    logprobs = choice.get("logprobs")

    def part(delta: dict[str, Any], finish: str | None = None, told: Any = None) -> dict[str, Any]:
        return {"index": index, "delta": delta, "logprobs": told, "finish_reason": finish}

    opening: dict[str, Any] = {"role": message.get("role", "assistant")}
    if isinstance(message.get("content"), str):
        opening["content"] = ""
    yield part(opening)
    for key in SPOKEN:
        pieces = _cut(message.get(key), cut)
        told = _shared_out((logprobs or {}).get(key), len(pieces))
        for piece, entries in zip(pieces, told, strict=True):
            yield part({key: piece}, told=None if logprobs is None else _logprobs(key, entries))
    for number, call in enumerate(message.get("tool_calls") or ()):
        for fragment in _fragments(call, cut):
            yield part({"tool_calls": [{"index": number, **fragment}]})
    if called := message.get("function_call"):
        yield part({"function_call": {"name": called["name"], "arguments": ""}})
        for piece in _cut(called["arguments"], cut):
            yield part({"function_call": {"arguments": piece}})
    yield part({}, finish=choice["finish_reason"])


def _fragments(call: Mapping[str, Any], cut: Cut) -> Iterator[dict[str, Any]]:
    kind = call["type"]
    text = "arguments" if kind == "function" else "input"
    yield {"id": call["id"], "type": kind, kind: {"name": call[kind]["name"], text: ""}}
    for piece in _cut(call[kind][text], cut):
        yield {kind: {text: piece}}


def _cut(text: str | None, cut: Cut) -> Sequence[str]:
    return cut(text) if text else ()


def _shared_out(entries: Sequence[Any] | None, count: int) -> list[list[Any] | None]:
    """The entries dealt out over so many chunks, in order and about evenly."""
    if entries is None:
        return [None] * count
    bounds = [len(entries) * number // count for number in range(count + 1)] if count else []
    return [list(entries[start:stop]) for start, stop in pairwise(bounds)]


def _logprobs(key: str, entries: list[Any] | None) -> dict[str, Any]:
    return {name: entries if name == key else None for name in SPOKEN}
