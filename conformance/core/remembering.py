"""What was found out about an exchange, remembered with it: many rules ask the same of one exchange.

The law of this file: an exchange never changes, so what a pure function says of it once it says always.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.exchange import Exchange

Found = TypeVar("Found")
MARK = "remembered:"


def remembered(find: Callable[[Exchange], Found]) -> Callable[[Exchange], Found]:
    """Makes a pure function of an exchange work out its answer once for each; it is shared, and not to change."""
    key = f"{MARK}{find.__module__}.{find.__qualname__}"

    @wraps(find)
    def ask(exchange: Exchange) -> Found:
        known = exchange.__dict__
        try:
            found: Found = known[key]
        except KeyError:
            found = known[key] = find(exchange)
        return found

    return ask


def forget(exchange: Exchange) -> None:
    """Drops what was remembered of an exchange: where it holds the exchange itself, the two keep each other alive."""
    for key in [key for key in exchange.__dict__ if key.startswith(MARK)]:
        del exchange.__dict__[key]
