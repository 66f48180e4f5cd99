"""What rules read in an answer, whichever way it came: its choices, their tool calls, and the places of both.

The law of this file: reading never raises. What has a wrong shape is left out, for the rules about shapes to tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatconform.core.exchange import EMPTY
from chatconform.core.remembering import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.core.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of an answer, and where it stands."""

    exchange: Exchange
    position: int
    value: Mapping[str, Any]

    @property
    def message(self) -> Mapping[str, Any]:
        """The message, empty where it is no object."""
        message = self.value.get("message")
        return message if isinstance(message, dict) else EMPTY

    @property
    def content(self) -> str | None:
        """The text of the message; None where there is none."""
        content = self.message.get("content")
        return content if isinstance(content, str) else None

    @property
    def refusal(self) -> str | None:
        """The refusal that the model wrote; None where it wrote none."""
        refusal = self.message.get("refusal")
        return refusal if isinstance(refusal, str) and refusal else None

    @property
    def finish(self) -> Any:
        """Why the choice ended."""
        return self.value.get("finish_reason")

    @property
    def ended(self) -> bool:
        """Whether the model came to its own end: not cut by a limit, a filter or a broken stream."""
        return self.finish in ("stop", "tool_calls", "function_call")

    @property
    def calls(self) -> list[Call]:
        """The tool calls that are objects, in order."""
        calls = self.message.get("tool_calls")
        listed = enumerate(calls) if isinstance(calls, list) else ()
        return [Call(self, number, call) for number, call in listed if isinstance(call, dict)]

    @property
    def hints_at_calls(self) -> bool:
        """Whether anything stands where tool calls belong, even in a form that cannot be read."""
        if not self.exchange.is_stream:
            return bool(self.message.get("tool_calls"))
        return any(_delta(part).get("tool_calls") for _, part in self._parts())

    def place(self, key: str) -> str:
        """The JSON Pointer of a key of the message; in a stream, of the first delta of this choice that has it."""
        if not self.exchange.is_stream:
            return f"/choices/{self.position}/message/{key}"
        parts = list(self._parts())
        told = (pointer for pointer, part in parts if _delta(part).get(key) not in (None, "", []))
        return next((f"{pointer}/delta/{key}" for pointer in told), parts[0][0] if parts else "")

    def end(self) -> str:
        """The JSON Pointer of the finish reason; in a stream, of the first that is told."""
        if not self.exchange.is_stream:
            return f"/choices/{self.position}/finish_reason"
        told = (pointer for pointer, part in self._parts() if part.get("finish_reason") is not None)
        return next((f"{pointer}/finish_reason" for pointer in told), "")

    def _parts(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What the chunks of a stream hold of this choice, with the pointers."""
        for event, chunk in enumerate(self.exchange.chunks):
            parts = chunk.get("choices") if isinstance(chunk, dict) else None
            for number, part in enumerate(parts if isinstance(parts, list) else ()):
                if isinstance(part, dict) and part.get("index") == self.value.get("index"):
                    yield f"/{event}/choices/{number}", part


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call of a choice, and where it stands."""

    choice: Choice
    position: int
    value: Mapping[str, Any]

    @property
    def kind(self) -> str | None:
        """`function` or `custom`, by its type or, where that is missing, by what it holds."""
        match self.value:
            case {"type": "function" | "custom" as kind}:
                return str(kind)
            case {"function": dict()}:
                return "function"
            case {"custom": dict()}:
                return "custom"
        return None

    @property
    def name(self) -> str | None:
        """The name of the tool that is called; None where there is none."""
        match self.value:
            case {"function": {"name": str(name)}} | {"custom": {"name": str(name)}}:
                return name
        return None

    @property
    def arguments(self) -> Any:
        """The arguments of a function call as they came; None where there are none."""
        function = self.value.get("function")
        return function.get("arguments") if isinstance(function, dict) else None

    def place(self, *path: str) -> str:
        """The JSON Pointer of a key of the call; in a stream, of the first fragment of the call that has it."""
        if not self.choice.exchange.is_stream:
            return "/".join((self.choice.place("tool_calls"), str(self.position), *path))
        fragments = list(self._fragments())
        told = (pointer for pointer, fragment in fragments if _at(fragment, path) is not None)
        found = next(("/".join((pointer, *path)) for pointer in told), None)
        return found or (fragments[0][0] if fragments else self.choice.place("tool_calls"))

    def _fragments(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The fragments of this call in a stream, with the pointers."""
        order = sorted({fragment["index"] for _, fragment in self._indexed()})
        for pointer, fragment in self._indexed():
            if self.position < len(order) and fragment["index"] == order[self.position]:
                yield pointer, fragment

    def _indexed(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """All fragments of the choice's calls that have an index, with the pointers."""
        for pointer, part in self.choice._parts():
            fragments = _delta(part).get("tool_calls")
            for number, fragment in enumerate(fragments if isinstance(fragments, list) else ()):
                if isinstance(fragment, dict) and type(fragment.get("index")) is int:
                    yield f"{pointer}/delta/tool_calls/{number}", fragment


@remembered
def choices(exchange: Exchange) -> list[Choice]:
    """The choices of an answer that are objects, in the order of a completion's list or of a stream's indexes.

    None of a stream whose pieces do not join soundly: what they spell is then nobody's answer.
    """
    if exchange.is_stream and not _spells_soundly(exchange):
        return []
    listed = exchange.answer.get("choices") if exchange.answer is not None else None
    found = enumerate(listed) if isinstance(listed, list) else ()
    return [Choice(exchange, position, value) for position, value in found if isinstance(value, dict)]


def _spells_soundly(exchange: Exchange) -> bool:
    from chatconform.rules.stream.soundness import spells_soundly  # which is made of rules, and these read as well

    return spells_soundly(exchange)


@remembered
def calls(exchange: Exchange) -> list[Call]:
    """The tool calls of all choices."""
    return [call for choice in choices(exchange) for call in choice.calls]


@remembered
def whole(exchange: Exchange) -> bool:
    """Whether all of an answer arrived: no failure, no error told in the stream, and a finish for every choice."""
    if exchange.failure is not None or exchange.response is None or not exchange.response.complete:
        return False
    found = choices(exchange)
    return exchange.stream_error is None and bool(found) and all(choice.finish is not None for choice in found)


def _delta(part: Mapping[str, Any]) -> Mapping[str, Any]:
    delta = part.get("delta")
    return delta if isinstance(delta, dict) else EMPTY


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
