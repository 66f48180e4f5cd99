"""The published kill table is that of the mutants and rules that there are."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from chatconform.reference.faults import faults
from chatconform.rules.catalogue import matches, rules
from chatconform.run.choice import about_servers


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).parent / "table.py"))


@pytest.fixture(scope="module")
def published(table: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = table["read"](table["PAGE"].read_text())
    return found


def test_the_table_holds_every_mutant_killed_by_the_rules_made_for_it(published: dict[str, list[str]]) -> None:
    assert sorted(published) == sorted(fault.name for fault in faults())
    assert [fault.name for fault in faults() if not set(fault.kills) <= set(published[fault.name])] == []


def test_no_rule_fails_for_a_mutant_that_may_not(published: dict[str, list[str]]) -> None:
    for fault in faults():
        others = set(published[fault.name]) - set(fault.kills)
        allowed = {rule for rule in others if any(one == "*" or matches(rule, one) for one in fault.also)}
        assert others == allowed, fault.name


def test_the_page_is_as_it_is_written_from_what_it_tells(
    table: dict[str, Any], published: dict[str, list[str]]
) -> None:
    wanted = table["page"](faults(), [rule for rule in rules() if about_servers(rule)], published)
    assert wanted == table["PAGE"].read_text(), "run `python tests/mutants/table.py`"
