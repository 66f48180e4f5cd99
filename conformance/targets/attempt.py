"""One try at an exchange on one connection: the request goes out, the response comes in, and every wait has an end."""

from __future__ import annotations

import ssl
from time import perf_counter, time
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.exchange import Failure
from chatconform.targets.bounds import WireError
from chatconform.targets.reading import ResponseReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.ask import Ask
    from chatconform.targets.bounds import Limits, Timeouts
    from chatconform.targets.connection import Line, Pool

SMALL: Final = 16 * 1024
"""A request of so many bytes fits into the system's buffers: it is sent without looking for an early answer."""
PATIENCE: Final = 1.0
"""Every so many seconds without an answer our own idle connections are closed; see `Pool.close_idle`."""


class Attempt:
    """Asks once and keeps what came of it: `reader`, `failure`, `started` (Unix seconds), `seconds` and `about`."""

    def __init__(self, ask: Ask, timeouts: Timeouts, limits: Limits, pool: Pool) -> None:
        self.reader = ResponseReader(ask.method, limits, watch=ask.leave_after is not None)
        self.failure: Failure | None = None
        self.about: dict[str, Any] = {}
        self.started = time()
        self.seconds = 0.0
        self._begin = perf_counter()
        self._timeouts = timeouts
        self._pool = pool
        self._leave_after = ask.leave_after
        self._leave_within = ask.leave_within
        self._done_at: float | None = None

    def run(self, payload: bytes, kept: Line | None, fresh: Callable[[float], Line]) -> None:
        """Sends the payload on the kept connection, or on one that `fresh` makes until a deadline; then reads."""
        connection = kept
        whole = False
        try:
            if connection is None:
                connection = fresh(self._begin + self._timeouts.connect)
            self._pool.enter(connection)
            self.about["connection"] = {"number": connection.number, "uses": connection.uses}
            connection.uses += 1
            sent = self._send(connection, payload)
            whole = self._receive(connection) and sent
        except WireError as error:
            self.failure = Failure(error.kind, error.message)
        except ssl.SSLError as error:
            self.failure = Failure("tls", f"TLS broke {self._where()}: {error.reason or error}")
        except OSError as error:
            self.failure = Failure("reset", f"the connection broke {self._where()}: {error.strerror or error}")
        finally:
            if self._pool.closed and not self.reader.finished:
                self.failure = Failure("closed", "the run was ended before the answer was whole")
            self.seconds = perf_counter() - self._begin
            if connection is not None:
                self._pool.leave(connection, whole and self.reader.reusable)

    def _send(self, connection: Line, payload: bytes) -> bool:
        """Sends the request, reading what comes meanwhile; False where the server would not take all of it."""
        unsent = memoryview(payload)
        try:
            if len(payload) <= SMALL:
                unsent = unsent[connection.send_small(payload) :]
            while unsent and not self.reader.finished:
                deadline = min(perf_counter() + self._timeouts.idle, self._begin + self._timeouts.total)
                sent, data = connection.transfer(unsent, deadline)
                if data:
                    self._feed(data)
                elif data is not None:
                    self.reader.end()
                    return False
                elif not sent:
                    raise WireError("idle-timeout", "the server stopped taking the request, and did not answer")
                unsent = unsent[sent:]
        except (BrokenPipeError, ConnectionResetError):
            # It closed in the middle of the request; what it said before may still wait to be read.
            return False
        return not unsent

    def _receive(self, connection: Line) -> bool:
        """Reads the response to its end; False where we left, or the server closed, before or with it."""
        while not self.reader.finished:
            if self._leave_after is not None and self.reader.events >= self._leave_after:
                self.about["left_after"] = self.reader.events
                return False
            failure, deadline = self._patience()
            data = self._wait(connection, deadline)
            if data is None and failure is not None:
                raise failure
            if data is None:
                self.about["left_after"] = self.reader.events
                return False
            if not data:
                self.reader.end()
                return False
            self._feed(data)
        return True

    def _wait(self, connection: Line, deadline: float) -> bytes | None:
        while not self.reader.started and (soon := perf_counter() + PATIENCE) < deadline:
            data = connection.receive(soon)
            if data is not None:
                return data
            self._pool.close_idle()
        return connection.receive(deadline)

    def _feed(self, data: bytes) -> None:
        at = perf_counter() - self._begin
        self.reader.feed(data, at)
        if self.reader.done and self._done_at is None:
            self._done_at = at

    def _patience(self) -> tuple[WireError | None, float]:
        """What will have failed if nothing comes (None where we just leave), and when."""
        now, limits = perf_counter(), self._timeouts
        if not self.reader.started:
            first = WireError("first-byte-timeout", f"no answer came within {limits.first_byte:g} s")
            waits: list[tuple[float, WireError | None]] = [(now + limits.first_byte, first)]
        else:
            idle = WireError("idle-timeout", f"nothing more came for {limits.idle:g} s in the middle of the response")
            waits = [(now + limits.idle, idle)]
        if self._done_at is not None:
            late = f"the stream was not ended within {limits.after_done:g} s after [DONE]"
            waits.append((self._begin + self._done_at + limits.after_done, WireError("idle-timeout", late)))
        total = WireError("total-timeout", f"the answer was not whole after {limits.total:g} s")
        waits.append((self._begin + limits.total, total))
        if self._leave_within is not None:
            waits.append((self._begin + self._leave_within, None))
        deadline, failure = min(waits, key=lambda wait: wait[0])
        return failure, deadline

    def _where(self) -> str:
        return "in the middle of the response" if self.reader.started else "before an answer came"
