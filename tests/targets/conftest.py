"""Servers of raw bytes: what no well-behaved server would say, said on purpose."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest

from chatconform.core.ask import Ask
from chatconform.core.exchange import Exchange, Origin
from chatconform.targets import Limits, ServerTarget, Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Talk = Callable[[socket.socket, "RawServer"], None]

QUICK = Timeouts(connect=2.0, first_byte=2.0, idle=2.0, total=5.0, after_done=0.3)


class RawServer:
    """Listens on a loopback port and lets `talk` speak on each connection; keeps what it was sent."""

    def __init__(self, talk: Talk, context: ssl.SSLContext | None = None, family: int = socket.AF_INET) -> None:
        self._talk = talk
        self._context = context
        self._socket = socket.socket(family)
        self._socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self._socket.listen(64)
        self.port: int = self._socket.getsockname()[1]
        self.received: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self.threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def url(self) -> str:
        return f"http{'s' if self._context else ''}://127.0.0.1:{self.port}/v1"

    def close(self) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._acceptor.join(5)
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self.threads):
            thread.join(5)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self.threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        self._open.append(connection)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            connection.settimeout(10)
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                stack.callback(connection.close)
                self._open.append(connection)
            self._talk(connection, self)


def read_request(connection: socket.socket, server: RawServer) -> bytes:
    """One request, whole: its head, and the body that Content-Length or chunks promise. b"" at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        while not body.endswith(b"0\r\n\r\n") and (more := connection.recv(65536)):
            body += more
    elif b"content-length: " in lower:
        length = int(lower.split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            more = connection.recv(65536)
            if not more:
                break
            body += more
    request = head + b"\r\n\r\n" + body
    server.received.append(request)
    return request


def saying(*parts: bytes | float, close: bool = True) -> Talk:
    """Answers each request with these bytes; a number waits so many seconds. Then it closes, or waits for the end."""

    def talk(connection: socket.socket, server: RawServer) -> None:
        while read_request(connection, server):
            for part in parts:
                if isinstance(part, bytes):
                    connection.sendall(part)
                elif server.stopping.wait(part):
                    return
            if close:
                return

    return talk


@pytest.fixture
def raw_server() -> Iterator[Callable[..., RawServer]]:
    """Starts servers that say what they are told to say."""
    servers: list[RawServer] = []

    def start(*parts: Any, close: bool = True, context: ssl.SSLContext | None = None, family: int = 2) -> RawServer:
        talk = parts[0] if callable(parts[0]) else saying(*parts, close=close)
        servers.append(RawServer(talk, context, family))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def target_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ServerTarget]]:
    """Makes targets with short timeouts, and no proxy unless the test names one."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    targets: list[ServerTarget] = []

    def make(server: RawServer | str, **options: Any) -> ServerTarget:
        url = server if isinstance(server, str) else server.url
        targets.append(ServerTarget(url, **{"timeouts": QUICK, **options}))
        return targets[-1]

    yield make
    for target in targets:
        target.close()


@pytest.fixture
def ask(raw_server: Callable[..., RawServer], target_of: Callable[..., ServerTarget]) -> Callable[..., Exchange]:
    """Asks once a server that says these bytes."""

    def once(
        *parts: Any, ask: Ask | None = None, limits: Limits | None = None, close: bool = True, **options: Any
    ) -> Exchange:
        target = target_of(raw_server(*parts, close=close), limits=limits, **options)
        return target.send(ask or Ask({"a": 1}), Origin("test"))

    return once


@pytest.fixture
def request_of() -> Callable[[socket.socket, RawServer], bytes]:
    """Reads one request from a connection."""
    return read_request
