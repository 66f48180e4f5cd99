"""What a server gave, given back to it: tool results, and its own messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules import asking
from chatconform.rules.demands import Demand, demands
from chatconform.rules.validity import faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNUSUAL: Final = {Demand.PARTS, Demand.BARE_CALLS, Demand.ORDER, Demand.IDS}


def _gives_results(exchange: Exchange) -> bool:
    """Whether a request is valid and hands back what tools came to."""
    messages = asking.listed(exchange.asked.get("messages"))
    return any(message.get("role") == "tool" for message in messages) and not faults_of(exchange)


def _tells(exchange: Exchange) -> bool:
    """Whether its history has the form that every server knows, or is taken; other forms have rules of their own."""
    return exchange.succeeded or not demands(exchange.asked) & UNUSUAL


def _takes_tools(series: Sequence[Exchange]) -> bool:
    """Whether one of the series was answered although it offers tools."""
    return any(e.succeeded and asking.offered(e.asked) and not _gives_results(e) for e in series)


@rule(
    "series.history.tool-results-are-accepted",
    Level.MUST,
    on=Part.SERIES,
    source="ChatCompletionRequestToolMessage; ChatCompletionRequestAssistantMessage.tool_calls",
    when=lambda series: _takes_tools(series) and any(_gives_results(e) and _tells(e) for e in series),
)
def tool_results_are_accepted(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A server that takes tools takes their results back: any text, an empty one too.

    It is the second half of every call; where it is refused no agent gets any further. Judged on histories with calls
    and results that the case wrote itself, on servers that answered a request with tools before.
    """
    for number, exchange in enumerate(series):
        if not _gives_results(exchange) or not _tells(exchange):
            continue
        if exchange.refused:
            found = f"is refused with status {exchange.status}: {tell(_reason(exchange), 60)}"
            yield Finding("/messages", f"the history {found}", expected="an answer", exchange=number)
        elif not exchange.succeeded:
            yield Inconclusive(f"status {exchange.status} tells neither")


def _reason(exchange: Exchange) -> object:
    match exchange.error:
        case {"error": {"message": str(message)}}:
            return message
    return exchange.error


@rule(
    "series.history.own-messages-are-accepted",
    Level.MUST,
    on=Part.SERIES,
    source="ChatCompletionResponseMessage; ChatCompletionRequestAssistantMessage",
    when=lambda series: any(_replayed(series, number) is not None for number in range(len(series))),
)
def own_messages_are_accepted(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The message of an answer, sent back as it came, is accepted as history.

    Every chat client does just that, with the nulls and the empty fields that the server put in. Judged on pairs of
    exchanges: the second holds the first one's message word for word, in a long conversation and, where that is
    refused, in the shortest that there is.
    """
    replayed = [(n, e, source) for n, e in enumerate(series) if (source := _replayed(series, n)) is not None]
    if any(exchange.succeeded for _, exchange, _ in replayed):
        return
    # One that holds much else may be refused for that.
    number, exchange, source = min(replayed, key=lambda one: len(asking.listed(one[1].asked.get("messages"))))
    if exchange.refused:
        found = f"is refused with status {exchange.status}: {tell(_reason(exchange), 60)}"
        yield Finding("/messages", f"the message of exchange {source} {found}", "an answer", exchange=number)
    else:
        yield Inconclusive(f"status {exchange.status} tells neither")


def _replayed(series: Sequence[Exchange], number: int) -> int | None:
    """Which exchange before this one gave a message that this one's history, which is valid, holds as it came."""
    if faults_of(series[number]):
        return None
    messages = asking.listed(series[number].asked.get("messages"))
    for before in range(number):
        for choice in asking.listed((series[before].completion or {}).get("choices")):
            message = choice.get("message")
            if isinstance(message, dict) and message.get("role") == "assistant" and message in messages:
                return before
    return None
