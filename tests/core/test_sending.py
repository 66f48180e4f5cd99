"""What goes to another process and back is what it was."""

import pickle

import pytest

from chatconform.core.json_text import NOT_JSON
from chatconform.core.recording import from_json, to_json
from chatconform.core.rule import Rule
from chatconform.recordings.requirements import record_rules
from chatconform.rules.catalogue import rules
from chatconform.run.profiles import leveled


@pytest.mark.parametrize("profile", ["compatible", "openai"])
def test_every_rule_can_be_sent(profile: str) -> None:
    sent: list[Rule] = [leveled(rule, profile) for rule in (*rules(), *record_rules())]
    assert pickle.loads(pickle.dumps(sent)) == sent


def test_an_exchange_that_was_looked_at_can_be_sent() -> None:
    exchange = from_json({"request": {"text": "{"}, "response": {"text": 'data: {"id":1}\n\n'}, "about": {"step": 1}})
    assert exchange.request.json is NOT_JSON
    assert exchange.assembled is not None
    sent = pickle.loads(pickle.dumps(exchange))
    assert to_json(sent) == to_json(exchange)
    assert sent.request.json is NOT_JSON
