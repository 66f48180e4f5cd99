"""The scenarios are all there, say what they promise, and are answered consistently."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from chatconform.core.naming import UnknownIdError
from chatconform.core.scenario import Attempt, Grade, Pause, Scenario
from chatconform.scenarios.catalogue import scenarios, select
from chatconform.schemas import violations

TABLE = orjson.loads((Path(__file__).parent / "table.json").read_bytes())
BY_ID = {scenario.id: scenario for scenario in scenarios()}
BROKEN_ON_PURPOSE = {
    "ns.created-fraction",
    "ns.finish-null",
    "ns.finish-unknown",
    "ns.json-bigint",
    "ns.min-fields-wild",
    "ns.nulls-everywhere",
    "ns.tool-calls-empty-list",
    "ns.usage-null",
    "ns.usage-details-null",
    "st.finish-unknown",
    "f.200-no-choices",
}


def test_the_scenarios_are_those_of_the_table_with_their_levels() -> None:
    assert {scenario.id: str(scenario.grade) for scenario in scenarios()} == TABLE


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(scenarios())


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.id)
def test_a_scenario_says_what_is_special_in_a_sentence(scenario: Scenario) -> None:
    assert scenario.purpose[0].isupper() or scenario.purpose[0] == "`"
    assert scenario.purpose[-1] in ".?"


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.id)
def test_a_scenario_expects_something_and_is_blocked_by_scenarios_that_exist(scenario: Scenario) -> None:
    expected = scenario.expected
    assert expected.completion is not None or expected.error or expected.unfinished or expected.anything
    assert set(scenario.blocked_by) <= BY_ID.keys() - {scenario.id}
    assert scenario.answers or scenario.expected.requests == (0, 0)


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.id)
def test_a_client_is_told_to_ask_only_what_the_endpoint_allows(scenario: Scenario) -> None:
    for call in scenario.calls:
        assert [*violations("CreateChatCompletionRequest", dict(call.request))] == []


@pytest.mark.parametrize(
    "scenario",
    [one for one in scenarios() if one.expected.completion is not None and one.id not in BROKEN_ON_PURPOSE],
    ids=lambda scenario: scenario.id,
)
def test_what_must_come_out_is_a_completion_unless_broken_on_purpose(scenario: Scenario) -> None:
    told = scenario.expected.completion
    assert told is not None
    known = {key: value for key, value in told.items() if value is not None or key != "usage"}
    if scenario.grade is not Grade.HOSTILE and known["choices"]:
        assert [*violations("CreateChatCompletionResponse", known)] == []


def test_only_what_a_scenario_is_about_is_outside_ascii() -> None:
    special = {
        one.id
        for one in scenarios()
        for answer in one.answers
        if any(not step.isascii() for step in bodies(answer)) and answer.coding is None
    }
    assert special == {
        "ns.bom",
        "ns.ct-charset",
        "ns.json-raw-u2028",
        "ns.unicode",
        "f.body-invalid-utf8",
        "f.stream-invalid-utf8",
        "st.bom",
        "st.ct-charset",
        "st.ct-latin1",
        "st.no-charset-utf8",
        "st.raw-u2028",
        "st.utf8-split",
    }


def bodies(answer: Attempt) -> list[bytes]:
    return [step for step in answer.steps if isinstance(step, bytes)]


def test_no_scenario_waits_longer_than_a_few_seconds() -> None:
    for scenario in scenarios():
        pauses = sum(step.seconds for answer in scenario.answers for step in answer.steps if isinstance(step, Pause))
        assert pauses <= 3.0


def test_a_limit_on_the_whole_call_does_where_there_is_one_attempt() -> None:
    assert BY_ID["f.timeout"].lacking({"timeout_total"}) == []
    assert BY_ID["f.timeout-then-ok"].lacking({"timeout_total", "retries"}) == ["timeout"]


def test_repeats_whose_number_is_fixed_do_where_the_first_one_succeeds() -> None:
    asked = {one.id for one in scenarios() if "retries" in one.needs and not one.lacking({"retries_fixed", "stream"})}
    assert {"f.429-then-ok", "f.503-then-ok", "f.close-then-ok", "f.stream-429-then-ok"} <= asked
    assert asked.isdisjoint({"f.500-noretry0", "f.429-forever", "f.x-should-retry-false", "f.429-retry-after-huge"})


def test_a_call_may_take_its_whole_time_limit_before_it_hangs() -> None:
    for scenario in scenarios():
        assert scenario.patience >= 4 + max(call.timeout_s for call in scenario.calls)


def test_scenarios_are_chosen_by_glob_and_by_first_words() -> None:
    assert {one.id for one in select(["st.tool-*"])} == {name for name in TABLE if name.startswith("st.tool-")}
    assert {one.id for one in select(["rq"], ["rq.stream*"])} == {
        name for name in TABLE if name.startswith("rq.") and not name.startswith("rq.stream")
    }


def test_an_unknown_scenario_is_told_with_near_ones() -> None:
    with pytest.raises(UnknownIdError, match=r"no scenario matches 'st.plan'; near: .*st\.plain"):
        select(["st.plan"])
