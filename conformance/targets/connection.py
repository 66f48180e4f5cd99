"""Connections to a server: made through names, proxies and TLS within one deadline, and kept for the next request."""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

from chatconform.targets.bounds import WireError

if TYPE_CHECKING:
    from chatconform.targets.address import Address

RECEIVE: Final = 64 * 1024
MOST_IDLE: Final = 64
SMALL_TIMEOUT: Final = 1.0
PROXY_HEAD: Final = 16 * 1024


class Line(Protocol):
    """What an exchange goes over: a connection to a server, or an app in this process."""

    number: int
    uses: int
    thread: int

    def receive(self, deadline: float) -> bytes | None:
        """The next bytes, b"" at the end, or None where none came until the deadline. Raises `OSError`."""

    def send_small(self, payload: bytes) -> int:
        """Sends a payload that is taken at once; gives how many bytes were taken. Raises `OSError`."""

    def transfer(self, unsent: memoryview, deadline: float) -> tuple[int, bytes | None]:
        """Sends some of what is unsent, or takes what has come meanwhile. Raises `OSError`."""

    def is_quiet(self) -> bool:
        """Whether it can carry another request."""

    def close(self) -> None:
        """Ends it."""


class Connection:
    """One connection: its socket, how often it was used, and by which thread last."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self.uses = 0
        self.thread = 0

    def receive(self, deadline: float) -> bytes | None:
        """The next bytes, b"" at the end, or None where none came until the deadline. Raises `OSError`."""
        left = deadline - perf_counter()
        if left <= 0:
            return None
        self.sock.settimeout(left)
        try:
            return self.sock.recv(RECEIVE)
        except TimeoutError:
            return None

    def send_small(self, payload: bytes) -> int:
        """Sends a payload that the system's buffers hold; gives how many bytes were taken. Raises `OSError`."""
        self.sock.settimeout(SMALL_TIMEOUT)
        try:
            return self.sock.send(payload)
        except TimeoutError:
            return 0

    def transfer(self, unsent: memoryview, deadline: float) -> tuple[int, bytes | None]:
        """Sends some of what is unsent, or takes what has come meanwhile, whichever is possible first.

        Gives how many bytes were sent, and the bytes that came (b"" at the end, None for none). Neither: the deadline
        has passed. Raises `OSError`.
        """
        self.sock.setblocking(False)
        with selectors.DefaultSelector() as selector:
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            selector.register(self.sock, both)
            while (left := deadline - perf_counter()) > 0:
                ready = selector.select(left)
                events = ready[0][1] if ready else 0
                if events & selectors.EVENT_READ:
                    if (data := self._try_receive()) is not None:
                        return 0, data
                    selector.modify(self.sock, both)  # TLS read what it needed for itself, and may write again
                if events & selectors.EVENT_WRITE:
                    try:
                        return self.sock.send(unsent), None
                    except (BlockingIOError, ssl.SSLWantWriteError):
                        continue
                    except ssl.SSLWantReadError:
                        selector.modify(self.sock, selectors.EVENT_READ)
        return 0, None

    def is_quiet(self) -> bool:
        """Whether nothing has come since the last response: neither an end nor bytes that nobody asked for."""
        try:
            self.sock.setblocking(False)
            return self._try_receive() is None
        except OSError:
            return False

    def close(self) -> None:
        """Closes the connection, waking a thread that waits on it."""
        with suppress(OSError):  # the other end was quicker
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def _try_receive(self) -> bytes | None:
        try:
            return self.sock.recv(RECEIVE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None


class Pool:
    """Connections of one target that wait for their next request; thread-safe.

    A thread is given the connection that it used last where there is one, so that the requests of one case follow each
    other on one connection.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Line] = []
        self._active: set[Line] = set()
        self._number = 0
        self.closed = False

    def next_number(self) -> int:
        """A number for a new connection."""
        with self._lock:
            self._number += 1
            return self._number

    def take(self) -> Line | None:
        """An idle connection that is still good, or None."""
        me = threading.get_ident()
        while True:
            with self._lock:
                if not self._idle:
                    return None
                own = [connection for connection in self._idle if connection.thread == me]
                connection = (own or self._idle)[-1]
                self._idle.remove(connection)
            if connection.is_quiet():
                return connection
            connection.close()

    def enter(self, connection: Line) -> None:
        """Takes note that a connection is in use. Raises `WireError` where the pool was closed."""
        connection.thread = threading.get_ident()
        with self._lock:
            if not self.closed:
                self._active.add(connection)
                return
        connection.close()
        raise WireError("closed", "the run was ended before the answer came")

    def leave(self, connection: Line, reusable: bool) -> None:
        """Takes a connection back: to keep where it is reusable, else to close."""
        surplus = connection
        with self._lock:
            self._active.discard(connection)
            if reusable and not self.closed:
                self._idle.append(connection)
                if len(self._idle) <= MOST_IDLE:
                    return
                surplus = self._idle.pop(0)
        surplus.close()

    def close_idle(self) -> None:
        """Closes what waits for a next request: a server that serves one connection at a time may wait for it too."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Closes every connection, those in use too."""
        with self._lock:
            self.closed = True
            active = list(self._active)
        self.close_idle()
        for connection in active:
            connection.close()


def connect(address: Address, proxy: Address | None, tls: ssl.SSLContext | None, deadline: float) -> socket.socket:
    """A connected socket, through the proxy and with TLS where they are given. Raises `WireError`."""
    sock = _connect_tcp(proxy or address, "the proxy " if proxy else "", deadline)
    try:
        if tls is None:
            return sock
        if proxy is not None:
            _tunnel(sock, address, proxy, deadline)
        return _secure(sock, address, tls, deadline)
    except BaseException:
        sock.close()
        raise


def _connect_tcp(address: Address, what: str, deadline: float) -> socket.socket:
    place = f"{what}{address.host}:{address.port}"
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no valid name"
        raise WireError("unresolved", f"{what or 'the host '}{address.host} cannot be resolved: {reason}") from None
    failure = WireError("connect-timeout", f"{place} did not take the connection in time")
    for family, kind, protocol, _, where in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(0.001, deadline - perf_counter()))
            sock.connect(where)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except TimeoutError:
            sock.close()
            break
        except OSError as error:
            sock.close()
            failure = WireError("refused", f"{place} cannot be reached: {error.strerror or error}")
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure


def _tunnel(sock: socket.socket, address: Address, proxy: Address, deadline: float) -> None:
    """Asks a proxy for a tunnel to the target."""
    place = f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.credentials is not None:
        lines.append(f"Proxy-Authorization: {proxy.credentials}")
    answer = bytearray()
    try:
        sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        while b"\r\n\r\n" not in answer and len(answer) < PROXY_HEAD:
            sock.settimeout(max(0.001, deadline - perf_counter()))
            # One byte at a time would be exact; what follows the head belongs to TLS, which speaks only when spoken to.
            data = sock.recv(1024)
            if not data:
                break
            answer += data
    except TimeoutError:
        raise WireError("connect-timeout", f"the proxy {proxy} did not answer in time") from None
    except OSError as error:
        raise WireError("refused", f"the proxy {proxy} broke the connection: {error.strerror or error}") from None
    status = bytes(answer).partition(b"\r\n")[0].split(b" ", 2)
    if len(status) < 2 or not status[0].startswith(b"HTTP/1.") or not status[1].startswith(b"2"):
        said = bytes(answer[:60]).partition(b"\r\n")[0]
        raise WireError("refused", f"the proxy {proxy} does not connect to {place}: it answered {said!r}")


def _secure(sock: socket.socket, address: Address, tls: ssl.SSLContext, deadline: float) -> ssl.SSLSocket:
    sock.settimeout(max(0.001, deadline - perf_counter()))
    try:
        return tls.wrap_socket(sock, server_hostname=address.host.partition("%")[0])
    except TimeoutError:
        raise WireError("connect-timeout", f"{address.authority} did not finish the TLS handshake in time") from None
    except ssl.SSLCertVerificationError as error:
        raise WireError(
            "tls",
            f"the certificate of {address.authority} is not trusted: {error.verify_message}; name its authority in "
            "SSL_CERT_FILE, or leave the check out with --insecure",
        ) from None
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).replace("_", " ").lower()
        hint = "; is it an http:// URL?" if reason in {"wrong version number", "record layer failure"} else ""
        raise WireError("tls", f"TLS with {address.authority} failed: {reason}{hint}") from None
    except (OSError, ValueError) as error:
        raise WireError("tls", f"TLS with {address.authority} failed: {error}") from None


def tls_context(insecure: bool) -> ssl.SSLContext:
    """TLS as users expect it: the system's authorities (or those of `SSL_CERT_FILE`), unless it is told not to care."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
