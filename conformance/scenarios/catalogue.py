"""Every scenario, found by walking this folder, and chosen by id or glob."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import chatconform.scenarios
from chatconform.core.naming import chosen
from chatconform.core.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Every scenario of the kit, in the order of files and of their lists."""
    found: list[Scenario] = []
    for module in pkgutil.iter_modules(chatconform.scenarios.__path__, f"{chatconform.scenarios.__name__}."):
        found += getattr(import_module(module.name), "SCENARIOS", ())
    return tuple(found)


def select(only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[Scenario, ...]:
    """The scenarios that match one of `only` (all of them where it is empty) and none of `skip`.

    Each is an id, a glob, or the first words of ids (`st`). Raises `UnknownIdError` for one that matches none.
    """
    return chosen(scenarios(), only, skip, "scenario")
