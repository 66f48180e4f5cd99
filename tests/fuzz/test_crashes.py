"""Planted crashes: at least a dozen, told like faults, and found by no case's luck alone."""

from __future__ import annotations

import pytest

from chatconform.frontends.cli import main
from chatconform.reference.faults import Fault, crashes, faults, find
from chatconform.reference.pipeline import pipeline
from chatconform.rules.catalogue import find as find_rule


def test_there_are_many_each_with_a_name_and_a_sentence_of_its_own() -> None:
    assert len(crashes()) >= 12
    assert len({one.name for one in (*faults(), *crashes())}) == len(faults()) + len(crashes())
    assert all(one.text.endswith(".") for one in crashes())


@pytest.mark.parametrize("crash", crashes(), ids=lambda crash: crash.name)
def test_a_crash_breaks_one_stage_and_a_rule_that_there_is(crash: Fault) -> None:
    right = pipeline(("m",), None)
    assert find(crash.name) is crash
    assert getattr(crash.broken(right), crash.stage) is not getattr(right, crash.stage)
    assert all(find_rule(rule) for rule in crash.kills)


def test_crashes_are_listed_with_the_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--list-faults"]) == 0
    listed = capsys.readouterr().out
    assert [one.name for one in crashes() if one.name not in listed] == []
