"""A request is sent again as the report holds it."""

from __future__ import annotations

from typing import Any

import pytest

from chatconform.core.ask import Ask
from chatconform.core.exchange import Origin, Request
from chatconform.reports import render
from chatconform.rules.catalogue import find
from chatconform.run.reach import CannotCheckError
from chatconform.run.replay import ask_of, chosen, read, replay
from chatconform.run.server import check
from chatconform.targets import ServerTarget

SUM = "response.usage.total-is-the-sum"


@pytest.fixture
def wrong(small) -> Any:
    """A server whose totals are wrong."""
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 7}
    return small.serve(lambda _: small.completion(usage=usage))


@pytest.fixture
def report(wrong) -> Any:
    return read(render("json", check(wrong.url, only=[SUM], timeout=2.0)).encode())


def test_a_finding_is_found_again_by_its_rule_and_by_its_exchange(report, wrong):
    by_rule = chosen(report, SUM)
    exchange_id = next(iter(by_rule))
    assert chosen(report, exchange_id) == {exchange_id: [find(SUM)]}
    assert chosen(report, None) == by_rule
    with ServerTarget(wrong.url) as target:
        replayed = replay(report, exchange_id, by_rule[exchange_id], target)
    assert replayed.now.request.body == replayed.then.request.body
    assert replayed.now.request.target == replayed.then.request.target
    assert [finding.message for result in replayed.results for finding in result.findings]


def test_a_mended_server_no_longer_breaks_the_rule(report, small):
    mended = small.serve(lambda _: small.completion(), path="/other/v2")
    by_rule = chosen(report, SUM)
    with ServerTarget(mended.url) as target:
        replayed = replay(report, next(iter(by_rule)), by_rule[next(iter(by_rule))], target)
    assert mended.seen[-1].path == "/other/v2/chat/completions", "below the base URL that is asked now"
    assert [str(result.verdict) for result in replayed.results] == ["passed"]


def test_what_the_report_does_not_hold_is_told(report):
    with pytest.raises(CannotCheckError, match="the report holds no exchange named 'nothing'"):
        chosen(report, "nothing")


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"exchanges": 3}', b"\xff", b'{"exchanges":{},"rules":[{"id":1}]}']
)
def test_what_is_no_report_is_told(data):
    with pytest.raises(CannotCheckError, match="this is no JSON report of `chatconform check`"):
        read(data)


def test_a_request_too_large_for_the_report_is_told(report):
    exchange_id = next(iter(chosen(report, SUM)))
    cut = type(report)(report.url, report.seed, report.exchanges, report.broken, frozenset({exchange_id}))
    with ServerTarget("http://127.0.0.1:1/v1") as target, pytest.raises(CannotCheckError, match="too large"):
        replay(cut, exchange_id, [find(SUM)], target)


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
        Ask(method="POST"),
    ],
)
def test_a_recorded_request_is_sent_as_it_was(small, ask):
    server = small.serve(lambda _: small.completion())
    with ServerTarget(server.url, api_key="sk-0123456789") as target:
        then = target.send(ask, Origin("then"))
        now = target.send(ask_of(then.request, "/v1"), Origin("now"))
    assert now.request.method == then.request.method
    assert now.request.target == then.request.target
    assert now.request.body == then.request.body
    assert dict(now.request.headers) == dict(then.request.headers)
    assert server.seen[0].headers == server.seen[1].headers, "the key too"


def test_a_secret_that_no_report_holds_is_not_sent_as_stars():
    request = Request("POST", "/v1/chat/completions", (("Authorization", "Bearer [redacted]"),), b"{}")
    assert "Authorization" not in ask_of(request, "/v1").headers
