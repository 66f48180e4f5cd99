"""Which exchanges a rule may speak of: who was asked, and whether the answer is the target's word or the road's.

The law of this file: an answer that speaks of time or load is no word on conformance.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from chatconform.core.condition import Among
from chatconform.core.remembering import remembered

if TYPE_CHECKING:
    from collections.abc import KeysView

    from chatconform.core.exchange import Exchange

PASSING = frozenset({408, 425, 429, 502, 503, 504, *range(520, 531)})
"""Statuses that another attempt may not see again: timeouts, limits, overload, and what stands before the server."""


def is_steady(exchange: Exchange) -> bool:
    """Whether an answer comes each time: a run asks again before it judges, a recording shows a single moment."""
    return exchange.origin.seed is not None or exchange.status not in PASSING


@cache
def knows(name: str) -> Among:
    """Tells of an exchange whether the case that provoked it knows something that does not go over the wire."""
    return Among(_about, name)


def _about(exchange: Exchange) -> KeysView[str]:
    return exchange.about.keys()


@cache
def sends_header(name: str) -> Among:
    """Tells of an exchange whether its request has a header of that name, which is in lower case."""
    return Among(_headers_sent, name)


def _headers_sent(exchange: Exchange) -> KeysView[str]:
    return exchange.request.named.keys()


def path(exchange: Exchange) -> str:
    """The path that was asked, without its query."""
    return exchange.request.target.partition("?")[0]


@remembered
def asks_chat(exchange: Exchange) -> bool:
    """Whether a whole `POST` was sent to the endpoint that this kit is about."""
    return exchange.request.method == "POST" and is_endpoint(exchange) and not sent_in_part(exchange)


@remembered
def is_endpoint(exchange: Exchange) -> bool:
    """Whether the path is the endpoint's."""
    return path(exchange).endswith("/chat/completions")


def sent_in_part(exchange: Exchange) -> bool:
    """Whether the request announces another length than it has: then HTTP itself fails before the endpoint is asked."""
    announced = exchange.request.header("content-length")
    return announced is not None and announced.strip() != str(len(exchange.request.body))


def refuses(exchange: Exchange) -> bool:
    """Whether the endpoint answered with a whole error that it stands by: not one that speaks of time or load."""
    whole = exchange.response is not None and exchange.response.complete
    return whole and asks_chat(exchange) and exchange.status not in PASSING


@remembered
def claims_completion(exchange: Exchange) -> bool:
    """Whether the endpoint answered with a success that is not a stream, and all of it arrived."""
    response = exchange.response
    return (
        response is not None
        and exchange.succeeded
        and response.complete
        and asks_chat(exchange)
        and not exchange.is_stream
    )
