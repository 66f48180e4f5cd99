"""Which numbers an alternative has: some values to choose from, a ladder of integers, or an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from chatconform.strategies.normal.acceptance import accepts_number
from chatconform.strategies.normal.alternatives import Numbers
from chatconform.strategies.normal.equality import exactly

_FEW = 64
_LARGEST = 2**1023


@dataclass(frozen=True)
class Ladder:
    """The integers `step * k` for `low <= k <= high`; None is no end. With gaps, some of them are not meant."""

    step: int
    low: int | None
    high: int | None
    gaps: bool


@dataclass(frozen=True)
class Interval:
    """The floating-point numbers from low to high, ends included. With gaps, some of them are not meant."""

    low: float | None
    high: float | None
    gaps: bool


def suits(numbers: Numbers, value: int | float) -> bool:
    """Return whether a number meets the alternative for validators of decimal and of binary arithmetic alike."""
    if not accepts_number(numbers, value):
        return False
    if not all(_nearly(value, factor) for factor in numbers.multiples):
        return False
    return not any(_nearly(value, factor) for factor in numbers.nonmultiples)


def _nearly(value: int | float, factor: int | float) -> bool:
    """Whether a validator that reckons in binary takes the value for a multiple."""
    if isinstance(factor, int):
        return value % factor == 0
    try:
        quotient = value / factor
    except OverflowError:
        return False
    return math.isfinite(quotient) and quotient == int(quotient)


def _common_step(factors: list[Fraction]) -> Fraction:
    numerator, denominator = factors[0].numerator, factors[0].denominator
    for factor in factors[1:]:
        numerator = math.lcm(numerator, factor.numerator)
        denominator = math.gcd(denominator, factor.denominator)
    return Fraction(numerator, denominator)


@lru_cache(maxsize=1024)
def numbers_of(numbers: Numbers) -> tuple[int | float, ...] | Ladder | Interval | None:
    """Return the numbers of an alternative, or None when there are none."""
    factors = [exactly(m) for m in numbers.multiples]
    if numbers.integer:
        factors.append(Fraction(1))
    return _stepped(numbers, _common_step(factors)) if factors else _interval(numbers)


def _stepped(numbers: Numbers, step: Fraction) -> tuple[int | float, ...] | Ladder | None:
    low = high = None
    if numbers.low is not None:
        bound = exactly(numbers.low) / step
        low = math.ceil(bound)
        low += numbers.low_open and low == bound
    if numbers.high is not None:
        bound = exactly(numbers.high) / step
        high = math.floor(bound)
        high -= numbers.high_open and high == bound
    if low is not None and high is not None and low > high:
        return None
    gaps = bool(numbers.nonmultiples or numbers.banned or numbers.integer is False)
    if step.denominator == 1:
        if numbers.integer is False or any((step / exactly(n)).denominator == 1 for n in numbers.nonmultiples):
            return None
        if any(isinstance(m, float) for m in numbers.multiples):
            gaps = True
        if not gaps:
            return Ladder(int(step), low, high, False)
    exactly_so = [step * k for k in _spread(low, high)]
    written = [int(exact) if exact.denominator == 1 else _as_float(exact) for exact in exactly_so]
    accepted = [value for value in written if value is not None and accepts_number(numbers, value)]
    # A multiple is one in decimal arithmetic; one that binary arithmetic misses is taken only where there is no other.
    found = [value for value in accepted if suits(numbers, value)] or accepted
    if not found:
        return None
    if step.denominator == 1 and (low is None or high is None or high - low > _FEW):
        return Ladder(int(step), low, high, True)
    return tuple(found)


def _as_float(exact: Fraction) -> float | None:
    try:
        value = float(exact)
    except OverflowError:
        return None
    return value if exactly(value) == exact else None


def _spread(low: int | None, high: int | None) -> list[int]:
    """Some of the integers between the bounds: all when few, else near the ends and near zero."""
    if low is not None and high is not None and high - low <= 4 * _FEW:
        return sorted(range(low, high + 1), key=abs)
    near: set[int] = set()
    for middle in (low, high, 0, 1000, -1000, 12345, -98765):
        if middle is not None:
            near.update(range(middle - _FEW, middle + _FEW))
    return sorted(
        (k for k in near if (low is None or k >= low) and (high is None or k <= high)), key=lambda k: (abs(k), k)
    )


def _interval(numbers: Numbers) -> Interval | tuple[int | float, ...] | None:
    low = _bound(numbers.low, numbers.low_open, 1)
    high = _bound(numbers.high, numbers.high_open, -1)
    gaps = bool(numbers.nonmultiples or numbers.banned or numbers.integer is False)
    if low is not None and high is not None and low >= high:
        candidates = [c for c in {low, high, numbers.low, numbers.high} if c is not None]
        found = tuple(sorted({_plain(c) for c in candidates if accepts_number(numbers, c)}))
        return found or None
    if gaps and not any(suits(numbers, v) for v in probes(low, high)):
        return None
    return Interval(low, high, gaps)


def _plain(value: int | float) -> int | float:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _bound(value: int | float | None, is_open: bool, direction: int) -> float | None:
    if value is None:
        return None
    if abs(value) > _LARGEST:
        return math.copysign(1.7976931348623157e308, value)
    close = float(value)
    if (is_open and close == value) or (direction > 0 and close < value) or (direction < 0 and close > value):
        close = math.nextafter(close, math.inf * direction)
    return close


def probes(low: float | None, high: float | None) -> list[float]:
    """Return some numbers of an interval, plain ones first."""
    start = low if low is not None else min(-1000.0, high - 1000 if high is not None else 0)
    end = high if high is not None else max(1000.0, start + 1000)
    width = end - start
    plain = [v for v in (0.0, 1.0, 0.5, -1.0, -0.5, 0.25, 100.5) if start <= v <= end]
    return [*plain, start, end, *(start + width * (i + 0.37) / 16 for i in range(16) if math.isfinite(width))]
