"""How a request with a fault is answered: refused, or as if nothing were wrong.

The law of this file: only an answer that the server stands by counts as accepting a fault. What fails for another
reason, or is told as an error inside a success, is the subject of other rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.condition import Among
from chatconform.core.remembering import remembered
from chatconform.core.rule import Finding, Inconclusive
from chatconform.rules.scope import asks_chat
from chatconform.rules.validity import faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange
    from chatconform.rules.validity import Kind


def has_fault(kind: Kind) -> Among:
    """Tells of an exchange whether its request, a JSON object sent to the endpoint, has a fault of that kind."""
    return Among(_kinds, kind)


@remembered
def _kinds(exchange: Exchange) -> frozenset[Kind]:
    """The kinds of the faults of a request to the endpoint."""
    return frozenset(fault.kind for fault in faults_of(exchange)) if asks_chat(exchange) else frozenset()


@remembered
def answers(exchange: Exchange) -> bool:
    """Whether the request was answered with a completion or a stream, and not with an error of any form."""
    if not exchange.succeeded or exchange.stream_error is not None:
        return False
    body = exchange.completion
    return bool(exchange.chunks) if exchange.is_stream else body is not None and bool(body.get("choices"))


def answered_with(kind: Kind, exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """What a rule on one kind of faults says: a finding for each fault of a request that was answered all the same."""
    if answers(exchange):
        for fault in faults_of(exchange):
            if fault.kind is kind:
                place = "of the request:" if fault.pointer else "the request:"
                found = f"{place} {fault.message}; it is answered with status {exchange.status}"
                yield Finding(fault.pointer, found, expected="status 400 with an error object")
    elif not exchange.refused:
        yield Inconclusive(f"status {exchange.status} does not say whether the fault was seen")
