"""What is the same, what is only reshaped, and what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from chatconform.core.likeness import RequestLikeness, compare, request_likeness
from chatconform.scenarios.writing import USAGE, choice, completion, tool_call

ALL = frozenset(
    {"id", "model", "created", "usage", "role", "content", "refusal", "tool_calls", "tool_ids", "finish_reason"}
    | {"logprobs", "audio", "annotations", "function_call", "reasoning"}
)
CALLED = completion(choice(None, tool_calls=[tool_call(), tool_call('{"a": 1}', id="call_2")]))


def told(sent: dict[str, Any], held: Any, fields: frozenset[str] = ALL) -> list[tuple[str, bool]]:
    return [(difference.pointer, difference.lossy) for difference in compare(sent, held, fields)]


@pytest.mark.parametrize("sent", [completion(), CALLED, completion(choice("a"), choice("b", index=1))])
def test_a_completion_is_like_itself(sent: dict[str, Any]) -> None:
    assert told(sent, sent) == []


def test_only_what_a_client_reports_is_compared() -> None:
    assert (
        told(completion(), {"choices": [{"message": {"content": "Hello there, how are you?"}}]}, frozenset(["content"]))
        == []
    )


@pytest.mark.parametrize(
    ("held", "pointer"),
    [
        (completion(choice("Hello there")), "/choices/0/message/content"),
        (completion(choice(None)), "/choices/0/message/content"),
        (completion(choice(role="user")), "/choices/0/message/role"),
        (completion(choice(finish="length")), "/choices/0/finish_reason"),
        (completion(choice(), choice(index=1)), "/choices/1"),
        (completion(choices=[]), "/choices/0"),
        (completion(choices=None), "/choices/0"),
        (completion(usage={**USAGE, "total_tokens": 42}), "/usage/total_tokens"),
        (completion(model="another"), "/model"),
        (completion({**choice(), "message": "Hello"}), "/choices/0/message"),
        ([], ""),
    ],
)
def test_another_meaning_is_wrong(held: Any, pointer: str) -> None:
    assert (pointer, False) in told(completion(), held)


@pytest.mark.parametrize(
    ("sent", "held", "pointer"),
    [
        (completion(choice("")), completion(choice(None)), "/choices/0/message/content"),
        (completion({**choice(), "finish_reason": "eos"}), completion(), "/choices/0/finish_reason"),
        ({**completion(), "usage": None}, completion(usage={"prompt_tokens": 0}), "/usage"),
        (
            completion(choice(None, tool_calls=[tool_call('{"a":1}')])),
            completion(choice(None, tool_calls=[tool_call('{"a": 1}')])),
            "/choices/0/message/tool_calls/0/function/arguments",
        ),
        (
            completion(choice(None, tool_calls=[tool_call("")])),
            completion(choice(None, tool_calls=[tool_call("{}")])),
            "/choices/0/message/tool_calls/0/function/arguments",
        ),
        (
            CALLED,
            completion(choice(None, tool_calls=[tool_call('{"a": 1}', id="call_2"), tool_call()])),
            "/choices/0/message/tool_calls",
        ),
    ],
)
def test_what_is_reshaped_without_another_meaning_is_lossy(sent: Any, held: Any, pointer: str) -> None:
    assert told(sent, held) == [(pointer, True)]


@pytest.mark.parametrize(
    "calls",
    [
        [tool_call()],
        [tool_call(), tool_call('{"a": 2}', id="call_2")],
        [tool_call(), tool_call('{"a": 1}', id="call_1")],
        [tool_call(), {"id": "call_2", "type": "function", "function": "get_weather"}],
        None,
        "call_1",
    ],
)
def test_lost_merged_and_broken_calls_are_wrong(calls: Any) -> None:
    assert [lossy for _, lossy in told(CALLED, completion(choice(None, finish="tool_calls", tool_calls=calls)))] == [
        False
    ]


TEXT_PART = {"type": "text", "text": "hi"}
ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stop": "END"}


@pytest.mark.parametrize(
    ("sent", "likeness"),
    [
        (ASKED, RequestLikeness.EQUAL),
        ({**ASKED, "stream": False}, RequestLikeness.RESHAPED),
        ({**ASKED, "stop": ["END"], "n": None}, RequestLikeness.RESHAPED),
        (
            {**ASKED, "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
            RequestLikeness.RESHAPED,
        ),
        ({**ASKED, "n": 1}, RequestLikeness.AUGMENTED),
        ({**ASKED, "stop": "STOP"}, RequestLikeness.CHANGED),
        ({key: value for key, value in ASKED.items() if key != "stop"}, RequestLikeness.CHANGED),
        ([], RequestLikeness.INVALID),
        (None, RequestLikeness.INVALID),
    ],
)
def test_a_request_is_as_like_as_it_is(sent: Any, likeness: RequestLikeness) -> None:
    assert request_likeness(ASKED, sent)[0] is likeness


def test_the_first_difference_of_a_request_is_told() -> None:
    sent = {**ASKED, "messages": [{"role": "system", "content": "hi"}]}
    assert request_likeness(ASKED, sent)[1] == '/messages/0/role is "system", asked was "user"'


def test_usage_details_may_be_left_out_but_not_be_others() -> None:
    sent = completion(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 4}})
    at = "/usage/prompt_tokens_details/cached_tokens"
    assert told(sent, completion()) == [(at, True)]
    assert told(sent, completion(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 5}})) == [(at, False)]
    none_sent = completion(usage={**USAGE, "prompt_tokens_details": None})
    assert told(none_sent, completion(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 0}})) == []
