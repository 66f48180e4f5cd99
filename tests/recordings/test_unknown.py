"""What a recording lacks is never held against whoever was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from chatconform.core.exchange import Exchange, Request
from chatconform.core.panel import Panel
from chatconform.core.recording import from_json
from chatconform.core.result import Verdict
from chatconform.core.rule import Part
from chatconform.rules.catalogue import find, rules
from chatconform.run.unknown import HEADERS, REQUEST, without_headers, without_request

SPECIMENS = Path(__file__).parents[1] / "specimens"
EVERY = [rule for rule in rules() if rule.on is not Part.SERIES]
JSON = (("content-type", "application/json"),)


def specimens(*kinds: str) -> Iterator[Exchange]:
    for path in sorted(SPECIMENS.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            value = orjson.loads(line)
            if not kinds or value["specimen"] in kinds:
                for one in value.get("series", [value]):
                    yield from_json(one)


PANEL = Panel(EVERY)


def failed(exchange: Exchange) -> set[str]:
    return {result.rule.id for result in PANEL.judge(exchange)[1] if result.verdict is Verdict.FAILED}


def test_an_answer_whose_headers_are_not_known_breaks_nothing_that_it_keeps_with_them() -> None:
    for exchange in specimens("keeps"):
        if exchange.response is None:
            continue
        kind = "text/event-stream" if exchange.is_stream else "application/json"
        bare = replace(exchange, response=replace(exchange.response, headers=(("content-type", kind),)), started=None)
        new = failed(bare) - failed(exchange)
        assert not [rule for rule in new if not without_headers(find(rule))]


def test_an_answer_whose_request_is_not_known_breaks_nothing_that_it_keeps_with_it() -> None:
    for exchange in specimens("keeps"):
        if exchange.response is None or exchange.request.target != "/v1/chat/completions":
            continue
        if exchange.request.method == "POST" and exchange.failure is None:  # a dump tells of none
            bare = replace(exchange, request=Request("POST", "/v1/chat/completions", JSON))
            new = failed(bare) - failed(exchange)
            assert not [rule for rule in new if not without_request(find(rule))]


@pytest.mark.parametrize("rule", sorted(HEADERS | REQUEST))
def test_what_is_left_out_is_a_rule(rule: str) -> None:
    assert find(rule).id == rule
