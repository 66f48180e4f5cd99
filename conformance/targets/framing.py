"""Where HTTP messages end: what a relay must know of the bytes that it passes on, and no more.

The law of this file: feed the same bytes in any pieces and the same ends are found. Nothing is refused here: bytes that
keep to no framing belong to a body that ends with the connection.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

HEAD_END: Final = re.compile(rb"\n\r?\n")
LARGEST_LINE: Final = 16 * 1024
START: Final = re.compile(rb"([^\s\x00-\x20]+) +([^\s\x00-\x20]+)(?: +(HTTP/[0-9.]+))?\r?\n")
STATUS: Final = re.compile(rb"HTTP/\d\.\d +(\d{3})")
FIELD: Final = re.compile(rb"^([^\s:]+)[ \t]*:[ \t]*([^\r\n]*)", re.MULTILINE)
SIZE: Final = re.compile(rb"[0-9a-fA-F]{1,15}")


class Body(Protocol):
    """A body, as far as its end is concerned."""

    done: bool
    """Whether it has come to its end."""

    def take(self, data: bytes) -> int:
        """Takes in more bytes, and tells how many of them belong to it."""


class Counted:
    """A body of so many bytes."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = not length

    def take(self, data: bytes) -> int:
        """Takes in more bytes, and tells how many of them belong to it."""
        taken = min(self._left, len(data))
        self._left -= taken
        self.done = not self._left
        return taken


class Open:
    """A body that ends with the connection."""

    done = False

    def take(self, data: bytes) -> int:
        """Takes in more bytes, all of which belong to it."""
        return len(data)


class Chunked:
    """A body in chunks; one that breaks their grammar ends with the connection."""

    done = False

    def __init__(self) -> None:
        self._left = 0
        self._line = bytearray()
        self._after_chunk = self._trailers = self._lost = False

    def take(self, data: bytes) -> int:
        """Takes in more bytes, and tells how many of them belong to it."""
        at = 0
        while at < len(data) and not self.done:
            if self._lost:
                return len(data)
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            end = data.find(b"\n", at)
            self._line += data[at : end if end >= 0 else len(data)]
            at = end + 1 if end >= 0 else len(data)
            if len(self._line) > LARGEST_LINE:
                self._lost = True
            elif end >= 0:
                line = bytes(self._line).removesuffix(b"\r")
                self._line.clear()
                self._read(line)
        return at

    def _read(self, line: bytes) -> None:
        if self._trailers:
            self.done = not line
        elif self._after_chunk:
            self._after_chunk, self._lost = False, bool(line)
        else:
            size = line.partition(b";")[0].strip()
            self._lost = SIZE.fullmatch(size) is None
            if not self._lost:
                self._left = int(size, 16)
                self._after_chunk, self._trailers = self._left > 0, self._left == 0


class Head:
    """The head of a request or a response: its bytes, and what of it decides where the message ends."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        after_start = data.find(b"\n") + 1
        self.fields = [(name.lower(), value.strip()) for name, value in FIELD.findall(data, after_start)]
        start = START.match(data)
        self.method = start[1].decode("latin-1") if start else ""
        self.target = start[2].decode("latin-1") if start else ""
        status = STATUS.match(data)
        self.status = int(status[1]) if status else None

    def values(self, name: bytes) -> list[bytes]:
        """The values of a header by its name in lower case."""
        return [value for key, value in self.fields if key == name]

    def body_of_request(self) -> Body:
        """The body that follows the head of a request."""
        return Counted(0) if not self._framed() else self._body()

    def body_of_response(self, method: str) -> Body:
        """The body that follows the head of a response to a method."""
        if method == "HEAD" or self.status in {204, 304}:
            return Counted(0)
        return self._body() if self._framed() else Open()

    def _framed(self) -> bool:
        return any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.fields)

    def _body(self) -> Body:
        if codings := self.values(b"transfer-encoding"):
            return Chunked() if b",".join(codings).lower().rpartition(b",")[2].strip() == b"chunked" else Open()
        lengths = {part.strip() for value in self.values(b"content-length") for part in value.split(b",")}
        if len(lengths) == 1 and (length := lengths.pop()).isdigit() and len(length) < 19:
            return Counted(int(length))
        return Open()


class Heads:
    """Collects the bytes of a head until it is whole."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._searched = 0

    @property
    def begun(self) -> bool:
        """Whether a head has begun to come."""
        return bool(self._data)

    @property
    def data(self) -> bytes:
        """What has come of it."""
        return bytes(self._data)

    def feed(self, data: bytes) -> tuple[Head | None, bytes]:
        """Takes in more bytes; gives the head once it is whole, and what follows it."""
        self._data += data if self._data else data.lstrip(b"\r\n")
        match = HEAD_END.search(self._data, self._searched)
        if match is None:
            self._searched = max(0, len(self._data) - 2)
            return None, b""
        head, rest = bytes(self._data[: match.end()]), bytes(self._data[match.end() :])
        self._data.clear()
        self._searched = 0
        return Head(head), rest
