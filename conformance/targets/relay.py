"""One connection through the proxy: what one end says is sent to the other at once, and only then looked at.

The law of this file: bytes pass as they come, in both directions at the same time, whatever they are; an end that does
not take them slows the other down, as it would without us. How a connection ends is passed on as well.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import struct
from contextlib import suppress
from time import perf_counter, time
from typing import TYPE_CHECKING, Final

from chatconform.targets.bounds import WireError
from chatconform.targets.framing import Heads
from chatconform.targets.passage import LARGEST_HEAD, Passage
from chatconform.targets.refusing import Refused, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.targets.framing import Body, Head
    from chatconform.targets.route import Route

RECEIVE: Final = 256 * 1024
LINGER: Final = 5.0
"""How long what a client still sends is read after the target ended the connection."""
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class End:
    """One end of a relay: its socket, what it has not taken yet, and whether it has said its last word."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.unsent = bytearray()
        self.watched = 0
        self.ended = False
        self.deaf = False
        """Whether it takes nothing more."""

    def receive(self) -> bytes | None:
        """What has come, b"" for its end, None for nothing. Raises `OSError`."""
        try:
            data = self.sock.recv(RECEIVE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except ssl.SSLEOFError:
            data = b""
        self.ended = not data
        return data

    @property
    def holds_more(self) -> bool:
        """Whether something was received that the system knows nothing of."""
        return isinstance(self.sock, ssl.SSLSocket) and not self.ended and self.sock.pending() > 0

    def send(self, data: bytes) -> None:
        """Sends what it takes, and keeps the rest for later. Raises `OSError`."""
        if self.deaf:
            return
        if self.unsent:
            self.unsent += data
            return
        sent = self._sent(data)
        if sent < len(data):
            self.unsent += memoryview(data)[sent:]

    def flush(self) -> None:
        """Sends of what it has not taken yet. Raises `OSError`."""
        if self.unsent:
            del self.unsent[: self._sent(self.unsent)]

    def _sent(self, data: bytes | bytearray) -> int:
        try:
            return self.sock.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0

    def finish(self) -> None:
        """Tells it that nothing more will come; it may go on."""
        self.deaf = True
        with suppress(OSError):
            # Not the method of a TLS socket, which would end the reading as well.
            socket.socket.shutdown(self.sock, socket.SHUT_WR)

    def break_off(self) -> None:
        """Makes the connection end with a reset."""
        with suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Relay:
    """Relays one client's connection.

    `passed` is called with each passage once it is over, and `trouble` with a sentence for what could not be passed on.
    """

    def __init__(
        self,
        client: socket.socket,
        route: Route,
        passed: Callable[[Passage], None],
        trouble: Callable[[str], None],
    ) -> None:
        self._client = End(client)
        self._target: End | None = None
        self._route = route
        self._passed = passed
        self._trouble = trouble
        self._selector = selectors.DefaultSelector()
        self._heads = Heads()
        self._asking: tuple[Passage, Body] | None = None
        self._waiting: list[tuple[Passage, float]] = []
        self._answer_heads = Heads()
        self._answering: Body | None = None
        self._opaque = False
        self._gone = False

    def stop(self) -> None:
        """Ends the connection, from another thread."""
        for end in (self._client, self._target):
            with suppress(OSError):
                if end is not None:
                    socket.socket.shutdown(end.sock, socket.SHUT_RDWR)

    @property
    def under_way(self) -> int:
        """How many requests are not over yet."""
        return len(self._waiting)

    def run(self) -> None:
        """Relays until the connection is over."""
        try:
            while not self._over():
                self._step()
        except Refused as refused:
            self._refuse(refused)
        except OSError:
            for end in (self._client, self._target):
                if end is not None:
                    end.break_off()
        finally:
            self._close()

    def _over(self) -> bool:
        client, target = self._client, self._target
        if target is None:
            return client.ended
        if target.ended and not client.unsent:
            client.finish()
            self._linger()
            return True
        if client.ended and not target.deaf and not target.unsent:
            target.finish()
        return client.ended and not self._waiting and not self._opaque

    def _step(self) -> None:
        """Waits until something can be read or sent, and does it."""
        client, target = self._client, self._target
        self._watch(client, not client.ended and (target is None or not target.unsent))
        more = False
        if target is not None:
            self._watch(target, not target.ended and not client.unsent)
            more = target.holds_more and not client.unsent
        ready = {key.fileobj: events for key, events in self._selector.select(0 if more else None)}
        if target is not None and (more or ready.get(target.sock, 0) & READ):
            self._from_target(target)
        if ready.get(client.sock, 0) & WRITE:
            self._to_client(b"")
        if target is not None and ready.get(target.sock, 0) & WRITE:
            self._to_target(target, b"")
        if ready.get(client.sock, 0) & READ:
            self._from_client()

    def _watch(self, end: End, reading: bool) -> None:
        wanted = (READ if reading else 0) | (WRITE if end.unsent else 0)
        if wanted == end.watched:
            return
        if not wanted:
            self._selector.unregister(end.sock)
        elif end.watched:
            self._selector.modify(end.sock, wanted)
        else:
            self._selector.register(end.sock, wanted)
        end.watched = wanted

    def _from_target(self, target: End) -> None:
        try:
            data = target.receive()
        except OSError as error:
            self._fail("reset", f"the connection broke: {error.strerror or error}")
            raise
        if data:
            self._to_client(data)
            self._note_answer(data, perf_counter())

    def _to_client(self, data: bytes) -> None:
        try:
            self._client.send(data) if data else self._client.flush()
        except OSError:
            self._leave()
            raise

    def _to_target(self, target: End, data: bytes) -> None:
        try:
            target.send(data) if data else target.flush()
        except OSError:
            # It closed in the middle of the request; what it said before may still have to be passed on.
            target.deaf = True
            target.unsent.clear()

    def _from_client(self) -> None:
        try:
            data = self._client.receive()
        except OSError:
            self._leave()
            raise
        if data == b"":
            self._gone = self._target is None or not self._target.ended
        while data:
            if self._opaque and self._target is not None:
                self._to_target(self._target, data)
                return
            if self._asking is None:
                head, rest = self._heads.feed(data)
                if head is None:
                    self._check_head()
                    return
                data = self._begin(head, rest)
            else:
                passage, body = self._asking
                taken = body.take(data)
                part, data = data[:taken], data[taken:]
                if self._target is not None:
                    self._to_target(self._target, part)
                passage.keep_asked(part)
                self._asking = None if body.done else self._asking

    def _check_head(self) -> None:
        data = self._heads.data
        if data[:2] == b"\x16\x03":
            raise Refused(400, "A client speaks TLS to the proxy; its base URL must begin with http://.", "tls")
        if len(data) > LARGEST_HEAD:
            raise Refused(431, f"The head of the request is larger than {LARGEST_HEAD} bytes.", "head_too_large")

    def _begin(self, head: Head, rest: bytes) -> bytes:
        """Sends a request's head on, with as much of its body as came with it; gives what belongs to the next one."""
        if head.method == "CONNECT":
            message = "This proxy is a target's stand-in and makes no tunnels; use it as the base URL."
            raise Refused(405, message, "no_tunnels")
        target = self._route.target(head.target)
        body = head.body_of_request()
        taken = body.take(rest)
        now = perf_counter()
        passage = Passage(head.data, head.method, target, time())
        passage.keep_asked(rest[:taken])
        self._waiting.append((passage, now))
        self._asking = None if body.done else (passage, body)
        self._to_target(self._target or self._connected(), self._route.rewritten(head, target) + rest[:taken])
        return rest[taken:]

    def _connected(self) -> End:
        try:
            self._target = End(self._route.connect())
        except WireError as error:
            self._fail(error.kind, error.message)
            raise Refused(502, f"The target did not answer: {error.message}.", "target_unreachable") from None
        return self._target

    def _note_answer(self, data: bytes, now: float) -> None:
        """Takes note of bytes that were passed on to the client: to which request they belong, and where they end."""
        while data and self._waiting and not self._opaque:
            passage, begun = self._waiting[0]
            if self._answering is None:
                head, rest = self._answer_heads.feed(data)
                passage.keep_answered(data[: len(data) - len(rest)], now - begun)
                if head is None:
                    return
                self._begin_answer(head, passage)
                data = rest
            else:
                taken = self._answering.take(data)
                if taken:
                    passage.keep_answered(data[:taken], now - begun)
                data = data[taken:]
            if self._answering is not None and self._answering.done:
                self._answering = None
                del self._waiting[0]
                if data and not self._waiting:
                    passage.keep_answered(data, now - begun)  # what follows the end is a fault of this answer's
                passage.seconds = now - begun
                self._passed(passage)

    def _begin_answer(self, head: Head, passage: Passage) -> None:
        if head.status == 101:
            self._opaque, passage.left = True, True
        elif head.status is None or not 100 <= head.status < 200:
            self._answering = head.body_of_response(passage.method)

    def _fail(self, kind: str, message: str) -> None:
        for passage, _ in self._waiting:
            passage.failure = passage.failure or (kind, message)

    def _leave(self) -> None:
        for passage, _ in self._waiting:
            passage.left = True

    def _refuse(self, refused: Refused) -> None:
        """Answers in the target's place, and ends the connection."""
        for passage, _ in self._waiting:
            passage.answered = False
        self._trouble(str(refused))
        with suppress(OSError):
            self._client.sock.settimeout(LINGER)
            self._client.sock.sendall(bytes(self._client.unsent) + refusal(refused))
            self._client.finish()
            self._linger()

    def _linger(self) -> None:
        """Reads what the client still sends, so that it gets to read its answer before the connection ends."""
        until = perf_counter() + LINGER
        with suppress(OSError):
            while not self._client.ended and (left := until - perf_counter()) > 0:
                self._client.sock.settimeout(left)
                self._client.ended = not self._client.sock.recv(RECEIVE)

    def _close(self) -> None:
        for end in (self._client, self._target):
            if end is not None:
                end.sock.close()
        self._selector.close()
        now = perf_counter()
        for passage, begun in self._waiting:
            passage.seconds = now - begun
            passage.ended = self._target is not None and self._target.ended
            passage.left = passage.left or self._gone
            self._passed(passage)
        self._waiting.clear()
