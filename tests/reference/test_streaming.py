"""Streams: they say what the whole answer says, piece by piece."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from chatconform.core import sse
from chatconform.core.assembly import assemble
from chatconform.reference.streaming import chunks, events
from chatconform.schemas import violations

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["São Paulo 🌧", "Bern"]}, "days": {"type": "integer"}},
            "required": ["city", "days"],
        },
    },
}
SCHEMA = {
    "type": "object",
    "properties": {"a": {"const": 'é"\\\n🙂'}, "b": {"type": "boolean"}},
    "required": ["a", "b"],
}
ASKED = st.fixed_dictionaries(
    {"text": st.sampled_from(["Say it.", "Weather in two cities, please", "日本 🌊"])},
    optional={
        "n": st.integers(1, 3),
        "max_tokens": st.integers(1, 40),
        "seed": st.integers(0, 5),
        "logprobs": st.just(True),
        "tools": st.just([TOOL]),
        "response_format": st.just({"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}),
        "stop": st.sampled_from([" the", "."]),
        "reasoning_effort": st.just("low"),
    },
)
OPTIONS = st.sampled_from([None, {}, {"include_usage": True}, {"include_obfuscation": False, "include_usage": True}])


@settings(max_examples=150, deadline=None)
@given(asked=ASKED, options=OPTIONS)
def test_a_stream_assembled_is_the_completion(heart: Any, asked: dict[str, Any], options: Any) -> None:
    body = heart.body(stream=True, stream_options=options, **asked)
    whole = heart.complete(body)
    told = chunks(body, whole)
    for chunk in told:
        assert not violations("CreateChatCompletionStreamResponse", chunk)
    if not (options or {}).get("include_usage"):
        del whole["usage"]
    for choice in whole["choices"]:
        del choice["message"]["annotations"]
        if choice["logprobs"] and not choice["logprobs"]["content"]:
            choice["logprobs"] = None
    assert assemble(told) == whole


@settings(max_examples=60, deadline=None)
@given(asked=ASKED)
def test_each_choice_begins_with_its_role_and_ends_with_its_finish(heart: Any, asked: dict[str, Any]) -> None:
    body = heart.body(stream=True, **asked)
    parts: dict[int, list[Any]] = {}
    for chunk in chunks(body, heart.complete(body)):
        for part in chunk["choices"]:
            parts.setdefault(part["index"], []).append(part)
    assert list(parts) == sorted(parts)
    for pieces in parts.values():
        assert pieces[0]["delta"]["role"] == "assistant"
        assert all("role" not in piece["delta"] for piece in pieces[1:])
        assert all(piece["finish_reason"] is None for piece in pieces[:-1])
        assert pieces[-1]["delta"] == {}
        assert pieces[-1]["finish_reason"]


def test_choices_are_interleaved_in_the_order_of_their_indexes(heart: Any) -> None:
    body = heart.body(stream=True, n=3, max_tokens=2)
    order = [chunk["choices"][0]["index"] for chunk in chunks(body, heart.complete(body))]
    assert order == [0, 1, 2] * 4


def test_the_usage_comes_last_and_is_null_elsewhere(heart: Any) -> None:
    body = heart.body(stream=True, stream_options={"include_usage": True}, n=2)
    whole = heart.complete(body)
    *others, last = chunks(body, whole)
    assert (last["choices"], last["usage"]) == ([], whole["usage"])
    assert all(chunk["usage"] is None for chunk in others)
    without = chunks(heart.body(stream=True), whole)
    assert all("usage" not in chunk for chunk in without)


def test_padding_can_be_declined(heart: Any) -> None:
    whole = heart.ask()
    assert all(chunk["obfuscation"] for chunk in chunks(heart.body(stream=True), whole))
    declined = heart.body(stream=True, stream_options={"include_obfuscation": False})
    assert all("obfuscation" not in chunk for chunk in chunks(declined, whole))


def test_a_call_is_named_by_its_first_piece_alone(heart: Any) -> None:
    body = heart.body("weather in two cities", stream=True, tools=[TOOL], tool_choice="required")
    pieces: dict[int, list[Any]] = {}
    for chunk in chunks(body, heart.complete(body)):
        for piece in chunk["choices"][0]["delta"].get("tool_calls", ()):
            pieces.setdefault(piece["index"], []).append(piece)
    assert list(pieces) == [0, 1]
    for first, *later in pieces.values():
        assert set(first) == {"index", "id", "type", "function"}
        assert first["function"] == {"name": "get_weather", "arguments": ""}
        assert len(later) > 1
        assert all(set(piece) == {"index", "function"} and set(piece["function"]) == {"arguments"} for piece in later)
    assert pieces[0][0]["id"] != pieces[1][0]["id"]


def test_events_are_what_a_decoder_reads(heart: Any) -> None:
    body = heart.body(stream=True)
    told = chunks(body, heart.complete(body))
    transcript = sse.read([(None, event) for event in events(told)])
    *data, done = [event.data for event in transcript.events]
    assert [orjson.loads(text) for text in data] == told
    assert done == "[DONE]"
    assert transcript.tail == b""
    assert transcript.dataless == []
