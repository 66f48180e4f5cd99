"""A response from bytes, incrementally, with what is wrong with them told.

The law of this file: feed the same bytes in any pieces and the same response comes out (its pieces apart). It knows no
sockets. h11 holds the state machine; what h11 lets pass and HTTP does not allow is told in `faults`.
"""

from __future__ import annotations

import re
from typing import Final

import h11

from chatconform.core import sse
from chatconform.core.exchange import DONE, EVENT_STREAM, Piece, Response, header, media_type
from chatconform.targets.bounds import Limits, WireError
from chatconform.targets.coding import Decoder, decoders

SLICE: Final = 16 * 1024
"""h11 is fed at most so much at once: its expressions for a line are quadratic in what a hostile line can hold."""
MOST_INTERIM: Final = 50
HEAD_END: Final = re.compile(rb"\n\r?\n")
CONTROL: Final = re.compile(rb"[\x00\x0b\x0c]|\r(?!\n)")
FRAMING: Final = re.compile(rb"^(content-length|transfer-encoding):(.*)", re.IGNORECASE | re.MULTILINE)
BARE_LF: Final = re.compile(rb"(?<!\r)\n")
FOLD: Final = re.compile(rb"\n[ \t]")
SURPLUS: Final = "bytes follow the end of the response"


class ResponseReader:
    """Reads one response.

    `finished` tells that its framing has ended, `reusable` that the connection may then carry another request.
    `events` counts the events of a stream so far, and `done` tells that one of them was `[DONE]`.
    """

    def __init__(self, method: str, limits: Limits, watch: bool = False) -> None:
        # Our own request may be as wrong as it likes, so h11 is told of a plain one; only HEAD changes the framing.
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=SLICE)
        self._http.send(h11.Request(method="HEAD" if method == "HEAD" else "GET", target="/", headers=[("Host", "x")]))
        self._http.send(h11.EndOfMessage())
        self._limits = limits
        self._watch = watch
        self._head = bytearray()
        self._searched = 0
        self._interim = 0
        self._status: int | None = None
        self._headers: tuple[tuple[str, str], ...] = ()
        self._pieces: list[Piece] = []
        self._received = 0
        self._size = 0
        self._decoders: list[Decoder] = []
        self._stream: sse.Decoder | None = None
        self._overflown = False
        self.faults: list[str] = []
        self.started = False
        self.finished = False
        self.reusable = False
        self.events = 0
        self.done = False

    def feed(self, data: bytes, at: float) -> None:
        """Reads more bytes, which arrived at `at`. Raises `WireError` for what is no HTTP or is too large."""
        self.started = True
        if self.finished:
            self._note_surplus()
            return
        rest: bytes | None = data
        if self._status is None:
            rest = self._read_head(data)
        if self._status is not None and rest is not None:
            self._read_body(rest, at)

    def end(self) -> None:
        """Takes note that the connection was closed. Raises `WireError` where more should have come."""
        if self.finished:
            return
        if not self.started:
            raise WireError("closed", "the server closed the connection without an answer")
        if self._status is None:
            raise WireError("closed", "the server closed the connection in the middle of the response's head")
        try:
            self._http.receive_data(b"")
            self._drain(bytearray())
        except h11.ProtocolError:
            raise WireError("closed", f"the server closed the connection {self._missing()}") from None

    def response(self) -> Response | None:
        """What was read so far; None where not even a head was."""
        if self._status is None:
            return None
        pieces = self._pieces
        if self._overflown and self._limits.evidence is not None:
            pieces = _first(pieces, self._limits.evidence)
        body = b"".join(piece.data for piece in pieces)
        return Response(self._status, self._headers, body, tuple(pieces), self.finished, tuple(self.faults))

    def _read_head(self, data: bytes) -> bytes | None:
        """Collects the head; gives what follows it, or None while it is not whole."""
        self._head += data
        while True:
            self._check_start()
            match = HEAD_END.search(self._head, self._searched)
            if match is None:
                self._searched = max(0, len(self._head) - 2)
                if len(self._head) > self._limits.head:
                    raise WireError("too-large", f"the response's head is larger than {_size(self._limits.head)}")
                return None
            if match.end() > self._limits.head:
                raise WireError("too-large", f"the response's head is larger than {_size(self._limits.head)}")
            head = bytes(self._head[: match.end()])
            del self._head[: match.end()]
            self._searched = 0
            if self._parse_head(head):
                rest = bytes(self._head)
                self._head.clear()
                return rest

    def _check_start(self) -> None:
        start = bytes(self._head[:5])
        if b"HTTP/".startswith(start):
            return
        if start[:2] in {b"\x15\x03", b"\x16\x03"}:
            raise WireError("malformed", "the server speaks TLS on this port; the URL must begin with https://")
        raise WireError("malformed", f"what came back is no HTTP/1.1 response: it begins with {_shown(self._head)}")

    def _parse_head(self, head: bytes) -> bool:
        """Reads one head; False for an interim (1xx) one."""
        if (bad := CONTROL.search(head)) is not None:
            where = head[max(0, bad.start() - 20) : bad.end() + 20]
            raise WireError("malformed", f"the response's head holds a control character near {_shown(where)}")
        try:
            self._http.receive_data(head)
            event = self._http.next_event()
        except h11.ProtocolError as error:
            raise _malformed(error) from None
        if isinstance(event, h11.InformationalResponse):
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise WireError("malformed", f"more than {MOST_INTERIM} interim (1xx) responses came, and no final one")
            return False
        assert isinstance(event, h11.Response), event
        self.faults += _lint(head)
        self._status = event.status_code
        self._headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items()
        )
        coding = header(self._headers, "content-encoding")
        if coding is not None:
            self._decoders, unknown = decoders(coding)
            if unknown is not None:
                self.faults.append(
                    f"the body has the content coding {unknown[:40]!r}, which the request did not accept"
                )
        if self._watch or media_type(self._headers) == EVENT_STREAM:
            self._stream = sse.Decoder()
        return True

    def _read_body(self, data: bytes, at: float) -> None:
        arrived = bytearray()
        try:
            for start in range(0, max(1, len(data)), SLICE):
                if self.finished:
                    self._note_surplus()
                    break
                self._http.receive_data(data[start : start + SLICE]) if data else None
                self._drain(arrived)
        except h11.ProtocolError as error:
            raise _malformed(error) from None
        finally:
            self._keep(bytes(arrived), at)

    def _drain(self, arrived: bytearray) -> None:
        """Takes from h11 what it can tell of the bytes that it was fed."""
        while not self.finished:
            event = self._http.next_event()
            if isinstance(event, h11.Data):
                arrived += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._finish()
            else:
                return

    def _finish(self) -> None:
        self.finished = True
        self.reusable = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if self._http.trailing_data[0]:
            self._note_surplus()

    def _note_surplus(self) -> None:
        self.reusable = False
        if SURPLUS not in self.faults:
            self.faults.append(SURPLUS)

    def _keep(self, data: bytes, at: float) -> None:
        """Keeps a piece of the body, its content codings undone."""
        self._received += len(data)
        room = self._limits.body - self._size
        beyond = f"body is larger than {_size(self._limits.body)}"
        for number, decoder in enumerate(self._decoders, 1):
            data = decoder.feed(data, room)
            if len(data) > room and number < len(self._decoders):
                raise self._too_large(beyond)
        if data:
            self._pieces.append(Piece(at, data[:room]))
            self._size += len(data)
        for event in self._stream.feed(data[:room]) if self._stream is not None else ():
            self.events += 1
            self.done = self.done or event.data.strip() == DONE
        if len(data) > room:
            raise self._too_large(beyond)
        if self._stream is not None and self.events + len(self._stream.transcript.dataless) > self._limits.blocks:
            raise self._too_large(f"stream holds more than {self._limits.blocks:,} events")
        for decoder in self._decoders:
            if self.finished:
                decoder.end()
            if decoder.problem is not None:
                raise decoder.problem
        if len(self._pieces) > self._limits.pieces:
            raise self._too_large(f"body came in more than {self._limits.pieces} pieces")

    def _too_large(self, how: str) -> WireError:
        """What to raise for a body that goes beyond a limit, and takes note of it."""
        self._overflown = True
        return WireError("too-large", f"the response's {how}")

    def _missing(self) -> str:
        """What is missing of a body that was cut short."""
        length = header(self._headers, "content-length")
        if header(self._headers, "transfer-encoding") is not None or length is None:
            return "before the chunk that ends the response"
        return f"after {self._received} of the {length[:20]} bytes that Content-Length promises"


def _first(pieces: list[Piece], size: int) -> list[Piece]:
    """The pieces of a body up to a size."""
    kept: list[Piece] = []
    for piece in pieces:
        if size <= 0:
            break
        kept.append(Piece(piece.at, piece.data[:size]))
        size -= len(piece.data)
    return kept


def _lint(head: bytes) -> list[str]:
    """What HTTP/1.1 does not allow in a head that could be read all the same."""
    faults = []
    if BARE_LF.search(head):
        faults.append("the head has a line that ends with a bare LF")
    if FOLD.search(head):
        faults.append("the head has a header folded over several lines")
    framing = [(name.lower(), value) for name, value in FRAMING.findall(head)]
    lengths = [value for name, value in framing if name == b"content-length"]
    if len(lengths) < len(framing) and lengths:
        faults.append("the head has both Content-Length and Transfer-Encoding")
    if len(lengths) > 1 or any(b"," in value for value in lengths):
        faults.append("the head gives Content-Length more than once")
    return faults


def _malformed(error: h11.ProtocolError) -> WireError:
    text = re.sub(r"bytearray\((b.*?)\)", r"\1", str(error))
    if "_SWITCH" in text:
        text = "it switches to another protocol, which nobody asked for"
    elif "status_code" in text:
        text = "its status is below 100"
    return WireError("malformed", f"the response is no valid HTTP/1.1: {text[:160]}")


def _shown(data: bytes | bytearray) -> str:
    """The beginning of some bytes, for a message."""
    return repr(bytes(data[:60]))[1:]


def _size(count: int) -> str:
    """A number of bytes as people say it."""
    for unit, size in (("MiB", 1024 * 1024), ("KiB", 1024)):
        if count >= size:
            return f"{count / size:g} {unit}"
    return f"{count} bytes"
