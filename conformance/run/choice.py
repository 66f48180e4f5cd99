"""What is asked of a server: the rules that were chosen, at the levels of a profile, and the cases that they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatconform.cases.catalogue import those_for
from chatconform.core.rule import Part
from chatconform.rules.catalogue import select
from chatconform.run.declared import Declared
from chatconform.run.profiles import check_profile, leveled
from chatconform.run.reach import CannotCheckError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.core.case import Case
    from chatconform.core.rule import Rule


@dataclass(frozen=True, slots=True)
class Choice:
    """Rules that were chosen, those of them to judge by, and the cases to play."""

    rules: tuple[Rule, ...]
    judged: tuple[Rule, ...]
    cases: tuple[Case, ...]


def choose(
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    profile: str = "compatible",
    declared: Declared = Declared(),  # noqa: B008  # frozen
) -> Choice:
    """The rules about servers that match one of `only` (all where it is empty) and none of `skip`, and their cases.

    Rules about what the target is declared to lack are not judged by, and nothing is asked for them.

    Raises `UnknownIdError` for a pattern that matches no rule, and `CannotCheckError` for an unknown profile or where
    no rule about servers is left.
    """
    check_profile(profile)
    selected = select(only, skip)
    rules = tuple(leveled(rule, profile) for rule in selected if about_servers(rule))
    if not rules:
        why = "speak about what clients send, and a server is not judged by them" if selected else "were all skipped"
        raise CannotCheckError(f"nothing is left to judge: the chosen rules {why}")
    judged = tuple(rule for rule in rules if not declared.lacks(rule))
    return Choice(rules, judged, those_for(judged))


def about_servers(rule: Rule) -> bool:
    """Whether a rule speaks about what a server answers: the requests of a check are our own, and wrong on purpose."""
    return rule.on is not Part.REQUEST and not rule.id.startswith("request.")
