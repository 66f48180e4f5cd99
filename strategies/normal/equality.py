"""When two JSON values are the same, as JSON Schema has it: 1 is 1.0, true is not 1, and order is for arrays only."""

from __future__ import annotations

from fractions import Fraction
from typing import Any


def identity(value: Any) -> Any:
    """Return something hashable that is equal for equal JSON values only."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", tuple(identity(inner) for inner in value))
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(inner)) for name, inner in value.items()))
    return value


def exactly(number: int | float) -> Fraction:
    """Return the number as it is written in decimal, so that 0.1 is a tenth."""
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def is_multiple(number: int | float, of: int | float) -> bool:
    """Return whether the number is a multiple, in decimal arithmetic."""
    if isinstance(number, int) and isinstance(of, int):
        return of != 0 and number % of == 0
    if isinstance(number, float) and number in (float("inf"), float("-inf")):
        return False
    return of != 0 and (exactly(number) / exactly(of)).denominator == 1


def is_integer(number: int | float) -> bool:
    """Return whether the number has no fraction: 1.0 has none."""
    return isinstance(number, int) or number.is_integer()
