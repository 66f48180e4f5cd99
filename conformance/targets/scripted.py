"""The scripted server: answers each client byte for byte as a scenario says, and keeps all that the client sent.

The law of this file: one listening socket, a thread a connection, and no HTTP library between script and socket: each
step of an attempt is one `send`. A request is told apart by the token in its path (`/t/TOKEN/...`) or, for clients
whose URL cannot change, in its key (`sk-test-TOKEN`). Whatever stands before `/chat/completions` in the path is fine;
what is asked elsewhere is kept and answered with 404.
"""

from __future__ import annotations

import math
import re
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING

import h11

from chatconform.core.exchange import Request, header
from chatconform.core.scenario import Attempt, End, Pause, RetryDate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

TOKEN_IN_PATH = re.compile(r"^/t/([^/]+)/")
CHAT_PATH = re.compile(r"/chat/completions/?(\?.*)?$")
TOKEN_IN_KEY = re.compile(r"^Bearer sk-test-(.+)$", re.IGNORECASE)
MOST_BODY = 64 * 1024 * 1024
PATIENCE = 30.0
"""Seconds that a connection may stay silent."""

UNKNOWN = b'{"error":{"message":"no scenario has this path and key","type":"not_found","param":null,"code":null}}'
ELSEWHERE = b'{"error":{"message":"only POST /chat/completions is here","type":"not_found","param":null,"code":null}}'
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
NOT_SCRIPTED = Attempt((NOT_FOUND % (len(UNKNOWN), UNKNOWN),), End.CLOSE)
NOT_CHAT = Attempt((NOT_FOUND % (len(ELSEWHERE), ELSEWHERE),))


@dataclass(slots=True)
class Heard:
    """One request as it reached the server; times are `time.monotonic()`."""

    request: Request
    began: float
    """When its first byte came."""
    whole: float
    """When its last byte had come."""
    connection: int
    answered: float | None = None
    """When the last byte of the answer had been sent, or sending failed."""
    left: float | None = None
    """When the client was seen to end the connection."""
    not_accepted: str | None = None
    """The content coding that the script wanted and the client does not accept."""


@dataclass(slots=True)
class _Script:
    """One token's attempts and what was heard for it."""

    attempts: Sequence[Attempt]
    heard: list[Heard] = field(default_factory=list)
    answered: int = 0
    """How many requests to the endpoint have been given an attempt."""


class ScriptedServer:
    """Listens on a loopback port from its making until `close`; scripts come and go by token."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Raises `OSError` where the port is not free."""
        self._socket = socket.create_server((host, port), backlog=256)
        self.host, self.port = self._socket.getsockname()[:2]
        self._scripts: dict[str, _Script] = {}
        self._strays: list[Heard] = []
        self._lock = threading.Lock()
        self._open: dict[int, socket.socket] = {}
        self._closed = False
        self._connections = 0
        threading.Thread(target=self._accept, name="scripted-server", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def base_url(self, token: str) -> str:
        """The base URL that leads a client to a token's script."""
        return f"http://{self.host}:{self.port}/t/{token}/v1"

    def add(self, token: str, attempts: Sequence[Attempt]) -> None:
        """Makes a token answer by these attempts, the last of them again and again."""
        with self._lock:
            self._scripts[token] = _Script(attempts)

    def heard(self, token: str) -> list[Heard]:
        """What has come for a token so far, in the order of arrival."""
        with self._lock:
            script = self._scripts.get(token)
            return list(script.heard) if script else []

    def remove(self, token: str) -> list[Heard]:
        """Forgets a token; gives all that came for it."""
        with self._lock:
            script = self._scripts.pop(token, None)
            return script.heard if script else []

    @property
    def strays(self) -> list[Heard]:
        """Requests that no token claims."""
        return list(self._strays)

    def close(self) -> None:
        """Stops listening and ends every connection."""
        self._closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for connection in self._open.values():
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with self._lock:
                self._connections += 1
                number = self._connections
                self._open[number] = connection
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(PATIENCE)
            reader = _Reader(connection)
            while (heard := reader.next_request(number)) is not None:
                attempt = self._attempt_for(heard)
                if not _play(connection, attempt, heard):
                    return
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.pop(number, None)
            connection.close()

    def _attempt_for(self, heard: Heard) -> Attempt:
        token = token_of(heard.request)
        with self._lock:
            script = self._scripts.get(token) if token else None
            if script is None:
                self._strays = [*self._strays[-99:], heard]
                return NOT_SCRIPTED
            script.heard.append(heard)
            if not CHAT_PATH.search(heard.request.target):
                return NOT_CHAT
            attempt = script.attempts[min(script.answered, len(script.attempts) - 1)]
            script.answered += 1
        return attempt


def token_of(request: Request) -> str | None:
    """The token of a request: in its path, or else in its key."""
    if match := TOKEN_IN_PATH.match(request.target):
        return match[1]
    match = TOKEN_IN_KEY.match(request.header("authorization") or "")
    return match[1] if match else None


def _play(connection: socket.socket, attempt: Attempt, heard: Heard) -> bool:
    """Answers one request; tells whether the connection can take another."""
    accepted = (header(heard.request.headers, "accept-encoding") or "").lower()
    if attempt.coding is not None and attempt.coding not in accepted:
        heard.not_accepted = attempt.coding
    try:
        for step in attempt.steps:
            if isinstance(step, RetryDate):
                connection.sendall(step.before + _date_in(step.seconds) + step.after)
            elif not isinstance(step, Pause):
                connection.sendall(step)
            elif _left_within(connection, step.seconds):
                heard.left = time.monotonic()
                return False
    except OSError:
        heard.left = time.monotonic()
        return False
    finally:
        heard.answered = time.monotonic()
    match attempt.end:
        case End.KEEP:
            if attempt.hold:
                return not _idle(connection, attempt.hold)
            return True
        case End.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        case End.HOLD:
            if _left_within(connection, attempt.hold):
                heard.left = time.monotonic()
        case End.CLOSE:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
            _drain(connection)
    return False


def _date_in(seconds: float) -> bytes:
    """The HTTP date that many seconds from now, the whole second after it."""
    return formatdate(math.ceil(time.time() + seconds), usegmt=True).encode()


def _left_within(connection: socket.socket, seconds: float) -> bool:
    """Waits that long; tells whether the client ended the connection meanwhile."""
    deadline = time.monotonic() + seconds
    while (rest := deadline - time.monotonic()) > 0:
        connection.settimeout(rest)
        try:
            if not connection.recv(1, socket.MSG_PEEK):
                return True
        except TimeoutError:
            break
        except OSError:
            return True
        else:
            time.sleep(min(rest, 0.01))  # the next request already waits in the socket: nothing to peek for
    connection.settimeout(PATIENCE)
    return False


def _idle(connection: socket.socket, seconds: float) -> bool:
    """Waits for a next request that long; tells whether none came."""
    connection.settimeout(seconds)
    try:
        gone = not connection.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        gone = True
    connection.settimeout(PATIENCE)
    return gone


def _drain(connection: socket.socket) -> None:
    """Reads what the client still sends, so that closing is no reset."""
    connection.settimeout(1.0)
    with suppress(OSError):
        while connection.recv(65536):
            pass


class _Reader:
    """Reads requests off one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=256 * 1024)

    def next_request(self, number: int) -> Heard | None:
        """The next request; None where the client ended the connection or sent what is no HTTP."""
        if self._h11.our_state is h11.SEND_RESPONSE:  # the script answered past h11: let it follow
            self._h11.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
            self._h11.send(h11.EndOfMessage())
            try:
                self._h11.start_next_cycle()
            except h11.LocalProtocolError:  # the client asked for the connection to end
                return None
        began, head, body = 0.0, None, bytearray()
        while True:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError:
                return None
            if event is h11.NEED_DATA:
                if self._h11.they_are_waiting_for_100_continue:
                    self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                data = self._connection.recv(65536)
                began = began or time.monotonic()
                self._h11.receive_data(data)
            elif isinstance(event, h11.Request):
                head = event
                began = began or time.monotonic()
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MOST_BODY:
                    return None
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return Heard(_request(head, bytes(body)), began, time.monotonic(), number)
            else:
                return None


def _request(head: h11.Request, body: bytes) -> Request:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items())
    return Request(head.method.decode("latin-1"), head.target.decode("latin-1"), headers, body)
