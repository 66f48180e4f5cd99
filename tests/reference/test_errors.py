"""Refusals: which requests are not served, and how they are told."""

from __future__ import annotations

from typing import Any

import pytest

from chatconform.reference import ReferenceServer
from chatconform.reference.refusal import Refusal, path
from chatconform.schemas import violations

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
OTHER = {**CALL, "id": "c2"}
USER = {"role": "user", "content": "?"}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "1"}
MISSING, TYPE, VALUE = "missing_required_parameter", "invalid_type", "invalid_value"
BEYOND, SCHEMA = "unsupported_parameter", "invalid_json_schema"


def calling(*calls: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def by_schema(schema: Any, **more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "a", "schema": schema, **more}}


PARAMETERS = [
    ({"model": "gpt-7"}, 404, "model", "model_not_found"),
    ({"model": 7}, 400, "model", TYPE),
    ({"messages": []}, 400, "messages", "empty_array"),
    ({"messages": "hello"}, 400, "messages", TYPE),
    ({"messages": [{"role": "narrator", "content": ""}]}, 400, "messages[0].role", VALUE),
    ({"messages": [USER, {"content": ""}]}, 400, "messages[1].role", MISSING),
    ({"messages": [{"role": "user"}]}, 400, "messages[0].content", MISSING),
    ({"messages": [{"role": "user", "content": None}]}, 400, "messages[0].content", TYPE),
    ({"messages": [{"role": "user", "content": []}]}, 400, "messages[0].content", "empty_array"),
    ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, 400, "messages[0].content[0].type", VALUE),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, 400, "messages[0].content[0].text", MISSING),
    ({"messages": [{"role": "assistant"}]}, 400, "messages[0].content", MISSING),
    ({"messages": [{"role": "tool", "content": "1"}]}, 400, "messages[0].tool_call_id", MISSING),
    ({"messages": [USER, RESULT]}, 400, "messages[1].tool_call_id", VALUE),
    ({"messages": [USER, calling(CALL)]}, 400, "messages[1].tool_calls", VALUE),
    ({"messages": [USER, calling(CALL), USER]}, 400, "messages[1].tool_calls", VALUE),
    ({"messages": [USER, calling(CALL, OTHER), RESULT, USER]}, 400, "messages[1].tool_calls", VALUE),
    ({"messages": [USER, calling(CALL, CALL), RESULT]}, 400, "messages[1].tool_calls", VALUE),
    ({"messages": [USER, calling(CALL), RESULT, RESULT]}, 400, "messages[3].tool_call_id", VALUE),
    ({"messages": [USER, calling()]}, 400, "messages[1].tool_calls", "empty_array"),
    ({"temperature": 2.1}, 400, "temperature", "decimal_above_max_value"),
    ({"temperature": "1"}, 400, "temperature", TYPE),
    ({"n": 0}, 400, "n", "integer_below_min_value"),
    ({"n": 1.5}, 400, "n", TYPE),
    ({"n": 10**9}, 400, "n", "integer_above_max_value"),
    ({"seed": 2**63}, 400, "seed", "integer_above_max_value"),
    ({"stop": ["a"] * 5}, 400, "stop", "array_above_max_length"),
    ({"stop": []}, 400, "stop", "empty_array"),
    ({"max_tokens": 0}, 400, "max_tokens", "integer_below_min_value"),
    ({"max_completion_tokens": -1}, 400, "max_completion_tokens", "integer_below_min_value"),
    ({"top_logprobs": 2}, 400, "top_logprobs", VALUE),
    ({"top_logprobs": 21, "logprobs": True}, 400, "top_logprobs", "integer_above_max_value"),
    ({"stream_options": {"include_usage": True}}, 400, "stream_options", VALUE),
    ({"stream_options": {}, "stream": False}, 400, "stream_options", VALUE),
    ({"logit_bias": {"5": 101}}, 400, "logit_bias.5", "integer_above_max_value"),
    ({"logit_bias": {"x": 1}}, 400, "logit_bias", VALUE),
    ({"logit_bias": {"200000": 1}}, 400, "logit_bias", VALUE),
    ({"metadata": {"a": "x" * 513}}, 400, "metadata.a", "string_above_max_length"),
    ({"metadata": {str(i): "" for i in range(17)}}, 400, "metadata", "object_above_max_properties"),
    ({"service_tier": "turbo"}, 400, "service_tier", VALUE),
    ({"modalities": ["audio"]}, 400, "audio", MISSING),
    ({"modalities": ["audio"], "audio": {"voice": "alloy", "format": "opus"}}, 400, "audio.format", BEYOND),
    ({"messages": [{"role": "assistant", "audio": {"id": "x"}}]}, 400, "messages[0].audio.id", "audio_not_found"),
    ({"web_search_options": {}}, 400, "web_search_options", BEYOND),
    ({"prediction": {"type": "content", "content": "a"}, "tools": [TOOL]}, 400, "tools", BEYOND),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, 400, "tools[0].function.name", VALUE),
    ({"tools": [{"type": "function"}]}, 400, "tools[0].function", MISSING),
    ({"tools": [{"type": "plugin"}]}, 400, "tools[0].type", VALUE),
    ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "strin"}}}]},
     400, "tools[0].function.parameters", SCHEMA),
    ({"tool_choice": "required"}, 400, "tool_choice", VALUE),
    ({"tool_choice": "any", "tools": [TOOL]}, 400, "tool_choice", VALUE),
    ({"tool_choice": {"type": "function", "function": {"name": "g"}}, "tools": [TOOL]}, 400, "tool_choice", VALUE),
    ({"tool_choice": {"type": "custom", "custom": {"name": "f"}}, "tools": [TOOL]}, 400, "tool_choice", VALUE),
    ({"parallel_tool_calls": True}, 400, "parallel_tool_calls", VALUE),
    ({"functions": [{"name": "f"}], "tools": [TOOL]}, 400, "functions", VALUE),
    ({"functions": []}, 400, "functions", "empty_array"),
    ({"function_call": "auto"}, 400, "function_call", VALUE),
    ({"function_call": {"name": "g"}, "functions": [{"name": "f"}]}, 400, "function_call", VALUE),
    ({"response_format": {"type": "yaml"}}, 400, "response_format.type", VALUE),
    ({"response_format": {"type": "json_schema"}}, 400, "response_format.json_schema", MISSING),
    ({"response_format": by_schema({"type": "strin"})}, 400, "response_format.json_schema.schema", SCHEMA),
    ({"response_format": by_schema({"$ref": "#"})}, 400, "response_format.json_schema.schema", SCHEMA),
]  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "status", "param", "code"), PARAMETERS, ids=[str(p[0])[:60] for p in PARAMETERS]
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_fault_is_told_with_its_field(
    heart: Any, parameters: dict[str, Any], status: int, param: str, code: str, stream: bool
) -> None:
    body = {**heart.body("?"), **({"stream": True} if stream and "stream" not in parameters else {}), **parameters}
    if stream and "stream_options" in parameters:
        body["stream"] = False
    refusal = heart.refusal(body)
    assert (refusal.status, refusal.param, refusal.code) == (status, param, code)
    assert refusal.message.endswith(".")
    assert not violations("ErrorResponse", refusal.wire)


@pytest.mark.parametrize("body", [None, [], "x", 1, True])
def test_only_an_object_is_a_request(heart: Any, body: Any) -> None:
    assert heart.refusal(body).status == 400


@pytest.mark.parametrize(("body", "param"), [({}, "model"), ({"model": "x"}, "messages")])
def test_model_and_messages_are_needed(heart: Any, body: Any, param: str) -> None:
    refusal = heart.refusal(body)
    assert (refusal.param, refusal.code) == (param, MISSING)


ACCEPTED: list[dict[str, Any]] = [
    {"messages": [{"role": "developer", "content": "Be brief."}, USER]},
    {"messages": [USER, USER, {"role": "system", "content": [{"type": "text", "text": "late"}]}]},
    {"messages": [{"role": "system", "content": "alone"}]},
    {"messages": [USER, {"role": "assistant", "content": ""}]},
    {"messages": [USER, {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}]},
    {"messages": [USER, {"role": "assistant", "tool_calls": [CALL]}, RESULT]},
    {"messages": [USER, {"role": "assistant", "content": "", "tool_calls": [CALL]}, RESULT]},
    {"messages": [USER, calling(CALL, OTHER), {**RESULT, "tool_call_id": "c2"}, RESULT]},
    {"messages": [USER, calling({**CALL, "function": {"name": "f", "arguments": "{"}}), RESULT]},
    {"messages": [USER, {"role": "assistant", "content": "x", "refusal": None, "annotations": []}, USER]},
    {"messages": [USER, {"role": "assistant", "content": "x", "tool_calls": []}, USER]},
    {"messages": [{"role": "function", "name": "f", "content": None}]},
    {"tools": []},
    {"tools": [{"type": "function", "function": {"name": "a" * 64, "strict": None}}]},
    {"tools": [TOOL], "tool_choice": "none", "parallel_tool_calls": False},
    {"stop": "x", "metadata": {"k" * 64: "v" * 512}, "safety_identifier": "s" * 64},
    {"x_unknown": {"deep": [1]}},
    {"temperature": 2, "top_p": 0, "frequency_penalty": -2, "presence_penalty": 2, "seed": -(2**63)},
    {"logprobs": True, "top_logprobs": 0},
    {"logit_bias": {}},
    {"modalities": ["text"], "response_format": {"type": "text"}, "store": True, "user": "u"},
    {"tool_choice": "none"},
]  # fmt: skip
NULLABLE = (
    "temperature", "top_p", "n", "stop", "seed", "max_tokens", "max_completion_tokens", "frequency_penalty",
    "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "stream", "stream_options", "store", "metadata",
    "modalities", "audio", "reasoning_effort", "verbosity", "service_tier", "prediction", "safety_identifier",
    "prompt_cache_key", "moderation",
)  # fmt: skip


@pytest.mark.parametrize("parameters", ACCEPTED, ids=lambda parameters: str(parameters)[:60])
def test_what_is_legal_is_answered(heart: Any, parameters: dict[str, Any]) -> None:
    assert not violations("CreateChatCompletionResponse", heart.complete({**heart.body("?"), **parameters}))


def test_null_is_unset(heart: Any) -> None:
    plain = heart.ask()
    assert heart.ask(**dict.fromkeys(NULLABLE)) == plain
    for name in NULLABLE:
        assert heart.ask(**{name: None}) == plain


def test_its_own_messages_are_accepted_as_history(heart: Any) -> None:
    for parameters in ({}, {"tools": [TOOL], "tool_choice": "required"}, {"functions": [{"name": "f"}]}):
        message = heart.ask("Call f", **parameters)["choices"][0]["message"]
        results = [{**RESULT, "tool_call_id": call["id"]} for call in message.get("tool_calls", ())]
        assert heart.ask([USER, message, *results, USER], **parameters)["choices"]


def test_a_hostile_message_is_told_in_bounds() -> None:
    assert len(Refusal(400, "x" * 10_000).message) == 500
    value = {"a": [{}], "5": {"0": 1}}
    assert path("/a/0/b~1c\n" + "x" * 900, value) == "a[0].b/c?" + "x" * 191
    assert path("/5/0", value) == "5.0"
    assert path("", value) is None


def test_unknown_paths_and_methods_are_told_in_json(send: Any) -> None:
    assert send({}, path="/chat/completionz").error["code"] == "unknown_url"
    assert send({}, path="/v1/chat/completions").status == 404
    for method in ("PUT", "PATCH", "DELETE", "GET"):
        got = send({} if method != "GET" else None, method=method)
        assert (got.status, got.headers["allow"], got.error["code"]) == (405, "POST, OPTIONS", "method_not_allowed")
    assert send(method="HEAD").body == b""


@pytest.mark.parametrize(
    "kind",
    ["application/json; charset=utf-8", "Application/JSON", 'application/json;charset="UTF-8"', "application/json;v=1"],
)
def test_json_is_json_however_it_is_spelt(send: Any, heart: Any, kind: str) -> None:
    assert send(heart.body(), headers={"Content-Type": kind}).status == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_anything_else_is_no_json(send: Any, heart: Any, kind: str) -> None:
    got = send(heart.body(), headers={"Content-Type": kind})
    assert (got.status, got.error["code"]) == (415, "unsupported_media_type")


def test_a_key_is_asked_for_where_there_is_one(send: Any, heart: Any) -> None:
    with ReferenceServer(api_key="sk-right-ü") as guarded:
        missing = send(heart.body(), url=guarded.url)
        assert (missing.status, missing.error["code"]) == (401, None)
        assert missing.headers["www-authenticate"].startswith("Bearer")
        for key in ("Bearer sk-wrong", "Bearer sk-rightsk-right", "bearer x"):
            wrong = send(heart.body(), url=guarded.url, headers={"Authorization": key})
            assert (wrong.status, wrong.error["code"]) == (401, "invalid_api_key")
        right = {"Authorization": "Bearer sk-right-ü".encode().decode("latin-1")}
        assert send(heart.body(), url=guarded.url, headers=right).status == 200
        assert send(method="GET", path="/models", url=guarded.url).status == 401
        assert send(method="OPTIONS", url=guarded.url, headers={"Origin": "http://a"}).status == 204


def test_an_open_server_takes_any_key(send: Any, heart: Any) -> None:
    for key in ("Bearer x", "Bearer " + "k" * 4000, "Basic eDp5", ""):
        assert send(heart.body(), headers={"Authorization": key}).status == 200
