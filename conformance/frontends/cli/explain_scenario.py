"""A scenario told to a person: what the client is told to ask, how it is answered, and what must come out of it."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.scenario import End, Pause, RetryDate
from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.scenario import Attempt, Call, Expected, Scenario, ToldError

MOST_OF_A_TEXT: Final = 1_000
"""What is longer is cut: a scenario is to be taken in at a glance."""
MOST_PIECES: Final = 12
"""Pieces of an answer that are told one by one."""
LINE: Final = re.compile(r".+?(?:(?:\\r|\\n)+(?!\\)|$)")
"""A line of escaped bytes, with the escapes that end it."""
ENDS: Final = {
    End.KEEP: "The connection stays open.",
    End.CLOSE: "The connection is closed.",
    End.RESET: "The connection is reset.",
    End.HOLD: "The connection stays open and silent.",
}


def asked(scenario: Scenario, width: int) -> Iterator[str]:
    """The lines that tell what a client is told to ask, call by call; `width` is in columns."""
    for call in scenario.calls:
        yield from _folded(json.dumps(call.request, ensure_ascii=False), width)
        yield from _folded(f"({_options(call)})", width)


def answered(scenario: Scenario, width: int) -> Iterator[str]:
    """The lines that tell how each request is answered, write by write; `width` is in columns."""
    if not scenario.answers:
        yield from _folded("by nobody: no server listens", width)
    for number, attempt in enumerate(scenario.answers, 1):
        head = f"request {number}" + (" and all after it" if number == len(scenario.answers) and number > 1 else "")
        if len(scenario.answers) > 1:
            yield from _folded(f"{head}:", width)
        yield from _attempt(attempt, width)


def expected(scenario: Scenario, width: int) -> Iterator[str]:
    """The lines that tell what must come out; `width` is in columns."""
    for sentence in _outcomes(scenario.expected):
        yield from _folded(sentence, width)


def _options(call: Call) -> str:
    said = f"timeout {call.timeout_s:g} s, {call.max_retries} retries"
    return said if call.stop_after is None else f"{said}, leaves after {call.stop_after} deltas"


def _attempt(attempt: Attempt, width: int) -> Iterator[str]:
    for step in attempt.steps[:MOST_PIECES]:
        match step:
            case Pause(seconds):
                yield from _folded(f"... {seconds:g} s of silence ...", width)
            case RetryDate(before, seconds, after):
                yield from _bytes(before + f"<a date in {seconds:g} s>".encode() + after, width)
            case bytes(piece):
                yield from _bytes(piece, width)
    if len(attempt.steps) > MOST_PIECES:
        yield from _folded(f"... and {len(attempt.steps) - MOST_PIECES} more pieces", width)
    yield from _folded(ENDS[attempt.end], width)


def _bytes(piece: bytes, width: int) -> Iterator[str]:
    """One write, line by line, in which every byte can be told."""
    shown = ascii(piece[:MOST_OF_A_TEXT])[2:-1] + ("..." if len(piece) > MOST_OF_A_TEXT else "")
    room, mark = max(1, width - 2), "> "
    for line in LINE.findall(shown):
        for start in range(0, len(line), room):
            yield f"{mark}{line[start : start + room]}"
            mark = "  "


def _outcomes(wanted: Expected) -> Iterator[str]:
    ways = [_completion(wanted.completion)] if wanted.completion is not None else []
    ways += [_error(wanted.error)] if wanted.error is not None else []
    ways += ["an error, or a value that shows that it is not finished"] if wanted.unfinished else []
    ways += ["any value that was sent, or any error, and no hang"] if wanted.anything else []
    yield "; or ".join(ways)
    fewest, most = wanted.requests
    yield f"{fewest} {'request' if fewest == 1 else 'requests'}" if fewest == most else f"{fewest} to {most} requests"
    for least, longest in wanted.gaps:
        yield f"{least:g} to {longest:g} s from one request to the next"
    for seconds, what in (
        (wanted.leaves_within, "the connection ends within {:g} s of the last delta"),
        (wanted.delta_within, "the first delta is there within {:g} s"),
        (wanted.within, "the call is over within {:g} s"),
        (wanted.soon, "the call is best over within {:g} s"),
    ):
        if seconds is not None:
            yield what.format(seconds)


def _completion(value: Any) -> str:
    return f"the completion {json.dumps(value, ensure_ascii=False)}"


def _error(told: ToldError) -> str:
    parts = [f"of kind {' or '.join(told.kinds)}"] if told.kinds else []
    parts += [f"with status {told.status}"] if told.status is not None else []
    parts += [f"with code {told.code!r}"] if told.code is not None else []
    parts += [f"whose message holds {told.message!r}"] if told.message is not None else []
    return " ".join(["an error", *parts])


def _folded(text: str, width: int) -> list[str]:
    return textwrap.wrap(plain(text, MOST_OF_A_TEXT), width, break_on_hyphens=False)
