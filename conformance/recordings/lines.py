"""Lines of a stream, many at a time, each within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.recordings.record import LARGEST, Lines, Wrong
from chatconform.recordings.requirements import BOUNDED
from chatconform.recordings.source import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

MOST_SKIPPED: Final = 16 * 1024 * 1024 * 1024
"""Bytes of one line that are looked through for its end."""


def blocks(stream: IO[bytes], first: int = 1, most: int | None = None) -> Iterator[Lines | Wrong]:
    """The lines of a stream, about a megabyte at a time; `most` ends the reading after the line that crosses it.

    A line that is too long is told, passed over and counted.
    """
    rest: list[bytes] = []
    held = taken = 0
    while most is None or taken < most:
        data = stream.read(CHUNK if most is None else min(CHUNK, most - taken))
        if not data:
            break
        taken += len(data)
        end = data.rfind(b"\n")
        if end < 0:
            rest.append(data)
            held += len(data)
            if held > LARGEST:
                passed = held + _pass_over(stream)
                yield Wrong(first, BOUNDED, f"is a line of {_size(passed)}, at most {_size(LARGEST)} is read")
                taken += passed - held
                rest, held, first = [], 0, first + 1
            continue
        lines = (b"".join(rest) + data[:end] if rest else data[:end]).split(b"\n")
        rest, held = ([data[end + 1 :]], len(data) - end - 1) if end + 1 < len(data) else ([], 0)
        yield Lines(first, lines)
        first += len(lines)
    if rest:
        tail = b"".join(rest)
        if most is not None and taken >= most:
            tail += stream.readline(LARGEST).removesuffix(b"\n")
        yield Lines(first, [tail])


def _pass_over(stream: IO[bytes]) -> int:
    """Reads to the end of a line; gives how many bytes that were."""
    passed = 0
    while passed < MOST_SKIPPED:
        part = stream.readline(CHUNK)
        passed += len(part)
        if not part or part.endswith(b"\n"):
            break
    return passed


def _size(count: int) -> str:
    return f"{count / 1_000_000:,.0f} MB"
