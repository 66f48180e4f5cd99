"""What a judge finds, before it is put into words: the same for both judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]

MOST_VIOLATIONS = 1000
"""How many violations of one value are told at most: who sends a million of them shall not fill the memory."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One keyword that a value breaks, or a union with what each of its branches finds.

    `expected` is what the keyword says; for keywords about keys it is the key that is missing or not allowed. In
    `branches` stand, for `oneOf` and `anyOf`, the faults of each branch in order. `of_name` tells that the value is
    not what stands at the path but a key of it.
    """

    path: Path
    keyword: str
    value: Any
    expected: Any
    location: str
    branches: tuple[tuple[Fault, ...], ...] = ()
    of_name: bool = False


@dataclass(frozen=True, slots=True)
class Judge:
    """A compiled schema: `is_valid` says yes or no, `faults` finds what is wrong."""

    is_valid: Callable[[Any], bool]
    faults: Callable[[Any], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class Judges:
    """What makes judges: one of a type of ours by name and strictness, one of any schema."""

    of_type: Callable[[str, bool], Judge]
    of_schema: Callable[[Any], Judge]


class InexactPath(Exception):
    """Says that the judge's own account of a place is ambiguous, so that another judge has to be asked."""


class TooDeep(ValueError):
    """Says that a value is nested more deeply than the judge can follow."""


class UnusableSchema(ValueError):
    """Says that a schema that was handed in cannot be used to judge anything, where in it, and why."""
