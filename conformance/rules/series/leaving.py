"""What is left of a request whose client is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.rules.series.forms import is_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange

TIMES: Final = 5.0
SECONDS: Final = 1.0
"""A request is held up if it takes so many times as long as before, and so many seconds longer at the least."""


@rule(
    "series.leaving.next-request-is-not-held-up",
    Level.SHOULD,
    on=Part.SERIES,
    source="RFC 9110 section 9.2.2; behaviour of the API",
    when=lambda series: any(is_form(exchange, "after") for exchange in series),
)
def next_request_is_not_held_up(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """Answers whose clients are gone do not hold up the next request.

    People close tabs and press stop all day: a server that goes on generating for nobody fills its slots and pays for
    it. Judged with nothing else in flight: two long answers are left as they begin, and a request for one token takes
    no longer than before. Where it does, once and again, generation went on.
    """
    before = [e for e in series if is_form(e, "before") and e.succeeded]
    after = [(number, e) for number, e in enumerate(series) if is_form(e, "after")]
    if not before or not all(exchange.succeeded for _, exchange in after):
        yield Inconclusive("the target did not answer all of the short requests")
    elif all(is_slow(exchange, before) for _, exchange in after):
        if len(after) < 2:
            yield Inconclusive("the request after was slow once, and was not asked again")
            return
        number, exchange = after[0]
        usual = max(e.seconds or 0.0 for e in before)
        message = f"a request for one token took {exchange.seconds or 0.0:.1f} s after two clients left"
        yield Finding("", message, f"about {usual:.1f} s, as before", number)


def is_slow(exchange: Exchange, before: Sequence[Exchange]) -> bool:
    """Whether an exchange took so much longer than those before it that something held it up."""
    usual = max((e.seconds or 0.0 for e in before), default=0.0)
    return (exchange.seconds or 0.0) > max(TIMES * usual, usual + SECONDS)
