"""How many requests are in flight at once: what the user allows, and fewer where that is too much for the target."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WELL_BEFORE_MORE = 8
"""Answers in a row that go well before one more request is let in flight."""


class StoppedError(Exception):
    """The run is over; nothing more is sent."""


class Gate:
    """Lets requests through, at most so many at once, and none while the target has asked to wait."""

    def __init__(self, most: int) -> None:
        self._most = self._limit = most
        self._active = 0
        self._well = 0
        self._not_before = 0.0
        self._closed = False
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, *, together: bool = False) -> Iterator[None]:
        """Holds one place in flight. Requests asked `together` wait for no place, only for the pause to end.

        Raises `StoppedError` once the gate is closed.
        """
        with self._changed:
            while not self._closed:
                pause = self._not_before - time.monotonic()
                if pause <= 0 and (together or self._active < self._limit):
                    break
                self._changed.wait(pause if pause > 0 else None)
            if self._closed:
                raise StoppedError
            self._active += 1
        try:
            yield
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify_all()

    def slow_down(self, seconds: float) -> None:
        """Halves what may be in flight, and lets nothing through for so many seconds."""
        with self._changed:
            self._well = 0
            self._limit = max(1, min(self._limit, self._active + 1) // 2)
            self._not_before = max(self._not_before, time.monotonic() + seconds)
            self._changed.notify_all()

    def went_well(self) -> None:
        """Takes note of a steady answer; after enough of them one more request may be in flight."""
        with self._changed:
            self._well += 1
            if self._well >= WELL_BEFORE_MORE and self._limit < self._most:
                self._well = 0
                self._limit += 1
                self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Waits. Raises `StoppedError` if the gate is closed before or meanwhile."""
        end = time.monotonic() + seconds
        with self._changed:
            while not self._closed and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
            if self._closed:
                raise StoppedError

    @property
    def closed(self) -> bool:
        """Whether the run is over."""
        return self._closed

    def close(self) -> None:
        """Ends the run for everyone who waits here or comes later."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
