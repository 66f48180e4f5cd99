"""Answers without end are told in one sentence, soon; long answers that are honest are read whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

import chatconform
from chatconform import CannotCheckError
from chatconform.run import asker
from chatconform.run.opening import LIMITS

CHUNK = {
    "id": "c-1",
    "object": "chat.completion.chunk",
    "created": 1_700_000_000,
    "model": "tiny",
    "choices": [{"index": 0, "delta": {"content": "on and "}, "finish_reason": None}],
}
EVENT = b"data: " + json.dumps(CHUNK).encode() + b"\n\n"
STREAM = b"Content-Type: text/event-stream\r\n\r\n"
FLOODS = {
    "events": (STREAM, EVENT * 100),
    "comments": (STREAM, b": still here\n\n" * 1000),
    "one event": (STREAM, b"data: " + b"on and " * 10_000),
    "10 GB": (b"Content-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n", b" " * 65_536),
    "chunks": (b"Transfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b" " * 0x8000 + b"\r\n"),
    "headers": (b"X-A: b\r\n", b"X-A: b\r\n" * 1000),
}


def asks_a_stream(seen: Any) -> bool:
    return isinstance(seen.body, dict) and seen.body.get("stream") is True


@pytest.mark.parametrize("name", FLOODS)
def test_a_target_that_answers_everything_without_end_is_one_sentence(small, name):
    server = small.serve(lambda _: small.endless(*FLOODS[name]))
    with pytest.raises(CannotCheckError, match=r"(larger|more) than [0-9]+") as raised:
        chatconform.check(server.url)
    assert "\n" not in str(raised.value)
    assert len(server.seen) <= 3


@pytest.mark.parametrize("name", ["events", "comments", "one event"])
def test_streams_without_end_cut_the_run_short_and_what_was_seen_before_is_told(small, name):
    server = small.serve(lambda s: small.endless(*FLOODS[name]) if asks_a_stream(s) else small.completion())
    result = chatconform.check(server.url, only=["stream", "response.body"])
    assert result.cut_short.startswith(f"{asker.MOST_FLOODS} answers were without end (the response's ")
    assert result.exit_status() == 1
    assert any(outcome.judged for outcome in result.outcomes if outcome.rule.id.startswith("response.body."))
    kept = [example.exchange.response for outcome in result.outcomes for example in outcome.examples()]
    assert all(len(response.body) <= LIMITS.evidence for response in kept if response is not None)


def test_a_stream_that_goes_on_until_its_time_is_over_is_not_asked_for_again_and_again(small):
    server = small.serve(lambda s: small.endless(STREAM, EVENT * 20) if asks_a_stream(s) else small.completion())
    slow = chatconform.check(server.url, only=["stream.framing"], timeout=0.25)
    assert "answers were without end" in slow.cut_short


def test_a_long_stream_that_ends_is_read_whole(small):
    def story(_: Any) -> Any:
        events = (
            EVENT * 6_000
            + EVENT.replace(
                b'"delta": {"content": "on and "}, "finish_reason": null', b'"delta": {}, "finish_reason": "stop"'
            )
            + b"data: [DONE]\n\n"
        )
        return small.answer(200, events, content_type="text/event-stream")

    server = small.serve(lambda s: story(s) if asks_a_stream(s) else small.completion())
    result = chatconform.check(server.url, only=["stream.framing.done-is-last", "stream.framing.body-is-complete"])
    assert result.cut_short is None
    assert [outcome.verdict for outcome in result.outcomes] == ["passed", "passed"]
