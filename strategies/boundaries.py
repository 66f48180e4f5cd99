"""The boundary cases of a type: deterministic, labelled, valid and invalid, without hypothesis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from chatconform.strategies.enumeration import Enumeration
from chatconform.strategies.named import composer, key_of
from chatconform.strategies.written import written


@dataclass(frozen=True, slots=True)
class Boundary:
    """One case: a value, whether it is valid, where in it the point of the case is, and what the point is.

    An invalid one breaks one constraint, of the keyword, and a validator reports exactly the pointer. Cases share
    parts of their values, so nothing in them is to be changed in place.
    """

    value: Any
    valid: bool
    pointer: str
    label: str
    keyword: str | None


def boundaries(name: str, *, strict: bool = False) -> list[Boundary]:
    """Returns the boundary cases of a type, always the same and in the same order.

    At each place of a value: every listed value, branch of a union, bound and bound beside it; each optional member
    alone, none and all; null where it is allowed; each required member missing; every wrong JSON type. Raises
    `UnknownType` for a name that is none.
    """
    found: dict[bytes, Boundary] = {}
    for case in enumeration_of(strict).cases(key_of(name, strict)):
        boundary = Boundary(case.value, case.keyword is None, case.pointer, case.label, case.keyword)
        found.setdefault(written(case.value), boundary)
    return list(found.values())


@cache
def enumeration_of(strict: bool) -> Enumeration:
    """Return the enumeration of all types, in the published strength or the strict one."""
    return Enumeration(composer(strict))
