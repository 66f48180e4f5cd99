"""That a target goes on after whatever was sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange


def _probes(series: Sequence[Exchange]) -> list[int]:
    return [number for number, exchange in enumerate(series) if exchange.about.get("probe")]


@rule(
    "series.survival.next-request-succeeds",
    Level.MUST,
    on=Part.SERIES,
    source="RFC 9110 section 3.3: requests do not depend on each other",
    when=lambda series: bool(_probes(series)),
)
def next_request_succeeds(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """After a request that was refused, failed or left, the next plain one is answered.

    One caller's mistake must not become everybody's outage: engines have died of a schema, a regular expression or a
    broken byte. Judged by a plain request after every group of hostile ones.
    """
    for number in _probes(series):
        probe = series[number]
        if probe.succeeded and probe.failure is None:
            continue
        if probe.status is not None and 400 <= probe.status < 500:
            yield Inconclusive(f"the target refuses the plain request with status {probe.status}")
            continue
        found = probe.failure.message if probe.failure is not None else f"status {probe.status}"
        sent = ", ".join(exchange.id for exchange in series[max(0, number - 3) : number])
        yield Finding("", f"a plain request after {sent or 'others'}: {found}", "an answer", number)
