"""Targets that do on a socket what a test says, and a proxy in front of them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from chatconform.targets.passage import Passage
from chatconform.targets.proxy import Proxy

PATIENCE = 10.0
Behaviour = Callable[[socket.socket], None]


@dataclass
class Heard:
    """What a proxy handed on."""

    passages: list[Passage] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class Target:
    """Listens on loopback, and behaves as it is told on each connection; `errors` holds what went wrong in doing so."""

    def __init__(self, behave: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self._context = context
        self.errors: list[Exception] = []
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        try:
            with self._context.wrap_socket(sock, server_side=True) if self._context else sock as secured:
                self._behave(secured)
        except (OSError, AssertionError) as error:
            self.errors.append(error)

    def close(self) -> None:
        """Stops listening, and waits for what it does to be done."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)


@dataclass
class Way:
    """A client's socket, the target behind the proxy, the proxy, and what that handed on."""

    client: socket.socket
    target: Target
    proxy: Proxy
    heard: Heard

    def end(self) -> list[Passage]:
        """Ends the client's connection and the proxy; gives what passed."""
        self.client.close()
        self.proxy.close()
        return self.heard.passages


@pytest.fixture
def way() -> Iterator[Callable[[Behaviour], Way]]:
    """Makes a way to a target that behaves as is said."""
    with contextlib.ExitStack() as stack:

        def make(behave: Behaviour, context: ssl.SSLContext | None = None) -> Way:
            target, heard = Target(behave, context), Heard()
            stack.callback(target.close)
            proxy = Proxy(target.url, passed=heard.passages.append, trouble=heard.troubles.append)
            stack.enter_context(proxy)
            client = stack.enter_context(socket.create_connection(("127.0.0.1", proxy.port), PATIENCE))
            return Way(client, target, proxy, heard)

        yield make


def read_until(sock: socket.socket, mark: bytes) -> bytes:
    """Reads until a mark has come, and not a byte more."""
    data = b""
    while mark not in data:
        more = sock.recv(1)
        if not more:
            raise AssertionError(f"the connection ended after {data!r}")
        data += more
    return data


def read_exactly(sock: socket.socket, count: int) -> bytes:
    """Reads so many bytes."""
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise AssertionError(f"the connection ended after {len(data)} of {count} bytes")
        data += more
    return data


def read_all(sock: socket.socket) -> bytes:
    """Reads until the end."""
    data = bytearray()
    while more := sock.recv(1 << 20):
        data += more
    return bytes(data)
