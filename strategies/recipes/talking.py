"""Conversations that make sense: every call is answered once, by its id, before anyone else speaks."""

from __future__ import annotations

from typing import Any

from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.recipes import parts
from chatconform.strategies.recipes.narrowing import Narrowing

_LENGTHS = (1, 1, 2, 3, 1, 4, 5, 8)
_MOST_BREAKPOINTS = 4
_TYPE_OF = {
    "developer": "ChatCompletionRequestDeveloperMessage",
    "system": "ChatCompletionRequestSystemMessage",
    "user": "ChatCompletionRequestUserMessage",
    "assistant": "ChatCompletionRequestAssistantMessage",
    "tool": "ChatCompletionRequestToolMessage",
    "function": "ChatCompletionRequestFunctionMessage",
}
_CALLS = "ChatCompletionMessageToolCalls"


def message(source: Source, narrowing: Narrowing) -> dict[str, Any]:
    """Return one message of an allowed role, valid by itself."""
    roles = narrowing.roles or tuple(_TYPE_OF)
    role = roles[source.below(len(roles))]
    if role == "user":
        return user(source, narrowing)
    found: dict[str, Any] = parts.of_type(_TYPE_OF[role])(source)
    return found


def user(source: Source, narrowing: Narrowing) -> dict[str, Any]:
    """Return a user's message of the allowed modalities."""
    found = {"role": "user", "content": parts.user_content(source, narrowing.parts)}
    return _named(source, found)


def _named(source: Source, found: dict[str, Any]) -> dict[str, Any]:
    if source.below(8) == 7:
        found["name"] = source.text(1, 64)
    return found


class _Talk:
    """A conversation as it grows."""

    def __init__(self, source: Source, narrowing: Narrowing, names: list[str], functions: list[str]) -> None:
        self.source, self.narrowing = source, narrowing
        self.names, self.functions = names, functions
        self.messages: list[dict[str, Any]] = []
        self.ids: set[str] = set()
        length = _LENGTHS[source.below(len(_LENGTHS))]
        self.room = length if narrowing.max_messages is None else min(length, narrowing.max_messages)

    def grown(self) -> list[dict[str, Any]]:
        source = self.source
        openers = [role for role in ("system", "developer") if self.narrowing.allows_role(role)]
        if openers and self.room > 1 and source.below(2):
            self.add(self.instruction(openers))
        while self.room > 0:
            steps = [
                step
                for step in (self.asks, self.answers, self.calls, self.instructs, self.calls_function)
                if self.can(step)
            ]
            steps[source.below(len(steps))]()
        _limit_breakpoints(self.messages)
        return self.messages

    def can(self, step: Any) -> bool:
        allows = self.narrowing.allows_role
        last = self.messages[-1]["role"] if self.messages else ""
        if step == self.asks:
            return allows("user")
        if step == self.answers:
            return allows("assistant") and (last in ("user", "tool", "function") or not allows("user"))
        if step == self.calls:
            return self.room > 1 and allows("assistant") and allows("tool") and self.narrowing.with_tools is not False
        if step == self.calls_function:
            return self.room > 1 and allows("assistant") and allows("function") and bool(self.functions)
        return (allows("system") or allows("developer")) and (last != "" or not allows("user"))

    def add(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self.room -= 1

    def asks(self) -> None:
        self.add(user(self.source, self.narrowing))

    def instructs(self) -> None:
        self.add(self.instruction([role for role in ("system", "developer") if self.narrowing.allows_role(role)]))

    def instruction(self, roles: list[str]) -> dict[str, Any]:
        role = roles[self.source.below(len(roles))]
        found: dict[str, Any] = parts.of_type(_TYPE_OF[role])(self.source)
        return found

    def answers(self) -> None:
        source = self.source
        content = parts.of_place(_TYPE_OF["assistant"] + "/properties/content")(source)
        found: dict[str, Any] = {"role": "assistant", "content": content}
        how = source.below(8)
        if content is None or how == 7:
            found["refusal"] = source.text(1, None)
        elif how == 6:
            found["refusal"] = None
        self.add(_named(source, found))

    def calls(self) -> None:
        source = self.source
        most = min(self.room - 1, 3)
        calls: list[dict[str, Any]] = []
        for _ in range(1 + source.below(most)):
            call: dict[str, Any] = parts.of_place(_CALLS + "/items")(source)
            call["id"] = self.fresh_id()
            if self.names:
                call[call["type"]]["name"] = self.names[source.below(len(self.names))]
            calls.append(call)
        found: dict[str, Any] = {"role": "assistant", "tool_calls": calls}
        how = source.below(4)
        if how:
            found["content"] = (None, "", source.text(0, None))[how - 1]
        self.add(found)
        waiting = [call["id"] for call in calls]
        while waiting:
            answer: dict[str, Any] = parts.of_type(_TYPE_OF["tool"])(source)
            answer["tool_call_id"] = waiting.pop(source.below(len(waiting)))
            self.add(answer)

    def calls_function(self) -> None:
        source = self.source
        name = self.functions[source.below(len(self.functions))]
        arguments = parts.ARGUMENTS[source.below(len(parts.ARGUMENTS))]
        self.add({"role": "assistant", "content": None, "function_call": {"name": name, "arguments": arguments}})
        self.add({"role": "function", "name": name, "content": source.text(0, None)})

    def fresh_id(self) -> str:
        kinds = ("call_1", "c", "call_9f2c", "a1B2c3D4e", "x" * 40, "id with spaces", "звонок")
        base = found = kinds[self.source.below(len(kinds))]
        count = 1
        while found in self.ids:
            count += 1
            found = f"{base}{count}"
        self.ids.add(found)
        return found


def conversation(
    source: Source, narrowing: Narrowing, names: list[str] | None = None, functions: list[str] | None = None
) -> list[dict[str, Any]]:
    """Return a conversation; calls are of the tools and functions that are named, if any are."""
    return _Talk(source, narrowing, names or [], functions or []).grown()


def _limit_breakpoints(messages: list[dict[str, Any]]) -> None:
    """A request may mark four places of its prompt for the cache at most."""
    left = _MOST_BREAKPOINTS
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if "prompt_cache_breakpoint" in part:
                left -= 1
                if left < 0:
                    del part["prompt_cache_breakpoint"]
