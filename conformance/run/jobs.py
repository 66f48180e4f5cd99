"""Pieces judged here, or by several processes; what they come to is given in the order of the pieces.

The law of this file: every piece is judged once and counted once. A process that dies is told as what it is, and its
piece is judged here.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chatconform.run.pieces import parts

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from multiprocessing.connection import Connection

    from chatconform.run.judging import Wish
    from chatconform.run.pieces import Piece, Share

WORTH_IT: Final = 100 * 1024 * 1024
"""Bytes from which on a second process saves more than its start takes."""


def shares(pieces: Sequence[Piece], wish: Wish, batches: Sequence[str], jobs: int) -> Generator[tuple[Piece, Share]]:
    """Judges pieces with so many processes; gives each share with its piece, in order."""
    if jobs > 1 and len(pieces) > 1 and _is_worth_it(pieces):
        yield from _shared(pieces, wish, batches, min(jobs, len(pieces)))
        return
    with _without_cycles():
        for piece in pieces:
            for share in parts(piece, wish, batches):
                yield piece, share


def _is_worth_it(pieces: Sequence[Piece]) -> bool:
    known = sum(piece.length or 0 for piece in pieces)
    return known >= WORTH_IT or any(piece.length is None for piece in pieces)


def _shared(pieces: Sequence[Piece], wish: Wish, batches: Sequence[str], jobs: int) -> Iterator[tuple[Piece, Share]]:
    """Deals the pieces out to processes in turn, and gives what each piece comes to, in order."""
    import multiprocessing  # which one process need not wait for

    context = multiprocessing.get_context("spawn")
    workers: list[tuple[Any, Connection]] = []
    try:
        for number in range(jobs):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=_work, args=(theirs, pieces[number::jobs], wish, tuple(batches)), daemon=True
            )
            process.start()
            theirs.close()
            workers.append((process, ours))
        for number, piece in enumerate(pieces):
            try:
                share = workers[number % jobs][1].recv()
            except (EOFError, OSError):  # that process died: what it did not hand over is judged here
                share = whole(piece, wish, batches)
            yield piece, share
    finally:
        for process, connection in workers:
            connection.close()
            process.terminate()
            process.join()


def _work(results: Connection, pieces: Sequence[Piece], wish: Wish, batches: Sequence[str]) -> None:
    """What a process does: it judges its pieces and hands each on as a whole, so that none is counted in part."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that was asked tells its workers when to end
    with _without_cycles(), suppress(BrokenPipeError):
        for piece in pieces:
            results.send(whole(piece, wish, batches))


def whole(piece: Piece, wish: Wish, batches: Sequence[str]) -> Share:
    """What a piece comes to as one share."""
    first, *others = parts(piece, wish, batches)
    lines = max(share.judged.lines for share in (first, *others))
    for share in others:
        first.judged.merge(share.judged)
    first.judged.lines = lines
    return replace(first, done=first.done + sum(share.done for share in others))


class CutShortError(Exception):
    """Why not all pieces could be judged; what was judged before stands."""


@contextmanager
def _without_cycles() -> Iterator[None]:
    """Parsed JSON holds no cycles: looking for them takes a tenth of the time and finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
