"""Whatever a server does, there is an exchange that tells it, and an end to it."""

from __future__ import annotations

import socket
import struct
import time
from typing import TYPE_CHECKING

import pytest

from chatconform.core.ask import Ask
from chatconform.core.exchange import Origin
from chatconform.targets import Limits, Timeouts
from chatconform.targets.bounds import WireError
from chatconform.targets.reading import ResponseReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.exchange import Exchange
    from chatconform.targets import ServerTarget

    AskOnce = Callable[..., Exchange]
    Start = Callable[..., object]
    Make = Callable[..., ServerTarget]

OK = b"HTTP/1.1 200 OK\r\n"
KINDS = {
    "refused",
    "unresolved",
    "tls",
    "connect-timeout",
    "first-byte-timeout",
    "idle-timeout",
    "total-timeout",
    "reset",
    "closed",
    "malformed",
    "too-large",
}


def reset(connection: socket.socket) -> None:
    """Ends a connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (b"", "closed", "without an answer"),
        (b"HTTP/1.1 200", "closed", "in the middle of the response's head"),
        (b"HT", "closed", "in the middle of the response's head"),
        (OK + b"Content-Length: 10\r\n\r\nabc", "closed", "after 3 of the 10 bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", "closed", "before the chunk that ends"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "closed", "before the chunk that ends"),
        (b'{"json": "without a head"}', "malformed", 'begins with \'{"json"'),
        (b"HTTP/2 200\r\n\r\n", "malformed", "illegal status line"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "malformed", "illegal status line"),
        (b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "malformed", "no HTTP/1.1 response"),
        (OK + b"no colon here\r\n\r\n", "malformed", "illegal header line: b'no colon here'"),
        (OK + b"Name : value\r\n\r\n", "malformed", "illegal header line"),
        (OK + b"X: a\x00b\r\n\r\n", "malformed", "control character"),
        (OK + b"X: a\rb\r\n\r\n", "malformed", "control character"),
        (OK + b"Content-Length: ten\r\n\r\n", "malformed", "bad Content-Length"),
        (OK + b"Content-Length: -1\r\n\r\n", "malformed", "bad Content-Length"),
        (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "malformed", "conflicting Content-Length"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "malformed", "Transfer-Encoding"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "malformed", "illegal chunk header"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "malformed", "malformed chunk footer"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 21 + b"\r\n", "malformed", "illegal chunk header"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "malformed", "another protocol"),
        (b"HTTP/1.1 099 Odd\r\n\r\n", "malformed", "below 100"),
        (b"SSH-2.0-OpenSSH_9\r\n", "malformed", "'SSH-2.0"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 60, "malformed", "interim"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "malformed", "https://"),
    ],
)
def test_what_is_no_http_is_told_in_a_sentence(ask: AskOnce, said: bytes, kind: str, message: str) -> None:
    exchange = ask(said)
    assert exchange.failure is not None
    assert (exchange.failure.kind, message in exchange.failure.message) == (kind, True), exchange.failure.message
    assert "\n" not in exchange.failure.message
    assert len(exchange.failure.message) < 300
    assert "bytearray" not in exchange.failure.message


def test_what_came_before_the_breakage_is_kept(ask: AskOnce) -> None:
    exchange = ask(
        OK + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\nxyz\r\n"
    )
    assert exchange.failure is not None
    assert exchange.failure.kind == "malformed"
    assert exchange.response is not None
    assert not exchange.response.complete
    assert [event.data for event in exchange.events] == ["1"]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "bare LF"),
        (OK + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\nok", "folded"),
        (
            OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "both Content-Length and",
        ),
        (OK + b"Content-Length: 2\r\ncontent-length: 2\r\n\r\nok", "more than once"),
        (OK + b"Content-Length: 2, 2\r\n\r\nok", "more than once"),
        (OK + b"Content-Length: 2\r\n\r\nok and more", "bytes follow"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore", "bytes follow"),
    ],
)
def test_what_can_be_read_all_the_same_is_told_as_a_wire_fault(ask: AskOnce, said: bytes, fault: str) -> None:
    exchange = ask(said)
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.body == b"ok"
    assert len(exchange.response.wire_faults) == 1
    assert fault in exchange.response.wire_faults[0]


def test_a_lawful_response_has_no_wire_fault(ask: AskOnce) -> None:
    exchange = ask(OK + b"x:\r\nY: \t b\t\r\nContent-Length:2\r\nContent-Type: a/b\r\n\r\nok")
    assert exchange.response is not None
    assert exchange.response.wire_faults == ()


def test_trailers_and_extensions_of_chunks_are_lawful(ask: AskOnce) -> None:
    exchange = ask(OK + b'Transfer-Encoding: Chunked\r\n\r\n2;a="b";c\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n')
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.body == b"ok"
    assert exchange.response.wire_faults == ()


def test_a_reset_before_the_answer_is_told(ask: AskOnce, request_of: Callable[..., bytes]) -> None:
    def talk(connection: socket.socket, server: object) -> None:
        request_of(connection, server)
        reset(connection)

    exchange = ask(talk)
    assert exchange.failure is not None
    assert exchange.failure.kind == "reset"
    assert "before an answer came" in exchange.failure.message


def test_a_reset_in_the_middle_keeps_what_came(ask: AskOnce, request_of: Callable[..., bytes]) -> None:
    def talk(connection: socket.socket, server: object) -> None:
        request_of(connection, server)
        connection.sendall(OK + b"Content-Length: 10\r\n\r\nabc")
        time.sleep(0.2)
        reset(connection)

    exchange = ask(talk)
    assert exchange.failure is not None
    assert exchange.failure.kind == "reset"
    assert exchange.response is not None
    assert exchange.response.body == b"abc"
    assert not exchange.response.complete


def test_a_head_of_a_million_headers_is_cut_off(ask: AskOnce) -> None:
    exchange = ask(OK + b"X-Y: z\r\n" * 1_000_000)
    assert exchange.failure is not None
    assert exchange.failure.kind == "too-large"
    assert "head is larger than 256 KiB" in exchange.failure.message


def test_a_head_that_never_ends_its_line_is_cut_off(ask: AskOnce) -> None:
    assert getattr(ask(OK + b"X: " + b"y" * 1_000_000).failure, "kind", None) == "too-large"


def test_a_whole_head_beyond_the_limit_is_refused_too(ask: AskOnce) -> None:
    exchange = ask(OK + b"X: " + b"y" * 5000 + b"\r\nContent-Length: 0\r\n\r\n", limits=Limits(head=4096))
    assert getattr(exchange.failure, "kind", None) == "too-large"


def flood(head: bytes, piece: bytes) -> Callable[[socket.socket, object], None]:
    def talk(connection: socket.socket, server: object) -> None:
        connection.recv(65536)
        connection.sendall(head)
        while not server.stopping.is_set():  # type: ignore[attr-defined]
            connection.sendall(piece)

    return talk


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"Content-Length: 10000000000\r\n\r\n", b"x" * 65536),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
        (b"Content-Type: text/event-stream\r\n\r\n", b"data: {}\n\n" * 1000),
        (b"\r\n", b"x" * 65536),
    ],
)
def test_a_body_without_end_is_cut_off(ask: AskOnce, head: bytes, piece: bytes) -> None:
    exchange = ask(flood(OK + head, piece), limits=Limits(body=2_000_000))
    assert exchange.failure is not None
    assert exchange.failure.kind == "too-large"
    assert "larger than" in exchange.failure.message
    assert exchange.response is not None
    assert len(exchange.response.body) == 2_000_000
    assert not exchange.response.complete


def test_a_body_in_a_million_pieces_is_cut_off() -> None:
    reader = ResponseReader("POST", Limits(pieces=20))
    reader.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n", 0.0)
    for _ in range(20):
        reader.feed(b"1\r\nx\r\n", 0.0)
    with pytest.raises(WireError, match="more than 20 pieces"):
        reader.feed(b"1\r\nx\r\n", 0.0)


@pytest.mark.parametrize(
    "line", [b"1;" + b" " * 60_000 + b"\n\r\n", b"1" + b" " * 60_000 + b"x\r\n", b"0\r\n" + b"X: y\r\n" * 50_000]
)
def test_lines_made_to_be_slow_are_not(ask: AskOnce, line: bytes) -> None:
    exchange = ask(OK + b"Transfer-Encoding: chunked\r\n\r\n" + line, timeouts=Timeouts(2, 20, 20, 20))
    assert getattr(exchange.failure, "kind", None) == "malformed"


def test_headers_made_to_be_slow_are_not(ask: AskOnce) -> None:
    exchange = ask(OK + b"X:" + b" " * 200_000 + b"\x0b\r\n\r\n", timeouts=Timeouts(2, 20, 20, 20))
    assert getattr(exchange.failure, "kind", None) == "malformed"


def test_an_early_refusal_of_a_large_body_is_heard(ask: AskOnce) -> None:
    def talk(connection: socket.socket, _: object) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
        time.sleep(0.1)
        connection.close()  # with bytes unread: a reset follows

    exchange = ask(talk, ask=Ask(b"x" * 20_000_000))
    assert exchange.status == 413
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.body == b"no"


def test_a_server_that_does_not_read_is_not_waited_for(ask: AskOnce) -> None:
    def talk(_: socket.socket, server: object) -> None:
        server.stopping.wait(10)  # type: ignore[attr-defined]

    exchange = ask(talk, ask=Ask(b"x" * 20_000_000), timeouts=Timeouts(1, 0.3, 0.3, 3))
    assert getattr(exchange.failure, "kind", None) == "idle-timeout"
    assert "stopped taking the request" in getattr(exchange.failure, "message", "")


def test_a_server_that_closes_while_it_is_sent_to(ask: AskOnce) -> None:
    def talk(connection: socket.socket, _: object) -> None:
        connection.recv(1000)
        reset(connection)

    exchange = ask(talk, ask=Ask(b"x" * 20_000_000))
    assert getattr(exchange.failure, "kind", None) in {"reset", "closed"}
    assert exchange.response is None


def test_a_large_body_that_is_read_slowly_arrives(ask: AskOnce, request_of: Callable[..., bytes]) -> None:
    got: list[int] = []

    def talk(connection: socket.socket, server: object) -> None:
        time.sleep(0.3)
        got.append(len(request_of(connection, server)))
        connection.sendall(OK + b"Content-Length: 2\r\n\r\nok")

    exchange = ask(talk, ask=Ask(b"x" * 8_000_000))
    assert exchange.failure is None
    assert got[0] > 8_000_000


def test_nobody_listens(target_of: Make) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    exchange = target_of(f"http://127.0.0.1:{port}/v1").send(Ask({}), Origin("x"))
    assert exchange.failure is not None
    assert exchange.failure.kind == "refused"
    assert f"127.0.0.1:{port} cannot be reached" in exchange.failure.message
    assert exchange.response is None


def test_a_name_that_there_is_not(target_of: Make) -> None:
    exchange = target_of("http://no-such-host.invalid/v1").send(Ask({}), Origin("x"))
    assert exchange.failure is not None
    assert exchange.failure.kind == "unresolved"
    assert "no-such-host.invalid" in exchange.failure.message


def test_a_connection_that_nobody_takes(target_of: Make) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        where = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(where)
        target = target_of(f"http://127.0.0.1:{where[1]}/v1", timeouts=Timeouts(connect=0.2, first_byte=0.5))
        exchange = target.send(Ask({}), Origin("x"))
        for one in waiting:
            one.close()
    assert exchange.failure is not None
    assert exchange.failure.kind in {"connect-timeout", "first-byte-timeout"}
    assert exchange.failure.kind in KINDS
