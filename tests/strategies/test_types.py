"""Values, broken values and boundary cases of every type of the endpoint."""

import json

import pytest
from hypothesis import given, settings

from chatconform.schemas import UnknownType, is_valid, names, validator, violations
from chatconform.strategies import NothingToBreak, boundaries, invalid, values
from chatconform.strategies.boundaries import enumeration_of
from chatconform.strategies.breakage import broken
from chatconform.strategies.drawing.sources import Seeded
from chatconform.strategies.ready import generator

TYPES = [name for name in names() if not name.startswith("Adapter")]
THREE = ("CreateChatCompletionRequest", "CreateChatCompletionResponse", "CreateChatCompletionStreamResponse")


def drawn(draw, count):
    source = Seeded()
    for index in range(count):
        source.start(f"types:{index}")
        yield draw(source)


@pytest.mark.parametrize("name", TYPES)
def test_values_are_valid_by_both_validators(name):
    slow = validator(name)
    for index, value in enumerate(drawn(generator(name), 200)):
        assert is_valid(name, value), value
        if index < 15:
            assert slow.is_valid(value), value


@pytest.mark.parametrize("name", TYPES)
def test_broken_values_have_one_fault_and_the_validator_reports_just_that(name):
    draw = generator(name)
    for found in drawn(lambda source: broken(source, name, draw), 60):
        (violation,) = violations(name, found.value)
        assert (violation.pointer, violation.keyword) == (found.pointer, found.keyword)
        assert violation.schema_location == found.schema_location
        assert found.description.startswith(found.pointer or "the whole value")
        assert not validator(name).is_valid(found.value)


@pytest.mark.parametrize("name", TYPES)
def test_boundary_cases_are_what_their_labels_say(name):
    cases = boundaries(name)
    assert cases == boundaries(name)
    assert {case.valid for case in cases} == {True, False}
    for case in cases:
        found = violations(name, case.value)
        if case.valid:
            assert not found, case
        else:
            assert [(v.pointer, v.keyword) for v in found] == [(case.pointer, case.keyword)], case


@pytest.mark.parametrize("name", THREE)
def test_boundary_cases_of_the_strict_strength_refuse_unknown_members(name):
    cases = [case for case in boundaries(name, strict=True) if case.keyword == "additionalProperties"]
    assert any(case.pointer == "" for case in cases)
    for case in cases:
        assert [v.pointer for v in violations(name, case.value, True)] == [case.pointer]


def valid_values_at(cases, pointer):
    return [json.dumps(case.value) for case in cases if case.valid and case.pointer == pointer]


def test_boundary_cases_of_the_request_miss_nothing():
    cases = boundaries("CreateChatCompletionRequest")
    told = [(case.pointer, case.label, case.valid) for case in cases]
    for value in ("auto", "default", "flex", "scale", "priority", "fast"):
        assert ("/service_tier", f"the value {value!r}", True) in told
    assert ("/service_tier", "null", True) in told
    assert ("/n", "the number 1", True) in told
    assert ("/n", "the number 128", True) in told
    assert ("/n", "below the least, 1", False) in told
    assert ("/n", "above the most, 128", False) in told
    assert ("/n", "a number that is no integer", False) in told
    for kind in ("a boolean", "a string", "an array", "an object"):
        assert ("/n", f"{kind} of the wrong type", False) in told
    assert ("", "without model", False) in told
    assert ("", "without messages", False) in told
    assert ("", "every member at once", True) in told
    assert ("/stop", "5 items, one too many", False) in told
    assert ("/stop", "0 items, one too few", False) in told
    assert ("/metadata", "17 members, one too many", False) in told
    assert ("/tools/0/function/name", "65 characters, one too many", False) in told
    roles = {case.value["messages"][0]["role"] for case in cases if case.valid}
    assert roles == {"developer", "system", "user", "assistant", "tool", "function"}
    parts = {
        part["type"]
        for case in cases
        if case.valid and isinstance(content := case.value["messages"][0].get("content"), list)
        for part in content
    }
    assert parts == {"text", "image_url", "input_audio", "file", "refusal"}


def test_boundary_cases_of_the_request_have_each_optional_member_alone():
    cases = boundaries("CreateChatCompletionRequest")
    alone = {
        next(iter(added)) for case in cases if case.valid and len(added := set(case.value) - {"model", "messages"}) == 1
    }
    every = max((set(case.value) for case in cases if case.valid), key=len)
    # These need another member beside them.
    assert every - {"model", "messages"} == alone


def test_no_boundary_case_comes_twice():
    for name in THREE:
        texts = [json.dumps(case.value) for case in boundaries(name)]
        assert len(set(texts)) == len(texts)


def test_enumeration_is_shared_between_types():
    assert enumeration_of(False) is enumeration_of(False)


@pytest.mark.parametrize("make", [values, invalid, boundaries])
def test_an_unknown_type_is_refused_at_once_with_a_near_name(make):
    with pytest.raises(UnknownType, match="ChatCompletionTool"):
        make("ChatCompletionTol")


def test_what_admits_everything_has_nothing_to_break(monkeypatch):
    monkeypatch.setattr("chatconform.strategies.breakage.boundaries", lambda *_, **__: [])
    with pytest.raises(NothingToBreak, match="every value is a valid ChatCompletionTool"):
        invalid("ChatCompletionTool")


def test_invalid_goes_with_hypothesis():
    @settings(max_examples=40, database=None, deadline=None, derandomize=True)
    @given(invalid("ChatCompletionTool"))
    def check(found):
        assert [v.pointer for v in violations("ChatCompletionTool", found.value)] == [found.pointer]

    check()
