"""What became of a scenario, and of a whole run of a client."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from chatconform.core import verdicts
from chatconform.core.failure import CUT_SHORT, GENERATED, Failure, sight
from chatconform.core.scenario import Grade

if TYPE_CHECKING:
    from chatconform.core.baseline import Applied
    from chatconform.core.exchange import Exchange
    from chatconform.core.failure import Sight
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
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)
    """What the client sent, where the scenario failed or something was reshaped."""

    @property
    def failure(self) -> Failure | None:
        """The failure that it is; None where it did not fail."""
        if self.outcome is not ScenarioOutcome.FAILED:
            return None
        return Failure(self.scenario.id, self.scenario.grade, generated=self.scenario.id.startswith(GENERATED))


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
    in_part: bool = False
    """Whether only some of the scenarios were asked."""
    fuzzed: int = 0
    """How many generated streams were to be sent."""
    baseline: Applied | None = None
    """What a baseline says of this result, where one was applied."""

    @property
    def summary(self) -> dict[ScenarioOutcome, int]:
        """How many scenarios came to each outcome."""
        counts = Counter(result.outcome for result in self.scenarios)
        return {outcome: counts[outcome] for outcome in ScenarioOutcome}

    def failed(self, *grades: Grade) -> list[ScenarioResult]:
        """The failed scenarios of these grades (of all where none is given)."""
        wanted = grades or tuple(Grade)
        return [r for r in self.scenarios if r.outcome is ScenarioOutcome.FAILED and r.scenario.grade in wanted]

    def sight(self) -> Sight:
        """What the run saw, as a baseline needs it. What was not sent in scenarios that were not asked is not known."""
        unsure = CUT_SHORT if self.cut_short is not None else "not all scenarios were asked" if self.in_part else None
        fuzzed = any(one.scenario.id.startswith(GENERATED) for one in self.scenarios)
        sent = sight("client", self.outcomes, unsure=unsure, fuzzed=fuzzed)
        failures = [one.failure for one in self.scenarios if one.failure is not None]
        unasked = {ScenarioOutcome.UNSUPPORTED, ScenarioOutcome.BLOCKED}
        return replace(
            sent,
            failures=(*failures, *sent.failures),
            judged={one.scenario.id: one.scenario.grade for one in self.scenarios if one.outcome not in unasked}
            | dict(sent.judged),
            unjudged={one.scenario.id: one.detail or one.outcome for one in self.scenarios if one.outcome in unasked}
            | dict(sent.unjudged),
        )

    def exit_status(self, *, strict: bool = False) -> int:
        """0 where no `must` failed (nor, if strict, a `should` or `policy`), 1 where one did, 2 where it cannot say.

        It cannot say anything where the run was cut short: an adapter that breaks may have failed the client before.
        A rule on requests counts as its level says: a MUST always, a SHOULD if strict. Of a baseline see `Baseline`.
        """
        if self.cut_short is not None:
            return 2
        asked = {ScenarioOutcome.PASSED, ScenarioOutcome.LOSSY, ScenarioOutcome.FAILED}
        conclusive = any(result.outcome in asked for result in self.scenarios)
        return verdicts.exit_status(self.sight(), self.baseline, strict=strict, conclusive=conclusive)
