"""What a run against a target came to: everything that a report tells, and the exit status."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from chatconform.core import verdicts
from chatconform.core.failure import CUT_SHORT, sight

if TYPE_CHECKING:
    from chatconform.core.baseline import Applied
    from chatconform.core.capability import Capability
    from chatconform.core.failure import Sight
    from chatconform.core.result import Verdict
    from chatconform.core.rule import Level
    from chatconform.core.tally import Outcome


class Support(StrEnum):
    """How a target treats a capability."""

    HONOURED = "honoured"
    REFUSED = "refused"
    """Answered with a proper error."""
    IGNORED = "ignored"
    """Accepted without effect."""
    UNKNOWN = "unknown"
    """Not asked for, or the model had the choice and did not take it."""


@dataclass(frozen=True, slots=True)
class CapabilityStatus:
    """How the target treated one capability, and the exchange that shows it."""

    capability: Capability
    support: Support
    exchange: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What was judged: the base URL without user or query, and the model that was named. Never a secret."""

    url: str
    model: str | None


@dataclass(frozen=True)
class RunResult:
    """The results of one run: `outcomes` holds one for each chosen rule, in the catalogue's order."""

    target: Target
    outcomes: tuple[Outcome, ...]
    requests: int
    seconds: float
    seed: int
    capabilities: tuple[CapabilityStatus, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What the reader must know: how the model was found, what was not asked and why."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that no output may show, although the target may have sent them back: the key that it was given."""
    cut_short: str | None = None
    """Why the run ended before its end (an interrupt, a target that died); None where it did not."""
    in_part: bool = False
    """Whether only some of the cases were to be played, as the chosen rules need no more."""
    fuzzed: int = 0
    """How many generated requests were to be sent."""
    baseline: Applied | None = None
    """What a baseline says of this result, where one was applied."""

    @property
    def summary(self) -> dict[Verdict, int]:
        """How many rules came to each verdict."""
        return verdicts.summary(self.outcomes)

    def failed(self, *levels: Level) -> list[Outcome]:
        """The failed outcomes of these levels (of all where none is given), in the catalogue's order."""
        return verdicts.failed(self.outcomes, levels)

    def sight(self) -> Sight:
        """What the run saw, as a baseline needs it."""
        unsure = CUT_SHORT if self.cut_short is not None else None
        return sight("check", self.outcomes, unsure=unsure, in_part=self.in_part, fuzzed=bool(self.fuzzed))

    def exit_status(self, *, strict: bool = False) -> int:
        """0 where no MUST failed (nor, if strict, a SHOULD), 1 where one did, 2 for a run that cannot say.

        Of a failure that the baseline names, and of an entry of it that no longer fails, see `Baseline`.
        """
        conclusive = self.cut_short is None and verdicts.is_conclusive(self.outcomes)
        return verdicts.exit_status(self.sight(), self.baseline, strict=strict, conclusive=conclusive)
