"""Pieces judged by a Ray cluster: the same pieces, the same function and the same shares as on one machine.

The law of this file: every piece is counted once. Ray runs a piece again where the worker that had it is gone; what
comes back is known by its number, and a piece that does not come back is told.
"""

from __future__ import annotations

import logging
import pickle
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chatconform.recordings.source import STDIN
from chatconform.run.jobs import CutShortError, whole
from chatconform.run.pieces import Piece, parts
from chatconform.run.reach import CannotCheckError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from chatconform.run.judging import Wish
    from chatconform.run.pieces import Share

MOST_BLOCKS: Final = 10_000
"""Tasks that the pieces are shared out to; beyond, a task has several pieces."""


def check_ray() -> None:
    """Raises `CannotCheckError` where Ray is not installed."""
    try:
        import ray.data  # noqa: F401
    except ImportError:
        message = "--engine ray needs Ray Data, which the extra brings: pip install 'chatconform[ray]'"
        raise CannotCheckError(message) from None


def shares(pieces: Sequence[Piece], wish: Wish, batches: Sequence[str]) -> Generator[tuple[Piece, Share]]:
    """Judges pieces on the cluster that Ray finds (or starts here); gives each share with its piece, in order.

    What comes over stdin is judged here. Raises `CannotCheckError` where there is no cluster to be had, and
    `CutShortError` where one failed.
    """
    far = [number for number, piece in enumerate(pieces) if piece.path != STDIN]
    coming = _coming(pieces, far, wish, batches)
    came: dict[int, Share] = {}
    try:
        for number, piece in enumerate(pieces):
            if piece.path == STDIN:
                for share in parts(piece, wish, batches):
                    yield piece, share
                continue
            while number not in came:
                found = next(coming, None)
                if found is None:
                    raise CutShortError(f"the Ray cluster gave no verdict on {piece.path} from byte {piece.offset:,}")
                came.setdefault(*found)
            yield piece, came.pop(number)
    finally:
        coming.close()


def _coming(
    pieces: Sequence[Piece], far: Sequence[int], wish: Wish, batches: Sequence[str]
) -> Generator[tuple[int, Share]]:
    """Shares with the numbers of their pieces, as they come; each number once."""
    if not far:
        return
    import ray

    started = _connect(ray)
    seen: set[int] = set()
    try:
        for row in _rows(ray, [(number, pieces[number]) for number in far], wish, batches):
            if row["number"] not in seen:
                seen.add(row["number"])
                yield row["number"], pickle.loads(row["share"])
    except ray.exceptions.RayError as problem:
        why = (str(problem).strip().splitlines() or [type(problem).__name__])[-1][:300]
        raise CutShortError(f"the Ray cluster failed after {len(seen):,} of {len(far):,} pieces: {why}") from None
    finally:
        if started:
            ray.shutdown()


def _connect(ray: Any) -> bool:
    """Connects to the cluster that Ray finds, or starts one here; tells whether that is ours to end."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if ray.is_initialized():
        return False
    try:
        ray.init(logging_level="ERROR", log_to_driver=False)
    except (ConnectionError, OSError, RuntimeError, ValueError) as problem:
        raise CannotCheckError(f"there is no Ray cluster to be had: {str(problem).partition(chr(10))[0]}") from None
    return True


def _rows(ray: Any, numbered: list[tuple[int, Piece]], wish: Wish, batches: Sequence[str]) -> Any:
    """Rows of a number and a share, one for each piece, as the cluster finishes them."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    items = [
        {"number": number, "path": one.path, "form": one.form, "offset": one.offset, "length": one.length}
        for number, one in numbered
    ]
    judged = ray.data.from_items(items, override_num_blocks=min(len(items), MOST_BLOCKS)).map(
        partial(judge_row, wish=wish, batches=tuple(batches))
    )
    return judged.iter_rows()


def judge_row(row: dict[str, Any], wish: Wish, batches: Sequence[str]) -> dict[str, Any]:
    """What a worker does: it judges one piece, and gives its number and its share."""
    length = None if row["length"] is None else int(row["length"])
    piece = Piece(row["path"], row["form"], int(row["offset"]), length)
    return {"number": row["number"], "share": pickle.dumps(whole(piece, wish, batches))}
