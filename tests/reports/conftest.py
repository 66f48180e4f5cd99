"""A small run, made by hand: one rule for each way to come out, with hostile evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chatconform.core.capability import Capability
from chatconform.core.exchange import Exchange, Failure, Origin, Piece, Request, Response
from chatconform.core.judge import judge
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.run_result import CapabilityStatus, RunResult, Support, Target
from chatconform.core.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chatconform.core.rule import Rule

KEY = "sk-very-secret-0123456789"
TOOLS = Capability("tools", "calling tools", lambda body: "tools" in body, lambda _: None)


@rule("sample.answers.always-passes", Level.MUST, on=Part.EXCHANGE, source="RFC 0 section 1")
def always_passes(_: Exchange) -> Iterator[Finding]:
    """Everything is fine."""
    yield from ()


@rule("sample.answers.must-fails", Level.MUST, on=Part.EXCHANGE, source="CreateChatCompletionResponse.id")
def must_fails(exchange: Exchange) -> Iterator[Finding]:
    """An answer is not hostile."""
    body = exchange.response.body.decode(errors="replace") if exchange.response else ""
    yield Finding("/choices/0", f"is {body[:200]}", expected="something kind")


@rule("sample.answers.should-fails", Level.SHOULD, on=Part.EXCHANGE, source="a convention")
def should_fails(_: Exchange) -> Iterator[Finding]:
    """An answer is kind."""
    yield Finding("", "is not kind")


@rule("sample.other.cannot-say", Level.MUST, on=Part.EXCHANGE, source="x")
def cannot_say(_: Exchange) -> Iterator[Inconclusive]:
    """The model calls a tool."""
    yield Inconclusive("the model did not call a tool")


@rule("sample.other.is-unsupported", Level.MUST, on=Part.COMPLETION, source="x", needs=TOOLS)
def is_unsupported(_: Exchange) -> Iterator[Finding]:
    """Tools are called."""
    yield from ()


@rule("sample.other.is-not-exercised", Level.INFO, on=Part.STREAM, source="x")
def is_not_exercised(_: Exchange) -> Iterator[Finding]:
    """A stream streams."""
    yield from ()


@rule("sample.other.breaks", Level.MUST, on=Part.EXCHANGE, source="x")
def breaks(_: Exchange) -> Iterator[Finding]:
    """A check never raises."""
    raise RuntimeError("oops")
    yield


RULES = (always_passes, must_fails, should_fails, cannot_say, is_unsupported, is_not_exercised)


def an_exchange(step: int = 0, **changes: Any) -> Exchange:
    hostile = b'{"x": "\x1b[31m<b>&]]>\xff\x00' + KEY.encode() + b'"}'
    parts: dict[str, Any] = {
        "origin": Origin("cases.sample", step, 7),
        "request": Request(
            "POST",
            "/v1/chat/completions",
            (("Authorization", f"Bearer {KEY}"), ("Content-Type", "application/json")),
            b'{"model":"m","messages":[]}',
        ),
        "response": Response(
            200,
            (("Content-Type", "application/json"), ("Set-Cookie", "session=abcdef"), ("X-Echo", KEY)),
            hostile,
            (Piece(0.1, hostile[:30]), Piece(0.2, hostile[30:])),
        ),
        "failure": None,
        "started": 1_700_000_000.0,
        "seconds": 0.25,
    }
    return Exchange(**{**parts, **changes})


def refusal() -> Exchange:
    request = Request("POST", "/v1/chat/completions", (), b'{"tools":[]}')
    return an_exchange(9, request=request, response=Response(400, (), b"{}"))


@pytest.fixture
def a_result() -> Callable[..., RunResult]:
    """Makes the result of a run: of these rules, over these exchanges, with any field replaced."""

    def make(*exchanges: Exchange, rules: tuple[Rule, ...] = RULES, **changes: Any) -> RunResult:
        tally = Tally(rules)
        for exchange in exchanges or (an_exchange(), refusal()):
            tally.add(judge(exchange, rules))
        fields: dict[str, Any] = {
            "target": Target("http://127.0.0.1:1/v1", "m"),
            "outcomes": tuple(tally.outcomes.values()),
            "requests": 2,
            "seconds": 1.23456,
            "seed": 7,
            "capabilities": (CapabilityStatus(TOOLS, Support.REFUSED, "cases.sample#9"),),
            "notes": ("the model was found in /models",),
            "secrets": (KEY,),
        }
        return RunResult(**{**fields, **changes})

    return make


@pytest.fixture
def only_should(a_result: Callable[..., RunResult]) -> RunResult:
    """A run in which nothing worse than a SHOULD failed."""
    return a_result(rules=(always_passes, should_fails))


@pytest.fixture
def with_a_broken_check(a_result: Callable[..., RunResult]) -> RunResult:
    """A run in which one of the kit's own checks raised."""
    return a_result(rules=(breaks, always_passes))


@pytest.fixture
def failure() -> Exchange:
    """An exchange that no response came of."""
    return an_exchange(3, response=None, failure=Failure("reset", f"the connection broke, said {KEY}"))
