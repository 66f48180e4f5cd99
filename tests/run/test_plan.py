"""A dry run tells what would be sent, and sends nothing to the target."""

from __future__ import annotations

from chatconform.run.plan import plan
from chatconform.run.server import check


def test_a_plan_holds_what_a_check_of_the_reference_server_sends():
    planned = plan(only=["response.usage"], seed=7)
    result = check(only=["response.usage"], seed=7)
    assert 0 < len(planned.requests) <= result.requests <= len(planned.requests) + 6


def test_a_plan_holds_the_requests_that_fuzzing_sends(monkeypatch):
    from chatconform.run.fuzz import Fuzz

    sent = []
    monkeypatch.setattr(Fuzz, "send", lambda _, probes, __: sent.extend(probe.ask.payload for probe in probes))
    check(only=["response.usage"], seed=7, fuzz=20)
    planned = plan(only=["response.usage"], seed=7, fuzz=20)
    assert [one.ask.payload for one in planned.generated] == sent
    assert len(sent) == 20
    assert planned.tokens > plan(only=["response.usage"], seed=7).tokens


def test_the_named_model_is_planned():
    assert {planned.ask.body["model"] for planned in plan(model="mine", only=["response.logprobs"]).requests} == {
        "mine"
    }


def test_the_same_seed_plans_the_same():
    assert plan(only=["response.tools"], seed=3) == plan(only=["response.tools"], seed=3)
    assert plan(only=["response.tools"], seed=3) != plan(only=["response.tools"], seed=4)


def test_tokens_are_bounded_by_limits_and_choices():
    planned = plan()
    assert planned.unlimited == 0
    assert 0 < planned.tokens < 20_000
    several = [one for one in planned.requests if isinstance(one.ask.body, dict) and one.ask.body.get("n") == 3]
    assert any(one.tokens == 3 * one.ask.body.get("max_tokens", 0) for one in several)
