"""Where decisions come from: hypothesis, which remembers and shrinks them, or a seeded random number generator.

Every generator is a function of a source, so that one description of a value serves both. A decision of zero is
always the simplest, which is what hypothesis shrinks towards.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from chatconform.strategies.drawing import snippets

if TYPE_CHECKING:
    from hypothesis import strategies as st

SMALLEST, LARGEST = -(2**63), 2**63 - 1
BUDGET = 160


class Rejected(Exception):
    """A value could not be completed from the decisions that were made; others have to be made."""


class Source(Protocol):
    """Makes decisions. `depth` and `budget` are how deep the value now is, and how many containers it may yet open."""

    depth: int
    budget: int

    def below(self, count: int) -> int: ...
    def integer(self, low: int | None, high: int | None) -> int: ...
    def real(self, low: float | None, high: float | None) -> float: ...
    def text(self, low: int, high: int | None) -> str: ...
    def reject(self) -> NoReturn: ...


def bounds(low: int | None, high: int | None) -> tuple[int, int]:
    """Return both bounds of integers, 64 bits wide where there is none."""
    if low is None:
        low = SMALLEST if high is None or high > SMALLEST else high - LARGEST
    if high is None:
        high = LARGEST if low < LARGEST else low + LARGEST
    return low, high


_NOTABLE = (
    *(0, 1, 2, 3, 5, 10, 16, 42, 100, 128, 256, 1000, 1024, 4096, 65536, 2**31 - 1, 2**31, 2**32, 2**53, 2**53 + 1),
    *(-1, -2, -100, -(2**31), -(2**53), SMALLEST, LARGEST),
)


class Seeded:
    """Decisions of a random number generator: the same for the same seed, on every platform and version of Python."""

    def __init__(self) -> None:
        self.depth = 0
        self.budget = BUDGET
        self._random: Callable[[], float] = Random(0).random

    def start(self, seed: str) -> None:
        """Begin anew with a seed."""
        # Only `random()` is promised to stay the same between versions of Python, so nothing else is used.
        self._random = Random(seed).random
        self.depth = 0
        self.budget = BUDGET

    def below(self, count: int) -> int:
        return int(self._random() * count)

    def integer(self, low: int | None, high: int | None) -> int:
        random = self._random
        first, last = bounds(low, high)
        width = last - first
        if width < 64:
            return first + int(random() * (width + 1))
        how = random()
        if how < 0.15:
            return first if how < 0.08 else last
        if how < 0.6:
            value = _NOTABLE[int(random() * len(_NOTABLE))]
            if first <= value <= last:
                return value
        start = 0 if first <= 0 <= last else first
        if how < 0.9:
            span = min(last - start, 1000)
            return start + int(random() * (span + 1))
        bits = width.bit_length()
        wide = 0
        for _ in range(bits // 48 + 1):
            wide = (wide << 48) | int(random() * 281474976710656)
        return first + wide % (width + 1)

    def real(self, low: float | None, high: float | None) -> float:
        random = self._random
        if low is None and high is None:
            low, high = (-10.0, 10.0) if random() < 0.5 else (-1e6, 1e6)
        elif low is None:
            assert high is not None
            low = high - (abs(high) or 1.0) * 10
        elif high is None:
            high = low + (abs(low) or 1.0) * 10
        how = random()
        if how < 0.1:
            return low
        if how < 0.2:
            return high
        share = random()
        value = low * (1 - share) + high * share
        if how < 0.8:
            rounded = round(value, 2)
            if low <= rounded <= high:
                return rounded
        return min(max(value, low), high)

    def text(self, low: int, high: int | None) -> str:
        pool = snippets.between(low, high)
        random = self._random
        chosen = int(random() * (len(pool) + 12))
        if chosen < len(pool):
            return pool[chosen]
        most = low + 24 if high is None else min(high, low + 24)
        first, last = snippets.PLANES[int(random() * len(snippets.PLANES))]
        length = low + int(random() * (most - low + 1))
        return "".join([chr(first + int(random() * (last - first + 1))) for _ in range(length)])

    def reject(self) -> NoReturn:
        raise Rejected


class Drawn:
    """Decisions of hypothesis, through its public strategies only."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.depth = 0
        self.budget = BUDGET
        self._draw = draw

    def below(self, count: int) -> int:
        if count <= 1:
            return 0
        found: int = self._draw(_choice(count))
        return found

    def integer(self, low: int | None, high: int | None) -> int:
        found: int = self._draw(_integers(*bounds(low, high)))
        return found

    def real(self, low: float | None, high: float | None) -> float:
        found: float = self._draw(_reals(low, high))
        return found

    def text(self, low: int, high: int | None) -> str:
        pool = snippets.between(low, high)
        chosen = self.below(len(pool) + 8)
        if chosen < len(pool):
            return pool[chosen]
        most = low + 24 if high is None else min(high, low + 24)
        found: str = self._draw(_texts(low, most))
        return found

    def reject(self) -> NoReturn:
        from hypothesis import reject

        reject()


_CACHE: dict[Any, Any] = {}


def _kept(key: Any, make: Callable[[], Any]) -> Any:
    """A strategy is costly to make and cheap to use again."""
    found = _CACHE.get(key)
    if found is None:
        if len(_CACHE) > 5000:
            _CACHE.clear()
        found = _CACHE[key] = make()
    return found


def _choice(count: int) -> st.SearchStrategy[int]:
    found: st.SearchStrategy[int] | None = _CACHE.get(count)
    return found if found is not None else _integers(0, count - 1, count)


def _integers(low: int, high: int, key: Any = None) -> st.SearchStrategy[int]:
    from hypothesis import strategies

    found: st.SearchStrategy[int] = _kept(key or (low, high), lambda: strategies.integers(low, high))
    return found


def _reals(low: float | None, high: float | None) -> st.SearchStrategy[float]:
    from hypothesis import strategies

    def make() -> Any:
        smallest = math.ulp(0.0) if low is not None or high is not None else None
        odd = smallest is not None and any(b is not None and 0 < abs(b) < 2.3e-308 for b in (low, high))
        return strategies.floats(
            low, high, allow_nan=False, allow_infinity=False, allow_subnormal=True if odd else None
        )

    found: st.SearchStrategy[float] = _kept(("real", low, high), make)
    return found


def _texts(low: int, high: int) -> st.SearchStrategy[str]:
    from hypothesis import strategies

    found: st.SearchStrategy[str] = _kept(("text", low, high), lambda: strategies.text(min_size=low, max_size=high))
    return found
