"""Every case keeps its promises whatever the target does: what it asks, how often, and for which rules."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import orjson
import pytest

from chatconform.cases.catalogue import cases
from chatconform.core.ask import Ask
from chatconform.core.case import Case, Situation
from chatconform.core.exchange import Exchange, Failure, Origin, Request, Response
from chatconform.rules.catalogue import exercised_by

JSON = (("content-type", "application/json"),)
ERROR = {"error": {"message": "No.", "type": "invalid_request_error", "param": None, "code": None}}
CALLS = [
    {"id": f"call_{number}", "type": "function", "function": {"name": "x", "arguments": "{}"}} for number in range(3)
]


def completion(**message: Any) -> bytes:
    said = {"role": "assistant", "content": "", "refusal": None, **message}
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}
    whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    return orjson.dumps(whole)


ANSWERS: dict[str, Response | None] = {
    "refuses everything": Response(400, JSON, orjson.dumps(ERROR)),
    "fails always": Response(500, JSON, b"oops"),
    "says nothing": Response(200, JSON, completion()),
    "says something": Response(200, JSON, completion(content="one two three four five six seven")),
    "calls tools": Response(200, JSON, completion(content=None, tool_calls=CALLS)),
    "sends no JSON": Response(200, JSON, b"<html>"),
    "is not there": None,
}


def played(case: Case, answer: Callable[[Ask], Response | None], seed: int = 0) -> list[Ask]:
    """What a case asks of a target that answers so."""
    asked: list[Ask] = []
    steps = case.asks(Situation("m", Random(f"{seed}:{case.id}")))
    try:
        wanted = next(steps)
        while True:
            asks = [wanted] if isinstance(wanted, Ask) else wanted
            exchanges = [exchange(case, len(asked) + n, ask, answer(ask)) for n, ask in enumerate(asks)]
            asked += asks
            wanted = steps.send(exchanges[0] if isinstance(wanted, Ask) else exchanges)
    except StopIteration:
        return asked


def exchange(case: Case, step: int, ask: Ask, response: Response | None) -> Exchange:
    failure = None if response is not None else Failure("refused", "the connection is refused")
    request = Request(ask.method, f"/v1{ask.path}", JSON, ask.payload)
    return Exchange(Origin(case.id, step, 0), request, response, failure, about=ask.about)


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_a_case_asks_no_more_than_it_says(case: Case, name: str) -> None:
    for seed in range(2):
        assert 1 <= len(played(case, lambda _: ANSWERS[name], seed)) <= case.most


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_a_case_asks_the_same_for_the_same_seed(case: Case) -> None:
    first, second = (played(case, lambda _: ANSWERS["says something"]) for _ in range(2))
    assert [(ask.path, ask.payload, dict(ask.headers)) for ask in first] == [
        (ask.path, ask.payload, dict(ask.headers)) for ask in second
    ]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_each_pattern_of_a_case_names_rules(case: Case) -> None:
    assert case.purpose.endswith(".")
    for pattern in case.exercises:
        assert exercised_by([pattern]), pattern
