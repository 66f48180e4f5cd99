"""Requests whose parts contradict each other: each family breaks one rule between fields, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from chatconform.schemas.validator import violations
from chatconform.strategies.breakage import Invalid
from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.recipes import asking
from chatconform.strategies.recipes.narrowing import Narrowing

_CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
_TOOL = {"type": "function", "function": {"name": "f"}}
_PLAIN = ("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "stream_options", "top_logprobs")
Change = tuple[str, str]


def _said(body: dict[str, Any], *messages: dict[str, Any]) -> int:
    """Append messages; the index of the first of them."""
    at = len(body["messages"])
    body["messages"] += copy.deepcopy(list(messages))
    return at


def _tool(call: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call, "content": "21"}


_CALLS: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [_CALL]}
_ASKS = {"role": "user", "content": "and now?"}


def _orphan(body: dict[str, Any]) -> Change:
    at = _said(body, _ASKS, _tool("call_1"))
    return f"/messages/{at + 1}", "a tool message that no call asked for"


def _wrong_id(body: dict[str, Any]) -> Change:
    at = _said(body, _CALLS, _tool("call_other"))
    return f"/messages/{at + 1}/tool_call_id", "a tool message whose id no call has, and a call without an answer"


def _early(body: dict[str, Any]) -> Change:
    at = _said(body, _tool("call_1"), _CALLS)
    return f"/messages/{at}", "a tool message before its call"


def _unanswered(body: dict[str, Any]) -> Change:
    at = _said(body, _CALLS, _ASKS)
    return f"/messages/{at}/tool_calls/0", "a call that is not answered before the user speaks"


def _half_answered(body: dict[str, Any]) -> Change:
    two = {**_CALLS, "tool_calls": [_CALL, {**_CALL, "id": "call_2"}]}
    at = _said(body, two, _tool("call_1"), _ASKS)
    return f"/messages/{at}/tool_calls/1", "one of two calls is not answered"


def _answered_twice(body: dict[str, Any]) -> Change:
    at = _said(body, _CALLS, _tool("call_1"), _tool("call_1"))
    return f"/messages/{at + 2}", "a call that is answered twice"


def _same_id(body: dict[str, Any]) -> Change:
    at = _said(body, {**_CALLS, "tool_calls": [_CALL, _CALL]}, _tool("call_1"), _tool("call_1"))
    return f"/messages/{at}/tool_calls/1/id", "two calls with the same id"


def _choice_without_tools(body: dict[str, Any]) -> Change:
    body["tool_choice"] = {"type": "function", "function": {"name": "f"}}
    return "/tool_choice", "a tool is chosen, and there are none"


def _required_without_tools(body: dict[str, Any]) -> Change:
    body["tool_choice"] = "required"
    return "/tool_choice", "a call is required, and there are no tools"


def _choice_of_none(body: dict[str, Any]) -> Change:
    body |= {"tools": [copy.deepcopy(_TOOL)], "tool_choice": {"type": "function", "function": {"name": "other"}}}
    return "/tool_choice/function/name", "the tool that is chosen is not listed"


def _allowed_of_none(body: dict[str, Any]) -> Change:
    other = {"type": "function", "function": {"name": "other"}}
    chosen = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [other]}}
    body |= {"tools": [copy.deepcopy(_TOOL)], "tool_choice": chosen}
    return "/tool_choice/allowed_tools/tools/0", "a tool that is allowed is not listed"


def _parallel_without_tools(body: dict[str, Any]) -> Change:
    body["parallel_tool_calls"] = True
    return "/parallel_tool_calls", "parallel tool calls, and there are no tools"


def _same_name(body: dict[str, Any]) -> Change:
    body["tools"] = [copy.deepcopy(_TOOL), copy.deepcopy(_TOOL)]
    return "/tools/1/function/name", "two tools with the same name"


def _stream_options(body: dict[str, Any]) -> Change:
    body.pop("stream", None)
    body["stream_options"] = {"include_usage": True}
    return "", "stream_options without stream"


def _top_logprobs(body: dict[str, Any]) -> Change:
    body.pop("logprobs", None)
    body["top_logprobs"] = 2
    return "", "top_logprobs without logprobs"


def _modalities(body: dict[str, Any]) -> Change:
    body.pop("audio", None)
    body["modalities"] = ["text", "audio"]
    return "", "audio is asked for, and nothing says how it sounds"


def _function_call(body: dict[str, Any]) -> Change:
    body["function_call"] = {"name": "f"}
    return "/function_call", "a function is chosen, and there are none"


def _function_of_none(body: dict[str, Any]) -> Change:
    body |= {"functions": [{"name": "f"}], "function_call": {"name": "other"}}
    return "/function_call/name", "the function that is chosen is not listed"


def _breakpoints(body: dict[str, Any]) -> Change:
    part = {"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}}
    at = _said(body, {"role": "user", "content": [part] * 5})
    return f"/messages/{at}/content", "five breakpoints of the prompt cache, one too many"


FAMILIES: dict[str, Callable[[dict[str, Any]], Change]] = {
    "orphan-tool-message": _orphan,
    "tool-message-of-unknown-call": _wrong_id,
    "tool-message-before-call": _early,
    "unanswered-call": _unanswered,
    "half-answered-calls": _half_answered,
    "call-answered-twice": _answered_twice,
    "calls-with-same-id": _same_id,
    "tool-choice-without-tools": _choice_without_tools,
    "required-call-without-tools": _required_without_tools,
    "tool-choice-of-unlisted-tool": _choice_of_none,
    "allowed-tools-not-listed": _allowed_of_none,
    "parallel-calls-without-tools": _parallel_without_tools,
    "tools-with-same-name": _same_name,
    "stream-options-without-stream": _stream_options,
    "top-logprobs-without-logprobs": _top_logprobs,
    "modalities-without-audio": _modalities,
    "function-call-without-functions": _function_call,
    "function-call-of-unlisted-function": _function_of_none,
    "too-many-cache-breakpoints": _breakpoints,
}

# What the published reference does not decide: a server may refuse these or make the best of them.
CONTESTED = frozenset(
    (
        "call-answered-twice",
        "calls-with-same-id",
        "parallel-calls-without-tools",
        "tools-with-same-name",
        "function-call-without-functions",
        "function-call-of-unlisted-function",
    )
)


def mismatch(source: Source, narrowing: Narrowing, families: tuple[str, ...]) -> Invalid:
    """Return a request that breaks the rule of one of the families."""
    family = families[source.below(len(families))]
    wishes = Narrowing(
        narrowing.stream, False, narrowing.roles, narrowing.modalities, narrowing.max_messages, narrowing.model
    )
    body = asking.request(source, wishes)
    for name in _PLAIN:
        body.pop(name, None)
    _without_breakpoints(body)
    pointer, description = FAMILIES[family](body)
    seen = violations(asking.REQUEST, body)
    if seen:
        # What the schema can say as well is told as the validator tells it.
        return Invalid(body, seen[0].pointer, seen[0].keyword, seen[0].schema_location, description, family)
    return Invalid(body, pointer, "", "", description, family)


def _without_breakpoints(body: dict[str, Any]) -> None:
    for message in body["messages"]:
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            part.pop("prompt_cache_breakpoint", None)
