"""Servers fuzzed over the wire: what is found, how it is told, and what ends a run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from chatconform import check
from chatconform.core.baseline import Baseline
from chatconform.core.result import Verdict
from chatconform.core.run_result import RunResult
from chatconform.reference.pipeline import Hangup, Incoming, Pipeline, Reply, pipeline
from chatconform.reference.refusal import Refusal
from chatconform.reference.server import MODEL, ReferenceServer
from chatconform.reports import json_report
from chatconform.reports.reading import parse
from chatconform.reports.terminal import render
from chatconform.rules.catalogue import find
from chatconform.run import asker, fuzz, server
from chatconform.run.choice import Choice, choose
from chatconform.run.progress import Progress
from chatconform.run.reach import CannotCheckError
from chatconform.run.replay import Now, chosen, replayed, report_of
from chatconform.targets import ServerTarget

FAILING = "response.status.input-is-never-a-server-error"
HANGING_UP = "response.http.every-request-is-answered"
SURVIVAL = "series.survival.next-request-succeeds"

Check = Callable[..., RunResult]


@pytest.fixture
def fuzzed(monkeypatch: pytest.MonkeyPatch) -> Check:
    """`check` that plays no cases, and judges by all rules or those that are given."""

    def run(url: str | None = None, *rules: str, **options: Any) -> RunResult:
        judged = tuple(map(find, rules)) or choose().judged
        monkeypatch.setattr(server, "choose", lambda *_: Choice(judged, judged, ()))
        monkeypatch.setattr(asker, "GRACE", 0.4)
        return check(url, **{"timeout": 10.0, **options})

    return run


def right(**stages: Any) -> Pipeline:
    return replace(pipeline((MODEL,), None), **stages)


def told(result: RunResult, rule: str) -> list[str]:
    (outcome,) = (one for one in result.outcomes if one.rule.id == rule)
    return [place.examples[0].finding.message for place in outcome.places.values()]


def test_the_reference_has_no_finding_in_2000_requests(fuzzed: Check) -> None:
    result = fuzzed(fuzz=2000, seed=7)
    assert [(one.rule.id, told(result, one.rule.id)) for one in result.failed()] == []
    assert result.cut_short is None
    assert not any(outcome.kit_fault for outcome in result.outcomes)
    assert "Fuzzing sent 2000 requests (1200 boundary, 267 invalid, 267 valid, 266 wire)." in result.notes


def test_a_crash_is_one_line_with_the_least_request_that_shows_it(fuzzed: Check) -> None:
    with ReferenceServer(fault="n-of-null-crashes") as faulty:
        result = fuzzed(faulty.url, FAILING, HANGING_UP, fuzz=200)
    assert [one.rule.id for one in result.failed()] == [FAILING]
    assert told(result, FAILING) == ['status 500, "Internal server error." (the request has /n null)']
    text = render(result)
    assert '"n":null' in text
    assert text.count("(the request has") == 1


def test_two_causes_are_two_places_of_one_rule(fuzzed: Check) -> None:
    def validate(body: Any) -> None:
        if isinstance(body, dict) and (body.get("n", 1) is None or "developer" in str(body.get("messages"))):
            raise Refusal(500, "Oh.", type="server_error")
        pipeline((MODEL,), None).validate(body)

    with ReferenceServer(stages=right(validate=validate)) as faulty:
        result = fuzzed(faulty.url, FAILING, fuzz=200)
    assert sorted(told(result, FAILING)) == [
        'status 500, "Oh." (the request has /messages/0/role "developer")',
        'status 500, "Oh." (the request has /n null)',
    ]


def test_a_dropped_connection_is_found_below_json(fuzzed: Check) -> None:
    with ReferenceServer(fault="byte-order-marks-crash") as failing, ReferenceServer(fault="half-pairs-crash") as gone:
        first = fuzzed(failing.url, FAILING, HANGING_UP, fuzz=200)
        second = fuzzed(gone.url, FAILING, HANGING_UP, fuzz=200)
    assert [one.rule.id for one in first.failed()] == [FAILING]
    assert [one.rule.id for one in second.failed()] == [HANGING_UP]
    assert "(sent a byte order mark before the request)" in told(first, FAILING)[0]


def test_the_same_seed_finds_the_same(fuzzed: Check) -> None:
    with ReferenceServer(fault="names-of-users-crash") as faulty:
        first, second = (fuzzed(faulty.url, FAILING, fuzz=200, seed=3) for _ in range(2))
    assert told(first, FAILING)
    assert told(first, FAILING) == told(second, FAILING)
    assert [one.counts for one in first.outcomes] == [one.counts for one in second.outcomes]


def test_a_finding_can_be_replayed_from_the_report(fuzzed: Check) -> None:
    with ReferenceServer(fault="empty-stops-crash") as faulty, ReferenceServer() as mended:
        result = fuzzed(faulty.url, FAILING, fuzz=200)
        report = report_of(parse(json_report.render(result).encode(), "report.json"))
        wanted = chosen(report, FAILING)
        for url, expected in ((faulty.url, Now.STILL), (mended.url, Now.FIXED)):
            with ServerTarget(url) as target:
                assert {told.now for told in replayed(report, wanted, target)} == {expected}


def test_what_is_refused_is_not_told_as_unsupported(fuzzed: Check) -> None:
    result = fuzzed(None, fuzz=120, require=True)
    assert [one.rule.id for one in result.failed()] == []
    assert result.summary[Verdict.UNSUPPORTED] == 0


def test_a_plain_request_follows_each_refusal(fuzzed: Check, plain: dict[str, Any]) -> None:
    bodies: list[bytes] = []
    refused: list[int] = []

    def finish(incoming: Incoming, reply: Reply) -> Reply:
        bodies.append(incoming.body)
        if reply.status in {400, 415} and incoming.header("connection") != "close":
            refused.append(len(bodies))
        return pipeline((MODEL,), None).finish(incoming, reply)

    with ReferenceServer(stages=right(finish=finish)) as target:
        fuzzed(target.url, FAILING, fuzz=60, concurrency=1)
    assert len(refused) > 20
    assert {bodies[number] for number in refused} == {orjson.dumps(plain)}


def test_a_target_that_falls_after_a_refusal_is_found(fuzzed: Check) -> None:
    owed = [0]

    def finish(incoming: Incoming, reply: Reply) -> Reply:
        if reply.status == 400:
            owed[0] = 1
        elif owed[0]:
            owed[0] = 0
            return replace(reply, status=500)
        return pipeline((MODEL,), None).finish(incoming, reply)

    with ReferenceServer(stages=right(finish=finish)) as target:
        result = fuzzed(target.url, SURVIVAL, fuzz=40, concurrency=1)
    assert [one.rule.id for one in result.failed()] == [SURVIVAL]


def test_a_target_that_breaks_by_chance_has_no_finding(fuzzed: Check) -> None:
    turns = itertools.count(1)

    def finish(incoming: Incoming, reply: Reply) -> Reply:
        if not next(turns) % 9:
            raise Hangup(reset=True)
        return pipeline((MODEL,), None).finish(incoming, reply)

    with ReferenceServer(stages=right(finish=finish)) as target:
        result = fuzzed(target.url, FAILING, HANGING_UP, SURVIVAL, fuzz=150)
    assert [one.rule.id for one in result.failed()] == []


def test_a_target_that_dies_ends_the_run(fuzzed: Check) -> None:
    dead: list[bool] = []

    def finish(incoming: Incoming, reply: Reply) -> Reply:
        if dead or b'"n":null' in incoming.body:
            dead.append(True)
            raise Hangup(reset=True)
        return pipeline((MODEL,), None).finish(incoming, reply)

    with ReferenceServer(stages=right(finish=finish)) as target:
        result = fuzzed(target.url, HANGING_UP, fuzz=500)
    assert result.cut_short is not None
    assert "fuzz." in result.cut_short, "it names what was sent last"
    assert result.exit_status() != 0


def test_a_limit_of_requests_is_kept_and_what_was_found_is_told(fuzzed: Check) -> None:
    with ReferenceServer(fault="orphans-crash") as faulty:
        result = fuzzed(faulty.url, FAILING, fuzz=1000, max_requests=400)
    assert result.requests <= 400
    assert result.cut_short is None
    assert [one.rule.id for one in result.failed()] == [FAILING]
    assert any("as the limit of the run was near" in note for note in result.notes)


def test_a_limit_that_cuts_the_cases_short_cannot_say() -> None:
    result = check(only=["response.usage"], max_requests=4, fuzz=10)
    assert result.requests == 4
    assert result.cut_short == "it was to make no more than 4 requests"
    assert result.exit_status() == 2


def test_a_limit_of_time_ends_a_run(fuzzed: Check) -> None:
    with ReferenceServer(latency=0.2) as slow:
        result = fuzzed(slow.url, FAILING, fuzz=100_000, max_time=1.5, concurrency=2)
    assert 0 < result.requests < 1000
    assert result.cut_short is None
    assert result.exit_status() == 0


@pytest.mark.parametrize("wrong", [{"fuzz": -1}, {"max_requests": 0}, {"max_time": 0.0}])
def test_limits_that_leave_nothing_to_do_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CannotCheckError):
        check(**wrong)


def test_a_limit_below_what_finding_the_target_takes_is_told() -> None:
    with pytest.raises(CannotCheckError, match="more requests than allowed"):
        check(max_requests=1)


def test_an_interrupt_keeps_what_was_learnt(fuzzed: Check) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.doing.startswith("fuzzing") and progress.requests > 60:
            raise KeyboardInterrupt

    with ReferenceServer(latency=0.02) as target:
        result = fuzzed(target.url, FAILING, fuzz=5000, progress=interrupt)
    assert result.cut_short == server.INTERRUPTED == fuzz.INTERRUPTED
    (outcome,) = result.outcomes
    assert outcome.counts[Verdict.PASSED] > 20


def test_progress_tells_how_far_fuzzing_is(fuzzed: Check) -> None:
    seen: list[str] = []
    fuzzed(None, FAILING, fuzz=30, progress=lambda progress: seen.append(progress.doing))
    assert any(doing.startswith("fuzzing, ") for doing in seen)


def _bodies(result: RunResult) -> Iterator[bytes]:
    for outcome in result.failed():
        for example in outcome.examples():
            yield example.exchange.request.body


def test_findings_hold_the_least_bodies(fuzzed: Check) -> None:
    with ReferenceServer(fault="double-keys-crash") as faulty:
        result = fuzzed(faulty.url, FAILING, fuzz=200)
    assert min(map(len, _bodies(result))) < 60


def test_a_baseline_knows_what_requests_have_that_show_a_crash(fuzzed: Check) -> None:
    with ReferenceServer(fault="n-of-null-crashes") as faulty, ReferenceServer() as mended:
        found = fuzzed(faulty.url, FAILING, fuzz=200)
        baseline = Baseline("known.txt").updated(found)
        assert [str(one) for one in baseline.entries] == [f"{FAILING}  request:/n=null"]
        assert baseline.text.splitlines()[-2] == "[check --fuzz]"
        assert baseline.applied(found).exit_status() == 0
        assert baseline.applied(fuzzed(faulty.url, FAILING, fuzz=200, seed=4)).exit_status() == 0
        again, unfuzzed = (baseline.applied(fuzzed(mended.url, FAILING, fuzz=fuzz)).baseline for fuzz in (200, 0))
    assert again is not None
    assert unfuzzed is not None
    assert [str(one.entry) for one in again.stale] == [f"{FAILING}  request:/n=null"]
    assert [one.why for one in unfuzzed.unseen] == ["only a run with --fuzz shows it"]
