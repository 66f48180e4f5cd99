"""The source whose every decision is the simplest one: what deterministic enumeration builds its values from."""

from __future__ import annotations

from typing import NoReturn

from chatconform.strategies.drawing import snippets
from chatconform.strategies.drawing.sources import BUDGET, Rejected


class Simplest:
    """Decides for the first, the smallest and the emptiest that is allowed; never at random.

    Where the simplest decision leads to nothing, the next ones are taken in turn.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.budget = BUDGET
        self.turn = 0

    def below(self, count: int) -> int:
        return self.turn % count

    def integer(self, low: int | None, high: int | None) -> int:
        start = 0
        if low is not None and low > 0:
            start = low
        elif high is not None and high < 0:
            start = high
        value = start + self.turn
        return value if high is None or value <= high else max(start - self.turn, low if low is not None else start)

    def real(self, low: float | None, high: float | None) -> float:
        if (low is None or low <= 0) and (high is None or high >= 0):
            value = self.turn / 8
            return value if high is None or value <= high else 0.0
        return low if low is not None and low > 0 else high if high is not None else 0.0

    def text(self, low: int, high: int | None) -> str:
        pool = snippets.between(low, high)
        return pool[self.turn % len(pool)]

    def reject(self) -> NoReturn:
        raise Rejected
