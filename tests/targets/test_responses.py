"""Responses of every framing come in whole, in their pieces, with their times."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest

from chatconform.core.ask import Ask
from chatconform.targets import Limits, Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.exchange import Exchange

    AskOnce = Callable[..., Exchange]

OK = b"HTTP/1.1 200 OK\r\n"
SSE = OK + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_a_response_with_a_length(ask: AskOnce) -> None:
    exchange = ask(
        OK + b'Content-Type: application/json\r\nX-Twice: 1\r\nx-twice: 2\r\nContent-Length: 7\r\n\r\n{"b":2}'
    )
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.status == 200
    assert exchange.response.body == b'{"b":2}'
    assert exchange.response.complete
    assert exchange.response.wire_faults == ()
    assert [pair for pair in exchange.response.headers if pair[0].lower() == "x-twice"] == [
        ("X-Twice", "1"),
        ("x-twice", "2"),
    ]
    assert exchange.completion == {"b": 2}
    assert exchange.seconds is not None
    assert exchange.started is not None


def test_pieces_keep_their_times(ask: AskOnce) -> None:
    exchange = ask(SSE, chunk(b"data: 1\n\n"), 0.15, chunk(b"data: 2\n\n"), 0.15, chunk(b"data: [DONE]\n\n") + LAST)
    assert [event.data for event in exchange.events] == ["1", "2", "[DONE]"]
    first, second, third = (event.at or 0.0 for event in exchange.events)
    assert 0 < first <= second <= third
    assert second >= 0.15
    assert third >= 0.3


def test_a_response_without_a_length_ends_with_the_connection(ask: AskOnce) -> None:
    exchange = ask(b"HTTP/1.0 200 OK\r\n\r\nab", 0.05, b"cd")
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.body == b"abcd"
    assert exchange.response.complete


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_ends_with_its_head(ask: AskOnce, status: int) -> None:
    exchange = ask(b"HTTP/1.1 %d X\r\n\r\n" % status, close=False)
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.complete


def test_the_answer_to_head_has_no_body(ask: AskOnce) -> None:
    exchange = ask(OK + b"Content-Length: 10\r\n\r\n", close=False, ask=Ask(method="HEAD", path="/models"))
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.complete


def test_interim_responses_are_passed_over(ask: AskOnce) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    exchange = ask(interim, 0.05, interim + OK + b"Content-Length: 2\r\n\r\nok")
    assert exchange.status == 200
    assert exchange.response is not None
    assert exchange.response.body == b"ok"


def test_redirects_are_not_followed(ask: AskOnce) -> None:
    exchange = ask(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    assert exchange.status == 302


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data, wbits=-15)),
        ("gzip, deflate", lambda data: zlib.compress(gzip.compress(data))),
        ("identity", lambda data: data),
        ("gzip", lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:])),
    ],
)
def test_content_codings_are_undone(ask: AskOnce, name: str, pack: Callable[[bytes], bytes]) -> None:
    body = b'{"text":"' + b"ab" * 5000 + b'"}'
    packed = pack(body)
    head = OK + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (name.encode(), len(packed))
    exchange = ask(head, packed[:10], 0.02, packed[10:])
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.body == body
    assert exchange.response.wire_faults == ()


def test_a_coded_stream_is_read_as_it_comes(ask: AskOnce) -> None:
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"data: 1\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    rest = packer.compress(b"data: 2\n\n") + packer.flush()
    head = SSE.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    exchange = ask(head, chunk(first), 0.15, chunk(rest) + LAST)
    assert [event.data for event in exchange.events] == ["1", "2"]
    assert (exchange.events[1].at or 0.0) >= 0.15


def test_a_coding_that_was_not_asked_for_and_cannot_be_read_is_told(ask: AskOnce) -> None:
    exchange = ask(OK + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc")
    assert exchange.response is not None
    assert exchange.response.body == b"abc"
    assert "'br'" in exchange.response.wire_faults[0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"this is no gzip", "gzip-coded body is broken"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-9], "cut short"),
        (gzip.compress(b"x" * 1000, mtime=0) + b"junk", "gzip-coded body is broken"),
    ],
)
def test_a_broken_coding_is_malformed(ask: AskOnce, body: bytes, said: str) -> None:
    exchange = ask(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert exchange.failure is not None
    assert exchange.failure.kind == "malformed"
    assert said in exchange.failure.message


def test_a_gzip_bomb_is_cut_off(ask: AskOnce) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    exchange = ask(
        OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb, limits=Limits(body=1_000_000)
    )
    assert exchange.failure is not None
    assert exchange.failure.kind == "too-large"
    assert exchange.response is not None
    assert len(exchange.response.body) == 1_000_000


def test_many_codings_are_refused(ask: AskOnce) -> None:
    exchange = ask(OK + b"Content-Encoding: " + b"gzip, " * 100 + b"gzip\r\nContent-Length: 0\r\n\r\n")
    assert exchange.failure is not None
    assert exchange.failure.kind == "malformed"


def test_the_wait_after_done_is_bounded(ask: AskOnce) -> None:
    exchange = ask(SSE + chunk(b"data: [DONE]\n\n"), close=False)
    assert exchange.failure is not None
    assert exchange.failure.kind == "idle-timeout"
    assert exchange.failure.message == "the stream was not ended within 0.3 s after [DONE]"
    assert exchange.response is not None
    assert not exchange.response.complete
    assert [event.data for event in exchange.events] == ["[DONE]"]


def test_bytes_after_done_do_not_prolong_the_wait(ask: AskOnce) -> None:
    pings = [part for _ in range(60) for part in (chunk(b": ping\n\n"), 0.05)]
    exchange = ask(SSE + chunk(b"data: [DONE]\n\n"), *pings)
    assert exchange.failure is not None
    assert exchange.failure.message == "the stream was not ended within 0.3 s after [DONE]"


def test_leaving_early_keeps_what_came(ask: AskOnce) -> None:
    three = b"".join(chunk(b"data: %d\n\n" % number) for number in range(3))
    exchange = ask(SSE + three, close=False, ask=Ask({"stream": True}, leave_after=3))
    assert exchange.failure is None
    assert exchange.about["left_after"] == 3
    assert [event.data for event in exchange.events] == ["0", "1", "2"]
    assert exchange.response is not None
    assert not exchange.response.complete


def test_leaving_at_once_waits_for_nothing(ask: AskOnce) -> None:
    exchange = ask(5.0, OK + b"\r\n", ask=Ask({"stream": True}, leave_after=0))
    assert exchange.response is None
    assert exchange.failure is None
    assert exchange.about["left_after"] == 0


def test_leaving_in_time_is_no_failure(ask: AskOnce) -> None:
    exchange = ask(5.0, OK + b"\r\n", ask=Ask({}, leave_within=0.05))
    assert exchange.response is None
    assert exchange.failure is None
    assert exchange.about["left_after"] == 0


def test_an_answer_that_comes_in_time_is_whole(ask: AskOnce) -> None:
    exchange = ask(OK + b"Content-Length: 2\r\n\r\n{}", ask=Ask({}, leave_within=5.0))
    assert exchange.response is not None
    assert exchange.response.complete
    assert "left_after" not in exchange.about


def test_a_stream_that_ends_before_we_leave_is_whole(ask: AskOnce) -> None:
    exchange = ask(SSE + chunk(b"data: [DONE]\n\n") + LAST, ask=Ask({"stream": True}, leave_after=3))
    assert exchange.response is not None
    assert exchange.response.complete
    assert "left_after" not in exchange.about


def test_what_the_case_knows_is_handed_on(ask: AskOnce) -> None:
    exchange = ask(OK + b"Content-Length: 0\r\n\r\n", ask=Ask({}, about={"pair": 1}))
    assert exchange.about["pair"] == 1
    assert exchange.origin.case == "test"


@pytest.mark.parametrize(
    ("part", "kind", "said"),
    [
        (2.0, "first-byte-timeout", "no answer came within 0.2 s"),
        (OK + b"Content-Length: 9\r\n\r\nabc", "idle-timeout", "nothing more came for 0.2 s"),
        (OK + b"Content-Le", "idle-timeout", "nothing more came"),
    ],
)
def test_silence_is_not_waited_out(ask: AskOnce, part: bytes | float, kind: str, said: str) -> None:
    exchange = ask(part, close=False, timeouts=Timeouts(1.0, 0.2, 0.2, 5.0))
    assert exchange.failure is not None
    assert exchange.failure.kind == kind
    assert said in exchange.failure.message


def test_the_whole_is_bounded_even_if_bytes_keep_coming(ask: AskOnce) -> None:
    drip = [part for _ in range(100) for part in (chunk(b"data: x\n\n"), 0.02)]
    exchange = ask(SSE, *drip, timeouts=Timeouts(1.0, 1.0, 1.0, 1.0))
    assert exchange.failure is not None
    assert exchange.failure.kind == "total-timeout"
    assert exchange.response is not None
    assert exchange.response.status == 200
    assert exchange.events
