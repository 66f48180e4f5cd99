"""Whatever a target answers, a case goes on: it never breaks, and never asks more than it says."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatconform.cases.catalogue import cases
from chatconform.core.ask import Ask
from chatconform.core.case import Case, Situation
from chatconform.core.exchange import Exchange, Failure, Origin, Request, Response
from chatconform.core.judge import judge, judge_series
from chatconform.rules.catalogue import exercised_by, rules

JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream"),)
TEXTS = (
    "",
    "One two three four five six",
    "One two",
    '{"word": "x"}',
    "\ufffd\ufffd",
    "aaaa",
    "🙂 東京 é",
    "null",
    "[1]",
)
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
ERROR = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"place": "x"}'}}


def completion(text: str, **more: Any) -> bytes:
    message = {"role": "assistant", "content": text, "refusal": None, **more}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    head = {"id": "c1", "object": "chat.completion", "created": 1767225600, "model": "m", "usage": USAGE}
    return orjson.dumps({**head, "choices": [choice]})


def stream(text: str, finish: str | None = "stop") -> bytes:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1767225600, "model": "m"}
    deltas: list[dict[str, Any]] = [{"role": "assistant"}, *({"content": piece} for piece in text.split(" ")), {}]
    parts = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    parts[-1]["finish_reason"] = finish
    chunks: list[dict[str, Any]] = [{**head, "choices": [part]} for part in parts]
    events = [orjson.dumps(chunk) for chunk in [*chunks, {**head, "choices": [], "usage": USAGE}]]
    return b"".join(b"data: " + event + b"\n\n" for event in [*events, b"[DONE]"])


ANSWERS: list[Response | Failure] = [
    *(Response(200, JSON, completion(text)) for text in TEXTS),
    *(Response(200, SSE, stream(text)) for text in TEXTS),
    Response(200, SSE, stream("One two", "length")),
    Response(200, SSE, stream("One two", None)[:200], complete=False),
    Response(200, JSON, completion("", tool_calls=[CALL])),
    *(Response(status, JSON, orjson.dumps(ERROR)) for status in (400, 401, 404, 429, 500, 503)),
    *(Response(200, JSON, body) for body in (b"", b"null", b"[]", b"{}", b'{"choices": null}', b"<html>", b"\xff")),
    *(Response(200, SSE, body) for body in (b"", b": hi\n\n", b"data: null\n\n", b"data: [DONE]\n\n")),
    *(Failure(kind, "it failed") for kind in ("reset", "closed", "refused", "first-byte-timeout", "malformed")),
]


def exchange(ask: Ask, origin: Origin, answer: Response | Failure, seconds: float) -> Exchange:
    request = Request(ask.method, f"/v1{ask.path}", JSON, ask.payload)
    response = answer if isinstance(answer, Response) else None
    failure = answer if isinstance(answer, Failure) else None
    return Exchange(origin, request, response, failure, 1767225600.0, seconds, ask.about)


def play(case: Case, draw: Random, answers: list[Response | Failure]) -> list[Exchange]:
    """Plays a case to its end with answers drawn by chance."""
    steps = case.asks(Situation("m", Random(draw.random())))
    series: list[Exchange] = []
    try:
        wanted = next(steps)
        while True:
            asks = [wanted] if isinstance(wanted, Ask) else wanted
            given_back = []
            for ask in asks:
                origin = Origin(case.id, len(series), 0)
                series.append(exchange(ask, origin, draw.choice(answers), draw.choice([0.01, 0.1, 9.0])))
                given_back.append(series[-1])
            wanted = steps.send(given_back[0] if isinstance(wanted, Ask) else given_back)
    except StopIteration:
        return series


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
@given(seed=st.integers(0, 2**32), few=st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_case_goes_on_within_its_bound_whatever_is_answered(case: Case, seed: int, few: bool) -> None:
    draw = Random(seed)
    series = play(case, draw, draw.sample(ANSWERS, 3) if few else ANSWERS)
    assert 0 < len(series) <= case.most


@given(seed=st.integers(0, 2**32), case=st.sampled_from(cases()))
@settings(max_examples=60, deadline=None)
def test_no_rule_breaks_on_what_a_case_provoked(seed: int, case: Case) -> None:
    draw = Random(seed)
    series = play(case, draw, draw.sample(ANSWERS, 4))
    results = [*judge_series(series, rules()), *(result for one in series for result in judge(one, rules()))]
    assert not [(result.rule.id, result.reason) for result in results if result.kit_fault]


def test_case_ids_are_unique_and_begin_with_the_name_of_their_file() -> None:
    assert len({case.id for case in cases()}) == len(cases())
    for case in cases():
        assert case.asks.__module__.endswith(f".{case.id.partition('.')[0]}")


def test_every_rule_has_a_case_that_is_made_for_it() -> None:
    made_for = {rule.id for case in cases() for rule in exercised_by(case.exercises)}
    judged_on_servers = {rule.id for rule in rules() if not rule.id.startswith("request.")}
    assert judged_on_servers <= made_for
