"""How the right client reads a stream: lines, events, chunks, and the completion that they spell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any


class ToldError(Exception):
    """The server told an error in a stream or in a success."""


class Truncated(Exception):
    """The stream ended and its answer had not."""


class Stream:
    """Reads streams. Each method is one decision that a client may get wrong."""

    def lines(self, pieces: Iterable[bytes]) -> Iterator[str]:
        """The lines of a stream of events: they end with CRLF, LF or CR, wherever the pieces are cut."""
        held, after_cr, begun = b"", False, False
        for piece in pieces:
            held += piece
            if not begun and len(held) < 3 and b"\xef\xbb\xbf".startswith(held):
                continue
            if not begun:
                held, begun = held.removeprefix(b"\xef\xbb\xbf"), True
            if after_cr and held:
                held, after_cr = held.removeprefix(b"\n"), False
            *lines, held = held.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
            after_cr = piece.endswith(b"\r")
            yield from map(self.text, lines)

    def text(self, line: bytes) -> str:
        """A line as text."""
        return line.decode(errors="replace")

    def events(self, lines: Iterable[str]) -> Iterator[str]:
        """The data of each event; what has none is no event."""
        data: list[str] = []
        for line in lines:
            if not line:
                if data:
                    yield "\n".join(data)
                data = []
                continue
            name, _, value = line.partition(":")
            if self.is_data(name):
                data.append(self.value(value))

    def is_data(self, name: str) -> bool:
        """Whether a field is part of an event's data; a comment has no name."""
        return name == "data"

    def value(self, text: str) -> str:
        """A field's value: what follows the colon, one space dropped."""
        return text.removeprefix(" ")

    def is_end(self, data: str) -> bool:
        """Whether an event ends the stream."""
        return data.strip() == "[DONE]"

    def chunks(self, events: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The chunks of a stream. Raises where an error is told, and where it ends before its answer does."""
        finished = False
        for data in events:
            if self.is_end(data):
                return
            if not data:
                continue
            chunk = self.checked(json.loads(data))
            finished = finished or any(choice.get("finish_reason") for choice in chunk.get("choices") or ())
            yield chunk
        self.check_end(finished)

    def check_end(self, finished: bool) -> None:
        """Raises for a stream that ends without `[DONE]` and without a finish reason."""
        if not finished:
            raise Truncated("the stream ended before its answer")

    def checked(self, value: Any) -> dict[str, Any]:
        """A chunk or a completion, if it is one and tells no error."""
        if not isinstance(value, dict):
            raise ValueError(f"no object came but {value!r:.80}")
        if value.get("error") is not None:
            error = value["error"]
            raise ToldError(error.get("message") if isinstance(error, dict) else error)
        return value

    def assembled(self, chunks: Iterable[dict[str, Any]]) -> dict[str, Any]:
        """The completion that chunks spell."""
        whole: dict[str, Any] = {"usage": None}
        choices: dict[int, dict[str, Any]] = {}
        for chunk in chunks:
            for key in ("id", "model", "created"):
                whole[key] = whole.get(key) or chunk.get(key)
            if chunk.get("usage") is not None:
                whole["usage"] = self.usage(whole["usage"], chunk["usage"])
            for part in self.parts(chunk):
                self.add(choices.setdefault(part["index"], self.new_choice(part["index"])), part)
        whole["choices"] = [self.closed(choices[index]) for index in sorted(choices)]
        return whole

    def parts(self, chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
        """The parts of choices that a chunk brings."""
        return chunk.get("choices") or ()

    def usage(self, before: dict[str, Any] | None, now: dict[str, Any]) -> dict[str, Any]:
        """The usage so far: the last that was told."""
        return now or before or {}

    def new_choice(self, index: int) -> dict[str, Any]:
        """A choice of which nothing has come."""
        message = {"role": "assistant", "content": None, "refusal": None, "tool_calls": {}}
        return {"index": index, "message": message, "logprobs": None, "finish_reason": None}

    def closed(self, choice: dict[str, Any]) -> dict[str, Any]:
        """A choice with its calls in the order of their index."""
        calls = choice["message"].pop("tool_calls")
        if calls:
            choice["message"]["tool_calls"] = [calls[place] for place in sorted(calls, key=lambda key: key[0])]
        return choice

    def add(self, choice: dict[str, Any], part: dict[str, Any]) -> None:
        """Adds what one part of a choice brings."""
        choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]
        if part.get("logprobs"):
            told = choice["logprobs"] = choice["logprobs"] or {"content": None, "refusal": None}
            for key in told:
                if part["logprobs"].get(key) is not None:
                    told[key] = [*(told[key] or []), *part["logprobs"][key]]
        self.add_delta(choice["message"], part.get("delta") or {})

    def add_delta(self, message: dict[str, Any], delta: dict[str, Any]) -> None:
        """Adds what a delta brings."""
        for key in ("content", "refusal", "reasoning_content"):
            if delta.get(key) is not None:
                message[key] = (message.get(key) or "") + delta[key]
        if called := delta.get("function_call"):
            function = message.setdefault("function_call", {"name": "", "arguments": ""})
            for key in function:
                function[key] += called.get(key) or ""
        for fragment in delta.get("tool_calls") or ():
            self.add_fragment(message["tool_calls"], fragment)

    def add_fragment(self, calls: dict[Any, dict[str, Any]], fragment: dict[str, Any]) -> None:
        """Adds one fragment of a call to the call that it belongs to."""
        place = self.place(calls, fragment)
        call = calls.setdefault(place, {"id": fragment.get("id"), "type": fragment.get("type") or "function"})
        repeats = bool(fragment.get("id")) and "function" in call
        kind, text = ("custom", "input") if call["type"] == "custom" else ("function", "arguments")
        body = call.setdefault(kind, {"name": "", text: ""})
        told = fragment.get(kind) or {}
        body["name"] = self.name(body["name"], told.get("name") or "", repeats)
        body[text] = self.arguments(body[text], told.get(text) or "")

    def place(self, calls: dict[Any, dict[str, Any]], fragment: dict[str, Any]) -> tuple[int, int]:
        """Where a fragment belongs: at its index, and where it brings another id after all that is there."""
        index = fragment.get("index", 0)
        here = [place for place in calls if place[0] == index]
        if not here:
            return (index, 0)
        is_new = fragment.get("id") and fragment["id"] != calls[here[-1]]["id"]
        return (index, here[-1][1] + 1) if is_new else here[-1]

    def name(self, before: str, more: str, repeats: bool) -> str:
        """The name so far: it may come in pieces, and it may come again beside the id."""
        return before if repeats else before + more

    def arguments(self, before: str, more: str) -> str:
        """The arguments so far."""
        return before + more
