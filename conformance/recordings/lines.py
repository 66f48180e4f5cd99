"""Lines of a stream, many at a time, each within bounds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from chatconform.recordings.record import LARGEST, Lines, Wrong
from chatconform.recordings.requirements import BOUNDED
from chatconform.recordings.source import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

TOGETHER: Final = 256 * 1024
"""Bytes of lines that are handed on together: no more than a processor keeps near."""
SKIPPED: Final = 1024 * 1024


def blocks(stream: IO[bytes]) -> Iterator[Lines | Wrong]:
    """The lines of a stream, some at a time; one that is too long is told, passed over and counted."""
    first, lines, size = 1, list[bytes](), 0
    read = iter(partial(stream.readline, LARGEST + 1), b"")
    while True:
        try:
            line = next(read)
        except StopIteration:
            yield Lines(first, lines)
            return
        except DamagedError:  # what was read before it is judged, too
            yield Lines(first, lines)
            raise
        size += len(line)
        if len(line) <= LARGEST:
            lines.append(line)
            if size > TOGETHER:
                yield Lines(first, lines)
                first, lines, size = first + len(lines), [], 0
            continue
        yield Lines(first, lines)
        first, lines, size = first + len(lines), [], 0
        long = len(line) + pass_over(stream, line)
        yield Wrong(first, BOUNDED, f"is a line of {told(long)}, and at most {told(LARGEST)} is read")
        first += 1


def pass_over(stream: IO[bytes], line: bytes) -> int:
    """Reads on to the end of a line that began; gives how many bytes that were."""
    passed = 0
    while line and not line.endswith(b"\n"):
        line = stream.readline(SKIPPED)
        passed += len(line)
    return passed


def told(count: int) -> str:
    """A number of bytes for people."""
    return f"{count / 1_000_000:,.0f} MB"
