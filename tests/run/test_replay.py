"""What a report holds is asked for again, and told as fixed, still failing or different."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from chatconform.core.ask import Ask
from chatconform.core.exchange import Exchange, Origin, Request
from chatconform.core.failure import failure_id
from chatconform.reference.faults import find
from chatconform.reference.server import ReferenceServer
from chatconform.reports import render
from chatconform.reports.reading import parse
from chatconform.run import client_replay, replay
from chatconform.run.client_checking import check_client
from chatconform.run.reach import CannotCheckError
from chatconform.run.replay import Now, Report, ask_of, chosen, replayed, report_of, worst
from chatconform.run.server import check
from chatconform.targets import ServerTarget

SUM = "response.usage.total-is-the-sum"
PARTS = {"prompt_tokens": 3, "completion_tokens": 2}


def read(result: Any, **changes: Any) -> Report:
    document = orjson.loads(render("json", result))
    return report_of(parse(orjson.dumps({**document, **changes}), "report.json"))


@pytest.fixture
def wrong(small: Any) -> Any:
    """A server whose totals are wrong."""
    return small.serve(lambda _: small.completion(usage={**PARTS, "total_tokens": 7}))


@pytest.fixture
def report(wrong: Any) -> Report:
    return read(check(wrong.url, only=[SUM], timeout=2.0))


@pytest.fixture
def ask(report: Report, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Asks a server for the failures of the report."""
    monkeypatch.setattr(replay, "PAUSES", (0.0, 0.0))

    def ask(url: str, wanted: str | None = None) -> list[Any]:
        with ServerTarget(url) as target:
            return list(replayed(report, chosen(report, wanted), target, timeout=2.0))

    return ask


def test_a_failure_is_named_by_its_id_its_rule_its_exchange_or_not_at_all(report):
    everything = chosen(report, None)
    name = failure_id(SUM, "/usage/total_tokens")
    exchange = everything[0].exchange
    assert chosen(report, name) == chosen(report, SUM) == chosen(report, "response.usage") == everything
    assert {one.exchange for one in chosen(report, exchange)} == {exchange}
    with pytest.raises(CannotCheckError, match=f"no failure, rule or exchange named 'x'; its failures are {name}"):
        chosen(report, "x")


def test_a_failure_that_is_there_still_fails(ask, wrong):
    before = len(wrong.seen)
    told = ask(wrong.url)
    assert worst(told) is Now.STILL
    assert told[0].why == ("/usage/total_tokens is 7, not 3 + 2",)
    first = wrong.seen[before]
    assert any(first.body == earlier.body for earlier in wrong.seen[:before]), "the same bytes are sent"
    assert len(wrong.seen) - before == len({one.broken.exchange for one in told})


def test_a_failure_that_is_gone_is_fixed_and_another_base_url_may_be_asked(ask, small):
    mended = small.serve(lambda _: small.completion(usage={**PARTS, "total_tokens": 5}), path="/other/v2")
    assert {one.now for one in ask(mended.url)} == {Now.FIXED}
    assert mended.seen[-1].path == "/other/v2/chat/completions"


def test_a_server_that_fails_otherwise_now_is_different(ask, small):
    crashing = small.serve(lambda _: small.error(500))
    told = ask(crashing.url)
    assert {one.now for one in told} == {Now.DIFFERENT}
    assert "breaks response.status." in told[0].why[0]


def test_a_rule_that_is_broken_at_another_place_is_different(wrong):
    elsewhere = orjson.loads(render("json", check(wrong.url, only=[SUM], timeout=2.0)))
    for rule in elsewhere["rules"]:
        for finding in rule["findings"]:
            finding.update(pointer="/3/usage/total_tokens", place="/*/usage/total_tokens")
    moved = report_of(parse(orjson.dumps(elsewhere), "r"))
    with ServerTarget(wrong.url) as target:
        told = list(replayed(moved, chosen(moved, None), target))
    assert {one.now for one in told} == {Now.DIFFERENT}
    assert told[0].why == ("breaks the rule at another place: /usage/total_tokens is 7, not 3 + 2",)


def test_what_does_not_show_it_any_more_is_told_as_that(ask, small):
    mended = small.serve(lambda _: small.completion(usage=None))
    assert {one.now for one in ask(mended.url)} <= {Now.UNKNOWN, Now.DIFFERENT}


@pytest.mark.parametrize(
    ("status", "sentence"), [(401, "wants a key .*--api-key-env"), (429, "says not now"), (503, "says not now")]
)
def test_a_target_that_cannot_be_asked_is_no_verdict(ask, small, status, sentence):
    server = small.serve(lambda _: small.error(status))
    with pytest.raises(CannotCheckError, match=sentence):
        ask(server.url)


def test_a_target_that_says_not_now_once_is_asked_again(ask, small):
    answers = [small.error(503), small.completion(usage={**PARTS, "total_tokens": 5})]
    server = small.serve(lambda _: answers.pop(0) if len(answers) > 1 else answers[0])
    assert worst(ask(server.url)) is Now.FIXED


def test_a_target_that_is_gone_is_no_verdict(ask, wrong):
    wrong.die()
    with pytest.raises(CannotCheckError, match="cannot be reached"):
        ask(wrong.url)


@pytest.mark.parametrize("fault", ["stop-is-ignored", "seed-is-ignored", "chunked-bodies-are-refused"])
def test_what_several_requests_show_together_is_played_again(fault):
    with ReferenceServer(fault=fault) as bad, ReferenceServer() as good:
        report = read(check(bad.url, only=find(fault).kills, timeout=5.0))
        for url, expected in ((bad.url, Now.STILL), (good.url, Now.FIXED)):
            with ServerTarget(url) as target:
                assert worst(replayed(report, chosen(report, None), target, timeout=5.0)) is expected


def test_a_request_too_large_for_the_report_is_made_again_by_its_case(report, wrong):
    cut = Report(report.url, report.model, report.seed, report.broken, report.exchanges, frozenset(report.exchanges))
    with ServerTarget(wrong.url) as target:
        told = list(replayed(cut, chosen(cut, None), target, timeout=2.0))
    assert {one.now for one in told} == {Now.STILL}


def test_a_large_generated_request_is_told_with_what_makes_it_again(wrong):
    result = orjson.loads(render("json", check(wrong.url, only=[SUM], timeout=2.0)))
    for rule in result["rules"]:
        for finding in rule["findings"]:
            finding["case"] = "fuzz.valid"
    result["exchanges"] = {}
    result["fuzzed"] = 250
    report = report_of(parse(orjson.dumps(result), "r"))
    with (
        ServerTarget(wrong.url) as target,
        pytest.raises(CannotCheckError, match=f"chatconform check .* --only {SUM} --seed 0 --fuzz 250`"),
    ):
        list(replayed(report, chosen(report, None), target))


def test_a_generated_stream_is_told_with_what_makes_it_again():
    result = orjson.loads(render("json", check_client(lambda _: {"ok": True, "completion": {}}, only=["ns.plain"])))
    (failed,) = result["scenarios"]
    failed.update(id="fuzz.writing", outcome="failed", kind="wrong")
    result["fuzzed"] = 40
    with pytest.raises(CannotCheckError, match="`chatconform client` again with `--fuzz 40 --seed 0`"):
        client_replay.chosen(parse(orjson.dumps(result), "r"), None)


def test_a_report_of_an_older_version_is_replayed(wrong):
    older = orjson.loads(render("json", check(wrong.url, only=[SUM], timeout=2.0)))
    for rule in older["rules"]:
        for finding in rule["findings"]:
            for name in ("id", "place", "excused"):
                del finding[name]
    report = report_of(parse(orjson.dumps({**older, "schema_version": "1.0"}), "r"))
    assert chosen(report, failure_id(SUM, "/usage/total_tokens"))


def test_a_rule_that_this_kit_does_not_have_is_told(report, wrong):
    strange = orjson.loads(render("json", check(wrong.url, only=[SUM], timeout=2.0)))
    strange["rules"][0]["id"] = "response.usage.was-once-a-rule"
    held = report_of(parse(orjson.dumps(strange), "r"))
    with pytest.raises(CannotCheckError, match=r"no rule response\.usage\.was-once-a-rule; .* or with the --plugin"):
        chosen(held, "response.usage")
    assert chosen(report, None)


@pytest.mark.parametrize(
    "ask",
    [
        Ask({"model": "m"}),
        Ask(b"\xff not json"),
        Ask({"model": "m"}, headers={"Content-Type": None, "X-Odd": "1"}),
        Ask({"model": "m"}, headers={"Content-Type": "text/plain", "Accept": "*/*"}),
        Ask(b"{}", headers={"Content-Length": "2"}),
        Ask(method="GET", path="/models"),
        Ask({"model": "m"}, chunked=1),
        Ask({"model": "m"}, chunked=7),
        Ask(method="POST"),
        Ask({"model": "m"}, headers={"Content-Length": "999"}, leave_within=1.0),
        Ask({"model": "m"}, about={"word": "sesame"}),
    ],
)
def test_a_recorded_request_is_sent_as_it_was(small, ask):
    server = small.serve(lambda _: small.completion())
    with ServerTarget(server.url, api_key="sk-0123456789") as target:
        then = target.send(ask, Origin("then"))
        now = target.send(ask_of(then, "/v1"), Origin("now"))
    assert now.request.method == then.request.method
    assert now.request.target == then.request.target
    assert now.request.body == then.request.body
    assert now.request.headers == then.request.headers
    assert {**now.about, "connection": 0} == {**then.about, "connection": 0}
    assert len({tuple(seen.headers.items()) for seen in server.seen}) <= 1, "the key too"


def test_a_secret_that_no_report_holds_is_not_sent_as_stars():
    request = Request("POST", "/v1/chat/completions", (("Authorization", "Bearer [redacted]"),), b"{}")
    assert "Authorization" not in ask_of(Exchange(Origin("x"), request), "/v1").headers


@pytest.mark.parametrize("body", [b"-9223372036854775808", b"18446744073709551615", b'{"a":1e400}', b"\xed\xa0\x80"])
def test_a_report_holds_odd_bodies_byte_for_byte(small, body):
    wrong = small.serve(lambda _: small.completion(usage={**PARTS, "total_tokens": 7}))
    with ServerTarget(wrong.url) as target:
        exchange = target.send(Ask(body), Origin("sample"))
    result = check(wrong.url, only=[SUM], timeout=2.0)
    (outcome,) = result.outcomes
    place = next(iter(outcome.places.values()))
    place.examples[:] = [type(place.examples[0])(place.examples[0].finding, exchange)]
    (only,) = {one.exchange for one in read(result).broken}
    assert read(result).exchanges[only].request.body == body
