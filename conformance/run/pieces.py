"""Files in pieces, and a piece to what it came to: what one process does, and what is shared out among many.

The law of this file: a piece is a file, or a stretch of one that holds whole lines. Nothing but names and numbers is
handed on; every process reads for itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatconform.core.json_text import parse
from chatconform.recordings import formats
from chatconform.recordings.batch import Pairs, is_request
from chatconform.recordings.formats import UnknownFormError, form_of
from chatconform.recordings.record import Wrong
from chatconform.recordings.remote import is_remote
from chatconform.recordings.requirements import READABLE
from chatconform.recordings.source import CHUNK, DamagedError, open_source, open_stretch, opened
from chatconform.run.judging import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.recordings.source import Source
    from chatconform.run.judging import Judged, Wish

STRETCH: Final = 8 * 1024 * 1024
"""Bytes of a file that are judged in one go."""
REMOTE_STRETCH: Final = 64 * 1024 * 1024
"""As much of a file that lies elsewhere, where each look for the end of a line takes its time."""
LOOK: Final = 16 * 1024
"""Bytes that are read at a time to find the end of a line."""
PART: Final = 4 * 1024 * 1024
"""Bytes after which what was judged is handed on."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file (or `-`) and its form; with a length, a stretch of it."""

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


CALLED_RECORDING: Final = re.compile(r"(^|[/\\])[^./\\][^/\\]*\.(jsonl|ndjson|har)(\.(gz|zst|bz2))?$", re.IGNORECASE)
"""The names of files that can only be recordings; what begins with a dot was put there by some tool."""


def plan(files: Sequence[str], named: frozenset[str], form: str | None, jobs: int = 1) -> Plan:
    """Looks into each file and shares it out.

    A file in a folder that neither holds a recording nor is called one is left out, with a note.
    """
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
                if path in named or CALLED_RECORDING.search(path):
                    unread.append((path, str(problem)))
                else:
                    foreign.append(path)
                continue
            if found == "jsonl" and is_request(parse(source.head.lstrip().partition(b"\n")[0])):
                batches.append(path)
            pieces += _shared_out(path, found, source, jobs)
    if foreign:
        some = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
        notes.append(f"Left out, since they hold no recording: {some}.")
    return Plan(tuple(pieces), size, tuple(missing), tuple(notes), tuple(unread), tuple(batches))


def _shared_out(path: str, form: str, source: Source, jobs: int) -> list[Piece]:
    """The pieces of a file: its stretches where several processes can share it, each of whole lines."""
    if source.packed or source.size is None:
        return [Piece(path, form)]
    if jobs == 1 or form != "jsonl":
        return [Piece(path, form, 0, source.size)]
    pieces, start = [], 0
    stretch = REMOTE_STRETCH if is_remote(path) else STRETCH
    with opened(path, LOOK) as file:
        while start < source.size:
            end = min(start + stretch, source.size)
            file.seek(end)
            while end < source.size and (rest := file.readline(CHUNK)):
                end += len(rest)
                if rest.endswith(b"\n"):
                    break
            pieces.append(Piece(path, form, start, end - start))
            start = end
    return pieces


def parts(piece: Piece, wish: Wish, batches: Sequence[str] = ()) -> Iterator[Share]:
    """Judges a piece, and gives what it came to part by part. Raises nothing for what is in the file."""
    try:
        whole = piece.length is None
        source = open_source(piece.path) if whole else open_stretch(piece.path, piece.offset, piece.length or 0)
    except OSError as problem:
        yield Share(unreadable(piece.path, f"cannot be opened any more ({problem.strerror or problem})", wish), 0)
        return
    with source:
        bench = Bench(wish, source.name, Pairs(batches) if batches else None)
        read, unpacked = 0, 0
        try:
            for record in formats.read(source, piece.form):
                bench.take(record)
                if source.unpacked - unpacked >= PART:
                    yield _share(bench, source.unpacked - unpacked, source.read_so_far - read)
                    read, unpacked = source.read_so_far, source.unpacked
        except DamagedError as problem:
            bench.take(Wrong(bench.line, READABLE, str(problem)))
        yield _share(bench, source.unpacked - unpacked, source.read_so_far - read)


def _share(bench: Bench, size: int, done: int) -> Share:
    judged = bench.take_off()
    judged.size = size
    return Share(judged, done)


def unreadable(path: str, why: str, wish: Wish) -> Judged:
    """What a file comes to that cannot be read at all."""
    bench = Bench(wish, path)
    bench.take(Wrong(1, READABLE, why))
    return bench.take_off()
