"""What is opened once for each target or client of a run, and closed at its end.

The law of this file: a fixture that a project overrides in several places has several values in one run. Whatever is
made of a value is kept by the value, as pytest would keep it by the name of the fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Thing = TypeVar("Thing")


class Opened:
    """Things by what they were made of."""

    def __init__(self) -> None:
        self._things: list[tuple[str, Any, Any]] = []
        self._closing: list[Callable[[], None]] = []

    def get(self, kind: str, source: Any, make: Callable[[], Thing]) -> Thing:
        """The thing of a kind that was made of a source; it is made where there is none yet."""
        for known_kind, known, thing in self._things:
            if known_kind == kind and (known is source or known == source):
                found: Thing = thing
                return found
        made = make()
        self._things.append((kind, source, made))
        return made

    def at_the_end(self, close: Callable[[], None]) -> None:
        """Has something done when the run ends, the last that was asked for first."""
        self._closing.append(close)

    def close(self) -> None:
        """Does what was asked for."""
        while self._closing:
            self._closing.pop()()


@pytest.fixture(scope="session")
def chatconform_opened() -> Iterator[Opened]:
    """What the fixtures of this plugin keep for a whole run."""
    opened = Opened()
    yield opened
    opened.close()
