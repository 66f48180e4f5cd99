"""Connections are kept and used again, and a dropped one is nobody's fault."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from chatconform.core.ask import Ask
from chatconform.core.exchange import Origin
from chatconform.targets import Timeouts
from chatconform.targets.connection import MOST_IDLE, Connection, Pool

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.targets import ServerTarget

    Start = Callable[..., Any]
    Make = Callable[..., ServerTarget]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ME = Origin("x")


def test_a_connection_is_used_again(raw_server: Start, target_of: Make) -> None:
    server = raw_server(OK, close=False)
    target = target_of(server)
    facts = [target.send(Ask({}), ME).about["connection"] for _ in range(3)]
    assert facts == [{"number": 1, "uses": uses} for uses in range(3)]
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + b"surplus",
    ],
)
def test_a_connection_that_cannot_be_trusted_is_not_used_again(
    raw_server: Start, target_of: Make, answer: bytes
) -> None:
    server = raw_server(answer, close=False)
    target = target_of(server)
    for _ in range(2):
        assert target.send(Ask({}), ME).status == 200
    assert server.connections == 2


def test_a_connection_that_was_closed_meanwhile_is_replaced(raw_server: Start, target_of: Make) -> None:
    server = raw_server(OK, close=True)
    target = target_of(server)
    for _ in range(3):
        assert target.send(Ask({}), ME).status == 200
        time.sleep(0.05)
    assert server.connections == 3
    assert len(server.received) == 3


def test_a_kept_connection_that_drops_the_request_is_replaced_once(
    raw_server: Start, target_of: Make, request_of: Callable[..., bytes]
) -> None:
    def talk(connection: socket.socket, server: Any) -> None:
        if server.connections == 1:
            request_of(connection, server)
            connection.sendall(OK)
        request_of(connection, server)  # and closes without an answer

    server = raw_server(talk)
    target = target_of(server)
    assert target.send(Ask({}), ME).status == 200
    exchange = target.send(Ask({}), ME)
    assert exchange.failure is not None
    assert exchange.failure.kind == "closed"
    assert server.connections == 2
    assert len(server.received) == 3


def test_a_fresh_connection_that_drops_the_request_is_not_replaced(raw_server: Start, target_of: Make) -> None:
    server = raw_server(b"")
    assert target_of(server).send(Ask({}), ME).failure is not None
    assert server.connections == 1


def test_bytes_that_nobody_asked_for_end_a_connection(
    raw_server: Start, target_of: Make, request_of: Callable[..., bytes]
) -> None:
    said = threading.Event()

    def talk(connection: socket.socket, server: Any) -> None:
        request_of(connection, server)
        connection.sendall(OK)
        connection.sendall(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        said.set()
        server.stopping.wait(10)

    server = raw_server(talk)
    target = target_of(server)
    assert target.send(Ask({}), ME).status == 200
    assert said.wait(10)
    assert target.send(Ask({}), ME).status == 200
    assert server.connections == 2


def test_a_thread_keeps_to_its_own_connection() -> None:
    pool = Pool()
    ends = [socket.socketpair() for _ in range(3)]
    connections = [Connection(end, number) for number, (end, _) in enumerate(ends)]
    for connection, thread in zip(connections, (0, threading.get_ident(), 0), strict=True):
        pool.leave(connection, reusable=True)
        connection.thread = thread
    assert [pool.take(), pool.take(), pool.take(), pool.take()] == [
        connections[1],
        connections[2],
        connections[0],
        None,
    ]
    for end in ends:
        end[0].close()
        end[1].close()


def test_no_more_connections_are_kept_than_a_bound() -> None:
    pool = Pool()
    ends = [socket.socketpair() for _ in range(MOST_IDLE + 5)]
    for number, (end, _) in enumerate(ends):
        pool.leave(Connection(end, number), reusable=True)
    assert sum(end.fileno() == -1 for end, _ in ends) == 5
    pool.close()
    assert all(end.fileno() == -1 for end, _ in ends)
    for _, other in ends:
        other.close()


def test_many_threads_get_their_own_answers(
    raw_server: Start, target_of: Make, request_of: Callable[..., bytes]
) -> None:
    def talk(connection: socket.socket, server: Any) -> None:
        while request := request_of(connection, server):
            body = request.partition(b"\r\n\r\n")[2]
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    target = target_of(raw_server(talk))

    def work(number: int) -> bool:
        exchange = target.send(Ask({"number": number}), ME)
        return exchange.completion == {"number": number}

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(300)))


def test_a_server_of_one_connection_at_a_time_is_not_blocked_by_idle_ones(
    raw_server: Start, target_of: Make, request_of: Callable[..., bytes]
) -> None:
    alone = threading.Lock()

    def talk(connection: socket.socket, server: Any) -> None:
        with alone:
            while request_of(connection, server):
                connection.sendall(OK)

    target = target_of(raw_server(talk), timeouts=Timeouts(10, 20, 20, 40))
    with ThreadPoolExecutor(3) as pool:
        exchanges = list(pool.map(lambda _: target.send(Ask({}), ME), range(3)))
    assert [exchange.status for exchange in exchanges] == [200, 200, 200]


def test_closing_wakes_whoever_waits(raw_server: Start, target_of: Make) -> None:
    target = target_of(raw_server(30.0), timeouts=Timeouts(2, 30, 30, 30))
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(target.send, Ask({}), ME) for _ in range(2)]
        time.sleep(0.2)
        target.close()
        exchanges = [future.result(timeout=5) for future in futures]
    for exchange in exchanges:
        assert exchange.failure is not None
        assert exchange.failure.message == "the run was ended before the answer was whole"


def test_a_closed_target_asks_nothing(raw_server: Start, target_of: Make) -> None:
    server = raw_server(OK)
    target = target_of(server)
    target.close()
    exchange = target.send(Ask({}), ME)
    assert exchange.failure is not None
    assert server.received == []


def test_no_connection_is_left_open(raw_server: Start, target_of: Make) -> None:
    server = raw_server(OK, close=False)
    with target_of(server) as target:
        for _ in range(3):
            target.send(Ask({}), ME)
    for thread in server.threads:
        thread.join(10)
        assert not thread.is_alive()


def test_ipv6_is_spoken(raw_server: Start, target_of: Make) -> None:
    try:
        server = raw_server(OK, family=socket.AF_INET6)
    except OSError:
        pytest.skip("there is no IPv6 here")
    exchange = target_of(f"http://[::1]:{server.port}/v1").send(Ask({}), ME)
    assert exchange.status == 200
    assert exchange.request.header("Host") == f"[::1]:{server.port}"


def test_every_address_of_a_name_is_tried(raw_server: Start, target_of: Make) -> None:
    server = raw_server(OK)  # on 127.0.0.1 alone, while localhost may be ::1 first
    assert target_of(f"http://localhost:{server.port}/v1").send(Ask({}), ME).status == 200
