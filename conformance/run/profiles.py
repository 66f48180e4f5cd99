"""Profiles: what a target promises, and so the level that each rule has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chatconform.run.reach import CannotCheckError

if TYPE_CHECKING:
    from chatconform.core.rule import Rule

PROFILES: Final = {
    "compatible": "what official SDKs and common clients need is a MUST, the rest a SHOULD",
    "openai": "everything as published is a MUST",
}


def check_profile(profile: str) -> None:
    """Raises `CannotCheckError` for a profile that there is not."""
    if profile not in PROFILES:
        raise CannotCheckError(f"there is no profile {profile!r}; choose from {', '.join(PROFILES)}")


def leveled(rule: Rule, profile: str) -> Rule:
    """A rule at the level that it has in a profile."""
    return replace(rule, level=rule.published) if profile == "openai" and rule.published is not None else rule
