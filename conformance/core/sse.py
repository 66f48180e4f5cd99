"""Server-sent events from bytes, incrementally, as the WHATWG HTML standard (section 9.2.6) reads them.

The law of this file: feed the same bytes in any pieces and the same events come out. Lines end with LF, CRLF or CR; one
leading byte order mark is dropped; a block without `data` dispatches nothing; an unfinished last block is dropped.
What the standard reads silently and clients trip over (blocks without data, bytes that are no UTF-8, the unfinished
tail) is kept in the transcript for rules to judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BOM = b"\xef\xbb\xbf"
STARTS = (b":", b"data:", b"event:", b"id:", b"retry:")


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event. `at` is when its last byte arrived, in seconds after the exchange began, or None."""

    data: str
    name: str = "message"
    at: float | None = None
    valid_utf8: bool = True


@dataclass(frozen=True, slots=True)
class Dataless:
    """A block that has fields or comments but no data, and so dispatches nothing.

    `fields` names its fields in order (a comment is named ""), `before` is the index of the event that follows it, and
    `after_id` tells whether an `id` field was seen before or in it.
    """

    fields: tuple[str, ...]
    before: int
    after_id: bool


@dataclass(slots=True)
class Transcript:
    """What a stream held: its events, the blocks without data, a byte order mark, and an unfinished tail."""

    events: list[Event] = field(default_factory=list)
    dataless: list[Dataless] = field(default_factory=list)
    bom: bool = False
    tail: bytes = b""
    """Bytes after the last blank line, line ends as LF: an event that was never finished."""


def begins_stream(body: bytes) -> bool:
    """Whether bytes begin as a stream of events does: with a comment or with a field that the standard knows."""
    return body[:1024].lstrip(b"\xef\xbb\xbf\r\n").startswith(STARTS)


class Decoder:
    """Takes a stream's bytes as they come and keeps its transcript."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self._buffer = bytearray()
        self._skip_lf = False
        self._at_start = True
        self._id_seen = False

    def feed(self, data: bytes, at: float | None = None) -> list[Event]:
        """Reads more bytes, which arrived at `at`; gives the events that they complete."""
        if self._skip_lf and data:
            data = data.removeprefix(b"\n")
            self._skip_lf = False
        if b"\r" in data:
            self._skip_lf = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        seen = max(0, len(self._buffer) - 1)
        self._buffer += data
        if self._at_start:
            if len(self._buffer) < len(BOM) and BOM.startswith(self._buffer):
                return []
            self._at_start = False
            if self._buffer.startswith(BOM):
                self.transcript.bom = True
                del self._buffer[: len(BOM)]
            seen = 0
        if self._buffer.find(b"\n\n", seen) < 0:
            return []
        first_new = len(self.transcript.events)
        *blocks, rest = bytes(self._buffer).split(b"\n\n")
        for block in blocks:
            self._block(block.lstrip(b"\n"), at)
        # A line end at the start of what is left closes no block: it must not pair with the next one.
        self._buffer = bytearray(rest.lstrip(b"\n"))
        return self.transcript.events[first_new:]

    def close(self) -> Transcript:
        """Ends the stream; gives the whole transcript."""
        self.transcript.tail = bytes(self._buffer).lstrip(b"\n")
        return self.transcript

    def _block(self, block: bytes, at: float | None) -> None:
        if not block:
            return
        if block.startswith(b"data: ") and b"\n" not in block:
            self._dispatch(block[6:], "message", at)
            return
        data: list[bytes] = []
        fields: list[str] = []
        name = "message"
        for line in block.split(b"\n"):
            key, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            fields.append(key.decode(errors="replace"))
            if key == b"data":
                data.append(value)
            elif key == b"event":
                name = value.decode(errors="replace") or "message"
            elif key == b"id" and b"\0" not in value:
                self._id_seen = True
        if data:
            self._dispatch(b"\n".join(data), name, at)
        else:
            before = len(self.transcript.events)
            self.transcript.dataless.append(Dataless(tuple(fields), before, self._id_seen))

    def _dispatch(self, data: bytes, name: str, at: float | None) -> None:
        try:
            event = Event(data.decode(), name, at)
        except UnicodeDecodeError:
            event = Event(data.decode(errors="replace"), name, at, valid_utf8=False)
        self.transcript.events.append(event)


def read(pieces: Iterable[tuple[float | None, bytes]]) -> Transcript:
    """The transcript of a whole stream, given as pieces of bytes with their times of arrival."""
    decoder = Decoder()
    for at, data in pieces:
        decoder.feed(data, at)
    return decoder.close()
