"""That a target goes on after whatever was sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange

ROUNDS: Final = 5
"""How often a plain request has to fail right after a bad one, and to succeed otherwise, for it to be no chance."""


def _probes(series: Sequence[Exchange], *kinds: str) -> list[int]:
    return [number for number, exchange in enumerate(series) if exchange.about.get("probe") in kinds]


def _failed(exchange: Exchange) -> bool:
    return exchange.failure is not None or (exchange.status is not None and exchange.status >= 500)


@rule(
    "series.survival.next-request-succeeds",
    Level.MUST,
    on=Part.SERIES,
    source="RFC 9110 section 3.3: requests do not depend on each other",
    when=lambda series: bool(_probes(series, "after", "meanwhile", "later")),
)
def next_request_succeeds(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """After a request that was refused, failed or left, and while another stalls, a plain one is answered.

    One caller's mistake must not become everybody's outage: engines have died of a schema, a regular expression or a
    broken byte. Judged by a plain request right after bad ones, which has to fail every time where it does not fail by
    itself, or to fail from then on; and by one that is made while others send half a body and stall.
    """
    after, calm = _probes(series, "after"), _probes(series, "calm")
    failing = [number for number in after if _failed(series[number])]
    every_time = len(failing) >= ROUNDS and not any(_failed(series[number]) for number in calm)
    for number in (*failing[: every_time and 1], *_probes(series, "meanwhile", "later")):
        probe = series[number]
        if _failed(probe):
            found = probe.failure.message if probe.failure is not None else f"status {probe.status}"
            others = ", ".join(exchange.id for exchange in series[max(0, number - 3) : number])
            yield Finding("", f"a plain request after {others or 'others'}: {found}", "an answer", number)
    if failing and not every_time and not _probes(series, "later"):
        yield Inconclusive("a plain request failed after a bad one, and not every time")
    elif any(series[number].refused for number in _probes(series, "after", "meanwhile")):
        yield Inconclusive("the target refuses the plain request")
