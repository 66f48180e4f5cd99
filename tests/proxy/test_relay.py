"""What passes through is what was sent, at once, whatever it is; and how connections end passes as well."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

import pytest

from chatconform.targets import passage as passages
from chatconform.targets.passage import exchange_of
from tests.proxy.conftest import PATIENCE, Way, read_all, read_exactly, read_until

BODY = b'{"model":"m","messages":[]}'
REQUEST = b"POST /chat/completions HTTP/1.1\r\nhOsT:  here:1\r\nX-Odd:\tvalue \r\nContent-Length: %d\r\n\r\n" % len(
    BODY
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
Make = Callable[[Callable[[socket.socket], None]], Way]


def answer(sock: socket.socket) -> None:
    """Answers requests with the body above, one after the other."""
    rest = b""
    while True:
        while BODY not in rest:
            more = sock.recv(65536)
            if not more:
                return
            rest += more
        rest = rest.partition(BODY)[2]
        sock.sendall(ANSWER)


def reset(sock: socket.socket) -> None:
    """Ends a connection with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_only_host_and_path_of_a_request_change(way: Make) -> None:
    got: list[bytes] = []

    def behave(sock: socket.socket) -> None:
        got.append(read_until(sock, BODY))
        sock.sendall(ANSWER)

    there = way(behave)
    there.client.sendall(REQUEST + BODY)
    assert read_exactly(there.client, len(ANSWER)) == ANSWER
    host = there.target.url.split("/")[2].encode()
    wanted = REQUEST.replace(b"here:1", host).replace(b"/chat", b"/v1/chat")
    assert got == [wanted + BODY]
    (passage,) = there.end()
    exchange = exchange_of(passage, "test", 1)
    assert (exchange.request.method, exchange.request.target) == ("POST", "/v1/chat/completions")
    assert exchange.request.body == BODY
    assert exchange.request.header("x-odd") == "value"
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.body, exchange.response.complete) == (200, b"{}", True)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\nA: 1\n\nbare line ends",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk at all\r\n\x00\xff",
        b"not HTTP at all \x00\r\n\r\n\x80",
        b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut",
        b"",
    ],
)
def test_answers_pass_whatever_they_are(way: Make, raw: bytes) -> None:
    def behave(sock: socket.socket) -> None:
        read_until(sock, BODY)
        sock.sendall(raw)

    there = way(behave)
    there.client.sendall(REQUEST + BODY)
    assert read_all(there.client) == raw
    assert len(there.end()) == 1


def test_pieces_of_a_stream_pass_before_the_next_is_sent(way: Make) -> None:
    arrived = threading.Semaphore(0)
    pieces = [b"data: %d\n\n" % number for number in range(20)]

    def behave(sock: socket.socket) -> None:
        read_until(sock, BODY)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            assert arrived.acquire(timeout=PATIENCE), "it was held back"
        sock.sendall(b"0\r\n\r\n")

    there = way(behave)
    there.client.sendall(REQUEST + BODY)
    read_until(there.client, b"\r\n\r\n")
    for piece in pieces:
        assert read_exactly(there.client, len(piece) + 5)[3:-2] == piece
        arrived.release()
    assert read_all(there.client) == b"0\r\n\r\n"
    (passage,) = there.end()
    exchange = exchange_of(passage, "test", 1)
    assert not there.target.errors
    assert exchange.response is not None
    assert [piece.data for piece in exchange.response.pieces] == pieces
    assert [event.data for event in exchange.events] == [str(number) for number in range(20)]
    times = [piece.at for piece in exchange.response.pieces]
    assert times == sorted(times)


def test_a_body_passes_before_the_rest_of_it_is_sent(way: Make) -> None:
    half = threading.Event()
    head = REQUEST.replace(b"Content-Length: %d" % len(BODY), b"Expect: 100-continue\r\nTransfer-Encoding: chunked")

    def behave(sock: socket.socket) -> None:
        read_until(sock, b"\r\n\r\n")
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        read_until(sock, BODY[:9])
        half.set()
        read_until(sock, b"0\r\n\r\n")
        sock.sendall(ANSWER)

    there = way(behave)
    there.client.sendall(head)
    assert read_until(there.client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    there.client.sendall(b"9\r\n%b\r\n" % BODY[:9])
    assert half.wait(PATIENCE)
    there.client.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY) - 9, BODY[9:]))
    assert read_exactly(there.client, len(ANSWER)) == ANSWER
    (passage,) = there.end()
    assert exchange_of(passage, "test", 1).request.body == BODY


def test_requests_of_one_connection_stay_on_one_connection(way: Make) -> None:
    there = way(answer)
    for _ in range(3):
        there.client.sendall(REQUEST + BODY)
        assert read_exactly(there.client, len(ANSWER)) == ANSWER
    there.client.sendall((REQUEST + BODY) * 3)
    assert read_exactly(there.client, 3 * len(ANSWER)) == 3 * ANSWER
    assert there.target.connections == 1
    passed = there.end()
    assert [exchange_of(passage, "test", 1).request.body for passage in passed] == [BODY] * 6
    assert all(exchange_of(passage, "test", 1).response is not None for passage in passed)


def test_a_body_that_ends_with_the_connection_is_whole(way: Make) -> None:
    def behave(sock: socket.socket) -> None:
        read_until(sock, BODY)
        sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}")

    there = way(behave)
    there.client.sendall(REQUEST + BODY)
    assert read_all(there.client).endswith(b"\r\n\r\n{}")
    (passage,) = there.end()
    exchange = exchange_of(passage, "test", 1)
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.complete


def test_a_reset_arrives_as_a_reset_and_is_the_targets(way: Make) -> None:
    sent = threading.Event()

    def behave(sock: socket.socket) -> None:
        read_until(sock, BODY)
        sock.sendall(ANSWER[:-1])
        assert sent.wait(PATIENCE)
        reset(sock)

    there = way(behave)
    there.client.sendall(REQUEST + BODY)
    read_exactly(there.client, len(ANSWER) - 1)
    sent.set()
    with pytest.raises(ConnectionResetError):
        there.client.recv(1)
    (passage,) = there.end()
    exchange = exchange_of(passage, "test", 1)
    assert exchange.failure is not None
    assert exchange.failure.kind == "reset"
    assert "left_after" not in exchange.about


@pytest.mark.parametrize("leave", [socket.socket.close, reset])
def test_a_client_that_leaves_is_seen_by_the_target_and_blamed_on_nobody(
    way: Make, leave: Callable[[socket.socket], None]
) -> None:
    seen = threading.Event()

    def behave(sock: socket.socket) -> None:
        read_until(sock, BODY)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(1) == b""
        seen.set()

    there = way(behave)
    there.client.sendall(REQUEST + BODY)
    read_until(there.client, b"data: 1\n\n")
    leave(there.client)
    assert seen.wait(PATIENCE)
    (passage,) = there.end()
    exchange = exchange_of(passage, "test", 1)
    assert exchange.failure is None
    assert exchange.about["left_after"] == 1


def test_a_client_that_has_said_all_still_gets_its_answer(way: Make) -> None:
    def behave(sock: socket.socket) -> None:
        assert read_all(sock).endswith(BODY)
        sock.sendall(ANSWER)

    there = way(behave)
    there.client.sendall(REQUEST + BODY)
    there.client.shutdown(socket.SHUT_WR)
    assert read_all(there.client) == ANSWER
    (passage,) = there.end()
    assert exchange_of(passage, "test", 1).about == {}


def test_a_switch_of_protocols_makes_a_tunnel(way: Make) -> None:
    def behave(sock: socket.socket) -> None:
        read_until(sock, b"\r\n\r\n")
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
        sock.sendall(read_exactly(sock, 6)[::-1])

    there = way(behave)
    there.client.sendall(b"GET /socket HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
    read_until(there.client, b"\r\n\r\n")
    there.client.sendall(b"\x00abc\r\n")
    assert read_all(there.client) == b"\n\rcba\x00"


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", b"405", "tunnels"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400", "http://"),
        (b"POST / HTTP/1.1\r\nA: " + b"a" * 300_000, b"431", "larger"),
    ],
)
def test_what_cannot_be_passed_on_is_refused_with_words(way: Make, sent: bytes, status: bytes, words: str) -> None:
    there = way(lambda _: None)
    there.client.sendall(sent)
    told = read_all(there.client)
    assert told.startswith(b"HTTP/1.1 " + status)
    assert b'"error":{"message":"chatconform proxy: ' in told
    assert words in there.heard.troubles[0]
    assert there.target.connections == 0


def test_what_is_kept_is_bounded_and_what_passes_is_not(way: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passages, "MOST_KEPT", 1000)
    large = b"x" * 5_000_000
    head = REQUEST.replace(b"Content-Length: %d" % len(BODY), b"Content-Length: %d" % len(large))

    def behave(sock: socket.socket) -> None:
        read_until(sock, b"\r\n\r\n")
        assert read_exactly(sock, len(large)) == large
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(large) + large)

    there = way(behave)
    there.client.sendall(head + large)
    assert read_all(there.client).endswith(large)
    (passage,) = there.end()
    assert passage.cut
    assert not passage.body
    assert not passage.answer
    with pytest.raises(passages.UnreadableError, match="larger"):
        exchange_of(passage, "test", 1)


def test_a_client_that_does_not_read_slows_the_target_down(way: Make) -> None:
    stuck = threading.Event()
    count = 0

    def behave(sock: socket.socket) -> None:
        nonlocal count
        read_until(sock, BODY)
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        sock.settimeout(0.5)
        try:
            while count < 64_000_000:
                count += sock.send(b"x" * 65536)
        except TimeoutError:
            stuck.set()

    there = way(behave)
    there.client.sendall(REQUEST + BODY)
    assert stuck.wait(PATIENCE)
    assert count < 32_000_000
    assert len(read_all(there.client)) >= count
