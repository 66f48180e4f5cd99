"""Faults in tool calls: whether they are made, and how they are told."""

from __future__ import annotations

from typing import Any

import orjson

from chatconform.reference.conversation import name_of
from chatconform.reference.faults.making import (
    Body,
    on_calls,
    on_choices,
    on_chunks,
    on_completion,
    on_fragments,
    on_request,
)

IDS = "response.calls.have-ids"
EMPTY = "response.calls.arguments-are-never-empty"
FINISH = "response.calls.finish-tells-of-them"
NAMED = "response.tools.named-is-kept"
FIRST = "stream.tools.first-piece-names-the-call"
LATER = "stream.tools.later-pieces-only-add"
NUMBERS = "stream.tools.indexes-count-calls"
CHOICE = "tool_choice"


def _without(body: Body, *keys: str) -> Body:
    return {key: value for key, value in body.items() if key not in keys}


def _named(body: Body) -> bool:
    return isinstance(body.get(CHOICE), dict) and body[CHOICE]["type"] in ("function", "custom")


@on_choices(
    "response.calls.match-their-type",
    also=("series.parity.*",),
)
def calls_are_an_object(body: Body, choice: Body) -> None:
    """Gives a single call in place of the list of calls."""
    if calls := choice["message"].get("tool_calls"):
        choice["message"]["tool_calls"] = calls[0]


@on_calls(
    "response.calls.match-their-type",
    also=("series.parity.*",),
)
def call_without_its_function(body: Body, call: Body) -> None:
    """Gives the name and the arguments of a call without `function` around them."""
    call |= call.pop("function")


@on_calls(IDS)
def call_without_id(body: Body, call: Body) -> None:
    """Leaves the id of a call out."""
    del call["id"]


@on_calls(IDS)
def call_id_is_empty(body: Body, call: Body) -> None:
    """Leaves the id of a call empty."""
    call["id"] = ""


@on_calls("response.calls.ids-are-unique", streams=True)
def calls_share_an_id(body: Body, call: Body) -> None:
    """Gives every call the same id."""
    call["id"] = "call_0"


@on_calls("response.calls.have-types")
def call_without_type(body: Body, call: Body) -> None:
    """Leaves the type of a call out."""
    del call["type"]


@on_calls(
    "response.calls.arguments-are-a-string",
    also=("series.parity.*",),
)
def arguments_are_an_object(body: Body, call: Body) -> None:
    """Gives the arguments of a call as an object."""
    call["function"]["arguments"] = _value(call["function"]["arguments"])


@on_calls("response.calls.arguments-are-encoded-once", streams=True)
def arguments_are_encoded_twice(body: Body, call: Body) -> None:
    """Encodes the arguments of a call twice."""
    call["function"]["arguments"] = orjson.dumps(call["function"]["arguments"]).decode()


@on_calls(EMPTY, streams=True)
def no_arguments_are_an_empty_text(body: Body, call: Body) -> None:
    """Gives an empty text as the arguments of a tool without parameters."""
    if call["function"]["arguments"] == "{}":
        call["function"]["arguments"] = ""


@on_calls("response.calls.strict-arguments-conform", streams=True)
def strict_is_ignored(body: Body, call: Body) -> None:
    """Calls strict tools with other arguments than their schema allows."""
    if call["function"]["arguments"] not in ("", "{}"):
        call["function"]["arguments"] = '{"anything":"else"}'


@on_choices(
    FINISH,
    also=("series.parity.*",),
)
def calls_end_with_stop(body: Body, choice: Body) -> None:
    """Ends with `stop` although tools are called."""
    if choice["finish_reason"] == "tool_calls" and not _named(body):
        choice["finish_reason"] = "stop"


@on_choices(FINISH)
def words_end_as_calls(body: Body, choice: Body) -> None:
    """Ends with `tool_calls` whenever tools are offered, called or not."""
    if body.get("tools") and choice["finish_reason"] == "stop":
        choice["finish_reason"] = "tool_calls"


@on_request("response.tools.none-is-kept")
def none_is_ignored(body: Body) -> Body:
    """Calls tools although `tool_choice` is none."""
    return {**body, CHOICE: "auto"} if body.get(CHOICE) == "none" else body


@on_request("response.tools.required-is-kept")
def required_is_ignored(body: Body) -> Body:
    """Takes a required call for one that the model may make."""
    return {**body, CHOICE: "auto"} if body.get(CHOICE) == "required" else body


@on_request(NAMED)
def named_is_taken_for_none(body: Body) -> Body:
    """Answers in words although a tool is named."""
    return {**body, CHOICE: "none"} if _named(body) else body


@on_request(NAMED)
def named_is_taken_for_required(body: Body) -> Body:
    """Calls another tool than the one that is named."""
    if not _named(body):
        return body
    others = [tool for tool in body["tools"] if name_of(tool) != body[CHOICE][body[CHOICE]["type"]]["name"]]
    return {**body, CHOICE: "required", "tools": [*others, *body["tools"]], "parallel_tool_calls": False}


@on_request(
    "response.tools.allowed-are-kept",
    also=("response.tools.named-is-kept",),
)
def allowed_is_ignored(body: Body) -> Body:
    """Calls tools beyond those that are allowed."""
    match body.get(CHOICE):
        case {"type": "allowed_tools", "allowed_tools": {"tools": allowed}}:
            kept = [name_of(tool) for tool in allowed]
            others = [tool for tool in body["tools"] if name_of(tool) not in kept]
            return {**body, CHOICE: "required", "tools": others or body["tools"]}
    return body


@on_request("response.tools.parallel-off-is-kept")
def parallel_off_is_ignored(body: Body) -> Body:
    """Makes several calls although `parallel_tool_calls` is false."""
    return _without(body, "parallel_tool_calls")


@on_calls(
    "response.tools.names-are-offered",
    also=(NAMED, "response.calls.*", "series.parity.*", "response.tools.allowed-are-kept"),
)
def call_is_invented(body: Body, call: Body) -> None:
    """Calls a tool that was not offered."""
    call["function"]["name"] = "run_python"


@on_choices(
    "response.tools.none-come-unoffered",
    also=("series.*",),
)
def tools_are_called_unoffered(body: Body, choice: Body) -> None:
    """Calls a tool of its own where none were offered."""
    if not body.get("tools") and not body.get("functions") and not body.get("response_format"):
        function = {"name": "search", "arguments": "{}"}
        choice["message"]["tool_calls"] = [{"id": "call_0", "type": "function", "function": function}]
        choice["finish_reason"] = "tool_calls"


@on_completion("response.tools.custom-tools-are-called-as-such")
def custom_tools_are_functions(body: Body, completion: Body) -> None:
    """Calls custom tools as if they were functions."""
    for choice in completion["choices"]:
        for call in choice["message"].get("tool_calls", ()):
            if call["type"] == "custom":
                custom = call.pop("custom")
                call |= {"type": "function", "function": {"name": custom["name"], "arguments": custom["input"]}}


@on_completion("response.tools.legacy-functions-are-called")
def legacy_functions_are_tools(body: Body, completion: Body) -> None:
    """Calls legacy functions as if they were tools."""
    for choice in completion["choices"]:
        if called := choice["message"].pop("function_call", None):
            choice["message"]["tool_calls"] = [{"id": "call_0", "type": "function", "function": called}]
            choice["finish_reason"] = "tool_calls"


@on_fragments("stream.tools.index-is-an-integer")
def piece_without_index(first: Body, piece: Body) -> None:
    """Leaves the index of a call's pieces out."""
    del piece["index"]


@on_fragments(NUMBERS)
def calls_count_from_one(first: Body, piece: Body) -> None:
    """Counts calls from 1."""
    piece["index"] += 1


@on_fragments(
    NUMBERS,
    also=("response.calls.*",),
)
def calls_share_an_index(first: Body, piece: Body) -> None:
    """Gives every call the index 0."""
    piece["index"] = 0


@on_fragments(FIRST)
def first_piece_without_id(first: Body, piece: Body) -> None:
    """Never tells the id of a streamed call."""
    piece.pop("id", None)


@on_fragments(FIRST)
def first_piece_without_type(first: Body, piece: Body) -> None:
    """Never tells the type of a streamed call."""
    piece.pop("type", None)


@on_fragments(FIRST, also=("response.tools.*", "response.calls.*"))
def first_piece_without_name(first: Body, piece: Body) -> None:
    """Never tells the name of a streamed call."""
    piece["function"].pop("name", None)


@on_fragments(LATER)
def pieces_repeat_the_id(first: Body, piece: Body) -> None:
    """Repeats the id of a call in every piece."""
    piece["id"] = first["id"]


@on_fragments(LATER)
def pieces_repeat_the_name(first: Body, piece: Body) -> None:
    """Repeats the name of a call in every piece."""
    piece["function"]["name"] = first["function"]["name"]


@on_fragments(
    LATER,
    also=("stream.chunks.match-their-type",),
)
def pieces_have_a_null_type(first: Body, piece: Body) -> None:
    """Gives null as the type of every piece of a call but the first."""
    piece.setdefault("type", None)


@on_chunks("stream.tools.arguments-are-text", also=("stream.tools.*", "response.calls.*"))
def streamed_arguments_are_an_object(body: Body, chunks: list[Body]) -> list[Body]:
    """Streams the arguments of a call as one object."""
    kept: list[Body] = []
    calls: dict[tuple[int, int], tuple[Body, list[str]]] = {}
    for chunk in chunks:
        pieces = chunk["choices"][0]["delta"].get("tool_calls") if chunk["choices"] else None
        if not pieces or "function" not in pieces[0]:
            kept.append(chunk)
            continue
        first, texts = calls.setdefault((chunk["choices"][0]["index"], pieces[0]["index"]), (pieces[0], []))
        texts.append(pieces[0]["function"]["arguments"])
        if pieces[0] is first:
            kept.append(chunk)
    for first, texts in calls.values():
        first["function"]["arguments"] = _value("".join(texts))
    return kept


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}


@on_chunks(
    "stream.tools.arguments-come-once",
    also=("response.calls.*",),
)
def streamed_arguments_come_again(body: Body, chunks: list[Body]) -> list[Body]:
    """Repeats the whole arguments of a call in its last piece."""
    texts: dict[tuple[int, int], str] = {}
    last: dict[tuple[int, int], Body] = {}
    for part in (part for chunk in chunks for part in chunk["choices"]):
        for piece in part["delta"].get("tool_calls", ()):
            if "function" in piece:
                key = (part["index"], piece["index"])
                texts[key] = texts.get(key, "") + piece["function"]["arguments"]
                last[key] = part
    doubled: list[Body] = []
    for chunk in chunks:
        doubled.append(chunk)
        for (_, index), part in last.items():
            if chunk["choices"] and chunk["choices"][0] is part and texts[part["index"], index]:
                piece = {"index": index, "function": {"arguments": texts[part["index"], index]}}
                doubled.append({**chunk, "choices": [{**part, "delta": {"tool_calls": [piece]}}]})
    return doubled


@on_chunks("stream.tools.no-markup-in-content")
def markup_is_streamed_too(body: Body, chunks: list[Body]) -> list[Body]:
    """Streams what the model writes to call a tool as text too."""
    marked: list[Body] = []
    for chunk in chunks:
        marked.append(chunk)
        for piece in chunk["choices"][0]["delta"].get("tool_calls", ()) if chunk["choices"] else ():
            if "id" in piece and piece["type"] == "function":
                text = f'<tool_call>{{"name": "{piece["function"]["name"]}"}}</tool_call>'
                marked.append({**chunk, "choices": [{**chunk["choices"][0], "delta": {"content": text}}]})
    return marked
