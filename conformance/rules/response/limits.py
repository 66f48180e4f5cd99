"""Headers about load: when to come back, and how much is left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange

WHOLE: Final = re.compile(r"\d{1,15}", re.ASCII)
DURATION: Final = re.compile(
    r"(\d+(\.\d+)?(ms|s|m|h|d))+|\d+(\.\d+)?|\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", re.ASCII
)
RATES: Final = "x-ratelimit-"


@rule(
    "response.limits.retry-after-is-in-seconds",
    Level.MUST,
    on=Part.OVERLOAD,
    source="TooManyRequests, header Retry-After",
    when=lambda exchange: exchange.status == 429,
)
def retry_after_is_in_seconds(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`Retry-After` is a whole number of seconds, 1 or more.

    The SDKs wait that long: what they cannot read, or what is below zero, makes some of them ask again at once, which
    keeps an overloaded server down. Judged on every 429 that has it.
    """
    value = exchange.response.header("retry-after") if exchange.response is not None else None
    if value is None:
        yield Inconclusive("the target limits requests, and does not say when to come back")
    elif not WHOLE.fullmatch(value.strip()) or int(value) < 1:
        yield Finding("", f"retry-after is {tell(value)}", "seconds, as an integer of 1 or more")


@rule(
    "response.limits.rates-can-be-read",
    Level.INFO,
    on=Part.RESPONSE,
    source="the x-ratelimit headers of the API",
    when=lambda exchange: (
        exchange.response is not None and any(name.startswith(RATES) for name in exchange.response.named)
    ),
)
def rates_can_be_read(exchange: Exchange) -> Iterator[Finding]:
    """The `x-ratelimit` headers are counts of 0 and more, and durations.

    Clients pace themselves by them; one that reads -1 as "nothing left" stops. Judged on every response that has them.
    """
    for name, value in exchange.response.headers if exchange.response is not None else ():
        kind = name.lower().removeprefix(RATES).partition("-")[0]
        if not name.lower().startswith(RATES) or kind not in ("limit", "remaining", "reset"):
            continue
        readable = (DURATION if kind == "reset" else WHOLE).fullmatch(value.strip())
        if not readable:
            expected = 'a duration such as "1.5s"' if kind == "reset" else "an integer of 0 or more"
            yield Finding("", f"{name} is {tell(value)}", expected)
