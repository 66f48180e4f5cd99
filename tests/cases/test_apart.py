"""What is asked together is asked apart where it is refused, so that a refusal of one wish hides no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import orjson
import pytest

import chatconform
from chatconform.core.result import Verdict
from chatconform.core.rule import Level
from chatconform.core.run_result import RunResult
from chatconform.reference import ReferenceServer
from chatconform.reference.pipeline import pipeline
from chatconform.reference.refusal import Refusal
from chatconform.reference.server import MODEL
from chatconform.rules.asking import listed

TIMED = ("series.isolation", "series.leaving", "series.delivery", "series.survival")
"""What takes seconds, and is asked for apart from all else anyhow."""


def wishes(name: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda body: bool(body.get(name)) and (name != "n" or body["n"] != 1)


def holds(place: str, text: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda body: text in orjson.dumps(body.get(place)).decode()


REFUSED: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "n": wishes("n"),
    "logprobs": wishes("logprobs"),
    "top_logprobs": wishes("top_logprobs"),
    "stop": wishes("stop"),
    "seed": wishes("seed"),
    "stop of nothing": lambda body: body.get("stop") in ("", []),
    "max_completion_tokens": wishes("max_completion_tokens"),
    "name of a user": holds("messages", '"name":"pupil'),
    "messages with control characters": holds("messages", "\\u001b"),
    "messages with WebP": holds("messages", "image/webp"),
    "tools of hardly anything": lambda body: any(
        "parameters" not in tool.get("function", {}) for tool in listed(body.get("tools")) if tool["type"] == "function"
    ),
    "response_format with patterns": holds("response_format", '"pattern"'),
    "logit_bias": lambda body: len(body.get("logit_bias") or {}) > 1_000,
}


@cache
def checked(refused: str) -> RunResult:
    """A check of the reference that refuses one thing, as what it does not support."""
    right = pipeline((MODEL,), None)

    def validate(body: Any) -> None:
        right.validate(body)
        if REFUSED[refused](body):
            told = f"`{refused}` is not supported by this server."
            raise Refusal(400, told, code="unsupported_value", param=refused.replace(" ", "_"))

    with ReferenceServer(stages=replace(right, validate=validate)) as server:
        return chatconform.check(server.url, skip=TIMED)


def verdict(result: RunResult, rule: str) -> Verdict:
    return next(outcome.verdict for outcome in result.outcomes if outcome.rule.id == rule)


@pytest.mark.parametrize("refused", REFUSED)
def test_what_is_not_supported_is_no_failure_of_any_rule(refused: str) -> None:
    result = checked(refused)
    told = [(o.rule.id, o.examples()[0].finding.message) for o in result.failed(Level.MUST, Level.SHOULD)]
    assert told == []
    assert [outcome.rule.id for outcome in result.outcomes if outcome.kit_fault] == []


@pytest.mark.parametrize(
    ("refused", "rules"),
    [
        ("n", ["response.logprobs.are-told-token-by-token", "stream.logprobs.has-both-keys", "stream.usage.is-told"]),
        ("n", ["response.structured.schema-is-enforced", "series.acceptance.empty-stops-do-nothing"]),
        ("logprobs", ["response.choices.are-as-many-as-asked", "stream.chunks.choices-appear-in-order"]),
        ("logprobs", ["response.structured.schema-is-enforced", "series.parity.text-is-the-same"]),
        ("top_logprobs", ["response.logprobs.are-told-token-by-token", "series.acceptance.logprobs-alone"]),
        ("seed", ["series.parity.logprobs-are-the-same", "series.stops.finish-is-stop"]),
        ("stop", ["series.parity.text-is-the-same", "series.greedy.shorter-answer-is-a-prefix"]),
        ("stop of nothing", ["response.usage.all-choices-are-counted", "series.stops.text-ends-before-the-sequence"]),
        ("max_completion_tokens", ["stream.obfuscation.is-left-out-when-declined", "response.finish.limit-is-told"]),
        ("name of a user", ["series.acceptance.text-in-parts", "series.history.own-messages-are-accepted"]),
        ("messages with control characters", ["series.history.own-messages-are-accepted"]),
        ("messages with control characters", ["response.acceptance.empty-assistant-text"]),
        ("messages with WebP", ["series.media.image-places-are-free", "series.media.images-are-read"]),
        ("tools of hardly anything", ["series.acceptance.long-tool-names", "series.history.tool-results-are-accepted"]),
        ("tools of hardly anything", ["response.tools.named-is-kept", "response.calls.finish-tells-of-them"]),
        ("response_format with patterns", ["response.structured.keywords-are-honoured"]),
    ],
)
def test_a_refusal_of_one_thing_leaves_the_others_judged(refused: str, rules: list[str]) -> None:
    result = checked(refused)
    assert {rule: verdict(result, rule) for rule in rules} == dict.fromkeys(rules, Verdict.PASSED)


@pytest.mark.parametrize(
    ("refused", "capabilities"),
    [
        ("n", {"n": "refused", "logprobs": "honoured", "top-logprobs": "honoured", "json-schema": "honoured"}),
        ("logprobs", {"logprobs": "refused", "n": "honoured", "stream-usage": "honoured", "json-schema": "honoured"}),
        ("top_logprobs", {"top-logprobs": "refused", "logprobs": "honoured", "n": "honoured"}),
        ("seed", {"seed": "refused", "logprobs": "honoured", "stop": "honoured"}),
        ("stop", {"stop": "refused", "n": "honoured", "stream": "honoured"}),
        ("max_completion_tokens", {"max-completion-tokens": "refused", "max-tokens": "honoured", "stream": "honoured"}),
    ],
)
def test_the_table_of_capabilities_tells_what_was_refused_and_nothing_else(
    refused: str, capabilities: dict[str, str]
) -> None:
    table = {status.capability.name: status.support for status in checked(refused).capabilities}
    assert {name: table[name] for name in capabilities} == capabilities
