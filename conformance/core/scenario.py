"""Scenarios: what a client is told to ask, how it is answered byte for byte, and what must then come out of it.

The law of this file: data only. A scenario says what happens on the wire and what a client that read it rightly holds;
it knows no socket and no adapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Grade(StrEnum):
    """How fair it is to expect a scenario of a client."""

    MUST = "must"
    """Published, and both official SDKs pass: a failure decides the exit status."""
    SHOULD = "should"
    """Seen in the wild, and at least one official SDK passes: a failure counts with `--strict`."""
    STRICT = "strict"
    """Legal, but an official SDK fails: told, never counted."""
    POLICY = "policy"
    """Retries and timeouts: asked only of clients that declare them; a failure counts with `--strict`."""
    HOSTILE = "hostile"
    """Undefined: no hang and no silent corruption; a value and an error are both fine."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the client is told to make: the wire body to produce, and the options of the call."""

    request: Mapping[str, Any]
    timeout_s: float = 8.0
    max_retries: int = 0
    stop_after: int | None = None
    """Leave the stream after that many deltas."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for that many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RetryDate:
    """Bytes around an HTTP date that lies so many seconds (rounded up to whole ones) after the moment of sending."""

    before: bytes
    seconds: float
    after: bytes


class End(StrEnum):
    """What becomes of the connection after an answer."""

    KEEP = "keep"
    """It stays open for the next request."""
    CLOSE = "close"
    """It is closed in order (FIN)."""
    RESET = "reset"
    """It is reset (RST)."""
    HOLD = "hold"
    """It stays open and silent until the client leaves or the scenario's patience ends."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one request is answered: each piece of bytes is one write, in order, with pauses between."""

    steps: tuple[bytes | Pause | RetryDate, ...] = ()
    end: End = End.KEEP
    hold: float = 0.0
    """For `KEEP`: close the idle connection after that many seconds (0: never). For `HOLD`: how long to hold it."""
    coding: str | None = None
    """The content coding of the bytes: sent only to a client that says it accepts it."""


@dataclass(frozen=True, slots=True)
class ToldError:
    """What a client must tell of an error: any of these kinds, and each given field as the server sent it."""

    kinds: tuple[str, ...] = ()
    """Of status, timeout, connection, decode, api, protocol, refusal, other; empty for any."""
    status: int | None = None
    code: str | None = None
    message: str | None = None
    """A text that the message must contain."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out of the last call. With both a completion and an error, either is right."""

    completion: Mapping[str, Any] | None = None
    """The completion to hold, in wire shape. Only what the client declares to report is compared."""
    error: ToldError | None = None
    unfinished: bool = False
    """An error, or a value that shows that it is not finished (its finish_reason is null)."""
    anything: bool = False
    """Any value and any error: only a hang, and a value that was never sent, are wrong."""
    requests: tuple[int, int] = (1, 1)
    """How few and how many requests must reach the server, over all calls."""
    gaps: tuple[tuple[float, float], ...] = ()
    """Seconds, at least and at most, between one request and the next."""
    same_body: bool = True
    """Whether a repeated request must have the same body."""
    leaves_within: float | None = None
    """Seconds after the last delta asked for (`stop_after`) within which the connection must end."""
    delta_within: float | None = None
    """Seconds after the call within which the first delta must be there."""
    within: float | None = None
    """Seconds within which the call must be over."""
    soon: float | None = None
    """Seconds within which the call is best over: one that takes longer is told as lossy."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that may befall a client."""

    id: str
    grade: Grade
    purpose: str
    """What is special about it, in one sentence."""
    calls: tuple[Call, ...]
    answers: tuple[Attempt, ...]
    """How each request is answered, in order; the last repeats. Empty: no server listens where the client asks."""
    expected: Expected
    needs: tuple[str, ...] = ()
    """The features a client must declare to be asked this."""
    blocked_by: tuple[str, ...] = ()
    """The scenarios that must be passed before this one says anything of its own."""
    also: tuple[str, ...] = ()
    """Fields of a completion compared here and nowhere else: `id`, `created`, `model`."""
    raw_is_fine: bool = False
    """The hazard lies in assembling: a client that hands out raw chunks has nothing to answer for here."""

    def lacking(self, features: Collection[str]) -> list[str]:
        """The features that this asks for and a client that declares these lacks.

        A limit on the whole call (`timeout_total`) does for a limit on each attempt where there is one attempt; repeats
        whose number cannot be set (`retries_fixed`) do where the first repeat succeeds.
        """
        repeats = any(call.max_retries for call in self.calls)
        given = {*features, "timeout"} if "timeout_total" in features and not repeats else set(features)
        if "retries_fixed" in features and repeats and self.expected.error is None:
            given.add("retries")
        missing = [need for need in self.needs if need not in given]
        if "stream_only" in features and not all(call.request.get("stream") for call in self.calls):
            missing.append("answers that are not streamed")
        return missing

    @property
    def patience(self) -> float:
        """Seconds after which a call that is not over hangs: more than its time limit, and than its answers need."""
        pauses = sum(step.seconds for answer in self.answers for step in answer.steps if isinstance(step, Pause))
        allowed = max(call.timeout_s for call in self.calls) if self.expected.error else 0.0
        gaps = sum(most for _, most in self.expected.gaps)
        needed = 6.0 + 2 * pauses + 2 * min(allowed, 4.0) + gaps
        return max(needed, 4.0 + max(call.timeout_s for call in self.calls))
