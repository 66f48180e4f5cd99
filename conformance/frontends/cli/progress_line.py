"""How far a run is, on one line of a terminal that is written over; elsewhere a plain line now and then."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final, TextIO

from chatconform.frontends.cli.screen import is_live
from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from chatconform.run.progress import Progress

SELDOM: Final = 15.0
"""Seconds between two lines where nobody may be looking."""
OFTEN: Final = 0.1
CLEAR: Final = "\r\x1b[K"


class ProgressLine:
    """Tells progress to a stream; the line is gone when the block ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = is_live(stream)
        self._told = 0.0 if not self._is_terminal else -OFTEN

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._is_terminal:
            self._write(CLEAR)

    def tell(self, progress: Progress) -> None:
        """Shows the progress of a run, if none was shown just now."""
        failed = f", {progress.failed} rules failed" if progress.failed else ""
        counts = (
            f"{progress.cases} of {progress.of} cases, {progress.requests} requests, {progress.seconds:.0f} s{failed}"
        )
        self.tell_text(f"{counts}: {plain(progress.doing)}" if progress.doing else counts, progress.seconds)

    def tell_text(self, text: str, seconds: float) -> None:
        """Shows progress in words, so many seconds after the beginning, if none was shown just now."""
        if seconds - self._told < (OFTEN if self._is_terminal else SELDOM):
            return
        self._told = seconds
        if self._is_terminal:
            self._write(CLEAR + text[: shutil.get_terminal_size().columns - 1])
        else:
            self._write(f"chatconform: {text}\n")

    def above(self, text: str) -> None:
        """Shows a line that stays, above the line of progress."""
        self._write(f"{CLEAR}{text}\n" if self._is_terminal else f"{text}\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # nobody reads it, and the run goes on
            self._is_terminal, self._told = False, float("inf")
