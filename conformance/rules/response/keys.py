"""What becomes of a caller without a key, or with a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.condition import every
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.rules.response.status import says
from chatconform.rules.scope import asks_chat, knows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange


def _judged(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    if exchange.succeeded:
        yield Inconclusive("the target answers without a key")
    elif exchange.status != 401 and (exchange.status or 0) < 500:
        yield Finding("", says(exchange), "status 401")


@rule(
    "response.keys.missing-key-is-unauthorized",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ApiKeyAuth; RFC 9110 section 15.5.2",
    when=every(knows("key"), asks_chat, lambda exchange: exchange.about["key"] == "missing"),
)
def missing_key_is_unauthorized(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A server that wants a key answers a request without one with status 401.

    Clients tell "check your key" from 401 alone; 403 means to them that the key is right and may not do this. Judged
    on a request without a key, where the target wants one.
    """
    yield from _judged(exchange)


@rule(
    "response.keys.wrong-key-is-unauthorized",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ApiKeyAuth; RFC 9110 section 15.5.2",
    when=every(knows("key"), asks_chat, lambda exchange: exchange.about["key"] == "wrong"),
)
def wrong_key_is_unauthorized(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A server that wants a key answers a wrong one with status 401.

    Clients tell "check your key" from 401 alone. Judged on a request with a key of random letters, where the target
    wants one.
    """
    yield from _judged(exchange)
