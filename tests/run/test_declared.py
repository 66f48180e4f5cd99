"""What is declared of a target decides whether a refusal is its right."""

from __future__ import annotations

from typing import Any

import pytest

from chatconform.core.ask import Ask
from chatconform.core.case import case
from chatconform.core.result import Verdict
from chatconform.core.rule import Level, Part, rule
from chatconform.rules.capabilities import find_capability
from chatconform.run.choice import choose
from chatconform.run.declared import declare
from chatconform.run.reach import CannotCheckError
from chatconform.run.server import check


def test_what_a_target_lacks_is_not_asked_for_and_not_judged():
    declared = declare(lack=["logprobs"])
    choice = choose(only=["response.logprobs", "response.usage"], declared=declared)
    needy = [rule for rule in choice.rules if rule.needs is not None and rule.needs.name == "logprobs"]
    assert needy
    assert set(choice.judged) == set(choice.rules) - set(needy)
    alone = choose(only=[needy[0].id], declared=declared)
    assert alone.cases == ()


def test_what_a_target_lacks_is_unsupported_in_the_result():
    result = check(only=["response.logprobs", "response.usage"], lack=["logprobs"])
    lacking = [o for o in result.outcomes if o.rule.needs is not None and o.rule.needs.name == "logprobs"]
    assert lacking
    assert {outcome.verdict for outcome in lacking} == {Verdict.UNSUPPORTED}
    assert lacking[0].reasons == ["the target is declared to lack log probabilities"]
    assert result.exit_status() == 0


@rule("response.fake.several", Level.MUST, on=Part.COMPLETION, source="the tests", needs=find_capability("n"))
def several(_: Any) -> Any:
    """Several choices come.

    For the tests.
    """
    yield from ()


@case("fake.ask", exercises=["response.fake"], most=1)
def asks(situation: Any) -> Any:
    """Asks."""
    ask = situation.chat("Say hello.", n=3)
    yield Ask(ask.body)


@pytest.fixture
def refusing(small) -> Any:
    """A server that gives one choice only."""
    return small.serve(lambda seen: small.error(400, "One is enough.") if "n" in seen.body else small.completion())


def verdict(result: Any) -> Verdict:
    return result.outcomes[0].verdict


def test_a_refusal_is_the_targets_right(refusing, check_with):
    assert verdict(check_with(refusing.url, [several], [asks])) is Verdict.UNSUPPORTED


@pytest.mark.parametrize("options", [{"have": ["n"]}, {"require": True}])
def test_what_a_target_has_it_may_not_refuse(refusing, check_with, options):
    result = check_with(refusing.url, [several], [asks], **options)
    assert verdict(result) is Verdict.FAILED
    example = result.outcomes[0].examples()[0]
    assert example.finding.message == (
        "the target refuses several choices (`n`) with status 400, and is declared to have it"
    )
    assert example.exchange.id == "fake.ask#0"


def test_having_something_else_changes_nothing(refusing, check_with):
    assert verdict(check_with(refusing.url, [several], [asks], have=["tools"])) is Verdict.UNSUPPORTED


def test_an_unknown_capability_is_told_with_near_ones():
    with pytest.raises(CannotCheckError, match="there is no capability 'logprob'; near: logprobs"):
        check(have=["logprob"])


def test_nothing_is_both_had_and_lacked():
    with pytest.raises(CannotCheckError, match="cannot both have and lack tools"):
        declare(have=["tools"], lack=["tools"])


def test_a_request_that_is_refused_for_itself_is_no_refusal_of_what_is_declared():
    result = check(only=["response.structured"], require=True)
    assert {outcome.verdict for outcome in result.outcomes} == {Verdict.PASSED}


def test_what_is_refused_and_judged_by_no_rule_is_told():
    told = "Declared, and refused all the same, where no rule judges it: web-search."
    only = ["response.naming.lacking-parameter-is-named"]
    assert told in check(only=only, have=["web-search"]).notes
    assert told not in check(only=only).notes
