"""Without a URL the reference is checked twice: wanting its key, and without one for what is about open servers."""

from __future__ import annotations

from chatconform import check
from chatconform.core.result import Verdict
from chatconform.reference import ReferenceServer
from chatconform.run.open_door import OPEN

WRONG_KEY = "response.keys.wrong-key-is-unauthorized"


def verdict(result, rule):
    return next(outcome.verdict for outcome in result.outcomes if outcome.rule.id == rule)


def test_rules_about_servers_with_a_key_and_about_open_ones_are_exercised_in_one_run():
    result = check(only=[OPEN, WRONG_KEY])
    assert verdict(result, OPEN) is Verdict.PASSED
    assert verdict(result, WRONG_KEY) is Verdict.PASSED
    assert [outcome.rule.id for outcome in result.outcomes] == [WRONG_KEY, OPEN]


def test_one_server_is_asked_for_one_of_them():
    with ReferenceServer(api_key="sk-here") as server:
        assert verdict(check(server.url, api_key="sk-here", only=[OPEN]), OPEN) is Verdict.INCONCLUSIVE
    with ReferenceServer() as server:
        assert verdict(check(server.url, only=[OPEN]), OPEN) is Verdict.PASSED
        assert verdict(check(server.url, only=[WRONG_KEY]), WRONG_KEY) is Verdict.INCONCLUSIVE


def test_the_open_server_costs_nothing_where_nothing_is_about_it():
    with_it = check(only=[OPEN, WRONG_KEY]).requests
    without_it = check(only=[WRONG_KEY]).requests
    assert without_it < with_it <= without_it + 4


def test_a_run_that_may_ask_no_more_tells_what_it_has():
    enough = check(only=[WRONG_KEY]).requests
    result = check(only=[OPEN, WRONG_KEY], max_requests=enough)
    assert result.requests == enough
    assert verdict(result, WRONG_KEY) is Verdict.PASSED
    assert verdict(result, OPEN) is Verdict.INCONCLUSIVE
