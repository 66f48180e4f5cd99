"""Which tools the reference model calls, and with what.

The law of this file: what the request forces is done to the letter; what it leaves open hangs on the words of the last
message: a tool is called where they speak of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.reference.conversation import name_of
from chatconform.reference.instances import instance
from chatconform.reference.patterns import matching
from chatconform.reference.scalars import words
from chatconform.reference.subschemas import Unmakeable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from random import Random

    from chatconform.reference.prompt import Prompt

WORD: Final = re.compile(r"[^\W\d_]{3,}")
MENTIONS: Final = frozenset({"call", "tool", "function"})
COMMON: Final = frozenset({"tell", "give", "this", "that", "with", "from", "what", "when", "about", "answer"})
SEVERAL: Final = {"both": 2, "two": 2, "twice": 2, "each": 2, "parallel": 2, "several": 3, "three": 3, "all": 2}
MOST: Final = 8


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the model writes it: the kind of the tool, its name, and the text that it is handed."""

    kind: str
    name: str
    text: str


def calls(body: Mapping[str, Any], prompt: Prompt, random: Random) -> list[Call]:
    """The calls that answer a request; none where it is answered in words."""
    if functions := body.get("functions"):
        return [_call("function_call", function, random) for function in _functions(body, functions, prompt)]
    return [_call(tool["type"], tool[tool["type"]], random) for tool in _tools(body, prompt)]


def _functions(body: Mapping[str, Any], functions: list[Any], prompt: Prompt) -> list[Any]:
    match body.get("function_call"):
        case "none":
            return []
        case {"name": name}:
            return [function for function in functions if function["name"] == name][:1]
    wanted = _wanted(((function["name"], function) for function in functions), prompt)
    return wanted[:1]


def _tools(body: Mapping[str, Any], prompt: Prompt) -> list[Any]:
    """The tools to call, one after the other; a tool that is called twice stands twice."""
    tools = body.get("tools") or []
    choice = body.get("tool_choice", "auto")
    must = choice == "required"
    match choice:
        case "none":
            return []
        case {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": allowed}}:
            names = {(tool["type"], name_of(tool)) for tool in allowed}
            tools = [tool for tool in tools if (tool["type"], name_of(tool)) in names]
            must = mode == "required"
        case {"type": kind}:
            return [tool for tool in tools if tool["type"] == kind and name_of(tool) == name_of(choice)][:1]
    wanted = _wanted(((f"{name_of(tool)} {tool[tool['type']].get('description', '')}", tool) for tool in tools), prompt)
    if must and not wanted:
        wanted = tools[:1]
    if not wanted or body.get("parallel_tool_calls") is False:
        return wanted[:1]
    said = set(WORD.findall(prompt.text.lower()))
    times = max((number for word, number in SEVERAL.items() if word in said), default=1)
    return list(islice(cycle(wanted), max(times, min(len(wanted), MOST))))


def _wanted(tools: Iterable[tuple[str, Any]], prompt: Prompt) -> list[Any]:
    """The tools that the user's words speak of; the first one where they only speak of tools."""
    offered = list(tools)
    if not prompt.asks or not offered:
        return []
    said = _words(prompt.text) - COMMON
    named = [tool for about, tool in offered if not said.isdisjoint(word for word in _words(about) if len(word) > 3)]
    if not named and not said.isdisjoint(MENTIONS):
        return [offered[0][1]]
    return named


def _words(text: str) -> set[str]:
    """The words of a text or a name, in the singular: `getWeathers_now` has `get`, `weather` and `now`."""
    return {word.lower().rstrip("s") for word in WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))}


def _call(kind: str, tool: Mapping[str, Any], random: Random) -> Call:
    if kind == "custom":
        return Call(kind, tool["name"], _input(tool.get("format") or {}, random))
    parameters = tool.get("parameters")
    arguments: Any = {}
    if parameters:
        try:
            arguments = instance(parameters, random)
        except Unmakeable:
            arguments = {}  # only a strict schema is promised to be kept, and that one was tried before
    return Call(kind, tool["name"], orjson.dumps(arguments).decode())


def _input(format: Mapping[str, Any], random: Random) -> str:
    match format:
        case {"type": "grammar", "grammar": {"definition": str(pattern)}}:
            return matching(pattern, random)
    return words(random)
