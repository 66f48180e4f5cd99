"""That a stream is sent while it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange

FEWEST_EVENTS: Final = 16
SHORTEST: Final = 0.3
"""Seconds that making the long answer has to take, for anyone to see whether it was held back."""
MOST_PIECES: Final = 3
"""So many pieces a body may come in that was sent at once."""
CLEAR: Final = 0.05
"""Seconds over which pieces have to come to have been sent one after the other."""


def _delivered(series: Sequence[Exchange], what: str) -> tuple[int, Exchange] | None:
    found = ((n, e) for n, e in enumerate(series) if e.about.get("delivery") == what)
    return next(found, None)


@rule(
    "series.delivery.streams-come-as-they-are-made",
    Level.SHOULD,
    on=Part.SERIES,
    source="WHATWG HTML section 9.2; CreateChatCompletionRequest.stream",
    when=lambda series: _delivered(series, "short") is not None and _delivered(series, "long") is not None,
)
def streams_come_as_they_are_made(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A stream is sent piece by piece while it is made, not all at once when it is whole.

    To see the first words at once is what people stream for; a proxy that buffers, or a compressor, takes that away and
    nothing looks wrong but the time. Judged by when the bytes of a long answer came, against how long a short one took;
    a stream with a `Content-Length` was whole before it was sent.
    """
    (_, short), (number, long) = (
        _delivered(series, "short") or (0, series[0]),
        _delivered(series, "long") or (0, series[0]),
    )
    response = long.response
    if not long.is_stream or response is None or len(long.events) < FEWEST_EVENTS:
        yield Inconclusive("the target did not stream an answer that is long enough")
        return
    length = response.header("content-length")
    if length is not None:
        yield Finding("", f"the stream has content-length {length[:20]}", "chunks, each sent when it is made", number)
        return
    taken = (long.seconds or 0.0) - (short.seconds or 0.0)
    spread = response.pieces[-1].at - response.pieces[0].at if response.pieces else 0.0
    if len(response.pieces) > MOST_PIECES and spread > CLEAR:
        return
    if taken < SHORTEST or not response.pieces:
        yield Inconclusive("the answer was made too fast to see whether it was held back")
    elif len(response.pieces) <= MOST_PIECES and spread < taken / 10:
        shown = f"{len(long.events)} events came within {spread * 1000:.0f} ms, after {response.pieces[0].at:.2f} s"
        yield Finding("", shown, "events that come while the answer is made", number)
