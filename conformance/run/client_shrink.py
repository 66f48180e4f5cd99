"""Making a stream that a client reads wrongly as small as it can be and still be read wrongly in the same way.

The law of this file: every candidate is a legal stream, and what it spells is read off it anew, so that a small stream
is a finding by itself. Parts are taken out in halves and quarters down to single bytes: first blocks, then lines, then
fields, then what stands in them; the places where the stream is sliced go the same way.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from chatconform.core import sse
from chatconform.core.assembly import assemble
from chatconform.core.json_text import NOT_JSON, parse
from chatconform.core.scenario_result import ScenarioOutcome
from chatconform.run.client_fuzz import is_fair, needs, scenario, without_unknown
from chatconform.schemas import is_valid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chatconform.core.scenario import Scenario
    from chatconform.core.scenario_result import ScenarioResult
    from chatconform.run.client_fuzz import Generated

MOST_ASKED: Final = 400
"""Calls that making one finding smaller may cost."""
LONGEST: Final = 20.0
"""Seconds that it may take."""
BLOCK_ENDS: Final = re.compile(rb"(?:\r\n|\r|\n)(?:\r\n|\r|\n)+")
FIELD: Final = re.compile(rb',?"[^"\\]*":(?:"(?:[^"\\]|\\.)*"|[-+.\w]+|\[\]|\{\})')
LINE_ENDS: Final = re.compile(rb"\r\n|\r|\n")


def shrunk(
    made: Generated, result: ScenarioResult, ask: Callable[[Scenario], ScenarioResult]
) -> tuple[Generated, ScenarioResult]:
    """The smallest stream found that fails in the same way, and how it fails."""
    best, told, asked, deadline = made, result, 0, time.monotonic() + LONGEST
    progress = True
    while progress:
        progress = False
        for candidate in _smaller(best):
            if asked == MOST_ASKED or time.monotonic() > deadline:
                return best, told
            if candidate.size >= best.size or (legal := spelled_by(candidate)) is None:
                continue
            asked += 1
            again = ask(scenario(legal))
            if again.outcome is ScenarioOutcome.FAILED and again.kind is result.kind and _still_of_its_kind(legal, ask):
                best, told, progress = legal, again, True
                break
    return best, told


def _still_of_its_kind(made: Generated, ask: Callable[[Scenario], ScenarioResult]) -> bool:
    """Whether a stream with unknown fields fails because of these."""
    return made.kind != "unknown" or ask(scenario(without_unknown(made))).outcome is not ScenarioOutcome.FAILED


def spelled_by(made: Generated) -> Generated | None:
    """A stream with the completion that its bytes spell; None where it is none that a client must read."""
    body = b"".join(made.pieces)
    transcript = sse.read([(None, body)])
    if not is_fair(body, transcript):
        return None
    *events, last = [event.data for event in transcript.events] or [""]
    if made.cut:
        events += [last] if last else []
    elif last != "[DONE]" or transcript.tail or not all(event.valid_utf8 for event in transcript.events):
        return None
    chunks = [parse(data) for data in events]
    if any(chunk is NOT_JSON or not is_valid("CreateChatCompletionStreamResponse", chunk) for chunk in chunks):
        return None
    spelled: dict[str, Any] = assemble(chunks) or {"choices": []}
    reasons = [choice["finish_reason"] for choice in spelled["choices"]]
    if made.cut:
        return None if any(reasons) else made
    if None in reasons or not is_valid("CreateChatCompletionResponse", spelled):
        return None
    return replace(made, completion=spelled) if needs(spelled) <= needs(made.completion) else None


def _smaller(made: Generated) -> Iterator[Generated]:
    """Smaller streams, the boldest first; not all of them legal."""
    body = b"".join(made.pieces)
    yield replace(made, pieces=(body,))
    for ends in (BLOCK_ENDS, LINE_ENDS):
        for start, stop in _runs(_places(body, ends)):
            yield _without(made, start, stop)
    for field in FIELD.finditer(body):
        comma = body[field.start() : field.start() + 1] != b"," and body[field.end() : field.end() + 1] == b","
        yield _without(made, field.start(), field.end() + comma)
    if b"\r" in body:
        plain = LINE_ENDS.sub(b"\n", body)
        yield replace(made, pieces=(plain,))
        yield replace(made, pieces=tuple(LINE_ENDS.sub(b"\n", piece) for piece in made.pieces))
    cuts = _cuts(made)
    for first, after in _halves(len(cuts)):
        yield _cut_at(made, body, cuts[:first] + cuts[after:])
    yield from (_without(made, start, stop) for start, stop in _runs([*range(len(body) + 1)]))


def _places(body: bytes, ends: re.Pattern[bytes]) -> list[int]:
    """Where the parts of a body that end so begin, and where the last one ends."""
    return sorted({0, *(match.end() for match in ends.finditer(body)), len(body)})


def _runs(places: list[int]) -> Iterator[tuple[int, int]]:
    """Runs of parts between these places, from half of them all down to single ones."""
    for first, after in _halves(len(places) - 1):
        yield places[first], places[after]


def _halves(count: int) -> Iterator[tuple[int, int]]:
    size = count // 2
    while size:
        for first in range(0, count, size):
            yield first, min(first + size, count)
        size //= 2


def _cuts(made: Generated) -> list[int]:
    """Where a stream is sliced."""
    places, end = [], 0
    for piece in made.pieces[:-1]:
        end += len(piece)
        places.append(end)
    return places


def _cut_at(made: Generated, body: bytes, places: list[int]) -> Generated:
    bounds = sorted({0, *places, len(body)})
    return replace(made, pieces=tuple(body[start:stop] for start, stop in pairwise(bounds)))


def _without(made: Generated, start: int, stop: int) -> Generated:
    """The stream without some of its bytes, sliced where it was."""
    body = b"".join(made.pieces)
    moved = [min(place, start) if place < stop else place - (stop - start) for place in _cuts(made)]
    return _cut_at(made, body[:start] + body[stop:], moved)
