"""Faults: what a client that repeats requests repeats, how often, and after how long."""

from __future__ import annotations

import orjson

from chatconform.core.scenario import Attempt, End, Expected, Grade, RetryDate, Scenario, ToldError
from chatconform.scenarios.writing import answer, call, completion, error_body, events, head, stream, stream_call

TOLD = "Try again later."
OK = answer(completion())
GONE = Attempt((), End.CLOSE)
RESET = Attempt((), End.RESET)
SOON = ("retry-after", "0")
ANYTIME = (0.0, 10.0)
LIMITED = orjson.dumps(error_body(TOLD, type="rate_limit_error"))
LENGTH = str(len(LIMITED))
HEAD = head(429, ("content-type", "application/json"), ("content-length", LENGTH), ("retry-after", "@"))
BEFORE, AFTER = HEAD.split(b"@")
DATED = Attempt((RetryDate(BEFORE, 2.0, AFTER + LIMITED),))


def refused(status: int, *headers: tuple[str, str]) -> Attempt:
    """An error that may pass."""
    type = "rate_limit_error" if status == 429 else "server_error"
    return answer(error_body(TOLD, type=type), status, headers=headers)


def repeats(
    id: str,
    purpose: str,
    *attempts: Attempt,
    gap: tuple[float, float] = ANYTIME,
    streams: bool = False,
    timeout_s: float = 8.0,
) -> Scenario:
    """The first attempt fails, the next succeeds: two requests, and the completion."""
    asked = stream_call(max_retries=2, timeout_s=timeout_s) if streams else call(max_retries=2, timeout_s=timeout_s)
    last = stream(events(completion())) if streams else OK
    expected = Expected(completion(), requests=(2, 2), gaps=(gap,))
    needs = ("retries", *(("stream",) if streams else ()), *(("timeout",) if timeout_s < 8.0 else ()))
    blockers = ("ns.plain", *(("st.plain",) if streams else ()))
    return Scenario(id, Grade.POLICY, purpose, (asked,), (*attempts, last), expected, needs, blockers)


def gives_up(
    id: str,
    purpose: str,
    attempt: Attempt,
    *,
    error: ToldError,
    max_retries: int = 0,
    requests: tuple[int, int] = (1, 1),
    within: float | None = None,
) -> Scenario:
    """Every attempt fails: so many requests, and the error."""
    expected = Expected(error=error, requests=requests, within=within)
    asked = call(max_retries=max_retries)
    return Scenario(id, Grade.POLICY, purpose, (asked,), (attempt,), expected, ("retries",), ("ns.plain",))


SCENARIOS = [
    gives_up(
        "f.500-noretry0",
        "No retries were allowed, and the server fails.",
        refused(500),
        error=ToldError(("status",), 500),
    ),
    gives_up(
        "f.429-noretry0",
        "No retries were allowed, and the rate is limited.",
        refused(429, SOON),
        error=ToldError(("status",), 429),
    ),
    gives_up(
        "f.close-noretry0",
        "No retries were allowed, and the connection closes unanswered.",
        GONE,
        error=ToldError(("connection",)),
    ),
    gives_up(
        "f.x-should-retry-false",
        "The server fails and says that the request is not to be repeated.",
        refused(500, ("x-should-retry", "false")),
        error=ToldError(("status",), 500),
        max_retries=2,
    ),
    gives_up(
        "f.429-retry-after-huge",
        "The rate is limited for a day: the client gives up or tries sooner, and does not sleep.",
        refused(429, ("retry-after", "86400")),
        error=ToldError(("status",), 429),
        max_retries=1,
        requests=(1, 2),
        within=10.0,
    ),
    gives_up(
        "f.429-forever",
        "The rate stays limited: the client gives up after the retries that were allowed.",
        refused(429, SOON),
        error=ToldError(("status",), 429, None, TOLD),
        max_retries=2,
        requests=(3, 3),
    ),
    repeats(
        "f.429-then-ok",
        "The rate is limited for a second, told in seconds.",
        refused(429, ("retry-after", "1")),
        gap=(0.9, 3.0),
    ),
    repeats(
        "f.429-retry-after-ms",
        "The rate is limited for 300 milliseconds, told in the SDKs' own header.",
        refused(429, ("retry-after-ms", "300"), ("retry-after", "1")),
        gap=(0.25, 2.5),
    ),
    repeats(
        "f.429-retry-after-date",
        "The rate is limited for two seconds, told as a date.",
        DATED,
        gap=(0.9, 5.0),
    ),
    repeats("f.429-no-header", "The rate is limited, and no header tells how long.", refused(429), gap=(0.05, 8.0)),
    repeats("f.500-then-ok", "The server fails once.", refused(500, SOON)),
    repeats("f.502-then-ok", "The gateway fails once.", refused(502, SOON)),
    repeats("f.503-then-ok", "The server is too busy once.", refused(503, SOON)),
    repeats("f.504-then-ok", "The gateway waits in vain once.", refused(504, SOON)),
    repeats("f.408-then-ok", "The request takes too long once.", refused(408, SOON)),
    repeats("f.409-then-ok", "There is a conflict once.", refused(409, SOON)),
    repeats("f.stream-429-then-ok", "The rate is limited once, for a stream.", refused(429, SOON), streams=True),
    repeats("f.close-then-ok", "The connection closes unanswered once.", GONE),
    repeats("f.rst-then-ok", "The connection is reset once.", RESET),
    repeats(
        "f.timeout-then-ok",
        "The server does not answer once: the client's time limit ends the attempt, not the call.",
        Attempt((), End.HOLD, 6.0),
        timeout_s=1.0,
    ),
]
