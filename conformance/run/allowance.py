"""What a run may take: so many requests, so many seconds.

The law of this file: the limits of a run are kept to the request, and to the second where nothing hangs. What ends a
run by a limit is told; only cases that were not played to their end make it one that cannot say.
"""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING

from chatconform.run.gate import StoppedError
from chatconform.run.reach import CannotCheckError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from chatconform.core.ask import Ask
    from chatconform.core.exchange import Exchange, Origin


class Allowance:
    """Limits of one run, None for none. As a context manager it ends the run when its time is over."""

    def __init__(self, seconds: float | None = None, requests: int | None = None) -> None:
        """Raises `CannotCheckError` for limits that leave nothing to do."""
        if (seconds is not None and not seconds > 0) or (requests is not None and requests < 1):
            raise CannotCheckError("a run needs more than 0 seconds and at least 1 request")
        self._seconds, self._requests = seconds, requests
        self._begun = monotonic()
        self._lock = threading.Lock()
        self._stop: Callable[[str], None] = lambda _: None
        self._timer: threading.Timer | None = None
        self.sent = 0
        self.reached = False

    def bounded(self, send: Callable[[Ask, Origin], Exchange]) -> Callable[[Ask, Origin], Exchange]:
        """Sends as `send` does as long as requests are left; then it ends the run and raises `StoppedError`."""

        def bounded(ask: Ask, origin: Origin) -> Exchange:
            with self._lock:
                left = self._requests is None or self.sent < self._requests
                self.sent += left
            if not left:
                self._end(f"it was to make no more than {self._requests} requests")
                raise StoppedError
            return send(ask, origin)

        return bounded

    def ends(self, stop: Callable[[str], None]) -> Allowance:
        """The same allowance, which from now on ends a run by that function."""
        self._stop = stop
        return self

    def near(self, share: float) -> bool:
        """Whether that share of a limit is used up."""
        if self._requests is not None and self.sent >= self._requests * share:
            return True
        return self._seconds is not None and monotonic() - self._begun >= self._seconds * share

    def __enter__(self) -> Allowance:
        if self._seconds is not None:
            left = max(0.0, self._begun + self._seconds - monotonic())
            self._timer = threading.Timer(left, self._end, [f"it was to take no more than {self._seconds:g} s"])
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end(self, why: str) -> None:
        self.reached = True
        self._stop(why)
