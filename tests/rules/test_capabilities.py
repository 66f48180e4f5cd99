"""Capabilities: what asks for each, and what shows that it is honoured, ignored, or neither."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from chatconform.core.recording import from_json
from chatconform.rules.capabilities import capabilities, find_capability

PLAIN: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi."}]}
TOOL = {"type": "function", "function": {"name": "a"}}
STRICT_SCHEMA = {"type": "object", "properties": {"x": {"const": 1}}, "required": ["x"]}
STRICT = {"type": "function", "function": {"name": "a", "strict": True, "parameters": STRICT_SCHEMA}}
CUSTOM = {"type": "custom", "custom": {"name": "c"}}
NAMED = {"type": "function", "function": {"name": "a"}}
ALLOWED = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED]}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "strict": True, "schema": STRICT_SCHEMA}}
OBJECT = {"type": "json_object"}
AUDIO = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}


def part(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [fields]}]}


ASKS: dict[str, dict[str, Any]] = {
    "stream": {"stream": True},
    "stream-usage": {"stream": True, "stream_options": {"include_usage": True}},
    "n": {"n": 2},
    "stop": {"stop": "x"},
    "max-completion-tokens": {"max_completion_tokens": 5},
    "max-tokens": {"max_tokens": 5},
    "logprobs": {"logprobs": True},
    "top-logprobs": {"logprobs": True, "top_logprobs": 2},
    "logit-bias": {"logit_bias": {"7": 100}},
    "seed": {"seed": 0},
    "developer-role": {"messages": [{"role": "developer", "content": "Be brief."}, PLAIN["messages"][0]]},
    "tools": {"tools": [TOOL]},
    "tool-choice-none": {"tools": [TOOL], "tool_choice": "none"},
    "tool-choice-required": {"tools": [TOOL], "tool_choice": "required"},
    "tool-choice-named": {"tools": [TOOL], "tool_choice": NAMED},
    "allowed-tools": {"tools": [TOOL], "tool_choice": ALLOWED},
    "parallel-tool-calls-off": {"tools": [TOOL], "parallel_tool_calls": False},
    "custom-tools": {"tools": [CUSTOM]},
    "strict-tools": {"tools": [STRICT]},
    "legacy-functions": {"functions": [{"name": "f"}]},
    "json-object": {"response_format": OBJECT},
    "json-schema": {"response_format": SCHEMA},
    "vision": part(type="image_url", image_url={"url": "https://example.com/a.png"}),
    "audio-input": part(type="input_audio", input_audio={"data": "UklGRg==", "format": "wav"}),
    "file-input": part(type="file", file={"file_id": "file-1"}),
    "audio-output": AUDIO,
    "reasoning-effort": {"reasoning_effort": "low"},
    "verbosity": {"verbosity": "low"},
    "prediction": {"prediction": {"type": "content", "content": "x"}},
    "web-search": {"web_search_options": {}},
    "service-tier": {"service_tier": "flex"},
    "metadata": {"metadata": {"a": "b"}},
    "moderation": {"moderation": {"model": "m"}},
}


def capability(name: str) -> Any:
    found = find_capability(name)
    assert found is not None
    return found


def test_every_capability_has_a_request_that_asks_for_it() -> None:
    assert list(ASKS) == [one.name for one in capabilities()]
    for name, more in ASKS.items():
        assert capability(name).asked({**PLAIN, **more}), name
        assert not capability(name).asked(PLAIN), name


def test_a_request_with_a_fault_asks_for_nothing() -> None:
    for name, more in ASKS.items():
        assert not capability(name).asked({**PLAIN, **more, "temperature": 3}), name


def test_an_unknown_name_is_no_capability() -> None:
    assert find_capability("telepathy") is None


def call(name: str = "a", arguments: str = "{}") -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}


def choice(content: Any = "Hello.", finish: str = "stop", index: int = 0, **more: Any) -> dict[str, Any]:
    logprobs = more.pop("logprobs", None)
    message = {"role": "assistant", "content": content, "refusal": None, **more}
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish}


def answer(*choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", **more}
    return {"json": {**body, "choices": list(choices) or [choice()]}}


def stream(*chunks: Any) -> dict[str, Any]:
    return {"text": "".join(f"data: {orjson.dumps(chunk).decode()}\n\n" for chunk in chunks) + "data: [DONE]\n\n"}


def called(*calls: dict[str, Any]) -> dict[str, Any]:
    return answer(choice(None, "tool_calls", tool_calls=list(calls)))


def used(**more: Any) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, **more}}


ENTRY = {"token": "x", "logprob": -1.0, "bytes": [120], "top_logprobs": []}
TOP = {**ENTRY, "top_logprobs": [{"token": "x", "logprob": -1.0, "bytes": [120]}]}
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
CUT = answer(choice("", "length"))
SHOWS: list[tuple[str, dict[str, Any], bool | None]] = [
    ("stream", stream(FINISH), True),
    ("stream", answer(), False),
    ("stream-usage", stream(FINISH, {"choices": [], **used()}), True),
    ("stream-usage", stream(FINISH), False),
    ("stream-usage", stream({"choices": [{"index": 0, "delta": {}, "finish_reason": None}]}), None),
    ("n", answer(choice(), choice(index=1)), True),
    ("n", answer(), False),
    ("stop", answer(choice("a x b")), False),
    ("stop", answer(), None),
    ("max-tokens", answer(choice(finish="length"), **used()), True),
    ("max-tokens", answer(**used(completion_tokens=6)), False),
    ("max-completion-tokens", answer(**used()), None),
    ("logprobs", answer(choice(logprobs={"content": [ENTRY], "refusal": None})), True),
    ("logprobs", answer(), False),
    ("logprobs", answer(choice("")), None),
    ("top-logprobs", answer(choice(logprobs={"content": [TOP], "refusal": None})), True),
    ("top-logprobs", answer(choice(logprobs={"content": [ENTRY], "refusal": None})), False),
    ("logit-bias", answer(choice(" la la la")), True),
    ("logit-bias", answer(choice("Hello there.")), False),
    ("logit-bias", answer(choice("")), None),
    ("seed", answer(), None),
    ("tools", called(call()), True),
    ("tools", answer(), None),
    ("tool-choice-none", called(call()), False),
    ("tool-choice-none", answer(), None),
    ("tool-choice-required", called(call()), True),
    ("tool-choice-required", answer(), False),
    ("tool-choice-required", CUT, None),
    ("tool-choice-named", called(call()), True),
    ("tool-choice-named", called(call("b")), False),
    ("tool-choice-named", answer(), False),
    ("tool-choice-named", CUT, None),
    ("allowed-tools", called(call()), True),
    ("allowed-tools", called(call("b")), False),
    ("allowed-tools", answer(), False),
    ("parallel-tool-calls-off", called(call(), call()), False),
    ("parallel-tool-calls-off", called(call()), None),
    ("custom-tools", called({"id": "call_1", "type": "custom", "custom": {"name": "c", "input": "x"}}), True),
    ("custom-tools", answer(), None),
    ("strict-tools", called(call(arguments='{"x": 1}')), True),
    ("strict-tools", called(call(arguments='{"x": 2}')), False),
    ("strict-tools", answer(), None),
    ("legacy-functions", answer(choice(None, "function_call", function_call={"name": "f", "arguments": "{}"})), True),
    ("legacy-functions", answer(), None),
    ("json-object", answer(choice("{}")), True),
    ("json-object", answer(), False),
    ("json-object", CUT, None),
    ("json-schema", answer(choice('{"x": 1}')), True),
    ("json-schema", answer(choice('{"x": 2}')), False),
    ("json-schema", answer(choice(None, refusal="No.")), None),
    ("vision", answer(**used()), None),
    ("audio-output", answer(choice(None, audio={"id": "audio_1", "data": ""})), True),
    ("audio-output", answer(), False),
    ("reasoning-effort", answer(**used(completion_tokens_details={"reasoning_tokens": 2})), True),
    ("reasoning-effort", answer(**used()), None),
    ("prediction", answer(**used(completion_tokens_details={"rejected_prediction_tokens": 2})), True),
    ("web-search", answer(choice(annotations=[{"type": "url_citation"}])), True),
    ("service-tier", answer(service_tier="flex"), True),
    ("service-tier", answer(service_tier="default"), None),
    ("metadata", answer(metadata={"a": "b"}), True),
    ("moderation", answer(moderation={}), True),
    ("moderation", answer(), None),
]


@pytest.mark.parametrize(("name", "response", "shown"), SHOWS)
def test_an_answer_shows_what_became_of_a_wish(name: str, response: dict[str, Any], shown: bool | None) -> None:
    exchange = from_json({"request": {"json": {**PLAIN, **ASKS[name]}}, "response": response})
    assert capability(name).honoured(exchange) is shown


@pytest.mark.parametrize(("without", "shown"), [(5, True), (9, False), (None, None)])
@pytest.mark.parametrize("name", ["vision", "audio-input", "file-input", "developer-role"])
def test_a_part_is_honoured_where_the_prompt_takes_more_tokens_with_it(
    name: str, without: int | None, shown: bool | None
) -> None:
    about = {} if without is None else {"prompt_tokens_without": without}
    record = {"request": {"json": {**PLAIN, **ASKS[name]}}, "response": answer(**used()), "about": about}
    assert capability(name).honoured(from_json(record)) is shown
