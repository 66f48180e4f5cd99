"""A target is judged by what it answers steadily, never by its bad moments."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from itertools import groupby
from random import Random
from typing import Any

import pytest

from chatconform.core.case import Case, case
from chatconform.core.result import Verdict
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.run import asker


@rule("response.fake.is-no-5xx", Level.MUST, on=Part.EXCHANGE, source="the tests")
def is_no_5xx(exchange: Any) -> Any:
    """The status is below 500, and there is an answer.

    For the tests.
    """
    if exchange.failure is not None:
        yield Finding("", f"no answer: {exchange.failure.kind}")
    elif exchange.status >= 500:
        yield Finding("", f"status {exchange.status}")


@rule("response.fake.says-hello", Level.MUST, on=Part.COMPLETION, source="the tests")
def says_hello(exchange: Any) -> Any:
    """The text is a greeting.

    For the tests.
    """
    if exchange.completion["choices"][0]["message"]["content"] != "Hello.":
        yield Finding("/choices/0/message/content", "is no greeting")


@rule("response.fake.retry-after-is-told", Level.MUST, on=Part.OVERLOAD, source="the tests")
def retry_after_is_told(exchange: Any) -> Any:
    """An answer that says not now says when.

    For the tests.
    """
    if exchange.response.header("retry-after") is None:
        yield Finding("", "does not say when")


@rule("series.fake.is-whole", Level.MUST, on=Part.SERIES, source="the tests")
def is_whole(series: Any) -> Any:
    """Every request of the case is answered with 200.

    For the tests.
    """
    if not series:
        yield Inconclusive("nothing came")
    for number, exchange in enumerate(series):
        if exchange.status != 200:
            yield Finding("", f"status {exchange.status}", exchange=number)


RULES = (is_no_5xx, says_hello, retry_after_is_told, is_whole)
CONFORMANCE = (is_no_5xx, says_hello, is_whole)
STEADY = [rule for rule in RULES if rule.on is not Part.OVERLOAD]


def asking(*texts: str, name: str = "fake.ask", once: bool = False) -> Case:
    """A case that sends one request for each text, one after another."""

    @case(name, exercises=["response.fake", "series.fake"], most=len(texts))
    def asks(situation: Any) -> Any:
        """Asks."""
        for text in texts:
            ask = situation.chat(text)
            yield type(ask)(ask.body, once=once)

    return asks


def verdicts(result: Any) -> dict[str, Verdict]:
    return {outcome.rule.id.rpartition(".")[2]: outcome.verdict for outcome in result.outcomes}


def reasons(result: Any, name: str) -> list[str]:
    return next(outcome.reasons for outcome in result.outcomes if outcome.rule.id.endswith(name))


def test_an_answer_of_not_now_is_asked_again_and_the_answer_that_follows_is_judged(small, check_with):
    times = Counter()

    def behave(seen):
        times[seen.text] += 1
        return small.error(429, retry_after="0.1") if seen.text == "busy" and times["busy"] < 3 else small.completion()

    result = check_with(small.serve(behave).url, RULES, [asking("busy")])
    assert times["busy"] == 3
    assert verdicts(result)["is-whole"] is Verdict.PASSED
    assert verdicts(result)["is-no-5xx"] is Verdict.PASSED
    assert not result.failed()
    assert "said not now 2 times and was asked again" in result.notes[-1]


def test_retry_after_is_waited_for(small, check_with):
    times: list[float] = []

    def behave(seen):
        if seen.text == "busy":
            times.append(time.monotonic())
        return small.error(503, retry_after_ms="300") if len(times) == 1 else small.completion()

    check_with(small.serve(behave).url, RULES, [asking("busy")])
    assert times[1] - times[0] >= 0.3


@pytest.mark.parametrize("status", [429, 503])
def test_a_target_that_stays_busy_with_a_request_is_not_judged_by_it(small, check_with, status):
    busy = small.serve(
        lambda seen: small.error(status, retry_after="3600") if seen.text == "busy" else small.completion()
    )
    result = check_with(busy.url, RULES, [asking("busy")])
    assert verdicts(result) == {
        "is-no-5xx": Verdict.INCONCLUSIVE,
        "says-hello": Verdict.INCONCLUSIVE,
        "retry-after-is-told": Verdict.INCONCLUSIVE,
        "is-whole": Verdict.INCONCLUSIVE,
    } | {"retry-after-is-told": Verdict.PASSED}
    assert reasons(result, "is-no-5xx") == [f"fake.ask: the target answered with status {status}"]
    assert len([seen for seen in busy.seen if seen.text == "busy"]) == 1, "nobody waits for an hour"


def test_rules_about_being_told_to_wait_judge_it(small, check_with, monkeypatch):
    monkeypatch.setattr(asker, "MOST_WAITS", 1)
    busy = small.serve(lambda seen: small.answer(429, {"detail": "no"}) if seen.text == "busy" else small.completion())
    assert [o.rule.id for o in check_with(busy.url, RULES, [asking("busy")]).failed()] == [retry_after_is_told.id]


def test_being_told_to_wait_is_judged_although_the_next_answer_is_good(small, check_with):
    def behave(seen):
        is_first = seen.text == "busy" and sum(one.text == "busy" for one in busy.seen) == 1
        return small.answer(429, {"detail": "no"}) if is_first else small.completion()

    busy = small.serve(behave)
    result = check_with(busy.url, RULES, [asking("busy")])
    assert [outcome.rule.id for outcome in result.failed()] == [retry_after_is_told.id]
    assert verdicts(result)["says-hello"] is Verdict.PASSED


def test_rules_about_being_told_to_wait_judge_it_also_where_an_answer_follows(small, check_with):
    times = Counter()

    def behave(seen):
        times[seen.text] += 1
        return small.error(503) if seen.text == "busy" and times["busy"] == 1 else small.completion()

    result = check_with(small.serve(behave).url, RULES, [asking("busy")])
    assert verdicts(result)["retry-after-is-told"] is Verdict.FAILED
    assert verdicts(result)["is-no-5xx"] is Verdict.PASSED


def test_a_case_that_asks_once_sees_the_first_answer(small, check_with):
    busy = small.serve(lambda seen: small.error(503) if seen.text == "busy" else small.completion())
    result = check_with(busy.url, RULES, [asking("busy", once=True)])
    assert len([seen for seen in busy.seen if seen.text == "busy"]) == 1
    assert verdicts(result)["is-whole"] is Verdict.FAILED, "the series is judged as it came"
    assert verdicts(result)["is-no-5xx"] is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("status", [429, 503])
def test_a_target_that_allows_a_single_request_at_a_time_is_not_failed_for_it(small, check_with, status):
    slot = threading.Semaphore()

    def behave(_):
        if not slot.acquire(blocking=False):
            return small.error(status)
        time.sleep(0.02)
        slot.release()
        return small.completion()

    cases = [asking("a", "b", name=f"fake.ask-{number}") for number in range(12)]
    result = check_with(small.serve(behave).url, STEADY, cases, concurrency=8)
    assert not result.failed()
    assert result.cut_short is None
    assert verdicts(result)["is-whole"] is Verdict.PASSED
    assert verdicts(result)["says-hello"] is Verdict.PASSED


@pytest.mark.parametrize("kind", ["500", "502", "reset", "close", "503", "429", "mixed"])
@pytest.mark.parametrize("rate", [0.05, 0.35])
def test_a_flaky_target_is_never_failed_for_it(small, check_with, monkeypatch, kind, rate):
    monkeypatch.setattr(asker, "GRACE", 5.0)
    chance, lock = Random(f"{kind}{rate}"), threading.Lock()

    def behave(seen):
        with lock:
            bad = seen.text != "Say hello." and chance.random() < rate
            what = chance.choice(["500", "reset", "503"]) if kind == "mixed" else kind
        if not bad:
            return small.completion()
        return small.error(int(what), retry_after_ms="10") if what.isdigit() else small.instead(what)

    cases = [asking("a", "b", "c", name=f"fake.ask-{number}") for number in range(12)]
    result = check_with(small.serve(behave).url, STEADY, cases, concurrency=4)
    assert not result.failed()
    assert result.cut_short is None
    assert verdicts(result)["says-hello"] is Verdict.PASSED


@pytest.mark.parametrize("kind", ["500", "reset", "close"])
def test_what_breaks_every_time_is_judged(small, check_with, kind):
    def behave(seen):
        if seen.text != "poison":
            return small.completion()
        return small.error(500) if kind == "500" else small.instead(kind)

    poisoned = small.serve(behave)
    result = check_with(poisoned.url, RULES, [asking("poison"), asking("fine", name="fake.fine")])
    assert [outcome.rule.id for outcome in result.failed()] == [is_no_5xx.id, is_whole.id]
    texts = [text for text, _ in groupby(seen.text for seen in poisoned.seen)]
    assert texts[-3:] == ["Say hello.", "poison", "Say hello."], "asked last, alone, between two proofs of life"


def test_many_requests_that_break_every_time_cost_few_more(small, check_with):
    poisoned = small.serve(lambda seen: small.error(500) if seen.text == "poison" else small.completion())
    result = check_with(poisoned.url, RULES, [asking(*["poison", "fine"] * 20)])
    outcome = result.failed()[0]
    assert outcome.findings == 20
    assert len(poisoned.seen) < 40 + 20


def test_what_is_answered_when_asked_alone_is_not_judged(small, check_with):
    times = Counter()

    def behave(seen):
        times[seen.text] += 1
        return small.error(500) if seen.text == "poison" and times["poison"] <= 2 else small.completion()

    result = check_with(small.serve(behave).url, RULES, [asking("poison")])
    assert not result.failed()
    assert reasons(result, "is-no-5xx") == ["fake.ask#0: it broke at first, and was answered when asked again"]
    assert verdicts(result)["is-whole"] is Verdict.INCONCLUSIVE


def test_a_hang_of_one_request_is_judged(small, check_with):
    hanging = small.serve(lambda seen: small.instead("hang") if seen.text == "poison" else small.completion())
    result = check_with(hanging.url, RULES, [asking("poison")], timeout=0.4)
    assert is_no_5xx.id in [outcome.rule.id for outcome in result.failed()]


def test_a_target_that_is_slow_with_everything_is_not_said_to_hang(small, check_with):
    def behave(seen):
        time.sleep(0.1)
        return small.instead("hang") if seen.text == "long" else small.completion()

    result = check_with(small.serve(behave).url, RULES, [asking("long")], timeout=0.5)
    assert not result.failed()
    assert "too slow to tell a hang from a long answer" in reasons(result, "is-no-5xx")[0]


def test_a_stream_that_is_done_and_hangs_is_judged_at_once(small, check_with):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw = head + b"e\r\ndata: [DONE]\n\n\r\n"
    hanging = small.serve(lambda s: small.instead("raw-then-hang", raw) if s.text == "stream" else small.completion())
    result = check_with(hanging.url, RULES, [asking("stream")], timeout=0.3)
    assert len([seen for seen in hanging.seen if seen.text == "stream"]) == 1
    assert is_no_5xx.id in [outcome.rule.id for outcome in result.failed()]


def test_streams_that_always_stay_open_are_not_waited_for_as_long_any_more(small, check_with):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw = head + b"e\r\ndata: [DONE]\n\n\r\n"
    hanging = small.serve(lambda s: small.instead("raw-then-hang", raw) if s.text == "stream" else small.completion())
    told: list[str] = []

    @rule("response.fake.ends", Level.MUST, on=Part.STREAM, source="the tests")
    def ends(exchange: Any) -> Any:
        """A stream ends.

        For the tests.
        """
        told.append(exchange.failure.message)
        yield Finding("", exchange.failure.message)

    result = check_with(hanging.url, [ends], [asking(*["stream"] * 6)], timeout=0.5)
    assert result.outcomes[0].findings == 6
    assert [re.search("within ([0-9.]+) s", message)[1] for message in told] == ["0.5"] * 4 + ["0.25"] * 2


def test_a_target_that_breaks_every_answer_in_the_same_way_is_judged_by_it(small, check_with):
    cut = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"choices": []}'
    cutting = small.serve(lambda _: small.instead("raw", cut))
    result = check_with(cutting.url, RULES, [asking("a", "b", "c")] * 6)
    assert result.cut_short is None
    assert verdicts(result)["is-no-5xx"] is Verdict.FAILED
    assert len(cutting.seen) < 30, "each is asked once"


def test_an_answer_cut_short_by_chance_at_the_start_excuses_nothing(small, check_with):
    cut = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"choices": []}'
    cutting = small.serve(lambda seen: small.instead("raw", cut) if seen.number == 1 else small.completion())
    result = check_with(cutting.url, RULES, [asking("a", "b", "c")])
    assert not result.failed()
    assert cutting.seen[2].text == "Say hello.", "asked again"
