"""Files in pieces, and a piece to what it came to: what one process does, and what is shared out among many.

The law of this file: a piece is a file or a stretch of one, aligned to lines by whoever reads it: the lines that begin
in the stretch belong to it. Nothing but names and numbers is handed on; every process reads for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatconform.core.json_text import parse
from chatconform.recordings import formats
from chatconform.recordings.batch import Pairs, is_request
from chatconform.recordings.formats import UnknownFormError, form_of
from chatconform.recordings.lines import blocks
from chatconform.recordings.record import Wrong
from chatconform.recordings.requirements import READABLE
from chatconform.recordings.source import CHUNK, DamagedError, open_at, open_source
from chatconform.run.judging import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.recordings.record import Record
    from chatconform.recordings.source import Source
    from chatconform.run.judging import Judged, Wish

STRETCH: Final = 8 * 1024 * 1024
"""Bytes of a file that are judged in one go."""
PART: Final = 4 * 1024 * 1024
"""Bytes after which what was judged is handed on."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file (or `-`) and its form; with a length, of its lines those that begin in a stretch of it."""

    path: str
    form: str
    offset: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What came of a part of a piece; `done` is how many bytes of the file were read for it."""

    judged: Judged
    done: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The pieces to judge in order, what was wrong with files, and the files that hold requests of batches."""

    pieces: tuple[Piece, ...]
    size: int | None
    """Bytes of all files; None where that is not known."""
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]
    """Files whose form is not known, each with why."""
    batches: tuple[str, ...]


def plan(files: Sequence[str], named: frozenset[str], form: str | None) -> Plan:
    """Looks into each file and shares it out. A file in a folder that holds no recording is left out, with a note."""
    pieces: list[Piece] = []
    missing: list[str] = []
    notes: list[str] = []
    unread: list[tuple[str, str]] = []
    batches: list[str] = []
    size: int | None = 0
    foreign: list[str] = []
    for path in files:
        try:
            source = open_source(path)
        except OSError as problem:
            missing.append(f"{path}: cannot be opened ({problem.strerror or problem})")
            continue
        with source:
            size = None if size is None or source.size is None else size + source.size
            if not source.head and not source.packed:
                notes.append(f"{source.name} is empty.")
                continue
            try:
                found = form or form_of(source)
            except UnknownFormError as problem:
                if path in named:
                    unread.append((path, str(problem)))
                else:
                    foreign.append(path)
                continue
            if found == "jsonl" and is_request(parse(source.head.lstrip().partition(b"\n")[0])):
                batches.append(path)
            pieces += _shared_out(path, found, source)
    if foreign:
        some = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
        notes.append(f"Left out, since they hold no recording: {some}.")
    return Plan(tuple(pieces), size, tuple(missing), tuple(notes), tuple(unread), tuple(batches))


def _shared_out(path: str, form: str, source: Source) -> list[Piece]:
    if form != "jsonl" or source.packed or source.size is None:
        return [Piece(path, form)]
    starts = range(0, source.size, STRETCH)
    return [Piece(path, form, start, min(STRETCH, source.size - start)) for start in starts]


def parts(piece: Piece, wish: Wish, batches: Sequence[str] = ()) -> Iterator[Share]:
    """Judges a piece, and gives what it came to part by part. Raises nothing for what is in the file."""
    try:
        source = open_source(piece.path) if piece.length is None else open_at(piece.path, piece.offset)
    except OSError as problem:
        yield Share(unreadable(piece.path, f"cannot be opened any more ({problem.strerror or problem})", wish), 0)
        return
    pairs = Pairs(batches) if batches else None
    with source:
        bench = Bench(wish, source.name, pairs)
        told = source.read_so_far
        try:
            if piece.length is not None:
                records: Iterator[Record] = blocks(
                    source.stream, most=piece.offset + piece.length - _aligned(source, piece.offset)
                )
            else:
                records = formats.read(source, piece.form)
            for record in records:
                bench.take(record)
                if source.read_so_far - told >= PART:
                    yield Share(bench.take_off(), source.read_so_far - told)
                    told = source.read_so_far
        except DamagedError as problem:
            bench.take(Wrong(bench.line, READABLE, str(problem)))
        yield Share(bench.take_off(), source.read_so_far - told)


def _aligned(source: Source, offset: int) -> int:
    """Reads up to the first line that begins at an offset or after it; gives where that is."""
    at = max(0, offset - 1)
    while offset and (line := source.stream.readline(CHUNK)):
        at += len(line)
        if line.endswith(b"\n"):
            break
    return at


def unreadable(path: str, why: str, wish: Wish) -> Judged:
    """What a file comes to that cannot be read at all."""
    bench = Bench(wish, path)
    bench.take(Wrong(1, READABLE, why))
    return bench.take_off()
