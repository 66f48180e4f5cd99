"""The reference server: correct by every rule of the kit, deterministic, on a loopback port; or with one fault."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Self

from chatconform.reference.connection import Connection
from chatconform.reference.faults import find
from chatconform.reference.pipeline import Pipeline, Service, pipeline

if TYPE_CHECKING:
    from types import TracebackType

MODEL: Final = "chatconform-reference"
MOST_CONNECTIONS: Final = 512
FULL: Final = b'{"error":{"message":"Too many connections.","type":"server_error","param":null,"code":"overloaded"}}'
FULL_HEAD: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(FULL)
)


class ReferenceServer:
    """The embedded server, as a context manager: it listens from the start to the end of the block.

    `port` 0 takes a free one. `latency` is how many seconds an answer takes; a stream spreads them over its tokens.
    `fault` names one of `chatconform.reference.faults`. `patience` is how long a silent client is waited for. `stages`
    takes the place of the usual ones. Raises `OSError` where the port is taken, and `UnknownFaultError` for a fault
    that there is none of.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        api_key: str | None = None,
        latency: float = 0.0,
        fault: str | None = None,
        models: tuple[str, ...] = (MODEL,),
        patience: float = 10.0,
        stages: Pipeline | None = None,
    ) -> None:
        stages = stages or pipeline(models, api_key)
        if fault is not None:
            stages = find(fault).broken(stages)
        self.models = models
        self._service = Service(stages, models)
        self._latency, self._patience = latency, patience
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._open: dict[socket.socket, threading.Thread] = {}
        self._working = 0
        self._closing = False
        self._listener = socket.create_server((host, port), family=_family(host), backlog=256)
        self.host, self.port = self._listener.getsockname()[:2]
        self._waker, self._woken = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept, name="chatconform-reference", daemon=True)
        self._acceptor.start()

    @property
    def url(self) -> str:
        """The base URL, with `/v1`."""
        return f"http://[{self.host}]:{self.port}/v1" if ":" in self.host else f"http://{self.host}:{self.port}/v1"

    @property
    def working(self) -> int:
        """How many requests are being answered at this moment."""
        with self._lock:
            return self._working

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self, grace: float = 1.0) -> None:
        """Ends: nothing new is accepted, answers under way have `grace` seconds to finish, then all is closed."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
        self._waker.close()
        self._acceptor.join()
        self._listener.close()
        self._woken.close()
        with self._idle:
            self._idle.wait_for(lambda: not self._working, grace)
            left = dict(self._open)
        for sock in left:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in left.values():
            thread.join(self._patience)

    def _accept(self) -> None:
        self._listener.setblocking(False)
        while not self._closing:
            if self._listener not in select.select([self._listener, self._woken], [], [])[0]:
                return
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                continue  # the client was gone before it was met
            except OSError:
                time.sleep(0.05)  # there are no more descriptors for a moment
                continue
            sock.setblocking(True)
            with self._lock:
                full = len(self._open) >= MOST_CONNECTIONS
                if not full and not self._closing:
                    thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
                    self._open[sock] = thread
                    thread.start()
                    continue
            with contextlib.suppress(OSError), sock:
                sock.settimeout(1)
                sock.sendall(FULL_HEAD + FULL)

    def _serve(self, sock: socket.socket) -> None:
        try:
            Connection(sock, self._service, self._latency, self._patience).run(self._at_work)
        finally:
            sock.close()
            with self._lock:
                self._open.pop(sock, None)

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._lock:
            self._working += 1
        try:
            yield
        finally:
            with self._idle:
                self._working -= 1
                self._idle.notify_all()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
