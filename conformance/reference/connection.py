"""One connection of the reference server: requests read one after the other, each answered before the next is read.

The law of this file: whatever a client sends or leaves out, its connection gets an answer or an end within the patience
of the server, and costs nobody else anything. A client that goes away ends what is being written for it.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

import h11

from chatconform.reference.pipeline import Hangup, Incoming, Reply, Service
from chatconform.reference.refusal import Refusal

LARGEST_HEAD: Final = 64 * 1024
LARGEST_BODY: Final = 32 * 1024 * 1024
IDLE: Final = 60.0
"""How long the next request of a connection is waited for."""
LINGER: Final = 5.0
"""How long what a client still sends is read after its connection was answered for the last time."""


class Gone(Exception):
    """The client has left."""


class Connection:
    """A connection that was accepted."""

    def __init__(self, sock: socket.socket, service: Service, latency: float, patience: float) -> None:
        self.sock, self.service, self.latency, self.patience = sock, service, latency, patience
        self.method = ""
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)

    def run(self, working: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
        """Answers requests until the connection ends; `working` is entered while one is answered."""
        with contextlib.suppress(Gone, OSError), self.sock:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while (incoming := self._next()) is not None:
                    with working():
                        self._send(self.service.answer(incoming))
                    if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
                        self._linger()
                        return
                    self.http.start_next_cycle()
            except Hangup as hangup:
                if hangup.reset:
                    self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _next(self) -> Incoming | None:
        """The next request; None where the client ends, or where it cannot be read and was told so."""
        try:
            return self._received()
        except Refusal as refusal:
            reply = self.service.refused(refusal)
        except h11.RemoteProtocolError as error:
            message = f"This is no HTTP request that can be read: {error}."
            reply = self.service.refused(Refusal(error.error_status_hint, message, code="malformed_http"))
        except TimeoutError:
            if self.http.their_state is h11.IDLE and not self.http.trailing_data[0]:
                return None
            reply = self.service.refused(Refusal(408, "The request did not arrive in time.", code="request_timeout"))
        if self.http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            closing = self.service.stages.finish(Incoming("", ""), reply)
            self._send(Reply(closing.status, (*closing.headers, ("connection", "close")), closing.body))
            self._linger()
        return None

    def _received(self) -> Incoming | None:
        incoming: Incoming | None = None
        body: list[bytes] = []
        size = 0
        deadline: float | None = None
        while True:
            event = self.http.next_event()
            if event is h11.NEED_DATA:
                if self.http.they_are_waiting_for_100_continue:
                    self._write(self.http.send(h11.InformationalResponse(status_code=100, headers=[])))
                data = self._read(deadline)
                deadline = deadline or time.monotonic() + 6 * self.patience
                self.http.receive_data(data)
            elif isinstance(event, h11.Request):
                headers = tuple((name.decode(), value.decode("latin-1")) for name, value in event.headers)
                self.method = event.method.decode()
                incoming = Incoming(self.method, _path(event.target.decode("latin-1")), headers)
                if int(incoming.header("content-length") or 0) > LARGEST_BODY:
                    raise _too_large()
            elif isinstance(event, h11.Data):
                size += len(event.data)
                if size > LARGEST_BODY:
                    raise _too_large()
                body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage) and incoming is not None:
                incoming.body = b"".join(body)
                return incoming
            else:
                return None

    def _read(self, deadline: float | None) -> bytes:
        left = IDLE if deadline is None else min(self.patience, deadline - time.monotonic())
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)
        return self.sock.recv(256 * 1024)

    def _write(self, data: bytes | None) -> None:
        if data:
            self.sock.settimeout(self.patience)
            self.sock.sendall(data)

    def _send(self, reply: Reply) -> None:
        for data in self.service.stages.wire(self._pieces(reply)):
            self._write(data)

    def _pieces(self, reply: Reply) -> Iterator[bytes]:
        """The bytes of a response, piece by piece, each when its time has come."""
        latency = self.latency if reply.generated else 0.0
        head = [*reply.headers, ("date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()))]
        if reply.events is None:
            self._wait(latency)
            if reply.status != 204:
                head.append(("content-length", str(len(reply.body))))
            body = b"" if self.method == "HEAD" or reply.status == 204 else reply.body
            yield (
                self._framed(h11.Response(status_code=reply.status, headers=head))
                + (self._framed(h11.Data(data=body)) if body else b"")
                + self._framed(h11.EndOfMessage())
            )
            return
        events = list(reply.events) if latency else reply.events
        yield self._framed(h11.Response(status_code=reply.status, headers=head))
        pause = latency / max(1, len(events)) if isinstance(events, list) else 0.0
        for event in events:
            self._wait(pause)
            yield self._framed(h11.Data(data=event))
        yield self._framed(h11.EndOfMessage())

    def _framed(self, event: h11.Event) -> bytes:
        return self.http.send(event) or b""

    def _wait(self, seconds: float) -> None:
        """Lets time pass, unless the client leaves: then there is nothing more to be written."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.sock], [], [], left)[0]:
                return
            if not self.sock.recv(1, socket.MSG_PEEK):
                raise Gone
            time.sleep(min(left, 0.01))

    def _linger(self) -> None:
        """Reads what still comes, for a while, so that a client gets to read its answer before the connection ends."""
        until = time.monotonic() + LINGER
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
            while (left := until - time.monotonic()) > 0:
                self.sock.settimeout(left)
                if not self.sock.recv(1024 * 1024):
                    return


def _path(target: str) -> str:
    """The path of a request's target, in either form, without its query."""
    parts = urlsplit(target) if not target.startswith("/") else None
    return unquote(parts.path if parts else target.partition("?")[0])


def _too_large() -> Refusal:
    return Refusal(413, f"The body is larger than {LARGEST_BODY} bytes.", code="request_too_large")
