"""Parts of messages, tools and calls: from their schemas, with what a schema cannot say about them put right."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from chatconform.strategies.drawing.cells import Cell, Generator
from chatconform.strategies.drawing.composer import Composer, always
from chatconform.strategies.drawing.sources import BUDGET, Rejected, Seeded, Source
from chatconform.strategies.named import composer, key_at, key_of
from chatconform.strategies.recipes.narrowing import MODALITIES
from chatconform.strategies.refusals import UnusableSchema

TOOL_NAMES = ("get_weather", "f", "search", "lookup-order", "Add_2", "a" * 64, "calc", "send_mail", "_", "0")
MODELS = ("gpt-4o-mini", "test-model", "m", "gpt-5.5", "meta-llama/Llama-3.1-8B-Instruct", "mistral:7b-instruct-q4_0")
PARAMETERS: tuple[dict[str, Any], ...] = (
    {"type": "object", "properties": {}},
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
    {
        "type": "object",
        "properties": {
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "days": {"type": "integer", "minimum": 1},
        },
        "required": ["unit"],
    },
    {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"type": "number"}, "maxItems": 3},
            "note": {"type": ["string", "null"]},
        },
        "required": ["items", "note"],
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {"node": {"$ref": "#/$defs/node"}},
        "required": ["node"],
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "value": {"type": "string"},
                    "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                },
                "required": ["value", "next"],
                "additionalProperties": False,
            }
        },
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {"answer": {"const": "forty-two 🐘"}},
        "required": ["answer"],
        "additionalProperties": False,
    },
    {},
)
ARGUMENTS = (
    "{}",
    '{"city": "Bern"}',
    '{"city":"日本","n":1.5e3}',
    '{"q": "a \\"b\\" \\u00e9 \\ud83d\\ude00"}',
    "",
    "{",
    "null",
    "[1]",
)
_BASE64 = (
    "UklGRiQAAABXQVZFZm10IBAAAAABAAEA",
    "AAAA",
    "//uQxAAAAAAAAAAAAAAAAAAAAAAASW5mbw==",
    "SGVsbG8gd29ybGQh" * 20,
)
_URLS = (
    *(
        "https://example.com/a.png",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    ),
    *("http://localhost/x?y=z#w", "https://example.com/%E6%97%A5%E6%9C%AC.jpg"),
)
_FILE = "#/$defs/ChatCompletionRequestMessageContentPartFile/properties/file/properties"
_PART_OF = {
    "text": "ChatCompletionRequestMessageContentPartText",
    "image": "ChatCompletionRequestMessageContentPartImage",
    "audio": "ChatCompletionRequestMessageContentPartAudio",
    "file": "ChatCompletionRequestMessageContentPartFile",
}


def one_of(values: tuple[Any, ...]) -> Generator:
    """Return a generator of some plain values."""
    count = len(values)
    return lambda source: values[source.below(count)]


def _copies(values: tuple[Any, ...]) -> Generator:
    count = len(values)
    return lambda source: copy.deepcopy(values[source.below(count)])


def _token_biases(source: Source) -> dict[str, int]:
    return {
        str((0, 1, 50256, 198, 100_000)[source.below(5)]): source.integer(-100, 100) for _ in range(source.below(4))
    }


@cache
def kitchen() -> Composer:
    """Return the composer of all types in which some places are given values that make sense there."""
    shared = composer(False)
    made = Composer(shared.forms, extras=False)
    function_call = "#/$defs/ChatCompletionRequestAssistantMessage/properties/function_call/properties"
    better: dict[str, Generator] = {
        "#/$defs/ChatCompletionMessageToolCall/properties/function/properties/arguments": one_of(ARGUMENTS),
        "#/$defs/ChatCompletionMessageToolCall/properties/function/properties/name": one_of(TOOL_NAMES),
        function_call + "/arguments": one_of(ARGUMENTS),
        "#/$defs/ChatCompletionRequestMessageContentPartAudio/properties/input_audio/properties/data": one_of(_BASE64),
        "#/$defs/ChatCompletionRequestMessageContentPartImage/properties/image_url/properties/url": one_of(_URLS),
        _FILE + "/file_data": one_of(_BASE64),
        _FILE + "/file_id": one_of(("file-abc123", "f")),
        _FILE + "/filename": one_of(("a.pdf", "отчёт.docx", "x" * 255)),
    }
    for pointer, generator in better.items():
        _replace(made, key_at(pointer, False), generator)
    for name in ("FunctionParameters", "ResponseFormatJsonSchemaSchema"):
        _replace(made, key_of(name, False), _copies(PARAMETERS))
    _replace(made, key_of("ModelIDsShared", False), one_of(MODELS))
    request = "#/$defs/CreateChatCompletionRequest/properties/"
    for name in ("max_tokens", "max_completion_tokens"):
        _replace(
            made,
            key_at(request + name, False),
            lambda s: (1, 16, None, 5, 64, 256, 4096, 1 + s.below(1000))[s.below(8)],
        )
    _replace(made, key_at(request + "n", False), one_of((1, None, 2, 3, 4, 8)))
    _replace(made, key_at(request + "logit_bias", False), lambda s: None if s.below(3) == 1 else _token_biases(s))
    return made


def _replace(made: Composer, key: frozenset[int], generator: Generator) -> None:
    made.override(key, Cell(lambda: generator))


@cache
def of_type(name: str) -> Generator:
    """Return the generator of a type's values."""
    cell = kitchen().cell(key_of(name, False))
    return lambda source: cell.draw(source)


@cache
def of_place(pointer: str) -> Generator:
    """Return the generator of what stands at a place of a type: its name and a JSON Pointer into its schema."""
    cell = kitchen().cell(key_at(f"#/$defs/{pointer}", False))
    return lambda source: cell.draw(source)


def part(source: Source, modalities: tuple[str, ...] = MODALITIES) -> dict[str, Any]:
    """Return a content part of a user's message, of one of the modalities."""
    found: dict[str, Any] = of_type(_PART_OF[modalities[source.below(len(modalities))]])(source)
    if found["type"] == "file" and not found["file"].keys() & {"file_data", "file_id"}:
        found["file"] = {**found["file"], "file_id": "file-abc123"}  # a part without a file is no part
    return found


def user_content(source: Source, modalities: tuple[str, ...]) -> Any:
    """Return what a user says: a text, or up to four parts."""
    if "text" in modalities and source.below(5) < 3:
        return source.text(0, None)
    return [part(source, modalities) for _ in range((1, 1, 2, 3, 4)[source.below(5)])]


def tool(source: Source, taken: set[str], *, custom: bool = True) -> dict[str, Any]:
    """Return a tool whose name is not taken, and take it."""
    kind = "CustomToolChatCompletions" if custom and source.below(6) == 5 else "ChatCompletionTool"
    found: dict[str, Any] = of_type(kind)(source)
    inner = found[found["type"]]
    inner["name"] = fresh_name(source, taken)
    return found


def fresh_name(source: Source, taken: set[str]) -> str:
    """Return a tool's name that is not taken, and take it."""
    name = TOOL_NAMES[source.below(len(TOOL_NAMES))]
    base, count = name, 1
    while name in taken:
        count += 1
        name = f"{base[:60]}_{count}"
    taken.add(name)
    return name


def tool_choice(source: Source, tools: list[dict[str, Any]]) -> Any:
    """Return a tool choice that the tools allow: a mode, one of them by name, or some of them."""
    how = source.below(7) if tools else source.below(2)
    if how < 3:
        return ("auto", "none", "required")[how]
    chosen = tools[source.below(len(tools))]
    if how < 6:
        return _reference(chosen)
    some = [_reference(each) for i, each in enumerate(tools) if i == 0 or source.below(2)]
    return {"type": "allowed_tools", "allowed_tools": {"mode": ("auto", "required")[source.below(2)], "tools": some}}


def _reference(tool: dict[str, Any]) -> dict[str, Any]:
    kind = tool["type"]
    return {"type": kind, kind: {"name": tool[kind]["name"]}}


def instance_of(source: Source, schema: Any) -> Any:
    """Return a value that a schema allows; an empty object when the schema cannot be used or has no values."""
    try:
        text = json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return {}
    draw = _instances(text)
    depth, budget = source.depth, source.budget
    source.depth, source.budget = 0, min(BUDGET, 40)
    try:
        return draw(source)
    finally:
        source.depth, source.budget = depth, budget


@cache
def _instances(text: str) -> Callable[[Source], Any]:
    from chatconform.strategies.prepared import drawn, prepare

    try:
        ready = prepare(json.loads(text), extras=False)
        drawn(ready, Seeded(), 3)
    except (UnusableSchema, Rejected):
        return always({})
    return lambda source: drawn(ready, source, 4)
