"""The scripted server writes what the script says, byte for byte, and keeps what the client sent."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from chatconform.core.scenario import Attempt, End, Pause, RetryDate
from chatconform.scenarios.writing import answer, completion
from chatconform.targets.scripted import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def connect(server: ScriptedServer) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=5)


def request(token: str, body: bytes = b"{}", *, key: str = "sk-x", path: str | None = None, headers: str = "") -> bytes:
    target = path or f"/t/{token}/v1/chat/completions"
    usual = f"host: x\r\nauthorization: Bearer {key}\r\ncontent-length: {len(body)}\r\n"
    return f"POST {target} HTTP/1.1\r\n{usual}{headers}\r\n".encode() + body


def all_of(connection: socket.socket) -> bytes:
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + 5
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_bytes_of_a_script_come_as_they_are(server: ScriptedServer) -> None:
    server.add("a", [Attempt((b"HTTP/1.1 299 Odd\r", b"\n\r\nda", b"ta"), End.CLOSE)])
    with connect(server) as connection:
        connection.sendall(request("a"))
        assert all_of(connection) == b"HTTP/1.1 299 Odd\r\n\r\ndata"


def test_what_is_asked_elsewhere_is_kept_and_not_answered_by_the_script(server: ScriptedServer) -> None:
    server.add("a", [Attempt((b"first",)), Attempt((b"second",), End.CLOSE)])
    with connect(server) as connection:
        connection.sendall(request("a", path="/t/a/v1/completions"))
        assert connection.recv(12) == b"HTTP/1.1 404"
    with connect(server) as connection:
        connection.sendall(request("a", path="/t/a/some/prefix//chat/completions?api-version=1"))
        assert connection.recv(100) == b"first"
    assert [one.request.target.rpartition("/")[2] for one in server.heard("a")] == [
        "completions",
        "completions?api-version=1",
    ]


def test_each_step_arrives_by_itself_when_a_pause_follows_it(server: ScriptedServer) -> None:
    server.add("a", [Attempt((b"one", Pause(0.1), b"two"), End.CLOSE)])
    with connect(server) as connection:
        connection.sendall(request("a"))
        began = time.monotonic()
        assert connection.recv(100) == b"one"
        assert connection.recv(100) == b"two"
        assert time.monotonic() - began >= 0.09


def test_what_a_client_sent_is_kept_with_times_and_connection(server: ScriptedServer) -> None:
    server.add("a", [answer(completion())])
    with connect(server) as connection:
        whole = request("a", b'{"model": "m"}', headers="x-odd: 1\r\n")
        connection.sendall(whole[:-3])
        time.sleep(0.05)
        connection.sendall(whole[-3:])
        connection.recv(65536)
    (heard,) = server.heard("a")
    assert heard.request.body == b'{"model": "m"}'
    assert heard.request.header("X-Odd") == "1"
    assert heard.whole - heard.began >= 0.04
    wait_for(lambda: heard.answered is not None)


def test_attempts_come_in_order_and_the_last_repeats(server: ScriptedServer) -> None:
    server.add("a", [answer({}, 500), answer({}, 429), answer({}, 200)])
    with connect(server) as connection:
        statuses = []
        for _ in range(4):
            connection.sendall(request("a"))
            statuses.append(connection.recv(65536).split()[1])
    assert statuses == [b"500", b"429", b"200", b"200"]
    assert len({heard.connection for heard in server.heard("a")}) == 1


def test_scripts_are_told_apart_by_path_and_by_key(server: ScriptedServer) -> None:
    server.add("a", [answer({"it": "a"})])
    server.add("b", [answer({"it": "b"})])
    with connect(server) as connection:
        connection.sendall(request("a", key="sk-test-b"))
        assert b'"a"' in connection.recv(65536)
        connection.sendall(request("", key="sk-test-b", path="/openai/v1/chat/completions"))
        assert b'"b"' in connection.recv(65536)


def test_what_no_script_claims_is_not_found_and_kept_apart(server: ScriptedServer) -> None:
    with connect(server) as connection:
        connection.sendall(request("nobody"))
        assert all_of(connection).startswith(b"HTTP/1.1 404 ")
    assert [stray.request.target for stray in server.strays] == ["/t/nobody/v1/chat/completions"]


def test_a_reset_is_a_reset(server: ScriptedServer) -> None:
    server.add("a", [Attempt((b"HTTP/1.1 200 OK\r\n",), End.RESET)])
    with connect(server) as connection:
        connection.sendall(request("a"))
        with pytest.raises(ConnectionResetError):
            all_of(connection)


def test_a_held_connection_stays_open_and_the_clients_leaving_is_seen(server: ScriptedServer) -> None:
    server.add("a", [Attempt((b"HTTP/1.1 200 OK\r\n",), End.HOLD, 5.0)])
    connection = connect(server)
    connection.sendall(request("a"))
    connection.recv(100)
    connection.settimeout(0.1)
    with pytest.raises(TimeoutError):
        connection.recv(100)
    connection.close()
    wait_for(lambda: server.heard("a")[0].left is not None)


def test_leaving_during_a_pause_ends_the_script(server: ScriptedServer) -> None:
    server.add("a", [Attempt((b"HTTP/1.1 200 OK\r\n", Pause(5.0), b"never"), End.CLOSE)])
    connection = connect(server)
    connection.sendall(request("a"))
    connection.recv(100)
    connection.close()
    wait_for(lambda: server.heard("a")[0].left is not None)


def test_an_idle_connection_is_closed_when_the_script_says_so(server: ScriptedServer) -> None:
    stale = Attempt(answer({}).steps, hold=0.05)
    server.add("a", [stale])
    with connect(server) as connection:
        connection.sendall(request("a"))
        assert all_of(connection).startswith(b"HTTP/1.1 200 ")


def test_a_coding_that_the_client_does_not_accept_is_told(server: ScriptedServer) -> None:
    zipped = Attempt(answer({}).steps, coding="gzip")
    server.add("a", [zipped])
    with connect(server) as connection:
        connection.sendall(request("a"))
        connection.recv(65536)
        connection.sendall(request("a", headers="accept-encoding: gzip, deflate\r\n"))
        connection.recv(65536)
    assert [heard.not_accepted for heard in server.heard("a")] == ["gzip", None]


def test_a_retry_date_lies_in_the_future(server: ScriptedServer) -> None:
    server.add("a", [Attempt((RetryDate(b"retry-after: ", 2.0, b"\r\n"),), End.CLOSE)])
    with connect(server) as connection:
        connection.sendall(request("a"))
        text = all_of(connection).decode()
    then = parsedate_to_datetime(text.removeprefix("retry-after: ").strip()).timestamp()
    assert 1.0 <= then - time.time() <= 3.0


def test_what_is_no_http_ends_the_connection(server: ScriptedServer) -> None:
    with connect(server) as connection:
        connection.sendall(b"\x16\x03\x01 this is TLS, or so\r\n\r\n")
        assert all_of(connection) == b""


def test_closing_the_server_ends_what_is_open() -> None:
    server = ScriptedServer()
    server.add("a", [Attempt((), End.HOLD, 30.0)])
    connection = connect(server)
    connection.sendall(request("a"))
    wait_for(lambda: server.heard("a"))
    server.close()
    connection.settimeout(5)
    assert connection.recv(10) == b""
    connection.close()
