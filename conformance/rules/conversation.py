"""How the messages of a conversation fit together: which tool calls are answered, and by what.

The law of this file: a tool message belongs to the assistant message with `tool_calls` that it follows, with nothing
but other tool messages between them. Reading never raises; what has a wrong shape is left to the schemas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatconform.core.telling import tell
from chatconform.rules.asking import listed

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where messages do not fit together. `last` tells that the conversation ends there."""

    pointer: str
    message: str
    last: bool = False


def orphans(messages: Any) -> Iterator[Breach]:
    """Tool messages that answer no call: nothing was called before them, or nothing with that id."""
    called: list[str] = []
    any_called, all_told = False, True
    for number, message in enumerate(messages if isinstance(messages, list) else ()):
        match message:
            case {"role": "tool", "tool_call_id": str(name)} if not any_called:
                yield Breach(f"/messages/{number}", f"answers call {tell(name)}, and no message before it calls a tool")
            case {"role": "tool", "tool_call_id": str(name)} if all_told and name not in called:
                ids = ", ".join(map(tell, called[:3]))
                yield Breach(f"/messages/{number}/tool_call_id", f"is {tell(name)}, and the calls before it are {ids}")
            case {"role": "tool"}:
                pass
            case {"role": "assistant", "tool_calls": list(calls)} if calls:
                called = [call["id"] for call in listed(calls) if isinstance(call.get("id"), str)]
                any_called, all_told = True, len(called) == len(calls)
            case _:
                any_called = False


def unanswered(messages: Any) -> Iterator[Breach]:
    """Tool calls that no tool message answers before another message comes or the conversation ends."""
    waiting: dict[str, str] = {}
    for number, message in enumerate(messages if isinstance(messages, list) else ()):
        match message:
            case {"role": "tool", "tool_call_id": str(name)}:
                waiting.pop(name, None)
            case {"role": "tool"}:
                waiting.clear()
            case _:
                yield from _left(waiting, f"no tool message answers it before message {number}", False)
                waiting = _calls(number, message)
    yield from _left(waiting, "no tool message answers it", True)


def _left(waiting: dict[str, str], why: str, last: bool) -> Iterator[Breach]:
    for name, pointer in waiting.items():
        yield Breach(pointer, f"calls a tool with id {tell(name)}, and {why}", last)


def _calls(number: int, message: Any) -> dict[str, str]:
    """The pointers of the calls of an assistant message, by id."""
    match message:
        case {"role": "assistant", "tool_calls": list(calls)}:
            found = enumerate(calls)
            return {
                call["id"]: f"/messages/{number}/tool_calls/{place}"
                for place, call in found
                if isinstance(call, dict) and isinstance(call.get("id"), str)
            }
    return {}
