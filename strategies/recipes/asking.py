"""Requests: half of them stream, a third have tools, and every parameter of the schema comes along now and then."""

from __future__ import annotations

from functools import cache
from typing import Any

from chatconform.strategies.drawing.cells import Generator
from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.recipes import parts
from chatconform.strategies.recipes.narrowing import Narrowing
from chatconform.strategies.recipes.talking import conversation

REQUEST = "CreateChatCompletionRequest"
_LED = frozenset(
    (
        *("messages", "model", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls", "functions"),
        *("function_call", "n", "stop", "logprobs", "top_logprobs", "response_format", "modalities", "audio"),
        *("max_tokens", "max_completion_tokens"),
    )
)
_OTHERS = (0, 1, 2, 3, 0, 1, 4, 8)


@cache
def _parameter(name: str) -> Generator:
    return parts.of_place(f"{REQUEST}/properties/{name}")


@cache
def _free_parameters() -> tuple[str, ...]:
    """The parameters that no recipe leads: a new one in the schema is sent without anybody doing anything."""
    from chatconform.schemas.registry import documents

    return tuple(sorted(set(documents(False)[REQUEST]["properties"]) - _LED))


def request(source: Source, narrowing: Narrowing) -> dict[str, Any]:
    """Return a request that makes sense: pairs of parameters go together, choices name tools that are there."""
    body: dict[str, Any] = {
        "model": parts.MODELS[source.below(len(parts.MODELS))] if narrowing.model is None else narrowing.model
    }
    wishes = source.below(64)
    wanted = wishes & source.below(64)
    streams = bool(wishes & 1) if narrowing.stream is None else narrowing.stream
    has_tools = source.below(3) == 2 if narrowing.with_tools is None else narrowing.with_tools
    has_functions = not has_tools and narrowing.with_tools is None and source.below(12) == 11
    tools = _tools(source) if has_tools else []
    functions = _functions(source) if has_functions else []
    names = [tool[tool["type"]]["name"] for tool in tools if tool["type"] == "function"]
    body["messages"] = conversation(source, narrowing, names, [each["name"] for each in functions])
    _stream(source, body, streams)
    if tools:
        body["tools"] = tools
        if source.below(2):
            body["tool_choice"] = parts.tool_choice(source, tools)
        if source.below(4) == 3:
            body["parallel_tool_calls"] = bool(source.below(2))
    if functions:
        body["functions"] = functions
        if source.below(2):
            chosen = source.below(2 + len(functions))
            body["function_call"] = ("auto", "none")[chosen] if chosen < 2 else {"name": functions[chosen - 2]["name"]}
    for bit, name in ((2, "n"), (4, "stop"), (16, "response_format")):
        if wanted & bit:
            body[name] = _parameter(name)(source)
    if wanted & 8:
        _logprobs(source, body)
    if wanted & 32:
        limit = ("max_tokens", "max_completion_tokens")[source.below(2)]
        body[limit] = _parameter(limit)(source)
    _more(source, body)
    return body


def _tools(source: Source) -> list[dict[str, Any]]:
    taken: set[str] = set()
    return [parts.tool(source, taken) for _ in range((1, 1, 2, 3)[source.below(4)])]


def _functions(source: Source) -> list[dict[str, Any]]:
    taken: set[str] = set()
    found = []
    for _ in range(1 + source.below(2)):
        function: dict[str, Any] = parts.of_type("ChatCompletionFunctions")(source)
        function["name"] = parts.fresh_name(source, taken)
        found.append(function)
    return found


def _stream(source: Source, body: dict[str, Any], streams: bool) -> None:
    if streams:
        body["stream"] = True
        if source.below(2):
            body["stream_options"] = _parameter("stream_options")(source)
    else:
        how = source.below(4)
        if how >= 2:
            body["stream"] = (False, None)[how - 2]
        if how == 3 and source.below(2):
            body["stream_options"] = None


def _logprobs(source: Source, body: dict[str, Any]) -> None:
    how = source.below(5)
    body["logprobs"] = (True, True, True, False, None)[how]
    if how in (1, 2):
        body["top_logprobs"] = source.integer(0, 20)
    elif how == 4:
        body["top_logprobs"] = None


def _more(source: Source, body: dict[str, Any]) -> None:
    free = _free_parameters()
    for _ in range(_OTHERS[source.below(len(_OTHERS))]):
        name = free[source.below(len(free))]
        if name not in body:
            body[name] = _parameter(name)(source)
    if source.below(12) == 11:
        body["modalities"] = [["text"], None, ["text", "audio"]][source.below(3)]
        if body["modalities"] and "audio" in body["modalities"]:
            found = _parameter("audio")(source)
            body["audio"] = found or {"voice": "alloy", "format": "wav"}
