"""Requests made smaller until only the point is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatconform.run.shrink import differences, least, leaves, smaller, weight

LARGE: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "You are kind."},
        {"role": "user", "content": [{"type": "text", "text": "Look!"}, {"type": "text", "text": "x" * 300}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1"}]},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "21"}]},
    ],
    "temperature": 1.25,
    "n": None,
    "tools": [{"type": "function", "function": {"name": "get_weather", "description": "d" * 99}}],
    "stop": ["a", "b", ""],
}


def _tool_in_parts(body: Any) -> bool:
    ids: set[str] = set()
    for message in body.get("messages", ()):
        ids.update(call.get("id") for call in message.get("tool_calls", ()))
        if message.get("role") == "tool":
            return message.get("tool_call_id") in ids and isinstance(message.get("content"), list)
    return False


CASES: list[tuple[Callable[[Any], bool], dict[str, Any]]] = [
    (lambda body: "n" in body and body["n"] is None, {"n": None}),
    (lambda body: "" in body.get("stop", ()), {"stop": [""]}),
    (lambda body: body.get("temperature", 0) > 1, {"temperature": 1.25}),
    (lambda body: bool(body.get("tools")), {"tools": [{}]}),
]


@pytest.mark.parametrize(("fails", "left"), CASES)
def test_what_is_left_is_the_plain_request_and_the_point(
    fails: Callable[[Any], bool], left: dict[str, Any], plain: dict[str, Any]
) -> None:
    assert least(LARGE, plain, lambda body: isinstance(body, dict) and fails(body)) == {**plain, **left}


def test_messages_that_need_each_other_stay_together(plain: dict[str, Any]) -> None:
    found = least(LARGE, plain, lambda body: isinstance(body, dict) and _tool_in_parts(body))
    assert [message.get("role") for message in found["messages"]][-1] == "tool"
    assert found["messages"][-1]["content"] == []
    assert len(found["messages"]) <= 2
    assert found.keys() == plain.keys()


def test_what_lacks_a_key_goes_on_lacking_it(plain: dict[str, Any]) -> None:
    found = least({"messages": LARGE["messages"], "n": 4}, plain, lambda body: "model" not in body)
    assert found == {key: value for key, value in plain.items() if key != "model"}
    assert differences(found, plain) == [("/model", ...)]


def test_a_search_ends_with_the_best_when_no_more_may_be_sent(plain: dict[str, Any]) -> None:
    asked = 0

    def fails(body: Any) -> bool:
        nonlocal asked
        asked += 1
        if asked > 3:
            raise StopIteration
        return "n" in body

    assert "n" in least(LARGE, plain, fails)


def test_each_step_is_smaller_and_the_number_of_steps_is_bounded(plain: dict[str, Any]) -> None:
    asked = 0

    def fails(body: Any) -> bool:
        nonlocal asked
        asked += 1
        return "x" * 40 in str(body)

    found = least(LARGE, plain, fails)
    assert weight(found, plain) < weight(LARGE, plain)
    assert asked < 300
    assert all(weight(one, plain) >= weight(found, plain) or "x" * 40 not in str(one) for one in smaller(found, plain))


def test_deep_bodies_stay_balanced(plain: dict[str, Any]) -> None:
    body = b'{"metadata":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    found = least(body, plain, lambda one: b"[" * 600 in one and one.count(b"[") == one.count(b"]"))
    assert 600 <= found.count(b"[") < 1300
    assert found.count(b"[") == found.count(b"]")


def test_bytes_shrink_to_what_matters(plain: dict[str, Any]) -> None:
    body = b'{"model":"m","messages":[],"user":"caf\xe9"}'
    assert least(body, plain, lambda one: b"\xe9" in one) == b"\xe9"


def test_the_plain_request_differs_in_nothing(plain: dict[str, Any]) -> None:
    assert weight(plain, plain) == 0
    assert differences(plain, plain) == []
    assert leaves(plain, plain) == set()


def test_true_is_not_one_and_one_is_not_true() -> None:
    assert differences({"n": True}, {"n": 1}) == [("/n", True)]


def test_only_the_part_of_a_message_that_differs_is_told(plain: dict[str, Any]) -> None:
    body = {**plain, "messages": [{"role": "user", "content": "Say hello.", "name": ""}]}
    assert differences(body, plain) == [("/messages/0/name", "")]
    assert leaves(body, plain) == {("/messages/*/name", "''")}
