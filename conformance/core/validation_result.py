"""What a validation of recordings came to: everything that a report tells, and the exit status."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatconform.core import verdicts
from chatconform.core.failure import CUT_SHORT, sight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatconform.core.baseline import Applied
    from chatconform.core.failure import Sight
    from chatconform.core.result import Verdict
    from chatconform.core.rule import Level
    from chatconform.core.tally import Outcome


@dataclass(frozen=True)
class ValidationResult:
    """The results of one validation: `outcomes` holds one for each chosen rule that was exercised or always applies.

    In the examples of an outcome, `exchange.origin` names the file (`case`) and the line (`step`).
    """

    outcomes: tuple[Outcome, ...]
    files: int
    records: Mapping[str, int]
    """How many records of each kind there were: exchanges, and bodies by the names of their types."""
    size: int
    """Bytes that were read, after they were unpacked."""
    seconds: float
    notes: tuple[str, ...] = ()
    """What the reader must know: what was left out and why."""
    missing: tuple[str, ...] = field(default=())
    """What was named and could not be found or opened, one sentence each."""
    cut_short: str | None = None
    """Why the validation ended before its end; None where it did not."""
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
        """What the validation saw, as a baseline needs it."""
        unsure = CUT_SHORT if self.cut_short is not None else "not all files could be read" if self.missing else None
        return sight("validate", self.outcomes, unsure=unsure)

    def exit_status(self, *, strict: bool = False) -> int:
        """0 where no MUST failed (nor, if strict, a SHOULD), 1 where one did, 2 where nothing or not all was judged."""
        conclusive = self.cut_short is None and not self.missing and bool(self.records)
        conclusive = conclusive and verdicts.is_conclusive(self.outcomes)
        return verdicts.exit_status(self.sight(), self.baseline, strict=strict, conclusive=conclusive)
