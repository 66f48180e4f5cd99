"""The whole kit against every mutant: each is noticed by the rules it is made for, and by no other.

It takes minutes and is not collected by default: `pytest tests/mutants/matrix.py -n 2`, or `tox -e mutants`.
"""

from __future__ import annotations

import pytest

from chatconform import check
from chatconform.core.result import Verdict
from chatconform.core.run_result import RunResult
from chatconform.reference import ReferenceServer
from chatconform.reference.faults import Fault, faults
from chatconform.rules.catalogue import matches

KEY = "sk-mutants"
MOST_REQUESTS = 175


def checked(fault: Fault | None) -> RunResult:
    """A default check of the reference with a fault; it wants a key only where the fault is about keys."""
    about_keys = fault is not None and any(rule.startswith("response.keys.") for rule in fault.kills)
    key = KEY if about_keys else None
    with ReferenceServer(fault=fault.name if fault else None, api_key=key) as server:
        return check(server.url, api_key=key)


def failed(result: RunResult) -> set[str]:
    """The rules that failed, after a look that the run was whole and the kit itself well."""
    assert result.cut_short is None
    assert [outcome.rule.id for outcome in result.outcomes if outcome.kit_fault] == []
    return {outcome.rule.id for outcome in result.outcomes if outcome.verdict is Verdict.FAILED}


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_a_mutant_is_killed_by_the_rules_made_for_it_and_by_no_other(fault: Fault) -> None:
    result = checked(fault)
    noticed = failed(result)
    assert result.requests <= MOST_REQUESTS
    assert set(fault.kills) <= noticed
    allowed = {rule for rule in noticed if any(pattern == "*" or matches(rule, pattern) for pattern in fault.also)}
    assert noticed - set(fault.kills) <= allowed


def test_the_reference_itself_fails_no_rule() -> None:
    assert failed(checked(None)) == set()
