"""What readers give: lines of JSON still to be read, bodies, exchanges, and what is wrong or left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Rule

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of one record; a larger one is told and left out."""


class Stretches(Protocol):
    """Where the events of a stream stood: for each its index in the stream and its line in the file."""

    indexes: list[int]
    lines: list[int]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of JSON, each a record of any kind; `first` is the number of the first of them."""

    first: int
    lines: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Body:
    """A body by itself: the name of its type, its value, and where in the record it stands."""

    line: int
    name: str
    value: Any
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request with what came back, or alone.

    `headers` tells whether the recording holds the headers of the answer, and `request` whether it holds the body of
    the request. `stretches` tells of a stream whose chunks of text were taken together where each event stood.
    """

    line: int
    exchange: Exchange
    headers: bool = True
    request: bool = True
    stretches: Stretches | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A breach that the reader itself saw: of which requirement, where, and what."""

    line: int
    rule: Rule
    message: str
    pointer: str = ""
    excerpt: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that is not about this endpoint, and what it is about."""

    line: int
    what: str


Record = Lines | Body | Recorded | Wrong | LeftOut
