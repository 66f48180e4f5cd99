"""Every case, found by walking this folder and brought by plugins, and chosen by the rules that it is made for."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import chatconform.cases
from chatconform.core.case import Case
from chatconform.core.naming import matches
from chatconform.rules.plugins import check_against, plugins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatconform.core.rule import Rule
    from chatconform.rules.plugins import Plugin


def cases() -> tuple[Case, ...]:
    """Every case: the kit's own in the order of files and of lines in them, then those that plugins bring.

    Raises `PluginError` for a plugin that cannot be taken in.
    """
    return _with(plugins())


@cache
def _with(brought: tuple[Plugin, ...]) -> tuple[Case, ...]:
    if brought:
        check_against(_own())
    return tuple(dict.fromkeys((*_own(), *(case for plugin in brought for case in plugin.cases))))


@cache
def _own() -> tuple[Case, ...]:
    """Every case of the kit."""
    found: list[Case] = []
    for module in pkgutil.walk_packages(chatconform.cases.__path__, f"{chatconform.cases.__name__}."):
        if module.name != __name__ and not module.ispkg:
            found += [value for value in vars(import_module(module.name)).values() if isinstance(value, Case)]
    return tuple(found)


def those_for(rules: Iterable[Rule]) -> tuple[Case, ...]:
    """The cases that are made for at least one of these rules.

    For a rule that no case is made for, as plugins may bring it, that is every case: it is judged wherever it applies.
    """
    ids = {rule.id for rule in rules}
    found = [
        (case, {one for one in ids if any(matches(one, pattern) for pattern in case.exercises)}) for case in cases()
    ]
    provoked = {one for _, exercised in found for one in exercised}
    unprovoked = {one for plugin in plugins() for one in ids.intersection(rule.id for rule in plugin.rules)} - provoked
    return tuple(case for case, exercised in found if exercised or unprovoked)
