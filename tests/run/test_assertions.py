"""Assertions for anybody's tests: silent about what conforms, and clear about what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatconform import assert_conversation, assert_request, assert_response, assert_stream

REQUEST: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
MESSAGE = {"role": "assistant", "content": "Hello.", "refusal": None}
RESPONSE: dict[str, Any] = {
    "id": "c-1",
    "object": "chat.completion",
    "created": 1_767_225_600,
    "model": "m",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop", "logprobs": None}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    head = {"id": "c-1", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": "m"}
    return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}


CHUNKS = [chunk({"role": "assistant", "content": ""}), chunk({"content": "hi"}), chunk({}, "stop")]


class Model:
    """An object as the SDKs have it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def model_dump(self, **_: Any) -> Any:
        return self.value


def test_what_conforms_passes_in_every_form() -> None:
    for form in (lambda value: value, json.dumps, lambda value: json.dumps(value).encode(), Model):
        assert_request(form(REQUEST))
        assert_response(form(RESPONSE))
        assert_response(form(RESPONSE), request=form(REQUEST))
        assert_stream([form(one) for one in CHUNKS])
    wire = "".join(f"data: {json.dumps(one)}\n\n" for one in CHUNKS) + "data: [DONE]\n\n"
    for stream in (wire, wire.encode(), [*CHUNKS, "[DONE]"]):
        assert_stream(stream, request={**REQUEST, "stream": True})
    assert_conversation([*REQUEST["messages"], MESSAGE])


def test_a_request_is_told_with_place_value_expectation_and_rule() -> None:
    messages = [{"role": "user", "content": "hi"}, {"role": "tool", "tool_call_id": "x", "content": "1"}]
    with pytest.raises(AssertionError) as told:
        assert_request({**REQUEST, "messages": messages, "temperature": 7})
    first, *lines = str(told.value).splitlines()
    assert first == "the request does not conform: 2 breaches"
    assert any(line.startswith("  /temperature 7 is greater than the maximum of 2") for line in lines)
    assert any(line.startswith("  /messages/1 ") and "results-follow-their-calls]" in line for line in lines)


def test_a_response_is_held_to_its_request_where_that_is_given() -> None:
    assert_response(RESPONSE)
    with pytest.raises(AssertionError, match=r"response\.choices\.are-as-many-as-asked"):
        assert_response(RESPONSE, request={**REQUEST, "n": 2})


def test_a_stream_is_told_by_the_index_of_its_events() -> None:
    with pytest.raises(AssertionError, match=r"  /2/id is \"c-2\" after \"c-1\""):
        assert_stream([*CHUNKS[:2], {**CHUNKS[2], "id": "c-2"}])


def test_a_conversation_has_an_answer_for_every_call() -> None:
    asked = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    answered = {"role": "tool", "tool_call_id": "call_1", "content": "1"}
    user = {"role": "user", "content": "hi"}
    assert_conversation([user, asked, answered])
    with pytest.raises(AssertionError, match=r"calls-are-answered"):
        assert_conversation([user, asked, user])
    with pytest.raises(AssertionError, match=r"'content' is a required property"):
        assert_conversation([{"role": "user"}])


def test_a_should_counts_where_strict_is_asked_for() -> None:
    request = {**REQUEST, "temperature": None}
    assert_request(request)
    with pytest.raises(AssertionError, match=r"SHOULD request\.parameters\.unset-is-left-out"):
        assert_request(request, strict=True)


@pytest.mark.parametrize(
    ("call", "value"),
    [
        (assert_request, "{bad"),
        (assert_request, object()),
        (assert_response, b"\xff"),
        (assert_stream, [b'data: {"id": 1}\n\n']),
        (assert_stream, ["{bad"]),
    ],
)
def test_what_is_no_json_is_a_mistake_of_the_caller(call: Any, value: Any) -> None:
    with pytest.raises(TypeError):
        call(value)


def test_a_message_is_bounded_and_plain_whatever_is_sent() -> None:
    with pytest.raises(AssertionError) as told:
        assert_response({**RESPONSE, "object": "\x1b[2J" * 5000, "choices": [{"\x07": 1}] * 500})
    assert len(str(told.value)) < 20_000
    assert all(char.isprintable() or char == "\n" for char in str(told.value))
