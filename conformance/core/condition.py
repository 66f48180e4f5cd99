"""Conditions put together of shared ones, so that what many rules ask of an exchange need be asked only once.

The law of this file: a condition is a pure function of what it is asked of, and one that is put together says what its
parts say, in their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable

    Condition = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Among:
    """Holds where a thing is among those that are found: one finding answers for every thing that rules look for."""

    find: Callable[[Any], Collection[Any]]
    thing: Hashable

    def __call__(self, subject: Any) -> bool:
        """Whether the thing is found."""
        return self.thing in self.find(subject)


@dataclass(frozen=True, slots=True)
class Every:
    """Holds where all of its conditions hold; the first that does not is the last that is asked."""

    conditions: tuple[Condition, ...]

    def __call__(self, subject: Any) -> bool:
        """Whether every condition holds."""
        return all(condition(subject) for condition in self.conditions)


def every(*conditions: Condition) -> Every:
    """The condition that holds where all of these hold, asked in this order."""
    return Every(tuple(part for condition in conditions for part in parts(condition)))


def parts(condition: Condition | None) -> tuple[Condition, ...]:
    """The conditions that one is put together of: itself where it is simple, none where there is none."""
    if condition is None:
        return ()
    return condition.conditions if isinstance(condition, Every) else (condition,)
