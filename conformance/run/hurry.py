"""Less patience with what a target has shown that it always does: streams that stay open after `[DONE]`."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chatconform.core.exchange import DONE

if TYPE_CHECKING:
    from chatconform.core.ask import Ask
    from chatconform.core.exchange import Exchange, Origin
    from chatconform.targets import ServerTarget

SHOWN: Final = 4
"""Streams in a row that stayed open as long as a target is given; none that ended may lie between them."""
HURRIED: Final = 0.25


class Hurry:
    """Sends to a target. Once it has shown that its streams stay open, they are not waited for as long any more."""

    def __init__(self, target: ServerTarget) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._open = 0

    def send(self, ask: Ask, origin: Origin) -> Exchange:
        """What `ServerTarget.send` gives."""
        exchange = self._target.send(ask, origin)
        if any(event.data == DONE for event in exchange.events[-1:]):
            stays_open = exchange.failure is not None and exchange.failure.kind == "idle-timeout"
            with self._lock:
                self._open = self._open + 1 if stays_open else 0
                if self._open == SHOWN:
                    hurried = min(HURRIED, self._target.timeouts.after_done)
                    self._target.timeouts = replace(self._target.timeouts, after_done=hurried)
        return exchange
