"""The right client passes every scenario; each mutant of it fails those that are made for its fault, and no others."""

from __future__ import annotations

import mutants_of_calls
import mutants_of_http
import mutants_of_streams
import mutants_of_tools
import mutants_of_values
import pytest
from mutant import MUTANTS, Mutant
from right_client import HELLO, Client

from chatconform.core.scenario import End, Pause, RetryDate, Scenario
from chatconform.core.scenario_result import ClientRunResult, ScenarioOutcome
from chatconform.run.adapter import hello_of
from chatconform.run.client import InProcess, drive
from chatconform.scenarios.catalogue import scenarios

FILES = (mutants_of_calls, mutants_of_http, mutants_of_streams, mutants_of_tools, mutants_of_values)
LONGEST = 5.0


def run(make: type[Client], chosen: list[Scenario]) -> ClientRunResult:
    client = make()
    try:
        return drive(
            lambda: InProcess(client.call, hello_of({"hello": HELLO})),
            scenarios=chosen,
            concurrency=16,
            timeout=LONGEST,
        )
    finally:
        client.end()


def is_quick(scenario: Scenario) -> bool:
    """Whether the right client is through with a scenario at once."""
    steps = [step for answer in scenario.answers for step in answer.steps]
    waits = sum(step.seconds for step in steps if isinstance(step, Pause | RetryDate))
    asked = any(b"retry-after: 1\r\n" in step for step in steps if isinstance(step, bytes))
    return waits < 0.3 and not asked and not any(answer.end is End.HOLD for answer in scenario.answers)


def test_the_right_client_passes_every_scenario() -> None:
    result = run(Client, list(scenarios()))
    assert [
        (one.scenario.id, one.detail) for one in result.scenarios if one.outcome is not ScenarioOutcome.PASSED
    ] == []
    assert [outcome.rule.id for outcome in result.outcomes if outcome.findings] == []
    assert result.exit_status(strict=True) == 0


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_a_mutant_fails_what_is_made_for_its_fault_and_nothing_else(mutant: Mutant) -> None:
    areas = {name.partition(".")[0] for name in mutant.scenarios} or {"rq"}
    near = [one for one in scenarios() if one.id.partition(".")[0] in areas and is_quick(one)]
    chosen = [one for one in scenarios() if one in near or one.id in mutant.scenarios]
    result = run(mutant.make, chosen)
    failed = {one.scenario.id: one.detail for one in result.scenarios if one.outcome is ScenarioOutcome.FAILED}
    assert failed.keys() == mutant.scenarios, failed
    assert {outcome.rule.id for outcome in result.outcomes if outcome.findings} == mutant.rules
    assert ScenarioOutcome.BLOCKED not in {one.outcome for one in result.scenarios}


def test_every_mutant_has_a_name_a_fault_and_something_that_catches_it() -> None:
    assert len({mutant.id for mutant in MUTANTS}) == len(MUTANTS) >= 30
    for mutant in MUTANTS:
        assert mutant.fault.endswith(".")
        assert mutant.scenarios | mutant.rules
    assert {mutant.make.__module__ for mutant in MUTANTS} == {file.__name__ for file in FILES}
