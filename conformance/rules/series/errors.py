"""That errors are the same whichever way the request is put."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.response.errors import told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange


def _pairs(series: Sequence[Exchange]) -> list[tuple[int, int]]:
    """Where the same was asked, under the same headers, for a whole answer and for a stream."""
    bodies = [({**exchange.asked, "stream": None}, _headers(exchange)) for exchange in series]
    whole = [n for n, exchange in enumerate(series) if exchange.asked and not exchange.asked.get("stream")]
    streamed = [n for n, exchange in enumerate(series) if exchange.asked.get("stream") is True]
    return [(first, second) for first in whole for second in streamed if bodies[first] == bodies[second]]


def _headers(exchange: Exchange) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in exchange.request.headers if name.lower() != "content-length"]


@rule(
    "series.errors.streams-are-refused-alike",
    Level.MUST,
    on=Part.SERIES,
    source="ErrorResponse, the same for both kinds of answers",
    when=lambda series: any(series[first].refused for first, _ in _pairs(series)),
)
def streams_are_refused_alike(series: Sequence[Exchange]) -> Iterator[Finding]:
    """What is refused for a whole answer is refused for a stream, with the same status and code.

    Clients handle errors in one place for both. A request that is checked only without `stream` fails late, or is
    answered by chance. Judged on requests that differ in `stream` alone.
    """
    for first, second in _pairs(series):
        one, two = series[first], series[second]
        param = (told(two) or {}).get("param")
        if not one.refused or two.status is None or two.status >= 500 or param == "stream":
            continue
        if two.succeeded:
            if two.stream_error is None and any(isinstance(chunk, dict) for chunk in two.chunks):
                yield Finding("", f"status {two.status} for a stream", f"status {one.status}, as without", second)
        elif two.status != one.status:
            yield Finding("", f"status {two.status} for a stream", f"status {one.status}, as without", second)
        elif (told(one) or {}).get("code") != (told(two) or {}).get("code"):
            codes = [(told(exchange) or {}).get("code") for exchange in (one, two)]
            yield Finding("/error/code", f"is {tell(codes[1])} for a stream", f"{tell(codes[0])}, as without", second)


@rule(
    "series.errors.unknown-fields-meet-one-policy",
    Level.INFO,
    on=Part.SERIES,
    source="CreateChatCompletionRequest; practice differs",
    when=lambda series: any(exchange.about.get("unknown_field") for exchange in series),
)
def unknown_fields_meet_one_policy(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """Fields that nobody knows are ignored everywhere, or refused everywhere with a word on which.

    Both are in use: the one lets clients be newer than servers, the other finds typing errors. Half of each does
    neither. Judged on a field of the request and one deep in a message.
    """
    asked = [(n, exchange) for n, exchange in enumerate(series) if exchange.about.get("unknown_field")]
    for _, exchange in asked:
        if exchange.refused and b"x_conformance_probe" not in (exchange.response.body if exchange.response else b""):
            yield Inconclusive("a request with an unknown field was refused, and it may have been for another reason")
            return
    refused = [n for n, exchange in asked if exchange.refused]
    ignored = [n for n, exchange in asked if exchange.succeeded]
    if refused and ignored:
        ours, theirs = (", ".join(series[n].id for n in numbers) for numbers in (refused, ignored))
        yield Finding("", f"an unknown field is refused in {ours} and ignored in {theirs}", "one policy", refused[0])
