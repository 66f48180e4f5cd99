"""Bodies below JSON: each case is what its label says."""

import json

import pytest
from hypothesis import given, settings

from chatconform.schemas import is_valid
from chatconform.strategies import ImpossibleNarrowing, wire_bodies, wire_cases
from chatconform.strategies.wire import FAMILIES

QUIET = settings(database=None, deadline=None, derandomize=True)


def strictly_read(body):
    """The value of a body as strict JSON in UTF-8, or None."""

    def refuse(text):
        raise ValueError(text)

    try:
        value = json.loads(body.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def test_wire_cases_are_deterministic_and_labelled():
    cases = wire_cases()
    assert cases == wire_cases()
    assert {case.family for case in cases} == set(FAMILIES)
    labels = [(case.family, case.label) for case in cases]
    assert len(set(labels)) == len(labels)
    assert all(case.description and case.headers for case in cases)


def test_wire_cases_expect_what_the_standards_say():
    for case in wire_cases():
        plain = case.family not in ("length",) and dict(case.headers).get("content-encoding") is None
        value = strictly_read(case.body)
        if case.expected == "refused" and plain:
            assert value is None or not is_valid("CreateChatCompletionRequest", value), case.label
        if case.expected == "accepted":
            assert value is not None, case.label
            assert is_valid("CreateChatCompletionRequest", value), case.label


def test_wire_cases_can_be_made_of_any_request():
    body = {"model": "é", "messages": [{"role": "user", "content": "日本"}], "metadata": {"k": "v"}}
    assert len(wire_cases(body)) == len(wire_cases())

    @settings(QUIET, max_examples=40)
    @given(wire_bodies(families=("syntax", "depth")))
    def check(case):
        assert case.family in ("syntax", "depth")
        assert isinstance(case.body, bytes)

    check()


def test_unknown_wire_families_are_refused():
    with pytest.raises(ImpossibleNarrowing, match="families"):
        wire_bodies(families=("smoke",))
