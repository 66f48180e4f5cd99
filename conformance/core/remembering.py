"""What was found out about an exchange, remembered with it: many rules ask the same of one exchange.

The law of this file: an exchange never changes, so what a pure function says of it once it says always.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.exchange import Exchange

Found = TypeVar("Found")
NOTHING: Final[Any] = object()


class derived(Generic[Found]):  # noqa: N801  # a decorator
    """A value derived from an object that never changes, found when it is first read and then part of the object.

    It is `functools.cached_property` without its lock, which takes longer than most values do. Two threads may derive
    the same twice.
    """

    def __init__(self, derive: Callable[[Any], Found]) -> None:
        self._derive = derive
        self._name = derive.__name__
        self.__doc__ = derive.__doc__

    def __get__(self, owner: Any, kind: type) -> Found:
        """The value."""
        found = owner.__dict__[self._name] = self._derive(owner)
        return found


def remembered(find: Callable[[Exchange], Found]) -> Callable[[Exchange], Found]:
    """Makes a pure function of an exchange work out its answer once for each; it is shared, and not to change."""

    @wraps(find)
    def ask(exchange: Exchange) -> Found:
        known = exchange.remembered
        found: Found = known.get(find, NOTHING)
        if found is NOTHING:
            found = known[find] = find(exchange)
        return found

    return ask


def forget(exchange: Exchange) -> None:
    """Drops what was remembered of an exchange: where it holds the exchange itself, the two keep each other alive."""
    exchange.remembered.clear()
