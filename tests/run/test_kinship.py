"""What is known of a target's family is told beside a failure, and changes no verdict."""

from __future__ import annotations

from typing import Any

from chatconform.core.judge import judge
from chatconform.core.recording import from_json
from chatconform.core.tally import Tally
from chatconform.rules.catalogue import find
from chatconform.run.kinship import MOST_FIELDS, Kinship

KEYS = find("response.errors.error-has-all-keys")
ERROR = {"error": {"message": "No.", "type": "invalid_request_error", "code": None}}


def exchange(body: Any, status: int = 200, server: str = "unknown") -> Any:
    headers = [["content-type", "application/json"], ["server", server]]
    return from_json({"request": {"json": {}}, "response": {"status": status, "headers": headers, "json": body}})


def told(server: str) -> tuple[Tally, Kinship]:
    refusal = exchange(ERROR, 400, server)
    tally, kinship = Tally([KEYS]), Kinship()
    tally.add(judge(refusal, [KEYS]))
    kinship.see(refusal)
    kinship.explain(tally.outcomes.values())
    return tally, kinship


def test_a_documented_deviation_is_told_and_still_fails() -> None:
    tally, kinship = told("llama.cpp")
    outcome = tally.outcomes[KEYS.id]
    assert outcome.known == "documented of llama.cpp: errors have no `param`"
    assert outcome.verdict == "failed"
    assert kinship.notes() == ["By what it answers, this is the HTTP server of llama.cpp."]


def test_nothing_is_told_of_a_target_of_no_family() -> None:
    tally, kinship = told("nginx")
    assert tally.outcomes[KEYS.id].known is None
    assert kinship.notes() == []


def test_nothing_is_told_where_the_rule_is_kept() -> None:
    tally, kinship = Tally([KEYS]), Kinship()
    kinship.see(exchange(ERROR, 400, "llama.cpp"))
    tally.add(judge(exchange({"error": {**ERROR["error"], "param": None}}, 400), [KEYS]))
    kinship.explain(tally.outcomes.values())
    assert tally.outcomes[KEYS.id].known is None


def test_fields_beyond_the_published_api_are_told_with_whose_they_are() -> None:
    kinship = Kinship()
    kinship.see(exchange({"id": "x", "timings": {"a": 1}, "my_own": 1, "usage": {"prompt_cache_hit_tokens": 3}}))
    (*_, fields) = kinship.notes()
    assert "/timings (llama.cpp: how long the prompt and the answer took)" in fields
    assert "/my_own (of no documented family)" in fields
    assert "/usage/prompt_cache_hit_tokens (DeepSeek: " in fields


def test_a_target_that_invents_fields_fills_no_report() -> None:
    kinship = Kinship()
    for number in range(50):
        kinship.see(exchange({f"field_{number * 100 + n}\x1b": n for n in range(100)}))
    (note,) = kinship.notes()
    assert note.count("field_") == MOST_FIELDS
    assert len(note) < 2000
    assert "\x1b" not in note
