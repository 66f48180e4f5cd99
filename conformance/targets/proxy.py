"""Listening between clients and a target: each connection is relayed, and each passage is handed on when it is over."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from chatconform.targets.refusing import Refused, refusal
from chatconform.targets.relay import Relay
from chatconform.targets.route import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.targets.passage import Passage

MOST_CONNECTIONS: Final = 1000
FULL: Final = Refused(503, f"More than {MOST_CONNECTIONS} connections are open.", "too_many_connections")


class Proxy:
    """A proxy in front of a target under a base URL, as a context manager that listens from start to end of the block.

    `passed` is called with each passage once it is over, and `trouble` with a sentence for each thing that could not be
    passed on; both from many threads, and traffic waits for them: they have to be quick. `port` 0 takes a free one.
    `target` is the base URL of the target without a secret. Raises `BadUrlError` for a URL that cannot be used, and
    `OSError` where nothing can listen.
    """

    def __init__(
        self,
        base_url: str,
        *,
        passed: Callable[[Passage], None],
        trouble: Callable[[str], None],
        host: str = "127.0.0.1",
        port: int = 0,
        insecure: bool = False,
    ) -> None:
        self._route = Route(base_url, insecure=insecure)
        self._passed, self._trouble = passed, trouble
        self._lock = threading.Lock()
        self._relays: dict[Relay, threading.Thread] = {}
        self._closing = False
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=256)
        self.host, self.port = self._listener.getsockname()[:2]
        self._acceptor = threading.Thread(target=self._accept, name="chatconform-proxy", daemon=True)
        self._acceptor.start()

    @property
    def target(self) -> str:
        """The base URL of the target, without a secret."""
        return self._route.url

    @property
    def url(self) -> str:
        """The base URL to give to clients: its path is that of the target's."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self._route.path}"

    @property
    def under_way(self) -> int:
        """How many requests are not over yet."""
        with self._lock:
            return sum(relay.under_way for relay in self._relays)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self, grace: float = 2.0) -> None:
        """Ends: nothing new is accepted, requests under way have `grace` seconds, then all connections are closed."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
        with suppress(OSError):  # wakes the thread that accepts
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        until = time.monotonic() + grace
        while self.under_way and time.monotonic() < until:
            time.sleep(0.02)
        with self._lock:
            left = dict(self._relays)
        for relay in left:
            relay.stop()
        for thread in left.values():
            thread.join(1.0)

    def _accept(self) -> None:
        while not self._closing:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                time.sleep(0.02)  # it was closed, or there are no more descriptors for a moment
                continue
            with self._lock:
                full = len(self._relays) >= MOST_CONNECTIONS
                if not full and not self._closing:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    relay = Relay(sock, self._route, self._passed, self._trouble)
                    thread = threading.Thread(target=self._relay, args=(relay,), daemon=True)
                    self._relays[relay] = thread
                    thread.start()
                    continue
            self._turn_away(sock)

    def _turn_away(self, sock: socket.socket) -> None:
        self._trouble(str(FULL))
        with suppress(OSError), sock:
            sock.settimeout(1.0)
            sock.sendall(refusal(FULL))

    def _relay(self, relay: Relay) -> None:
        try:
            relay.run()
        finally:
            with self._lock:
                self._relays.pop(relay, None)
