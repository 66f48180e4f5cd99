"""Every rule, found by walking this folder, and chosen by id or glob."""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import chatconform.rules
from chatconform.core.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class UnknownRuleError(LookupError):
    """An id or glob that selects no rule; the message names near ones."""


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of the kit, in the order of files and of lines in them."""
    found: list[Rule] = []
    for module in pkgutil.walk_packages(chatconform.rules.__path__, f"{chatconform.rules.__name__}."):
        if module.name != __name__ and not module.ispkg:
            found += [value for value in vars(import_module(module.name)).values() if isinstance(value, Rule)]
    return tuple(found)


def find(rule_id: str) -> Rule:
    """The rule of that id. Raises `UnknownRuleError`, which names near ids."""
    for rule in rules():
        if rule.id == rule_id:
            return rule
    raise UnknownRuleError(_unknown(rule_id))


def select(only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules that match one of `only` (all of them where it is empty) and none of `skip`.

    Each is an id, a glob, or the first words of ids (`response.usage`). Raises `UnknownRuleError` for one that matches
    none.
    """
    for pattern in (*only, *skip):
        if not any(matches(rule.id, pattern) for rule in rules()):
            raise UnknownRuleError(_unknown(pattern))
    chosen = (rule for rule in rules() if not only or any(matches(rule.id, pattern) for pattern in only))
    return tuple(rule for rule in chosen if not any(matches(rule.id, pattern) for pattern in skip))


def matches(rule_id: str, pattern: str) -> bool:
    """Whether an id is named by a pattern: the id itself, a glob, or the id's first words."""
    return rule_id == pattern or rule_id.startswith(f"{pattern}.") or fnmatchcase(rule_id, pattern)


def exercised_by(patterns: Iterable[str]) -> tuple[Rule, ...]:
    """The rules that a case names as exercised, by their patterns."""
    wanted = tuple(patterns)
    return tuple(rule for rule in rules() if any(matches(rule.id, pattern) for pattern in wanted))


def _unknown(pattern: str) -> str:
    near = get_close_matches(pattern, [rule.id for rule in rules()], n=3, cutoff=0.4)
    hint = f" Near: {', '.join(near)}." if near else ""
    return f"no rule matches {pattern!r}.{hint}"
