"""What became of a scenario, and of a whole run of a client."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chatconform.core.rule import Level
from chatconform.core.scenario import Grade

if TYPE_CHECKING:
    from chatconform.core.likeness import RequestLikeness
    from chatconform.core.scenario import Scenario
    from chatconform.core.tally import Outcome


class ScenarioOutcome(StrEnum):
    """What became of one scenario."""

    PASSED = "passed"
    LOSSY = "lossy"
    """Passed, but something was reshaped without another meaning."""
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    """The client does not declare what it asks for, or says that it cannot do it."""
    BLOCKED = "blocked"
    """A scenario that it builds on failed, so it would say nothing of its own."""


class FailureKind(StrEnum):
    """How a scenario failed."""

    WRONG = "wrong"
    """What came out is not what was sent."""
    EXCEPTION = "exception"
    """An error was raised where there was none."""
    SILENT = "silent"
    """There was an error and none was raised."""
    HANG = "hang"
    """The call was not over in time."""
    POLICY = "policy"
    """The value is right, what happened on the wire is not: too many requests, too early, a connection left open."""


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What became of one scenario: the outcome, how it failed, and how like its requests were to what was asked."""

    scenario: Scenario
    outcome: ScenarioOutcome
    kind: FailureKind | None = None
    detail: str = ""
    requests: tuple[RequestLikeness, ...] = ()
    request_detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class ClientRunResult:
    """The results of one run of a client, scenarios in the catalogue's order."""

    client: str
    version: str
    scenarios: tuple[ScenarioResult, ...]
    outcomes: tuple[Outcome, ...]
    """What each rule on requests came to over all that the client sent."""
    requests: int
    seconds: float
    seed: int
    restarts: int = 0
    cut_short: str | None = None

    @property
    def summary(self) -> dict[ScenarioOutcome, int]:
        """How many scenarios came to each outcome."""
        counts = Counter(result.outcome for result in self.scenarios)
        return {outcome: counts[outcome] for outcome in ScenarioOutcome}

    def failed(self, *grades: Grade) -> list[ScenarioResult]:
        """The failed scenarios of these grades (of all where none is given)."""
        wanted = grades or tuple(Grade)
        return [r for r in self.scenarios if r.outcome is ScenarioOutcome.FAILED and r.scenario.grade in wanted]

    def exit_status(self, *, strict: bool = False) -> int:
        """0 where no `must` failed (nor, if strict, a `should` or `policy`), 1 where one did, 2 where it cannot say.

        A rule on requests counts as its level says: a MUST always, a SHOULD if strict.
        """
        levels = {Level.MUST, Level.SHOULD} if strict else {Level.MUST}
        grades = [Grade.MUST, Grade.SHOULD, Grade.POLICY] if strict else [Grade.MUST]
        if self.failed(*grades) or any(o.findings and o.rule.level in levels for o in self.outcomes):
            return 1
        asked = {ScenarioOutcome.PASSED, ScenarioOutcome.LOSSY, ScenarioOutcome.FAILED}
        return 2 if self.cut_short or not any(result.outcome in asked for result in self.scenarios) else 0
