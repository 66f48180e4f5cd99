"""Cases are played as they ask to be, and what they provoke is judged, whatever the order in time."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from chatconform.core.case import case
from chatconform.core.result import Verdict
from chatconform.core.rule import Finding, Level, Part, rule


@rule("response.fake.says-hello", Level.MUST, on=Part.COMPLETION, source="the tests")
def says_hello(exchange: Any) -> Any:
    """The text is a greeting.

    For the tests.
    """
    text = exchange.completion["choices"][0]["message"]["content"]
    if text != "Hello.":
        yield Finding("/choices/0/message/content", f"is {text}")


@rule(
    "series.fake.texts-differ", Level.MUST, on=Part.SERIES, source="the tests", when=lambda s: s[0].about.get("twins")
)
def texts_differ(series: Any) -> Any:
    """No two answers are the same.

    For the tests.
    """
    texts = [exchange.completion["choices"][0]["message"]["content"] for exchange in series]
    if len(set(texts)) < len(texts):
        yield Finding("/choices/0/message/content", "is the same twice", exchange=1)


RULES = (says_hello, texts_differ)


def test_a_list_is_asked_at_the_same_time_and_answered_in_its_order(small, check_with):
    together = threading.Barrier(5)
    got: list[list[str]] = []

    @case("fake.ask", exercises=["response.fake"], most=5)
    def asks(situation):
        """Asks."""
        exchanges = yield [situation.chat(f"{number}") for number in range(5)]
        got.append([exchange.completion["choices"][0]["message"]["content"] for exchange in exchanges])

    def behave(seen):
        if seen.text.isdigit():
            together.wait(5)
            time.sleep(0.05 * (5 - int(seen.text)))
        return small.completion(seen.text)

    check_with(small.serve(behave).url, RULES, [asks], concurrency=1)
    assert got == [["0", "1", "2", "3", "4"]]


def test_no_more_requests_are_in_flight_than_allowed(small, check_with):
    def behave(_):
        time.sleep(0.02)
        return small.completion()

    @case("fake.ask", exercises=["response.fake"], most=1)
    def asks(situation):
        """Asks."""
        yield situation.chat("x")

    server = small.serve(behave)
    check_with(server.url, RULES, [asks] * 12, concurrency=3)
    assert 2 <= server.most_at_once <= 3


def test_a_case_sees_each_answer_before_it_asks_again(small, check_with):
    @case("fake.ask", exercises=["response.fake"], most=2)
    def asks(situation):
        """Asks."""
        first = yield situation.chat("first")
        yield situation.chat(first.completion["choices"][0]["message"]["content"] + " again")

    server = small.serve(lambda seen: small.completion(f"answer to {seen.text}"))
    check_with(server.url, RULES, [asks])
    assert server.seen[-1].text == "answer to first again"


def test_the_exchanges_of_a_case_are_judged_together_at_its_end(small, check_with):
    @case("fake.ask", exercises=["series.fake"], most=2)
    def asks(situation):
        """Asks."""
        yield situation.chat("one").tagged(twins=True)
        yield situation.chat("two").tagged(twins=True)

    result = check_with(small.serve(lambda _: small.completion()).url, RULES, [asks])
    example = result.failed()[0].examples()[0]
    assert result.failed()[0].rule is texts_differ
    assert example.exchange.id == "fake.ask#1"


@pytest.mark.parametrize("error", [RuntimeError, SystemExit])
def test_a_case_that_breaks_is_told_as_the_kits_own_fault(small, check_with, error):
    @case("fake.ask", exercises=["response.fake"], most=3)
    def asks(situation):
        """Asks."""
        yield situation.chat("one")
        raise error("no more")

    result = check_with(small.serve(lambda _: small.completion()).url, RULES, [asks])
    outcome = result.outcomes[0]
    assert outcome.kit_fault
    assert outcome.verdict is Verdict.PASSED, "what came before stands"
    (reason,) = outcome.reasons
    assert reason == f"the case fake.ask broke ({error.__name__}: no more), a bug of {__name__}; please report it"
    assert result.exit_status() == 2


def test_a_case_that_asks_more_than_it_said_is_stopped(small, check_with):
    @case("fake.ask", exercises=["response.fake"], most=2)
    def asks(situation):
        """Asks."""
        while True:
            yield situation.chat("more")

    server = small.serve(lambda _: small.completion())
    result = check_with(server.url, RULES, [asks])
    assert len(server.seen) == 2 + 2
    assert "it asks more than 2 times" in result.outcomes[0].reasons[0]


def bodies(server: Any) -> list[Any]:
    return [seen.body for seen in server.seen[2:]]


def chancy(name: str) -> Any:
    @case(name, exercises=["response.fake"], most=2)
    def asks(situation):
        """Asks."""
        yield situation.chat(f"{situation.random.random()}")
        yield situation.chat(f"{situation.random.random()}")

    return asks


def test_the_same_seed_asks_the_same_and_another_one_does_not(small, check_with):
    servers = [small.serve(lambda _: small.completion()) for _ in range(3)]
    for server, seed in zip(servers, (1, 1, 2), strict=True):
        check_with(server.url, RULES, [chancy("fake.a"), chancy("fake.b")], concurrency=1, seed=seed)
    assert bodies(servers[0]) == bodies(servers[1]) != bodies(servers[2])


def test_a_case_asks_the_same_whichever_others_are_played(small, check_with):
    whole, alone = (small.serve(lambda _: small.completion()) for _ in range(2))
    check_with(whole.url, RULES, [chancy("fake.a"), chancy("fake.b")], concurrency=1)
    check_with(alone.url, RULES, [chancy("fake.b")], concurrency=1)
    assert bodies(whole)[2:] == bodies(alone)


@pytest.mark.parametrize("concurrency", [1, 6])
def test_findings_are_told_in_the_order_of_cases_however_they_fall_in_time(small, check_with, concurrency):
    def behave(seen):
        time.sleep(0.03 if seen.text.startswith("case-0") else 0)
        return small.completion("Hello." if seen.text == "Say hello." else seen.text)

    def one(name: str) -> Any:
        @case(f"fake.{name}", exercises=["response.fake"], most=1)
        def asks(situation):
            """Asks."""
            yield situation.chat(name)

        return asks

    cases = [one(f"case-{number}") for number in range(6)]
    result = check_with(small.serve(behave).url, RULES, cases, concurrency=concurrency)
    assert [e.finding.message for e in result.failed()[0].examples()] == ["is case-0", "is case-1", "is case-2"]


def test_a_case_that_is_to_be_alone_is_played_when_nothing_else_is_in_flight(small, check_with):
    at_once: list[int] = []

    def behave(seen):
        if seen.text == "alone":
            at_once.append(server._at_once)
        time.sleep(0.02)
        return small.completion()

    def one(text: str, alone: bool) -> Any:
        @case(f"fake.{text}", exercises=["response.fake"], most=2, alone=alone)
        def asks(situation):
            """Asks."""
            yield situation.chat(text)
            yield situation.chat(text)

        return asks

    server = small.serve(behave)
    cases = [one("alone", True), *[one("crowd", False) for _ in range(6)], one("alone", True)]
    check_with(server.url, RULES, cases, concurrency=4)
    assert at_once == [1, 1, 1, 1]
    assert server.most_at_once > 1


def test_progress_is_told_from_the_beginning_to_the_end(small, check_with):
    told: list[Any] = []
    cases = [chancy(f"fake.{number}") for number in range(4)]
    result = check_with(small.serve(lambda _: small.completion("Oh.")).url, RULES, cases, progress=told.append)
    assert told[0].cases == 0
    assert (told[-1].cases, told[-1].of, told[-1].failed) == (4, 4, 1)
    assert told[-1].requests + 2 == result.requests
