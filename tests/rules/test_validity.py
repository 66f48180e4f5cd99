"""Whether a request is valid: every fault has its kind, every kind its rule, and what is right has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from chatconform.core.recording import from_json
from chatconform.rules.catalogue import rules
from chatconform.rules.demands import Demand, demands
from chatconform.rules.validity import Kind, faults, faults_of, is_valid, kind_of
from chatconform.schemas import Violation
from chatconform.strategies import boundaries

SPECIMENS = Path(__file__).parents[1] / "specimens"
REQUEST = "CreateChatCompletionRequest"
WITHOUT_A_RULE = {Kind.NULL, Kind.LOGIT_BIAS, Kind.NO_STOP}
PLAIN: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi."}]}
CALL = {"id": "call_1", "type": "function", "function": {"name": "a", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "a"}}


def kinds(**more: Any) -> set[Kind]:
    return {fault.kind for fault in faults({**PLAIN, **more})}


def broken(rule_id: str) -> set[Kind]:
    """The kinds of the faults in the specimens that break a rule."""
    lines = (SPECIMENS / f"{rule_id}.jsonl").read_bytes().splitlines()
    records = [record for record in map(orjson.loads, lines) if record["specimen"] == "breaks"]
    return {fault.kind for record in records for fault in faults_of(from_json(record))}


def test_each_kind_of_fault_is_refused_by_one_rule() -> None:
    spoken = [kind for rule in rules() if rule.id.startswith("response.refusals.") for kind in broken(rule.id)]
    assert sorted(spoken) == sorted(set(Kind) - WITHOUT_A_RULE)


def test_what_the_schema_forbids_is_a_fault() -> None:
    wrong = [one for one in boundaries(REQUEST) if not one.valid and isinstance(one.value, dict)]
    assert len(wrong) > 500
    assert [one.label for one in wrong if is_valid(one.value)] == []


def test_what_the_schema_allows_is_at_most_a_fault_of_what_it_cannot_say() -> None:
    beyond = {Kind.ORPHAN, Kind.UNANSWERED, Kind.NO_TOOLS, Kind.TOOL_CHOICE, Kind.FUNCTIONS, Kind.IMAGE, Kind.AUDIO}
    beyond |= {Kind.FILE, Kind.FORMAT_SCHEMA}
    valid = [boundary for boundary in boundaries(REQUEST) if boundary.valid]
    assert valid
    for boundary in valid:
        assert {fault.kind for fault in faults(boundary.value)} <= beyond, boundary.label


@pytest.mark.parametrize(
    ("keyword", "kind"),
    [
        ("type", Kind.TYPE),
        ("enum", Kind.ENUM),
        ("const", Kind.ENUM),
        ("maximum", Kind.BOUNDS),
        ("exclusiveMinimum", Kind.BOUNDS),
        ("maxLength", Kind.BOUNDS),
        ("maxItems", Kind.BOUNDS),
    ],
)
def test_a_fault_of_a_parameter_that_is_new_in_the_schema_has_a_kind(keyword: str, kind: Kind) -> None:
    violation = Violation("/new_parameter", keyword, "is wrong", "request/X.json#/properties/new_parameter")
    assert kind_of(violation, {**PLAIN, "new_parameter": 7}) is kind


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, set()),
        ({"tools": []}, set()),
        ({"stop": "", "metadata": {}, "logit_bias": {}}, set()),
        ({"user": None}, {Kind.NULL}),
        ({"tool_choice": "auto"}, set()),
        ({"tool_choice": "required"}, {Kind.NO_TOOLS}),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "b"}}}, {Kind.TOOL_CHOICE}),
        ({"tools": [TOOL], "functions": [{"name": "a"}]}, {Kind.FUNCTIONS}),
        ({"stream_options": {}, "stream": True}, set()),
        ({"max_tokens": 0}, set()),
        ({"x_vendor": {"deep": [1]}}, set()),
    ],
)
def test_what_servers_may_settle_is_no_fault(more: dict[str, Any], found: set[Kind]) -> None:
    assert kinds(**more) == found


def test_a_request_that_is_no_object_has_no_faults_to_tell() -> None:
    assert faults_of(from_json({"request": {"text": "[1, 2"}})) == ()
    assert {fault.kind for fault in faults_of(from_json({"request": {"json": {}}}))} == {Kind.MODEL, Kind.MESSAGES}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, set()),
        ({"stream": True, "max_tokens": 5}, set()),
        ({"temperature": 0}, {Demand.SAMPLING}),
        ({"seed": None}, {Demand.NULLS}),
        ({"n": 1}, {Demand.SINGLE}),
        ({"n": 2}, {Demand.OTHER}),
        ({"logprobs": True}, {Demand.LOGPROBS, Demand.LOGPROBS_ALONE}),
        ({"logprobs": True, "top_logprobs": 2}, {Demand.LOGPROBS, Demand.TOP_LOGPROBS}),
        ({"logprobs": False}, set()),
        ({"response_format": {"type": "text"}}, {Demand.TEXT_FORMAT}),
        ({"response_format": {"type": "json_object"}}, {Demand.JSON, Demand.JSON_OBJECT}),
        ({"tools": [TOOL]}, {Demand.TOOLS, Demand.BARE_TOOLS}),
        ({"x_vendor": 1}, {Demand.OTHER}),
    ],
)
def test_each_parameter_is_a_demand(more: dict[str, Any], found: set[Demand]) -> None:
    assert demands({**PLAIN, **more}) == found


USER, SAID = {"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello."}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "x"}


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([USER, SAID, USER], set()),
        ([{"role": "system", "content": "Be brief."}, USER], {Demand.SYSTEM}),
        ([{"role": "developer", "content": "Be brief."}, USER], {Demand.DEVELOPER}),
        ([USER, USER], {Demand.OTHER}),
        ([USER, SAID], {Demand.OTHER}),
        ([{"role": "system", "content": "Be brief."}], {Demand.SYSTEM, Demand.OTHER}),
        ([USER, {**SAID, "tool_calls": [CALL]}, RESULT], {Demand.RESULTS}),
        ([USER, {**SAID, "tool_calls": [CALL]}, RESULT, SAID, USER], {Demand.RESULTS}),
        ([USER, {"role": "assistant", "tool_calls": [CALL]}, RESULT], {Demand.RESULTS, Demand.BARE_CALLS}),
        ([{**USER, "name": "me"}], {Demand.OTHER}),
        ([{"role": "user", "content": [{"type": "text", "text": "Hi."}]}], {Demand.PARTS}),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], {Demand.OTHER}),
    ],
)
def test_each_form_of_a_message_is_a_demand(messages: list[Any], found: set[Demand]) -> None:
    assert demands({"model": "m", "messages": messages}) == found
