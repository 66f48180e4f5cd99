"""Every rule, found by walking this folder and brought by plugins, and chosen by id or glob."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import chatconform.rules
from chatconform.core.naming import UnknownIdError, chosen, matches, unknown
from chatconform.core.rule import Rule
from chatconform.rules.plugins import check_against, plugins

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chatconform.rules.plugins import Plugin


def rules() -> tuple[Rule, ...]:
    """Every rule: the kit's own in the order of files and of lines in them, then those that plugins bring.

    Raises `PluginError` for a plugin that cannot be taken in.
    """
    return _with(plugins())


@cache
def _with(brought: tuple[Plugin, ...]) -> tuple[Rule, ...]:
    if brought:
        check_against(_own())
    return tuple(dict.fromkeys((*_own(), *(rule for plugin in brought for rule in plugin.rules))))


@cache
def _own() -> tuple[Rule, ...]:
    """Every rule of the kit."""
    found: list[Rule] = []
    for module in pkgutil.walk_packages(chatconform.rules.__path__, f"{chatconform.rules.__name__}."):
        if module.name != __name__ and not module.ispkg:
            found += [value for value in vars(import_module(module.name)).values() if isinstance(value, Rule)]
    return tuple(found)


def find(rule_id: str) -> Rule:
    """The rule of that id. Raises `UnknownIdError`, which names near ids."""
    for rule in rules():
        if rule.id == rule_id:
            return rule
    raise UnknownIdError(unknown(rule_id, (rule.id for rule in rules()), "rule"))


def select(only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules that match one of `only` (all of them where it is empty) and none of `skip`.

    Each is an id, a glob, or the first words of ids (`response.usage`). Raises `UnknownIdError` for one that matches
    none.
    """
    return chosen(rules(), only, skip, "rule")


def exercised_by(patterns: Iterable[str]) -> tuple[Rule, ...]:
    """The rules that a case names as exercised, by their patterns."""
    wanted = tuple(patterns)
    return tuple(rule for rule in rules() if any(matches(rule.id, pattern) for pattern in wanted))
