"""Only what the chosen rules need is asked, and only rules about servers are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatconform.cases.catalogue import cases, those_for
from chatconform.core.naming import UnknownIdError, matches
from chatconform.core.rule import Level, Part
from chatconform.rules.catalogue import exercised_by, rules
from chatconform.run.choice import choose
from chatconform.run.reach import CannotCheckError


def test_everything_is_chosen_but_what_clients_send():
    choice = choose()
    assert set(choice.cases) == set(cases())
    assert all(rule.on is not Part.REQUEST for rule in choice.rules)
    assert {rule.id for rule in rules()} - {rule.id for rule in choice.rules} == {
        rule.id for rule in rules() if rule.id.startswith("request.") or rule.on is Part.REQUEST
    }


def test_a_rule_chooses_the_cases_that_are_made_for_it_and_no_others():
    choice = choose(only=["response.logprobs.entries-have-their-shape"])
    assert [rule.id for rule in choice.rules] == ["response.logprobs.entries-have-their-shape"]
    assert choice.cases
    assert all(
        any(matches("response.logprobs.entries-have-their-shape", pattern) for pattern in case.exercises)
        for case in choice.cases
    )
    assert len(choice.cases) < len(cases()) / 4


def test_the_first_words_of_ids_choose_an_area_and_globs_leave_rules_out():
    chosen = choose(only=["stream"], skip=["stream.tools", "*.usage.*"]).rules
    assert chosen
    assert all(rule.id.startswith("stream.") for rule in chosen)
    assert not [rule.id for rule in chosen if rule.id.startswith(("stream.tools", "stream.usage"))]


def test_an_unknown_rule_is_told_with_near_ones():
    with pytest.raises(
        UnknownIdError, match=r"no rule matches 'stream\.framing\.done-is-lost'.*stream\.framing\.done-is-last"
    ):
        choose(only=["stream.framing.done-is-lost"])


def test_nothing_left_is_told():
    with pytest.raises(CannotCheckError, match="were all skipped"):
        choose(skip=["*"])


def test_rules_about_what_clients_send_are_not_asked_of_a_server(monkeypatch):
    about_requests = [replace(rule, on=Part.REQUEST) for rule in rules()[:2]]
    monkeypatch.setattr("chatconform.run.choice.select", lambda *_: about_requests)
    with pytest.raises(CannotCheckError, match="speak about what clients send"):
        choose()


def test_the_openai_profile_asks_for_everything_as_published():
    compatible = {rule.id: rule.level for rule in choose().rules}
    published = {rule.id: rule.level for rule in choose(profile="openai").rules}
    raised = {rule_id for rule_id, level in compatible.items() if published[rule_id] is not level}
    assert raised == {rule.id for rule in rules() if rule.published not in {None, rule.level} and rule.id in compatible}
    assert published["response.message.refusal-key-is-there"] is Level.MUST


def test_an_unknown_profile_is_told():
    with pytest.raises(CannotCheckError, match="there is no profile 'azur'; choose from compatible, openai"):
        choose(profile="azur")


def test_every_pattern_of_a_case_names_a_rule():
    for case in cases():
        for pattern in case.exercises:
            assert exercised_by([pattern]), f"{case.id} is made for {pattern}, and there is no such rule"


def test_every_rule_about_servers_has_a_case():
    without = [rule.id for rule in choose().rules if not those_for([rule])]
    assert without == []


def test_ids_of_cases_are_unique():
    assert len({case.id for case in cases()}) == len(cases())


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_a_case_tells_its_purpose_in_a_sentence(case):
    assert case.purpose.endswith(".")
    assert case.most >= 1
