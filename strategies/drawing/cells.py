"""What generators are, and where the generator of a schema is found while others are being made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.normal.conjunction import Key
from chatconform.strategies.normal.forms import Forms

Generator = Callable[[Source], Any]


class Cell:
    """The generator of one key, made when it is first used; a schema that leads back to itself meets its own cell."""

    __slots__ = ("draw",)
    draw: Generator

    def __init__(self, make: Callable[[], Generator]) -> None:
        def first(source: Source) -> Any:
            self.draw = make()
            return self.draw(source)

        self.draw = first


class Cells(Protocol):
    """Gives the cell of each key of a document; with `extras`, open objects get members that nobody tells of."""

    @property
    def forms(self) -> Forms: ...
    @property
    def extras(self) -> bool: ...
    def cell(self, key: Key) -> Cell: ...
    def flattest(self, key: Key) -> Cell: ...
