"""Faults: one stage each, each with a sentence, each about rules that there are."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from chatconform.reference import ReferenceServer
from chatconform.reference.faults import Fault, UnknownFaultError, faults, find
from chatconform.reference.pipeline import pipeline
from chatconform.rules.catalogue import find as find_rule
from chatconform.rules.catalogue import rules, select


def test_names_are_unique_and_tell_what_is_wrong() -> None:
    assert len({fault.name for fault in faults()}) == len(faults())
    for fault in faults():
        assert fault.text.endswith(".")
        assert len(fault.text) < 100


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_a_fault_replaces_one_stage(fault: Fault) -> None:
    right = pipeline(("m",), None)
    wrong = fault.broken(right)
    changed = [each.name for each in fields(right) if getattr(right, each.name) is not getattr(wrong, each.name)]
    assert changed == [fault.stage]


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_a_fault_is_about_rules_that_there_are(fault: Fault) -> None:
    assert fault.kills
    for rule in fault.kills:
        find_rule(rule)
    assert select(fault.also) or not fault.also


def test_every_rule_about_servers_has_a_fault_made_for_it() -> None:
    killed = {rule for fault in faults() for rule in fault.kills}
    assert [rule.id for rule in rules() if rule.id not in killed and not rule.id.startswith("request.")] == []


def test_an_unknown_fault_is_told_with_near_ones() -> None:
    with pytest.raises(UnknownFaultError, match="end-mark-is-missing"):
        find("end-mark-missing")
    with pytest.raises(UnknownFaultError):
        ReferenceServer(fault="none-such")


def test_a_server_has_the_fault_it_is_given(send: Any, heart: Any) -> None:
    with ReferenceServer(fault="created-in-milliseconds") as faulty:
        assert send(heart.body(), url=faulty.url).json["created"] > 10**12
    with ReferenceServer(fault="end-mark-is-missing") as faulty:
        assert b"[DONE]" not in send(heart.body(stream=True), url=faulty.url).body
