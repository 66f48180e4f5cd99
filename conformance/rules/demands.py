"""What a valid request demands of a server beyond a plain conversation.

The law of this file: every parameter and every form of a message that a server may trip over is some demand, so that a
request with a single demand stands and falls with it.
"""

from __future__ import annotations

import itertools
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from chatconform.rules import asking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Demand(StrEnum):
    """What a request can demand; one rule on acceptance speaks of each that a server may not refuse."""

    NULLS = "null for unset"
    SAMPLING = "the sampling parameters"
    STOP = "stop"
    SEED = "seed"
    BIAS = "logit_bias"
    SINGLE = "n of 1"
    LIMIT = "max_completion_tokens"
    LABELS = "metadata and labels"
    TEXT_FORMAT = "a response format of text"
    SYSTEM = "a system message"
    DEVELOPER = "a developer message"
    EMPTY_TEXT = "an empty assistant message"
    PARTS = "text in parts"
    TOOLS = "tools"
    BARE_TOOLS = "tools without parameters"
    LONG_NAMES = "a tool name of 64 characters"
    RESULTS = "tool results"
    BARE_CALLS = "calls without content"
    ORDER = "results in another order than their calls"
    IDS = "call ids of unusual length"
    LOGPROBS = "log probabilities"
    LOGPROBS_ALONE = "logprobs without top_logprobs"
    TOP_LOGPROBS = "top_logprobs"
    JSON = "JSON for an answer"
    JSON_OBJECT = "a response format of json_object"
    JSON_SCHEMA = "a response format of json_schema"
    OTHER = "something that a server may lack"


SAMPLING: Final = ("temperature", "top_p", "frequency_penalty", "presence_penalty")
LABELS: Final = ("metadata", "user", "safety_identifier", "prompt_cache_key", "store")
PLAIN: Final = frozenset({"model", "messages", "stream", "max_tokens"})
NAMES: Final[Mapping[Demand, tuple[str, ...]]] = {
    Demand.SAMPLING: SAMPLING,
    Demand.STOP: ("stop",),
    Demand.SEED: ("seed",),
    Demand.BIAS: ("logit_bias",),
    Demand.SINGLE: ("n",),
    Demand.LIMIT: ("max_completion_tokens",),
    Demand.LABELS: LABELS,
    Demand.TEXT_FORMAT: ("response_format",),
    Demand.DEVELOPER: ("developer",),
}
"""The words by which an error may name a demand."""
BY_NAME: Final = {name: demand for demand, names in NAMES.items() for name in names}
OF_ROLES: Final[Mapping[str | None, Demand]] = {
    "system": Demand.SYSTEM,
    "developer": Demand.DEVELOPER,
    "tool": Demand.RESULTS,
    "function": Demand.OTHER,
}
SCALAR: Final = (str, int, float)
USUAL_KEYS: Final = frozenset({"role", "content", "tool_calls", "tool_call_id"})
USERS_BESIDE_RESULTS: Final = (("user", "tool"), ("tool", "user"))
USUAL_NAME: Final = 40
USUAL_ID: Final = range(6, 41)
"""How long the names of tools, and the ids of calls, usually are."""
USUAL_LIMIT: Final = range(1, 4097)
"""Limits of tokens that every model can keep: a larger one may be beyond its context, and there is none below 1."""
MOST_TOKENS: Final = 1000
"""Ids of tokens below this are in every vocabulary."""


def demands(body: Mapping[str, Any]) -> set[Demand]:
    """What a valid request demands beyond a plain conversation."""
    found: set[Demand] = set()
    for name, value in body.items():
        if value is None:
            found.add(Demand.NULLS)
        elif name not in PLAIN:
            found |= _in_scalar(name, value) if isinstance(value, SCALAR) else _in_parameter(name, value)
    if "top_logprobs" in body:
        found.discard(Demand.LOGPROBS_ALONE)
    if (asking.count(body.get("max_tokens", 1)) or 0) not in USUAL_LIMIT and body["max_tokens"] is not None:
        found.add(Demand.OTHER)
    messages = asking.listed(body.get("messages"))
    found |= _in_roles(tuple([role if isinstance(role := one.get("role"), str) else None for one in messages]))
    for number, message in enumerate(messages):
        if len(message) == 2 and isinstance(content := message.get("content"), str) and content and "role" in message:
            continue  # its role says all that it demands
        found.update(_in_message(message))
        if message.get("role") == "assistant" and message.get("tool_calls"):
            found.update(_in_calls(message, messages[number + 1 :]))
    return found


@lru_cache(maxsize=4096, typed=True)
def _in_scalar(name: str, value: str | float | bool) -> frozenset[Demand]:
    """What one parameter demands that is no list and no object: nearly all requests give the same few values."""
    return frozenset(_in_parameter(name, value))


def _in_parameter(name: str, value: Any) -> set[Demand]:
    """What one parameter demands."""
    match name, value:
        case "n", 1:
            return {Demand.SINGLE}
        case "tools", [_, *_]:
            return {Demand.TOOLS} | {demand for tool in asking.listed(value) for demand in _in_tool(tool)}
        case "tool_choice", "auto":
            return {Demand.TOOLS}
        case "logprobs", bool():
            return {Demand.LOGPROBS, Demand.LOGPROBS_ALONE} if value else set()
        case "top_logprobs", _:
            return {Demand.TOP_LOGPROBS}
        case "response_format", {"type": "text" | "json_object" | "json_schema" as kind}:
            formats = {"text": Demand.TEXT_FORMAT, "json_object": Demand.JSON_OBJECT, "json_schema": Demand.JSON_SCHEMA}
            return {formats[kind]} if kind == "text" else {formats[kind], Demand.JSON}
        case ("stop", "" | []) | ("n" | "response_format", _):
            return {Demand.OTHER}
        case "stop", list() if "" in value:
            return {Demand.OTHER}
        case "max_completion_tokens", _ if (asking.count(value) or 0) not in USUAL_LIMIT:
            return {Demand.OTHER}
        case "logit_bias", dict() if not all(map(_is_usual_token, value)):
            return {Demand.OTHER}
    return {BY_NAME.get(name, Demand.OTHER)}


def _is_usual_token(key: str) -> bool:
    """Whether a key of `logit_bias` is a token of every model."""
    return key.isascii() and key.isdecimal() and len(key) < 10 and int(key) < MOST_TOKENS


def _in_tool(tool: Mapping[str, Any]) -> Iterator[Demand]:
    """What one tool demands."""
    function = asking.kept(tool, "function")
    if tool.get("type") != "function" or function.get("strict"):
        yield Demand.OTHER
    if not function.get("parameters") or "description" not in function:
        yield Demand.BARE_TOOLS
    if len(str(function.get("name"))) > USUAL_NAME:
        yield Demand.LONG_NAMES


@lru_cache(maxsize=4096)
def _in_roles(roles: tuple[str | None, ...]) -> frozenset[Demand]:
    """What the roles of the messages demand, and their order."""
    found = {OF_ROLES[role] for role in roles if role in OF_ROLES}
    return frozenset(found if _is_usual(roles) else {*found, Demand.OTHER})


def _in_message(message: Mapping[str, Any]) -> Iterator[Demand]:
    """What one message demands, whatever its role."""
    content = message.get("content")
    if isinstance(content, list):
        text = all(isinstance(part, dict) and set(part) == {"type", "text"} for part in content)
        yield Demand.PARTS if text else Demand.OTHER
    if content == "" and message.get("role") == "assistant" and not message.get("tool_calls"):
        yield Demand.EMPTY_TEXT
    if not message.keys() <= USUAL_KEYS or message.get("tool_calls") == []:
        yield Demand.OTHER


def _in_calls(message: Mapping[str, Any], following: list[dict[str, Any]]) -> Iterator[Demand]:
    """What an assistant message with calls and the results that follow it demand."""
    if not message.get("content"):
        yield Demand.BARE_CALLS
    ids = [call.get("id") for call in asking.listed(message["tool_calls"])]
    results = itertools.takewhile(lambda one: one.get("role") == "tool", following)
    if [one.get("tool_call_id") for one in results] != ids:
        yield Demand.ORDER
    if any(len(str(name)) not in USUAL_ID for name in ids):
        yield Demand.IDS


def _is_usual(roles: tuple[str | None, ...]) -> bool:
    """Whether roles come in the order that every chat template knows: system or developer first, then turns.

    A turn is one message, or several results of tools, and what users say does not come beside results.
    """
    turns = roles[1:] if roles[:1] in (("system",), ("developer",)) else roles
    if turns[:1] != ("user",) or turns[-1] not in ("user", "tool"):
        return False
    neighbours = itertools.pairwise(turns)
    return not any(one == other != "tool" or (one, other) in USERS_BESIDE_RESULTS for one, other in neighbours)
