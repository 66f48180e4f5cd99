"""The elements of an array somewhere in a JSON text, one after the other, in memory that does not grow with the text.

The law of this file: every element is given as its own bytes with the line on which it begins, whatever the others
are; where the text breaks off, what was whole before is given all the same.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Final

from chatconform.recordings.record import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
FIRST: Final = 1024 * 1024


class BrokenError(Exception):
    """Says on which line the text breaks off or goes astray, and how."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def elements(stream: IO[bytes], path: tuple[bytes, ...]) -> Iterator[tuple[int, bytes]]:
    """The objects in the array under `path`, each with its line; nothing where there is no such array.

    Raises `BrokenError` where the text ends too early or an element is too large.
    """
    scan = _Scan(stream, path)
    while scan.fill():
        yield from scan.whole()
    if scan.stack and not scan.ended:
        raise BrokenError(scan.line, "the text ends in the middle of a value")


class _Scan:
    """The state of a scan: the open containers with the keys that they stand under, and what was not consumed yet."""

    def __init__(self, stream: IO[bytes], path: tuple[bytes, ...]) -> None:
        self._stream = stream
        self._path = path
        self._buffer = b""
        self._position = 0  # where the next token is looked for
        self._start: int | None = None  # where the current element begins
        self._more = FIRST
        self._key = b""
        self.stack: list[tuple[bytes, bytes]] = []
        self.line = 1
        self._within = False
        self._depth = 0
        self.ended = False

    def fill(self) -> bool:
        """Reads more; gives whether there was more."""
        if self.ended:
            return False
        kept = self._start if self._start is not None else self._position
        self.line += self._buffer.count(b"\n", 0, kept)
        data = self._stream.read(self._more)
        self._buffer = self._buffer[kept:] + data
        self._position -= kept
        if self._start is not None:
            self._start = 0
        if len(self._buffer) > LARGEST:
            raise BrokenError(self.line, f"a value of more than {LARGEST // 1_000_000} MB")
        self._more = max(FIRST, len(self._buffer)) if self._position == 0 or self._start is not None else FIRST
        return bool(data)

    def whole(self) -> Iterator[tuple[int, bytes]]:
        """The elements that end in what was read."""
        buffer, line, counted = self._buffer, self.line, 0
        stack = self.stack
        for match in TOKEN.finditer(buffer, self._position):
            at = match.start()
            token = buffer[at]
            if token == 0x22:
                if match.end() == at + 1:  # a string that goes on in what was not read yet
                    self._position = at
                    return
                if not self._within:
                    self._key = match[0][1:-1]
            elif token in b"{[":
                if self._start is None and self._within and len(stack) == self._depth:
                    self._start = at
                stack.append((buffer[at : at + 1], self._key))
                if not self._within and token == 0x5B and self._is_wanted():
                    self._within, self._depth = True, len(stack)
            else:
                if not stack:
                    raise BrokenError(line + buffer.count(b"\n", counted, at), "a bracket that closes nothing")
                stack.pop()
                if self._within and len(stack) < self._depth:
                    self.ended = True
                    return
                if self._start is not None and len(stack) == self._depth:
                    line += buffer.count(b"\n", counted, self._start)
                    counted = self._start
                    yield line, buffer[self._start : at + 1]
                    self._start = None
            self._position = match.end()

    def _is_wanted(self) -> bool:
        """Whether the array that just opened is the one under the path."""
        return len(self.stack) == len(self._path) + 1 and tuple(key for _, key in self.stack[1:]) == self._path
