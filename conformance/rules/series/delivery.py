"""That a stream is sent while it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chatconform.core.exchange import Exchange

FEWEST_EVENTS: Final = 16
SHORTEST: Final = 0.3
"""Seconds that making the long answer has to take, for anyone to see whether it was held back."""
MOST_PIECES: Final = 3
"""So many pieces a body may come in that was sent at once."""
CLEAR: Final = 0.05
"""Seconds over which pieces have to come to have been sent one after the other."""


def _delivered(series: Sequence[Exchange], what: str) -> list[tuple[int, Exchange]]:
    return [(number, exchange) for number, exchange in enumerate(series) if exchange.about.get("delivery") == what]


def looks_held_back(long: Exchange, shorts: Iterable[Exchange]) -> bool:
    """Whether all of a long answer came at once, and later than it takes to begin an answer."""
    if long.response is None or not long.response.pieces or len(long.response.pieces) > MOST_PIECES:
        return False
    taken = (long.seconds or 0.0) - max((short.seconds or 0.0 for short in shorts), default=0.0)
    return taken >= SHORTEST and _spread(long) < taken / 10


def _spread(exchange: Exchange) -> float:
    """The seconds over which the bytes of an answer came."""
    pieces = exchange.response.pieces if exchange.response is not None else ()
    return pieces[-1].at - pieces[0].at if pieces else 0.0


@rule(
    "series.delivery.streams-come-as-they-are-made",
    Level.SHOULD,
    on=Part.SERIES,
    source="WHATWG HTML section 9.2; CreateChatCompletionRequest.stream",
    when=lambda series: bool(_delivered(series, "short") and _delivered(series, "long")),
)
def streams_come_as_they_are_made(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A stream is sent piece by piece while it is made, not all at once when it is whole.

    To see the first words at once is what people stream for; a proxy that buffers, or a compressor, takes that away and
    nothing looks wrong but the time. Judged by when the bytes of a long answer came, against how long a short one took,
    and once more where they came at once: a busy machine may be the reason. A stream with a `Content-Length` was whole
    before it was sent.
    """
    shorts = [exchange for _, exchange in _delivered(series, "short")]
    longs = _delivered(series, "long")
    number, long = longs[0]
    response = long.response
    if not long.is_stream or response is None or len(long.events) < FEWEST_EVENTS:
        yield Inconclusive("the target did not stream an answer that is long enough")
        return
    length = response.header("content-length")
    if length is not None:
        yield Finding("", f"the stream has content-length {length[:20]}", "chunks, each sent when it is made", number)
    elif all(looks_held_back(exchange, shorts) for _, exchange in longs):
        if len(longs) < 2:
            yield Inconclusive("all of the answer came at once, and it was not asked for again")
            return
        shown = (
            f"{len(long.events)} events came within {_spread(long) * 1000:.0f} ms, after {response.pieces[0].at:.2f} s"
        )
        yield Finding("", shown, "events that come while the answer is made", number)
    elif len(response.pieces) <= MOST_PIECES or _spread(long) <= CLEAR:
        yield Inconclusive("the answer came too fast, or in too few pieces, to show whether it was held back")
