"""What rules on streams read: the chunks among the events, and what each of them adds to which choice.

The law of this file: reading never raises. Events that are no chunks (the end mark, errors, heartbeats, what is no JSON
object) are left out, and so is whatever has a wrong shape, for the rules about these to tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.exchange import DONE, EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.core.exchange import Exchange
    from chatconform.core.sse import Event

HEARTBEATS: Final = frozenset({"ping", "pong", "keepalive", "keep-alive", "keep_alive", "heartbeat"})
TIMEOUTS: Final = frozenset({"first-byte-timeout", "idle-timeout", "total-timeout"})
TEXTS: Final = ("content", "refusal")


@dataclass(frozen=True, slots=True)
class Addition:
    """What one chunk adds to one choice, and where it stands."""

    event: int
    position: int
    value: Mapping[str, Any]

    @property
    def pointer(self) -> str:
        """The JSON Pointer of the choice in the chunk."""
        return f"/{self.event}/choices/{self.position}"

    @property
    def index(self) -> int | None:
        """The choice that is added to; None where the index is no integer."""
        index = self.value.get("index")
        return index if type(index) is int else None

    @property
    def delta(self) -> Mapping[str, Any]:
        """What is added; empty where it is no object."""
        delta = self.value.get("delta")
        return delta if isinstance(delta, dict) else EMPTY

    @property
    def adds(self) -> str | None:
        """The first key under which the delta adds something that a reader would see; None where there is none."""
        keys = (*TEXTS, "tool_calls", "function_call", "audio")
        return next((key for key in keys if self.delta.get(key) not in (None, "", [], {})), None)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a tool call, and where it stands."""

    pointer: str
    choice: int | None
    value: Mapping[str, Any]

    @property
    def index(self) -> int | None:
        """The call that it is a piece of; None where the index is no integer."""
        index = self.value.get("index")
        return index if type(index) is int else None

    @property
    def body(self) -> Mapping[str, Any]:
        """What stands under `function`, or under `custom` for a custom tool; empty where there is neither."""
        found = (self.value.get(key) for key in ("function", "custom"))
        return next((value for value in found if isinstance(value, dict)), EMPTY)

    @property
    def kind(self) -> str:
        """The key under which the call's name and input stand."""
        return "custom" if isinstance(self.value.get("custom"), dict) else "function"


def is_heartbeat(event: Event, value: Any) -> bool:
    """Whether an event with data only keeps the connection alive."""
    if isinstance(value, dict):
        named = event.name.lower() in HEARTBEATS or str(value.get("type")).lower() in HEARTBEATS
        return named and "choices" not in value and "error" not in value
    text = event.data.strip()
    return not text or text.startswith(":") or text.strip('"').lower() in HEARTBEATS or event.name.lower() in HEARTBEATS


def tells_error(event: Event, value: Any) -> bool:
    """Whether an event tells an error, in the documented form or by its name."""
    return event.name == "error" or (isinstance(value, dict) and value.get("error") is not None)


def chunks(exchange: Exchange) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The chunks of a stream with the numbers of their events: JSON objects that are neither errors nor heartbeats."""
    for number, (event, value) in enumerate(zip(exchange.events, exchange.chunks, strict=True)):
        if isinstance(value, dict) and not is_heartbeat(event, value) and not tells_error(event, value):
            yield number, value


def additions(exchange: Exchange) -> Iterator[Addition]:
    """What the chunks of a stream add to choices, in order."""
    for number, chunk in chunks(exchange):
        choices = chunk.get("choices")
        for position, value in enumerate(choices if isinstance(choices, list) else ()):
            if isinstance(value, dict):
                yield Addition(number, position, value)


def choices_asked(exchange: Exchange) -> int:
    """How many choices the request asks for: its `n`, or 1."""
    asked = exchange.asked.get("n")
    return asked if type(asked) is int and asked > 0 else 1


def by_choice(exchange: Exchange) -> dict[int, list[Addition]]:
    """The additions to each choice that was asked for, by its index and in the order in which choices appear."""
    found: dict[int, list[Addition]] = {}
    most = choices_asked(exchange)
    for addition in additions(exchange):
        if addition.index is not None and 0 <= addition.index < most:
            found.setdefault(addition.index, []).append(addition)
    return found


def fragments(exchange: Exchange) -> Iterator[Fragment]:
    """The pieces of tool calls in a stream, in order."""
    for addition in additions(exchange):
        calls = addition.delta.get("tool_calls")
        for number, value in enumerate(calls if isinstance(calls, list) else ()):
            if isinstance(value, dict):
                yield Fragment(f"{addition.pointer}/delta/tool_calls/{number}", addition.index, value)


def by_call(exchange: Exchange) -> dict[tuple[int | None, int], list[Fragment]]:
    """The pieces of each tool call, by the choice's index and its own, in the order in which calls appear."""
    found: dict[tuple[int | None, int], list[Fragment]] = {}
    for fragment in fragments(exchange):
        if fragment.index is not None:
            found.setdefault((fragment.choice, fragment.index), []).append(fragment)
    return found


def calls_tools(exchange: Exchange) -> bool:
    """Whether a stream holds a piece of a tool call."""
    return any(True for _ in fragments(exchange))


def answers(exchange: Exchange) -> bool:
    """Whether a stream holds a chunk."""
    return any(True for _ in chunks(exchange))


def ended(exchange: Exchange) -> bool:
    """Whether a stream came to the end that the server gave it: not cut, not left, and no error told in it."""
    response = exchange.response
    return response is not None and response.complete and exchange.failure is None and exchange.stream_error is None


def done_at(exchange: Exchange) -> int | None:
    """The number of the first event that is the end mark; None where there is none."""
    return next((number for number, event in enumerate(exchange.events) if event.data == DONE), None)


def asks_for_usage(exchange: Exchange) -> bool:
    """Whether the request asks for the usage of the stream."""
    match exchange.asked.get("stream_options"):
        case {"include_usage": True}:
            return True
    return False
