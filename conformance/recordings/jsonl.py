"""JSON Lines: a record a line, each judged by what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.recordings.lines import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.recordings.record import Record
    from chatconform.recordings.source import Source


def read(source: Source) -> Iterator[Record]:
    """Gives the lines of a source, about a megabyte at a time."""
    return blocks(source.stream)
