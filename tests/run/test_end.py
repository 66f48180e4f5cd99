"""What was learnt is never lost: targets that die, and interrupts."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

from chatconform.core.case import Case, case
from chatconform.core.result import Verdict
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.run import asker
from chatconform.targets import Limits


@rule("response.fake.says-hello", Level.MUST, on=Part.COMPLETION, source="the tests")
def says_hello(exchange: Any) -> Any:
    """The text is a greeting.

    For the tests.
    """
    if exchange.completion["choices"][0]["message"]["content"] != "Hello.":
        yield Finding("/choices/0/message/content", "is no greeting")


@rule("response.fake.is-english", Level.MUST, on=Part.COMPLETION, source="the tests")
def is_english(_: Any) -> Any:
    """The text is English.

    For the tests.
    """
    yield from ()


RULES = (says_hello, is_english)


def cases(count: int, requests: int = 2) -> list[Case]:
    """So many cases, of so many requests each; each says its own name."""

    def one(number: int) -> Case:
        @case(f"fake.case-{number}", exercises=["response.fake"], most=requests)
        def asks(situation: Any) -> Any:
            """Asks."""
            for step in range(requests):
                yield situation.chat(f"{number}.{step}")

        return asks

    return [one(number) for number in range(count)]


def verdicts(result: Any) -> dict[str, Verdict]:
    return {outcome.rule.id.rpartition(".")[2]: outcome.verdict for outcome in result.outcomes}


def test_a_target_that_dies_half_way_ends_the_run_and_what_was_sent_last_is_named(small, check_with):
    def behave(seen):
        if seen.text == "3.1":
            dying.die()
            return small.instead("reset")
        return small.completion()

    dying = small.serve(behave)
    result = check_with(dying.url, RULES, cases(8), concurrency=1)
    assert "stopped accepting connections" in result.cut_short
    assert "sent last: fake.case-3#1" in result.cut_short
    assert verdicts(result) == {"says-hello": Verdict.PASSED, "is-english": Verdict.PASSED}
    assert result.exit_status() == 2
    assert result.notes[-1] == "5 of 8 cases were not played to their end."


def test_what_failed_before_the_target_died_is_still_a_failure(small, check_with):
    def behave(seen):
        if seen.text == "1.0":
            dying.die()
            return small.instead("reset")
        return small.completion("Oh no." if seen.text == "0.1" else "Hello.")

    dying = small.serve(behave)
    result = check_with(dying.url, RULES, cases(8), concurrency=1)
    assert result.cut_short
    assert [outcome.rule.id for outcome in result.failed()] == [says_hello.id]
    assert result.exit_status() == 1


def test_a_target_that_comes_back_is_waited_for(small, check_with, monkeypatch):
    monkeypatch.setattr(asker, "GRACE", 5.0)

    def behave(seen):
        if seen.text == "1.0" and not gone.is_set():
            gone.set()
            first.die()
            threading.Timer(0.3, small.serve_all, (lambda _: small.completion(), "/v1", first.port)).start()
        return small.instead("close") if gone.is_set() else small.completion()

    gone = threading.Event()
    first = small.serve(behave)
    result = check_with(first.url, RULES, cases(4))
    assert result.cut_short is None
    assert not result.failed()
    assert len(small.started) == 2
    assert small.started[1].seen


def test_a_target_that_answers_only_errors_from_some_point_on_is_given_up(small, check_with):
    def behave(seen):
        broken.extend([True] * (seen.text == "1.1"))
        return small.error(500) if broken else small.completion()

    broken: list[bool] = []
    result = check_with(small.serve(behave).url, RULES, cases(12), concurrency=1)
    assert "the target answered with status 500" in result.cut_short
    assert "even to the plain request that worked before (sent last: fake.case-1#1" in result.cut_short
    assert verdicts(result)["says-hello"] is Verdict.PASSED


def test_a_target_that_stops_answering_is_given_up(small, check_with):
    def behave(seen):
        hung.extend([True] * (seen.text == "3.0"))
        return small.instead("hang") if hung else small.completion()

    hung: list[bool] = []
    result = check_with(small.serve(behave).url, RULES, cases(12), concurrency=2, timeout=0.3)
    assert "stopped answering" in result.cut_short
    assert "fake.case-3#0" in result.cut_short
    assert verdicts(result)["says-hello"] is Verdict.PASSED


def test_a_target_that_says_nothing_but_not_now_is_given_up(small, check_with):
    def behave(seen):
        spent.extend([True] * (seen.text == "4.0"))
        return small.error(429, "You exceeded your quota.", retry_after="3600") if spent else small.completion()

    spent: list[bool] = []
    result = check_with(small.serve(behave).url, RULES, cases(30), concurrency=2)
    assert "answered with status 429" in result.cut_short
    assert not result.failed()
    assert result.requests < 30


def test_an_interrupt_keeps_what_was_learnt(small, check_with):
    def behave(seen):
        if seen.text == "2.0":
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
            return small.instead("hang")
        return small.completion("Oh no." if seen.text == "0.0" else "Hello.")

    result = check_with(small.serve(behave).url, RULES, cases(8), concurrency=1, timeout=30)
    assert result.cut_short == "the run was interrupted"
    assert [outcome.rule.id for outcome in result.failed()] == [says_hello.id]
    assert verdicts(result)["is-english"] is Verdict.PASSED


def test_an_interrupt_while_suspects_are_asked_again_keeps_what_was_learnt(small, check_with):
    asked: list[str] = []

    def behave(seen):
        asked.append(seen.text)
        if seen.text == "0.0" and asked.count("0.0") == 3:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)
        return small.error(500) if seen.text == "0.0" else small.completion()

    result = check_with(small.serve(behave).url, RULES, cases(2), concurrency=1)
    assert result.cut_short == "the run was interrupted"
    assert verdicts(result)["says-hello"] is Verdict.PASSED


def test_no_thread_of_a_run_is_left(small, check_with):
    server = small.serve(lambda _: small.completion())
    before = set(threading.enumerate())
    check_with(server.url, RULES, cases(8), concurrency=8)
    left = [thread for thread in set(threading.enumerate()) - before if "process_request" not in thread.name]
    assert left == []


def test_answers_without_end_cut_the_run_short_and_are_judged(small, check_with, monkeypatch):
    monkeypatch.setattr("chatconform.run.opening.LIMITS", Limits(body=100_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n"

    def behave(seen):
        return small.completion() if seen.text == "Say hello." else small.instead("raw", head + b" " * 1_000_000)

    @rule("response.fake.is-small", Level.MUST, on=Part.EXCHANGE, source="the tests")
    def is_small(exchange: Any) -> Any:
        """An answer is small.

        For the tests.
        """
        if exchange.failure is not None:
            yield Finding("", exchange.failure.message)

    flooding = small.serve(behave)
    result = check_with(flooding.url, [is_small], cases(30), concurrency=2)
    assert result.cut_short.startswith("3 answers were without end (")
    assert [outcome.rule.id for outcome in result.failed()] == [is_small.id]
    assert len(flooding.seen) < 15


def test_too_many_silences_cut_the_run_short_and_are_judged(small, check_with):
    @rule("response.fake.is-answered", Level.MUST, on=Part.EXCHANGE, source="the tests")
    def is_answered(exchange: Any) -> Any:
        """There is an answer.

        For the tests.
        """
        if exchange.failure is not None:
            yield Finding("", exchange.failure.message)

    silent = small.serve(lambda s: small.completion() if s.text == "Say hello." else small.instead("hang"))
    result = check_with(silent.url, [is_answered], cases(30), concurrency=5, timeout=0.2)
    assert result.cut_short == "10 requests had no whole answer in time; --timeout sets how long that is"
    assert [outcome.rule.id for outcome in result.failed()] == [is_answered.id]
