"""One client under test, told scenario by scenario."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest

from chatconform.core.failure import failure_at, weighs
from chatconform.core.judge import judge
from chatconform.core.result import Verdict
from chatconform.core.rule import Part
from chatconform.core.scenario_result import ClientRunResult, ScenarioOutcome, ScenarioResult
from chatconform.core.tally import Tally, general
from chatconform.reports.plain import plain
from chatconform.rules.catalogue import rules
from chatconform.run.adapter import AdapterError
from chatconform.run.client import ClientDriver
from chatconform.run.in_process import starting
from chatconform.scenarios.catalogue import scenarios
from chatconform.suites.known import fail_as_known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.core.baseline import Baseline
    from chatconform.core.failure import Failure
    from chatconform.core.result import Result
    from chatconform.run.in_process import Client


class ClientUnderTest:
    """A client that is started with the first scenario and ended with `close`."""

    def __init__(self, client: Client, strict: bool, baseline: Baseline | None = None) -> None:
        """Takes a command, as a line or in words, or a function; one may have an attribute `hello`, as in the protocol.

        `baseline` names the failures that are known. Raises `AdapterError` where it does not begin.
        """
        self._driver = ClientDriver(starting(client))
        self._strict = strict
        self._baseline = baseline
        self._scenarios = {scenario.id: scenario for scenario in scenarios()}
        self._failed: set[str] = set()
        self._broken: str | None = None
        self._on_requests = [rule for rule in rules() if rule.on is Part.REQUEST]
        self._done: list[ScenarioResult] = []
        self._tally = Tally(self._on_requests)
        self._began = time.monotonic()

    def close(self) -> None:
        """Ends the client."""
        self._driver.close()

    def result(self) -> ClientRunResult:
        """What became of the scenarios that were asked so far."""
        hello = self._driver.hello
        return ClientRunResult(
            hello.client,
            hello.version,
            tuple(self._done),
            tuple(self._tally.outcomes.values()),
            self._driver.requests,
            time.monotonic() - self._began,
            0,
            self._driver.restarts,
            self._broken,
        )

    def facts(self, scenario_id: str) -> list[tuple[str, str]]:
        """What a report tells of a scenario besides its outcome."""
        scenario = self._scenarios[scenario_id]
        told = {"id": scenario_id, "level": str(scenario.grade), "purpose": scenario.purpose}
        return [*told.items(), ("client", self._driver.hello.client)]

    def tell(self, scenario_id: str) -> None:
        """Passes, fails, skips or xfails the test of a scenario.

        A failed `must` fails, a failed `should` or `policy` does in a strict run, and what else fails is an expected
        failure. A request that breaks a rule that is a MUST fails, too.
        """
        __tracebackhide__ = True
        scenario = self._scenarios[scenario_id]
        if self._broken is not None:
            pytest.skip(self._broken)
        if blockers := sorted(self._failed.intersection(scenario.blocked_by)):
            self._failed.add(scenario_id)
            detail = f"blocked by {', '.join(blockers)}"
            self._done.append(ScenarioResult(scenario, ScenarioOutcome.BLOCKED, detail=detail))
            pytest.skip(detail)
        try:
            result, sent = self._driver.ask(scenario)
        except AdapterError as problem:
            self._broken = str(problem)
        if self._broken is not None:  # one failure tells it; the rest has nothing to say
            _fail(self._broken)
        in_question = result.outcome in {ScenarioOutcome.FAILED, ScenarioOutcome.LOSSY}
        self._done.append(replace(result, exchanges=tuple(sent)) if in_question else result)
        judged = [one for exchange in sent for one in judge(exchange, self._on_requests)]
        self._tally.add(judged)
        if result.outcome is ScenarioOutcome.UNSUPPORTED:
            pytest.skip(result.detail)
        if result.outcome is ScenarioOutcome.FAILED:
            self._failed.add(scenario_id)
            text = f"{scenario.grade} {scenario.id}: {scenario.purpose}\n  {result.kind}: {plain(result.detail, 800)}"
            if result.failure is not None and self._is_known(result.failure):
                fail_as_known(text)
            if weighs(scenario.grade, strict=self._strict):
                _fail(text)
            pytest.xfail(text)
        if broken := self._breaches(judged):
            _fail("\n".join(broken))

    def _is_known(self, failure: Failure) -> bool:
        return self._baseline is not None and self._baseline.entry(failure, "client") is not None

    def _breaches(self, results: Sequence[Result]) -> list[str]:
        """What the requests break of the rules that count and is not known, a line each."""
        return [
            f"{result.rule.level} {result.rule.id}: {finding.pointer} {plain(finding.message, 400)}"
            for result in results
            if result.verdict is Verdict.FAILED and weighs(result.rule.level, strict=self._strict)
            for finding in result.findings
            if not self._is_known(failure_at(result.rule, general(finding.pointer)))
        ]


def _fail(text: str) -> NoReturn:
    __tracebackhide__ = True
    pytest.fail(text, pytrace=False)
