"""A hypothesis strategy from any JSON Schema."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chatconform.strategies.drawing.sources import Drawn, Rejected, Seeded, Source
from chatconform.strategies.prepared import drawn, prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis import strategies as st

_WARMING = 20


def from_schema(schema: dict[str, Any] | bool) -> st.SearchStrategy[Any]:
    """Returns a strategy of the values that are valid for a JSON Schema.

    The schema is 2020-12, or an older draft back to 04 that `$schema` names. References are followed within the
    schema and nothing is fetched. Raises `Unsatisfiable` when no value can be valid, and `UnusableSchema` when the
    schema is itself invalid, refers to something outside, has a regular expression that no engine takes, or nests too
    deeply: both at once.
    """
    ready = prepare(schema)
    return strategy_of(lambda source: drawn(ready, source, 4))


def strategy_of(draw: Callable[[Source], Any]) -> st.SearchStrategy[Any]:
    """Returns the strategy of a generator: one composite at the root, since one for each level is slow."""
    from hypothesis import strategies

    _warm(draw)

    @strategies.composite
    def generated(draw_from: Callable[[Any], Any]) -> Any:
        return draw(Drawn(draw_from))

    return generated()


def _warm(draw: Callable[[Source], Any]) -> None:
    """Make what is made on first use, or hypothesis would take that time for slow generation.

    Its own table of characters is part of that: it takes most of a second in a folder where no test ran before.
    """
    from hypothesis import strategies

    strategies.text().validate()
    source = Seeded()
    for index in range(_WARMING):
        source.start(f"warm:{index}")
        with suppress(Rejected):
            draw(source)
