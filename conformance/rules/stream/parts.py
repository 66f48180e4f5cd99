"""What rules on streams read: the chunks among the events, and what each of them adds to which choice.

The law of this file: reading never raises. Events that are no chunks (the end mark, errors, heartbeats, what is no JSON
object) are left out, and so is whatever has a wrong shape, for the rules about these to tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.exchange import DONE, EMPTY
from chatconform.core.remembering import remembered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.core.sse import Event

HEARTBEATS: Final = frozenset({"ping", "pong", "keepalive", "keep-alive", "keep_alive", "heartbeat"})
COMMENT: Final = re.compile(r":[\w .-]{0,80}")
MOST_CHOICES: Final = 128
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
    named = text.strip('"').lower() in HEARTBEATS or event.name.lower() in HEARTBEATS
    return not text or named or COMMENT.fullmatch(text) is not None


def is_end(event: Event) -> bool:
    """Whether an event is meant as the end mark, however it is written."""
    return event.data.strip().strip('"').upper() in {DONE, "DONE"}


def tells_error(event: Event, value: Any) -> bool:
    """Whether an event tells an error, in the documented form or by its name."""
    return event.name == "error" or (isinstance(value, dict) and value.get("error") is not None)


@remembered
def chunks(exchange: Exchange) -> tuple[tuple[int, Mapping[str, Any]], ...]:
    """The chunks of a stream with the numbers of their events: JSON objects that are neither errors nor heartbeats."""
    return tuple(
        (number, value)
        for number, (event, value) in enumerate(zip(exchange.events, exchange.chunks, strict=True))
        if isinstance(value, dict) and not is_heartbeat(event, value) and not tells_error(event, value)
    )


@remembered
def additions(exchange: Exchange) -> tuple[Addition, ...]:
    """What the chunks of a stream add to choices, in order."""
    return tuple(
        Addition(number, position, value)
        for number, chunk in chunks(exchange)
        for position, value in enumerate(_listed(chunk.get("choices")))
        if isinstance(value, dict)
    )


@remembered
def fragments(exchange: Exchange) -> tuple[Fragment, ...]:
    """The pieces of tool calls in a stream, in order."""
    return tuple(
        Fragment(f"{one.pointer}/delta/tool_calls/{number}", one.index, value)
        for one in additions(exchange)
        for number, value in enumerate(_listed(one.delta.get("tool_calls")))
        if isinstance(value, dict)
    )


def choices_asked(exchange: Exchange) -> int:
    """How many choices the request asks for: its `n`, or 1; as many as there can be where no request is known."""
    asked = exchange.asked.get("n") if exchange.asked else MOST_CHOICES
    return asked if type(asked) is int and asked > 0 else 1


@remembered
def is_orderly(exchange: Exchange) -> bool:
    """Whether every event of a stream can be read, and every addition is to a choice that was asked for.

    Where that is not so other rules tell of it, and what comes first, last or twice cannot be told.
    """
    read = all(
        isinstance(value, dict) or is_end(event) or is_heartbeat(event, value) or tells_error(event, value)
        for event, value in zip(exchange.events, exchange.chunks, strict=True)
    )
    most = choices_asked(exchange)
    return read and all(one.index is not None and 0 <= one.index < most for one in additions(exchange))


@remembered
def by_choice(exchange: Exchange) -> Mapping[int, Sequence[Addition]]:
    """The additions to each choice, by its index and in the order in which choices appear; of orderly streams only."""
    found: dict[int, list[Addition]] = {}
    for one in additions(exchange) if is_orderly(exchange) else ():
        if one.index is not None:
            found.setdefault(one.index, []).append(one)
    return found


@remembered
def by_call(exchange: Exchange) -> Mapping[tuple[int | None, int], Sequence[Fragment]]:
    """The pieces of each tool call, by the choice's index and its own, in the order in which calls appear.

    Of orderly streams only.
    """
    found: dict[tuple[int | None, int], list[Fragment]] = {}
    for one in fragments(exchange) if is_orderly(exchange) else ():
        if one.index is not None:
            found.setdefault((one.choice, one.index), []).append(one)
    return found


def calls_tools(exchange: Exchange) -> bool:
    """Whether a stream holds a piece of a tool call."""
    return bool(fragments(exchange))


def answers(exchange: Exchange) -> bool:
    """Whether a stream holds a chunk."""
    return bool(chunks(exchange))


def fails(exchange: Exchange) -> bool:
    """Whether a stream tells an error, in whatever form."""
    return any(tells_error(event, value) for event, value in zip(exchange.events, exchange.chunks, strict=True))


def ended(exchange: Exchange) -> bool:
    """Whether a stream came to the end that the server gave it: not cut, not left, and no error told in it."""
    response = exchange.response
    return response is not None and response.complete and exchange.failure is None and not fails(exchange)


def done_at(exchange: Exchange) -> int | None:
    """The number of the first event that is the end mark; None where there is none."""
    return next((number for number, event in enumerate(exchange.events) if event.data == DONE), None)


def asks_for_usage(exchange: Exchange) -> bool:
    """Whether the request asks for the usage of the stream."""
    match exchange.asked.get("stream_options"):
        case {"include_usage": True}:
            return True
    return False


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
