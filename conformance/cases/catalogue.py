"""Every case, found by walking this folder, and chosen by the rules that it is made for."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import chatconform.cases
from chatconform.core.case import Case
from chatconform.core.naming import matches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatconform.core.rule import Rule


@cache
def cases() -> tuple[Case, ...]:
    """Every case of the kit, in the order of files and of lines in them."""
    found: list[Case] = []
    for module in pkgutil.walk_packages(chatconform.cases.__path__, f"{chatconform.cases.__name__}."):
        if module.name != __name__ and not module.ispkg:
            found += [value for value in vars(import_module(module.name)).values() if isinstance(value, Case)]
    return tuple(found)


def those_for(rules: Iterable[Rule]) -> tuple[Case, ...]:
    """The cases that are made for at least one of these rules."""
    ids = [rule.id for rule in rules]
    return tuple(
        case for case in cases() if any(matches(rule_id, pattern) for pattern in case.exercises for rule_id in ids)
    )
