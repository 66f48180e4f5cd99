"""Asking a target with patience: what is sent, what is sent again, and when the target is given up.

The law that this follows is told in `run/trouble.py`.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from chatconform.core.exchange import Origin
from chatconform.run.gate import Gate, StoppedError
from chatconform.run.trouble import Trouble, told, trouble, wait_asked_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatconform.core.ask import Ask
    from chatconform.core.exchange import Exchange

PLAIN: Final = "plain"
"""The case that the plain request is told as: the one that worked at the start and shows whether the target is well."""

MOST_WAITS: Final = 4
LONGEST_WAIT: Final = 20.0
LONGEST_WAITING: Final = 90.0
"""Seconds that a run waits in all because it was asked to; then an answer "not now" is taken as it is."""

GRACE: Final = 5.0
GRACE_WHILE_BUSY: Final = 30.0
MOST_ABSENCES: Final = 3
TROUBLED_IN_A_ROW: Final = 5
SILENT_IN_A_ROW: Final = 3
MOST_SILENCES: Final = 10
MOST_FLOODS: Final = 3
"""So many answers that do not come to their end are enough to judge by; more would cost hours or gigabytes."""
ENDLESS: Final = 1000
"""Events of a stream that goes on for all the time that an answer is given: many times what is ever asked for."""
REPEATS_BEFORE_TRUST: Final = 5
"""Requests that broke again when asked again, and none that did not: what breaks now is held back after one try."""
TRIES_OF_A_STEADY_TARGET: Final = 2
TRIES_OF_A_WAVERING_TARGET: Final = 4
CHANCE: Final = 1e-5
"""How unlikely it has to be that a wavering target broke that often by chance."""


class Standing(Enum):
    """What an exchange is worth."""

    STEADY = auto()
    SUSPECT = auto()
    """Broken each time so far: judged if it breaks again when it is asked alone."""
    WITHHELD = auto()


@dataclass(frozen=True, slots=True)
class Heard:
    """What asking came to. `tries` is how often it was sent, `reason` why it is not steady.

    `put_off` holds the answers before it that told it to come back later.
    """

    exchange: Exchange
    standing: Standing = Standing.STEADY
    tries: int = 1
    reason: str | None = None
    put_off: tuple[Exchange, ...] = ()


class Asker:
    """Sends requests to one target from any thread.

    `plain` is a request that it answered well at the start, or if `breaks` is given, with that kind of failure.
    """

    def __init__(
        self, send: Callable[[Ask, Origin], Exchange], plain: Ask, concurrency: int, breaks: str | None = None
    ) -> None:
        self._send = send
        self._plain = plain
        self._breaks = breaks
        self._gate = Gate(concurrency)
        self._lock = threading.Lock()
        self._vital = threading.Lock()
        self._alive_at = time.monotonic()
        self._enough = False
        self._silences = 0
        self._floods = 0
        self._plain_asked = 0
        self._waited = 0.0
        self._repeated = 0
        self._broken_by_chance = 0
        self._answered_in_the_end = 0
        self._row = 0
        self._row_ids: list[str] = []
        self._latest = ""
        self.requests = 0
        self.waits = 0
        self.cut_short: str | None = None

    @property
    def stopped(self) -> bool:
        """Whether no case asks any more."""
        return self._enough or self._gate.closed

    @property
    def closed(self) -> bool:
        """Whether nothing more is sent, not even to ask again what broke."""
        return self._gate.closed

    @property
    def wavered(self) -> bool:
        """Whether the same request was broken once and answered another time."""
        return self._broken_by_chance > 0

    @property
    def tries_to_be_sure(self) -> int:
        """How often a request has to break before chance is ruled out, given how often others broke by chance."""
        rate = (self._broken_by_chance + 1) / (self._answered_in_the_end + 2)
        return math.ceil(math.log(CHANCE) / math.log(rate))

    def trouble(self, exchange: Exchange) -> Trouble | None:
        """What stands in the way of judging an exchange with this target; None where it is steady evidence."""
        return trouble(exchange, self._breaks)

    def stop(self, reason: str) -> None:
        """Ends the run; the first reason given is kept."""
        with self._lock:
            self.cut_short = self.cut_short or reason
        self._gate.close()

    def enough(self, reason: str) -> None:
        """Lets no case ask any more: to go on would take too long. What broke can still be asked again."""
        with self._lock:
            self.cut_short = self.cut_short or reason
            self._enough = True

    def ask(self, ask: Ask, origin: Origin, *, together: bool = False) -> Heard:
        """Sends a request, again if need be. Raises `StoppedError` once the run is over."""
        tries = waits = broken = absences = 0
        put_off: tuple[Exchange, ...] = ()
        while True:
            if self._enough:
                raise StoppedError
            exchange = self.send(ask, origin, together=together and not tries)
            tries += 1
            found = self.trouble(exchange)
            self._see_size(exchange)
            if found is None:
                self._gate.went_well()
                self.answered(broken, tries)
                return Heard(exchange, tries=tries, put_off=put_off)
            reason = f"{origin.case}: the target {told(exchange)}"
            if ask.once:
                return Heard(exchange, Standing.WITHHELD, tries, reason)
            if found is Trouble.NOT_NOW and (wait := self._wait(exchange, waits)) is not None:
                waits += 1
                put_off += (exchange,)
                with self._lock:
                    self.waits += 1
                self._gate.slow_down(wait)
                continue
            if found is Trouble.ABSENT and absences < MOST_ABSENCES:
                absences += 1
                self.find_life(exchange)
                continue
            if found is Trouble.BROKEN:
                broken += 1
                if broken < self._worth_trying():
                    self._gate.pause(0.1 * broken)
                    continue
                with self._lock:
                    self._repeated += broken > 1
            self._went_badly(exchange, found)
            again = found in {Trouble.BROKEN, Trouble.SILENT} and not _goes_on(exchange)
            standing = Standing.SUSPECT if again else Standing.WITHHELD
            often = f", {tries} times" if tries > 1 else ""
            return Heard(exchange, standing, tries, f"{reason}{often}", put_off)

    def ask_together(self, asks: Sequence[tuple[Ask, Origin]]) -> list[Heard]:
        """Sends requests at the same time, each as `ask` does. Raises what the first of them that raised did."""
        heard: list[Heard | None] = [None] * len(asks)
        raised: list[BaseException] = []
        ready = threading.Barrier(len(asks))

        def one(number: int, ask: Ask, origin: Origin) -> None:
            try:
                ready.wait()
                heard[number] = self.ask(ask, origin, together=True)
            except BaseException as error:  # handed on to the thread that asked
                raised.append(error)

        threads = [threading.Thread(target=one, args=(n, *pair), daemon=True) for n, pair in enumerate(asks)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if raised:
            raise raised[0]
        return [one for one in heard if one is not None]

    def send(self, ask: Ask, origin: Origin, *, together: bool = False) -> Exchange:
        """Sends a request once. Raises `StoppedError` once the run is over."""
        with self._gate.turn(together=together):
            with self._lock:
                self.requests += 1
            exchange = self._send(ask, origin)
        found = self.trouble(exchange)
        if found and self._gate.closed:
            raise StoppedError
        with self._lock:
            if origin.case != PLAIN:
                self._latest = exchange.id
                if found is None:
                    self._row, self._row_ids = 0, []
                elif found is not Trouble.ABSENT and exchange.id not in self._row_ids:
                    self._row_ids.append(exchange.id)
        return exchange

    def answered(self, broken: int, tries: int) -> None:
        """Takes note of a request that was answered in the end, and how many of its tries were broken by chance."""
        with self._lock:
            self._broken_by_chance += broken
            self._answered_in_the_end += tries

    def find_life(self, seen: Exchange | None = None) -> float:
        """Waits until the target answers the plain request well; gives the seconds that the answer took.

        Ends the run and raises `StoppedError` where it does not within a few seconds. An exchange in which the target
        was `seen` to be missing saves the asking if another thread has found it well since.
        """
        noticed = time.monotonic()
        with self._vital:
            if seen is not None and self._alive_at > noticed:
                return 0.0
            begun = time.monotonic()
            while True:
                self._plain_asked += 1
                exchange = self.send(self._plain, Origin(PLAIN, self._plain_asked), together=True)
                found = self.trouble(exchange)
                if found is None and exchange.succeeded:
                    self._alive_at = time.monotonic()
                    with self._lock:
                        self._row = 0
                    return exchange.seconds or 0.0
                grace = GRACE_WHILE_BUSY if found is Trouble.NOT_NOW else GRACE
                if found is Trouble.SILENT or time.monotonic() - begun > grace:
                    self.stop(self._farewell(exchange, found))
                    raise StoppedError
                self._gate.pause(min(2.0, wait_asked_for(exchange) or 0.25))

    def _see_size(self, exchange: Exchange) -> None:
        if exchange.failure is not None and (exchange.failure.kind == "too-large" or _goes_on(exchange)):
            with self._lock:
                self._floods += 1
            if self._floods >= MOST_FLOODS:
                self.enough(f"{MOST_FLOODS} answers were without end ({exchange.failure.message})")

    def _worth_trying(self) -> int:
        if self.wavered:
            return TRIES_OF_A_WAVERING_TARGET
        return TRIES_OF_A_STEADY_TARGET if self._repeated < REPEATS_BEFORE_TRUST else 1

    def _wait(self, exchange: Exchange, waits: int) -> float | None:
        """How long to wait before asking again; None where that is not worth it."""
        seconds = wait_asked_for(exchange)
        if seconds is None:
            seconds = 0.25 * 2.0**waits
        with self._lock:
            if waits >= MOST_WAITS or seconds > LONGEST_WAIT or self._waited + seconds > LONGEST_WAITING:
                return None
            self._waited += seconds
        return max(0.05, seconds)

    def _went_badly(self, exchange: Exchange, found: Trouble) -> None:
        """Takes note of a request that came to nothing, and sees whether the target still lives."""
        with self._lock:
            self._row += 1
            row = self._row
            self._silences += found is Trouble.SILENT
        if self._silences >= MOST_SILENCES:
            self.enough(f"{MOST_SILENCES} requests had no whole answer in time; --timeout sets how long that is")
        if row >= (SILENT_IN_A_ROW if found is Trouble.SILENT else TROUBLED_IN_A_ROW):
            self.find_life(exchange)

    def _farewell(self, exchange: Exchange, found: Trouble | None) -> str:
        """Why the target was given up, in one sentence that names what was sent last."""
        after = f"after {self.requests} requests"
        last = self._row_ids[-6:] or [self._latest]
        sent = f"sent last: {', '.join(last)}" if last[0] else "nothing else was asked"
        match found:
            case Trouble.ABSENT:
                return f"the target stopped accepting connections {after} ({sent})"
            case Trouble.SILENT:
                return f"the target stopped answering {after} ({sent})"
            case Trouble.NOT_NOW:
                return f"the target {told(exchange)} {after}, even to one plain request at a time ({sent})"
            case _:
                return f"the target {told(exchange)} {after}, even to the plain request that worked before ({sent})"


def _goes_on(exchange: Exchange) -> bool:
    """Whether an answer was a stream that went on until its time was over."""
    overdue = exchange.failure is not None and exchange.failure.kind == "total-timeout"
    return overdue and len(exchange.events) >= ENDLESS
