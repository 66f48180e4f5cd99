"""Results: what judging came to, for one exchange and added up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Finding, Rule


class Verdict(StrEnum):
    """What a rule came to."""

    PASSED = "passed"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    """The target refused, with a proper error, the capability that the rule needs."""
    INCONCLUSIVE = "inconclusive"
    """The model did not do what the rule is about, or the target could not be asked."""
    NOT_EXERCISED = "not_exercised"
    """No exchange was one that the rule speaks about."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one rule says of one exchange, or of one series of them."""

    rule: Rule
    exchanges: tuple[Exchange, ...]
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    """Why it is inconclusive or unsupported."""
    kit_fault: bool = False
    """The check itself raised: a bug of the kit's, never of the target's."""
