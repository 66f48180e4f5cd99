"""Whether a valid request is refused for one of its demands.

The law of this file: a refusal counts against a demand only where nothing else can be its reason: the error names it,
or a run sent it and it demands nothing else (a recorded request may be refused for what nobody sees), or a like request
without it was answered. What a target says it does not support, and what is about the length of the prompt, the account
or moderation, is no breach.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chatconform.core.condition import Among
from chatconform.core.remembering import remembered
from chatconform.core.rule import Finding, Inconclusive
from chatconform.core.telling import tell
from chatconform.rules import asking
from chatconform.rules.demands import NAMES, Demand, demands
from chatconform.rules.refusing import answers
from chatconform.rules.scope import asks_chat
from chatconform.rules.validity import faults_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from chatconform.core.exchange import Exchange

NOT_SUPPORTED: Final = frozenset({"unsupported_value", "unsupported_parameter", "unsupported_model", "not_supported"})
ELSEWHERE: Final = re.compile(
    r"context|too long|too large|token limit|quota|billing|credit|balance|moderation|polic(y|ies)"
    r"|model_not_found|not supported with this model|does not exist|unknown model|rate limit|'store'",
    re.IGNORECASE,
)
"""What an error that is about neither the form nor the parameters of a request speaks of."""
MOST_TEXT: Final = 4_000
"""A request of more characters than these may be refused for its length."""


def demanding(demand: Demand) -> Among:
    """Tells of an exchange whether its request is valid and demands that."""
    return Among(_demands, demand)


@remembered
def _demands(exchange: Exchange) -> frozenset[Demand]:
    """What a valid request to the endpoint demands."""
    valid = asks_chat(exchange) and bool(exchange.asked) and not faults_of(exchange)
    return frozenset(demands(exchange.asked)) if valid else frozenset()


def refused(demand: Demand, exchange: Exchange, expected: str = "an answer") -> Iterator[Finding | Inconclusive]:
    """What a rule on one demand says: a finding where a valid request is refused for it."""
    if answers(exchange):
        return
    if reason := excuse(exchange):
        yield Inconclusive(reason)
        return
    others = demands(exchange.asked) - {demand, Demand.LIMIT}
    named = _named(exchange)
    if demand in named or (not others and not named and exchange.origin.seed is not None):
        yield Finding(_place(demand, exchange.asked), _says(demand, exchange), expected=expected)
    else:
        yield Inconclusive(
            f"the request is refused, which may be for {', '.join(sorted(named or others)) or 'anything'}"
        )


def refused_beside(demand: Demand, series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """What a rule over a series says: a finding where one is refused that without the demand is answered."""
    for number, exchange in _wishing(demand, series):
        if answers(exchange):
            continue
        reason = excuse(exchange)
        if reason is None and _is_explained(demand, exchange, series):
            continue
        if reason is None and _base(demand, exchange, series):
            yield Finding(
                _place(demand, exchange.asked), _says(demand, exchange), expected="an answer", exchange=number
            )
        elif not _is_cleared(demand, exchange, series):
            none_like_it = "the request is refused, and there is no like one without the demand that is answered"
            yield Inconclusive(reason or none_like_it)


def compared(demand: Demand) -> Callable[[Sequence[Exchange]], bool]:
    """Tells of a series whether a request in it demands that, and a like one without it is answered."""
    return lambda series: any(
        answers(exchange) or _base(demand, exchange, series) for _, exchange in _wishing(demand, series)
    )


def _wishing(demand: Demand, series: Sequence[Exchange]) -> Iterator[tuple[int, Exchange]]:
    """The valid requests of a series that demand something."""
    wishes = demanding(demand)
    return ((number, exchange) for number, exchange in enumerate(series) if wishes(exchange))


def _base(demand: Demand, exchange: Exchange, series: Sequence[Exchange]) -> bool:
    """Whether a request with all the other demands, and without this one, is answered."""
    rest = demands(exchange.asked) - {demand}
    asked = (demands(other.asked) for other in series if answers(other) and other.asked)
    return any(rest <= found and demand not in found for found in asked)


def _is_explained(demand: Demand, exchange: Exchange, series: Sequence[Exchange]) -> bool:
    """Whether a request with some of the other demands, and without this one, is refused as well."""
    all_of_it = demands(exchange.asked)
    asked = (demands(other.asked) for other in series if other.refused and other.asked and not faults_of(other))
    return any(found < all_of_it and demand not in found for found in asked)


def _is_cleared(demand: Demand, exchange: Exchange, series: Sequence[Exchange]) -> bool:
    """Whether requests with this demand and fewer others are answered: then this one is refused for the others."""
    all_of_it = demands(exchange.asked)
    asked = [other.asked for other in series if answers(other) and other.asked]
    fewer = [body for body in asked if demand in (found := demands(body)) and found < all_of_it]
    if demand is Demand.PARTS:  # which roles differ in
        return _in_parts(exchange.asked) <= {role for body in fewer for role in _in_parts(body)}
    return bool(fewer)


def _in_parts(body: Mapping[str, Any]) -> set[str]:
    """The roles whose content is a list."""
    messages = asking.listed(body.get("messages"))
    return {str(message.get("role")) for message in messages if isinstance(message.get("content"), list)}


def excuse(exchange: Exchange) -> str | None:
    """Why a request that is not answered is no breach of acceptance; None where it is refused without an excuse."""
    if not exchange.refused:
        return f"status {exchange.status} does not say whether it is accepted"
    code, message = _told(exchange)
    if code in NOT_SUPPORTED:
        return f"the target says that it does not support it: {tell(message)}"
    if ELSEWHERE.search(f"{code} {message}") or len(exchange.request.body) > MOST_TEXT:
        return f"the refusal is about something else: {tell(message)}"
    return None


def _says(demand: Demand, exchange: Exchange) -> str:
    return f"a valid request with {demand} is refused with status {exchange.status}: {tell(_told(exchange)[1])}"


def _told(exchange: Exchange) -> tuple[str, str]:
    """The code and the message of an error, whatever its shape."""
    match exchange.error:
        case {"error": {"message": str(message)} as error}:
            return str(error.get("code")), message
        case {"error": str(message)} | {"message": str(message)} | {"detail": str(message)}:
            return "", message
    body = exchange.response.body[:300].decode(errors="replace") if exchange.response is not None else ""
    return "", body


def _named(exchange: Exchange) -> set[Demand]:
    """The demands that an error names, by its `param` or in its message."""
    _, message = _told(exchange)
    param = asking.kept(exchange.error, "error").get("param")
    words = set(re.findall(r"[a-z_]+", f"{param} {message}".lower() if isinstance(param, str) else message.lower()))
    found = {demand for demand in demands(exchange.asked) if words & set(NAMES.get(demand, ()))}
    unset = {name for name, value in exchange.asked.items() if value is None}
    if words & unset:
        found.add(Demand.NULLS)
    return found


def _place(demand: Demand, body: Mapping[str, Any]) -> str:
    """The JSON Pointer of the first parameter that makes a demand; of the messages where they do."""
    if demand is Demand.NULLS:
        unset = [name for name, value in body.items() if value is None]
        return f"/{unset[0]}" if len(unset) == 1 else ""
    return next((f"/{name}" for name in NAMES.get(demand, ()) if body.get(name) is not None), "/messages")
