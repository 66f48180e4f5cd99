"""The three-way table: honoured, refused, ignored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatconform.core.capability import Capability
from chatconform.core.recording import from_json
from chatconform.core.result import Verdict
from chatconform.core.run_result import Support
from chatconform.core.tally import Outcome
from chatconform.rules.capabilities import capabilities
from chatconform.rules.catalogue import rules
from chatconform.run.abilities import Abilities


def capability(name: str) -> Capability:
    """One that is asked for by a key of its name, and honoured as the answer's key of that name says."""
    return Capability(name, name, lambda body: name in body, lambda exchange: (exchange.answer or {}).get(name))


TOOLS, SEED, STOP = capability("tools"), capability("seed"), capability("stop")


def exchange(step: int, asked: list[str], status: int = 200, **shown: Any) -> Any:
    request = {"json": dict.fromkeys(asked, 1)}
    return from_json(
        {"case": "c", "step": step, "request": request, "response": {"status": status, "json": shown or {"error": {}}}}
    )


def table(*exchanges: Any) -> dict[str, tuple[Support, str | None]]:
    abilities = Abilities((TOOLS, SEED, STOP))
    for one in exchanges:
        abilities.see(one)
    return {status.capability.name: (status.support, status.exchange) for status in abilities.table()}


def test_an_effect_that_was_seen_is_honoured_and_one_that_was_missing_is_ignored():
    seen = table(exchange(1, ["tools", "seed", "stop"], tools=True, seed=False, id="x"))
    assert seen == {
        "tools": (Support.HONOURED, "c#1"),
        "seed": (Support.IGNORED, "c#1"),
        "stop": (Support.UNKNOWN, None),
    }


def test_an_effect_that_was_seen_even_once_is_honoured():
    assert table(exchange(1, ["tools"], tools=False), exchange(2, ["tools"], tools=True))["tools"] == (
        Support.HONOURED,
        "c#2",
    )


@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_alone_was_asked_for_and_refused_is_refused(status):
    assert table(exchange(1, ["tools"], status))["tools"] == (Support.REFUSED, "c#1")


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_what_speaks_of_time_load_or_identity_refuses_nothing(status):
    assert table(exchange(1, ["tools"], status))["tools"] == (Support.UNKNOWN, None)


def test_what_is_honoured_elsewhere_did_not_cause_a_refusal():
    seen = table(exchange(1, ["tools", "seed"], 400), exchange(2, ["tools"], tools=True))
    assert seen["tools"] == (Support.HONOURED, "c#2")
    assert seen["seed"] == (Support.REFUSED, "c#1")


def test_what_is_refused_alone_explains_the_refusals_of_more():
    seen = table(exchange(1, ["tools", "seed"], 400), exchange(2, ["tools"], 400))
    assert seen["tools"] == (Support.REFUSED, "c#2")
    assert seen["seed"] == (Support.UNKNOWN, None)


def test_what_is_accepted_elsewhere_did_not_cause_a_refusal_though_nobody_saw_its_effect():
    seen = table(exchange(1, ["tools", "seed"], 400), exchange(2, ["seed"], id="x"))
    assert seen["tools"] == (Support.REFUSED, "c#1")
    assert seen["seed"] == (Support.UNKNOWN, None)


def test_what_is_refused_with_few_explains_the_refusals_of_more():
    seen = table(exchange(1, ["tools", "seed", "stop"], 400), exchange(2, ["tools", "seed"], 400))
    assert seen["tools"] == seen["seed"] == (Support.REFUSED, "c#2")
    assert seen["stop"] == (Support.UNKNOWN, None)


def test_a_refusal_speaks_of_the_parameter_that_its_error_names():
    error = {"message": "No.", "type": "invalid_request_error", "param": "seed[0].value", "code": None}
    seen = table(exchange(1, ["tools", "seed"], 400, error=error))
    assert seen["seed"] == (Support.REFUSED, "c#1")
    assert seen["tools"] == (Support.UNKNOWN, None)
    elsewhere = table(exchange(1, ["tools", "temperature"], 400, error={**error, "param": "temperature"}))
    assert elsewhere["tools"] == (Support.UNKNOWN, None)


def test_the_table_does_not_depend_on_the_order_in_time():
    exchanges = [
        exchange(1, ["tools", "seed"], 400),
        exchange(2, ["tools"], tools=True),
        exchange(3, ["tools"], tools=True),
        exchange(4, ["stop"], stop=False),
    ]
    assert table(*exchanges) == table(*reversed(exchanges))


@pytest.mark.parametrize(
    ("first", "second", "support"),
    [
        (Verdict.PASSED, Verdict.PASSED, Support.HONOURED),
        (Verdict.PASSED, Verdict.INCONCLUSIVE, Support.UNKNOWN),
        (Verdict.PASSED, Verdict.FAILED, Support.UNKNOWN),
        (Verdict.PASSED, None, Support.UNKNOWN),
        (Verdict.FAILED, Verdict.PASSED, Support.IGNORED),
        (Verdict.NOT_EXERCISED, Verdict.NOT_EXERCISED, Support.UNKNOWN),
    ],
)
def test_what_no_exchange_shows_alone_is_shown_by_rules(first, second, support):
    seed = replace(SEED, shown_by=("series.seeds.same-seed-repeats", "series.seeds.other-seeds-vary"))
    told = {rule: verdict for rule, verdict in zip(seed.shown_by, (first, second), strict=True) if verdict is not None}
    outcomes = {name: Outcome(rules_by_id()[name], {verdict: 1}) for name, verdict in told.items()}
    (status,) = Abilities((seed,)).table(outcomes)
    assert (status.support, status.exchange) == (support, None)


def rules_by_id():
    return {rule.id: rule for rule in rules()}


def test_what_was_refused_is_not_shown_by_rules():
    outcomes = {"series.seeds.same-seed-repeats": Outcome(rules_by_id()["series.seeds.same-seed-repeats"])}
    abilities = Abilities((replace(SEED, shown_by=tuple(outcomes)),))
    abilities.see(exchange(1, ["seed"], 400))
    (status,) = abilities.table(outcomes)
    assert status.support is Support.REFUSED


def test_a_capability_is_shown_by_rules_that_need_it():
    for one in capabilities():
        needed = [rules_by_id()[name].needs for name in one.shown_by]
        assert not needed or needed[0] is one
