"""Each rule of the published prose that a schema can say: what keeps it is valid, what breaks it is refused there."""

from typing import Any

import pytest

from chatconform.schemas import violations

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
AUDIO = {"voice": "alloy", "format": "wav"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
PART = {"type": "text", "text": "Hello"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


def tool(name: str) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": {"name": name}}]}


def json_schema(name: str) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": name}}}


def message(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "assistant", **fields}]}


def content_of(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    ids = {"tool_call_id": "call_1"} if role == "tool" else {}
    return {"messages": [{"role": role, "content": list(parts), **ids}]}


KEPT: list[dict[str, Any]] = [
    tool("a"),
    tool("A-z_09" * 10 + "abcd"),
    json_schema("a" * 64),
    {"functions": [{"name": "a" * 64}] * 128},
    {"tools": []},
    {"metadata": {f"{number:064}": "v" * 512 for number in range(16)}},
    {"metadata": {}},
    {"metadata": None},
    {"safety_identifier": "s" * 64},
    {"stop": ["a", "b", "c", "d"]},
    {"stop": ""},
    {"stop": None},
    {"logit_bias": {"1": -100, "2": 100, "3": 0}},
    {"logit_bias": {}},
    {"logprobs": True, "top_logprobs": 0},
    {"logprobs": True, "top_logprobs": 20},
    {"logprobs": True},
    {"top_logprobs": None},
    {"logprobs": False, "top_logprobs": None},
    {"stream": True, "stream_options": {"include_usage": True}},
    {"stream": True, "stream_options": {}},
    {"stream_options": None},
    {"stream": False, "stream_options": None},
    {"modalities": ["text", "audio"], "audio": AUDIO},
    {"modalities": ["text"]},
    {"modalities": ["text"], "audio": None},
    {"modalities": None},
    {"audio": AUDIO},
    *(
        {"modalities": ["audio"], "audio": {**AUDIO, "format": known}}
        for known in ("wav", "aac", "mp3", "flac", "opus", "pcm16")
    ),
    message(content="Hello"),
    message(content=""),
    message(content=[PART, {"type": "refusal", "refusal": "No."}]),
    message(tool_calls=[CALL]),
    message(tool_calls=[CALL], content=None),
    message(function_call={"name": "f", "arguments": ""}, content=None),
    message(refusal="No.", content=None),
    message(audio={"id": "audio_1"}),
    content_of("developer", PART),
    content_of("system", PART),
    content_of("tool", PART),
    content_of("user", PART, IMAGE),
    {"prompt_cache_options": {"ttl": "30m"}},
    {"seed": -(2**63)},
    {"seed": 2**63 - 1},
]

BROKEN: list[tuple[dict[str, Any], str, str]] = [
    (tool(""), "/tools/0/function/name", "minLength"),
    (tool("a" * 65), "/tools/0/function/name", "maxLength"),
    (tool("a b"), "/tools/0/function/name", "pattern"),
    (tool("a.b"), "/tools/0/function/name", "pattern"),
    (tool("a\n"), "/tools/0/function/name", "pattern"),
    (tool("é"), "/tools/0/function/name", "pattern"),
    (json_schema(""), "/response_format/json_schema/name", "minLength"),
    (json_schema("a" * 65), "/response_format/json_schema/name", "maxLength"),
    (json_schema("a b"), "/response_format/json_schema/name", "pattern"),
    ({"functions": [{"name": "a b"}]}, "/functions/0/name", "pattern"),
    ({"functions": []}, "/functions", "minItems"),
    ({"functions": [{"name": "a"}] * 129}, "/functions", "maxItems"),
    ({"metadata": {f"key{number}": "" for number in range(17)}}, "/metadata", "maxProperties"),
    ({"metadata": {"k" * 65: ""}}, "/metadata", "propertyNames"),
    ({"metadata": {"key": "v" * 513}}, "/metadata/key", "maxLength"),
    ({"safety_identifier": "s" * 65}, "/safety_identifier", "maxLength"),
    ({"stop": []}, "/stop", "minItems"),
    ({"stop": ["a", "b", "c", "d", "e"]}, "/stop", "maxItems"),
    ({"logit_bias": {"1": 101}}, "/logit_bias/1", "maximum"),
    ({"logit_bias": {"1": -101}}, "/logit_bias/1", "minimum"),
    ({"logit_bias": {"1": 0.5}}, "/logit_bias/1", "type"),
    ({"top_logprobs": 3}, "", "required"),
    ({"top_logprobs": 0, "logprobs": False}, "/logprobs", "const"),
    ({"top_logprobs": 1, "logprobs": None}, "/logprobs", "const"),
    ({"stream_options": {}}, "", "required"),
    ({"stream_options": {"include_usage": True}, "stream": False}, "/stream", "const"),
    ({"modalities": ["audio"]}, "", "required"),
    ({"modalities": ["text", "audio"], "audio": None}, "/audio", "type"),
    ({"audio": {**AUDIO, "format": "ogg"}}, "/audio/format", "enum"),
    (message(), "/messages/0", "required"),
    (message(content=None), "/messages/0/content", "type"),
    (message(content=None, function_call=None, refusal=None, audio=None), "/messages/0/content", "type"),
    (content_of("developer", IMAGE), "/messages/0/content/0/type", "enum"),
    (content_of("system", PART, IMAGE), "/messages/0/content/1/type", "enum"),
    (content_of("tool", IMAGE), "/messages/0/content/0/type", "enum"),
    ({"prompt_cache_options": {"ttl": "1h"}}, "/prompt_cache_options/ttl", "enum"),
    ({"seed": 2**63}, "/seed", "maximum"),
    ({"seed": -(2**63) - 1}, "/seed", "minimum"),
]


@pytest.mark.parametrize("fields", KEPT, ids=str)
def test_what_keeps_the_prose_is_valid(fields: dict[str, Any]) -> None:
    assert violations("CreateChatCompletionRequest", {**REQUEST, **fields}) == []


@pytest.mark.parametrize(("fields", "pointer", "keyword"), BROKEN, ids=str)
def test_what_breaks_the_prose_is_refused_where_it_breaks_it(
    fields: dict[str, Any], pointer: str, keyword: str
) -> None:
    found = violations("CreateChatCompletionRequest", {**REQUEST, **fields})
    assert [(violation.pointer, violation.keyword) for violation in found] == [(pointer, keyword)]
