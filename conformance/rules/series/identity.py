"""That every answer has a name of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange


def _ids(series: Sequence[Exchange]) -> list[tuple[int, str]]:
    told = [(number, (exchange.answer or {}).get("id")) for number, exchange in enumerate(series)]
    return [(number, name) for number, name in told if isinstance(name, str) and name.strip()]


def _request_ids(series: Sequence[Exchange]) -> list[tuple[int, str]]:
    told = [(n, exchange.response.header("x-request-id")) for n, exchange in enumerate(series) if exchange.response]
    return [(number, name) for number, name in told if name and name.strip()]


def _repeated(named: list[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    """Each name that was given before: where first, where again, and the name."""
    seen: dict[str, int] = {}
    for number, name in named:
        if name in seen:
            yield seen[name], number, name
        else:
            seen[name] = number


@rule(
    "series.identity.ids-differ",
    Level.SHOULD,
    on=Part.SERIES,
    source="CreateChatCompletionResponse.id",
    when=lambda series: len(_ids(series)) > 1,
)
def ids_differ(series: Sequence[Exchange]) -> Iterator[Finding]:
    """No two answers have the same `id`, also where the requests are the same.

    Logs, traces, stored completions and feedback refer to an answer by it. Judged on all answers of each case.
    """
    for first, number, name in _repeated(_ids(series)):
        pointer = "" if series[number].is_stream else "/id"
        yield Finding(pointer, f"is {tell(name)}, as in {series[first].id}", "an id of its own", number)
        return


@rule(
    "series.identity.request-ids-differ",
    Level.SHOULD,
    on=Part.SERIES,
    source="the x-request-id header, which official SDKs hand to callers",
    when=lambda series: len(_request_ids(series)) > 1,
)
def request_ids_differ(series: Sequence[Exchange]) -> Iterator[Finding]:
    """No two responses have the same `x-request-id`, errors included.

    It is what a user is asked for who reports a problem. Judged on all responses of each case that have one.
    """
    for first, number, name in _repeated(_request_ids(series)):
        yield Finding("", f"x-request-id is {tell(name)}, as in {series[first].id}", "an id of its own", number)
        return
