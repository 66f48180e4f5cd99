"""The quick way to judge many exchanges says what judging says, and what is known at a glance is so."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.exchange import Exchange
from chatconform.core.judge import judge
from chatconform.core.panel import Panel
from chatconform.core.recording import from_json
from chatconform.core.result import Verdict
from chatconform.core.rule import Finding, Inconclusive, Level, Part, Rule, rule
from chatconform.rules import plain, validity
from chatconform.rules.catalogue import rules
from chatconform.rules.specimens import FOLDER
from chatconform.schemas import is_valid, schema
from chatconform.strategies import completions, from_schema, requests, streams


@pytest.fixture(autouse=True, scope="module")
def _room_for_every_branch() -> Iterator[None]:
    """Lets trees grow: what takes a branch for which there is no room is judged rule by rule, and proves nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatconform.core.panel.MOST_FORKS", 1_000_000)
        yield


EVERY = tuple(one for one in rules() if one.on is not Part.SERIES)
PANEL = Panel(EVERY)


def specimens() -> Iterator[Exchange]:
    for path in sorted(FOLDER.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            value = orjson.loads(line)
            for one in value.get("series", [value]):
                yield from_json(one)


SPECIMENS = list(specimens())


def said(panel: Panel, exchange: Exchange) -> dict[str, Any]:
    """What a panel says of each rule: kept, or what its result says."""
    found, others = panel.judge(exchange)
    ids = [name for exercised in found for name in exercised.ids]
    assert len(ids) == len(set(ids))
    told: dict[str, Any] = dict.fromkeys(ids, (Verdict.PASSED, (), None, False))
    return told | {one.rule.id: (one.verdict, one.findings, one.reason, one.kit_fault) for one in others}


def judged(exchange: Exchange, by: tuple[Rule, ...] = EVERY) -> dict[str, Any]:
    return {one.rule.id: (one.verdict, one.findings, one.reason, one.kit_fault) for one in judge(exchange, by)}


def again(exchange: Exchange) -> Exchange:
    """The same exchange, of which nobody has found out anything yet."""
    response = exchange.response
    return replace(exchange, request=replace(exchange.request), response=response and replace(response))


def test_a_panel_says_what_judging_says_of_every_specimen() -> None:
    for exchange in SPECIMENS:
        assert said(PANEL, again(exchange)) == judged(exchange)


def test_a_panel_says_what_judging_says_of_questions_and_answers_that_were_never_together() -> None:
    chance = Random(7)
    for _ in range(500):
        asked, answered = chance.choice(SPECIMENS), chance.choice(SPECIMENS)
        mixed = replace(answered, request=asked.request, about=chance.choice([asked.about, answered.about]))
        assert said(PANEL, again(mixed)) == judged(mixed)


def recorded(request: Any, **response: Any) -> Exchange:
    return from_json({"request": {"json": request}, "response": response})


ASKED = st.one_of(requests(), requests(stream=False), from_schema(plain.schema("request")))
ANSWERS = st.one_of(
    completions().map(lambda body: {"json": body}),
    from_schema(plain.schema("completion")).map(lambda body: {"json": body}),
    streams().map(lambda stream: {"base64": b64encode(stream.body).decode()}),
)


@given(ASKED, ANSWERS)
def test_a_panel_says_what_judging_says_of_whatever_is_valid(asked: Any, answer: dict[str, Any]) -> None:
    exchange = recorded(asked, **answer)
    assert said(PANEL, exchange) == judged(again(exchange))


ODD: list[Any] = [None, "", " ", [], {}, 0, -1, 1.0, 2.5, True, "x", "None", [None], [""], {"type": "x"}, 10**13]
KEYS = ["delta", "error", "refusal", "tool_calls", "function_call", "n", "stop", "tools", "index", "logprobs", "name"]


def changed(value: Any, chance: Random) -> Any:
    """A JSON value with one thing in it left out, added or put in place of another."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.1:
        return chance.choice(ODD)
    if isinstance(value, list):
        at = chance.randrange(len(value))
        fresh = [] if chance.random() < 0.1 else [changed(value[at], chance)]
        return [*value[:at], *fresh, *value[at + 1 :]]
    if chance.random() < 0.1:
        return {**value, chance.choice(KEYS): chance.choice(ODD)}
    key = chance.choice(list(value))
    if chance.random() < 0.2:
        return {name: one for name, one in value.items() if name != key}
    return {**value, key: changed(value[key], chance)}


TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}, "strict": True}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
USAGE = {
    "prompt_tokens": 9,
    "completion_tokens": 2,
    "total_tokens": 11,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
REQUEST = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "How warm is it in Bern?"},
    ],
    "temperature": 0.5,
    "max_completion_tokens": 40,
    "n": 1,
    "stop": ["END"],
    "stream": False,
    "tools": [TOOL],
    "tool_choice": "auto",
}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_767_225_600,
    "model": "m-1",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL]},
            "logprobs": None,
            "finish_reason": "tool_calls",
        }
    ],
    "usage": USAGE,
    "system_fingerprint": "fp_1",
    "service_tier": "default",
}


def test_a_panel_says_what_judging_says_of_what_is_hardly_plain_any_more() -> None:
    chance = Random(11)
    assert plain.is_plain("request", REQUEST)
    assert plain.is_plain("completion", COMPLETION)
    for _ in range(500):
        asked, answered = (changed(body, chance) if chance.random() < 0.7 else body for body in (REQUEST, COMPLETION))
        exchange = recorded(asked, json=answered)
        assert said(PANEL, exchange) == judged(again(exchange)), (asked, answered)


@given(from_schema(plain.schema("request")))
def test_a_plain_request_is_valid(body: Any) -> None:
    assert plain.is_plain("request", body)
    assert is_valid("CreateChatCompletionRequest", body)
    assert list(validity.faults(body)) == []


@given(from_schema(plain.schema("completion")))
def test_a_plain_completion_is_valid_but_for_what_many_servers_leave_out(body: Any) -> None:
    (choice,) = body["choices"]
    choice.setdefault("logprobs", None)
    choice["message"].setdefault("refusal", None)
    assert plain.is_plain("completion", body)
    assert is_valid("CreateChatCompletionResponse", body)


@given(from_schema(plain.schema("request")), from_schema(plain.schema("completion")))
def test_what_is_plain_keeps_the_rules_that_say_so(asked: Any, answered: Any) -> None:
    exchange = recorded(asked, json=answered)
    told = [one for one in EVERY if one.kept_where and one.applies_to(exchange) and one.kept_where(exchange)]
    assert len(told) > 20
    assert [one.id for one in told if list(one.check(exchange))] == []


def test_every_published_field_is_looked_at_by_what_is_plain() -> None:
    asked, answered = plain.schema("request"), plain.schema("completion")
    choice = answered["properties"]["choices"]["items"]
    published = schema("CreateChatCompletionResponse")["properties"]
    for known, ours in (
        (schema("CreateChatCompletionRequest"), asked),
        (schema("CreateChatCompletionResponse"), answered),
        (published["choices"]["items"], choice),
        (schema("ChatCompletionResponseMessage"), choice["properties"]["message"]),
        (schema("CompletionUsage"), answered["properties"]["usage"]),
    ):
        assert known["properties"].keys() <= ours["properties"].keys()


def saying(name: str, *found: Finding | Inconclusive, **more: Any) -> Rule:
    """A rule of that name which always says the same."""

    def check(_: Any) -> Iterator[Finding | Inconclusive]:
        """It says so."""
        yield from found

    return rule(f"some.rule.{name}", Level.MUST, on=Part.EXCHANGE, source="a test", **more)(check)


def test_a_condition_that_raises_is_told_as_judging_tells_it() -> None:
    def broken(_: Exchange) -> bool:
        raise KeyError("choices")

    by = (saying("breaks", when=broken), saying("breaks-as-well", when=broken), saying("holds"))
    for exchange in SPECIMENS[:20]:
        assert said(Panel(by), exchange) == judged(exchange, by)


def test_a_rule_whose_shortcut_raises_is_asked() -> None:
    def broken(_: Exchange) -> bool:
        raise KeyError("choices")

    by = (saying("finds", Finding("/a", "is wrong"), kept_where=broken), saying("holds", kept_where=broken))
    for exchange in SPECIMENS[:20]:
        assert said(Panel(by), exchange) == judged(exchange, by)


def test_a_tree_that_grows_no_more_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatconform.core.panel.MOST_FORKS", 40)
    small = Panel(EVERY)
    for exchange in SPECIMENS[::9]:
        assert said(small, again(exchange)) == judged(exchange)


def test_like_exchanges_share_what_is_found_out_of_them() -> None:
    first, second = (recorded({**REQUEST, "model": name}, json=COMPLETION) for name in ("one", "two"))
    fresh = Panel(EVERY)
    assert [id(one) for one in fresh.judge(first)[0]] == [id(one) for one in fresh.judge(second)[0]]
