"""What a run sees of failures, as a baseline and whoever replays name them."""

from __future__ import annotations

from typing import Any

import pytest

from chatconform.core.failure import CUT_SHORT, failure_id
from chatconform.run.client_checking import check_client
from chatconform.run.recordings import validate
from chatconform.run.server import check

SUM = "response.usage.total-is-the-sum"
WRONG = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 7}


def test_the_same_failures_have_the_same_ids_in_every_run(small: Any) -> None:
    server = small.serve(lambda _: small.completion(usage=WRONG))
    first, second = (check(server.url, only=["response.usage"], timeout=2.0).sight() for _ in range(2))
    assert {one.id for one in first.failures} == {one.id for one in second.failures}
    assert failure_id(SUM, "/usage/total_tokens") in {one.id for one in first.failures}


def test_of_a_part_of_the_cases_a_rule_that_passed_was_looked_at_and_one_that_failed_was_not(small: Any) -> None:
    server = small.serve(lambda _: small.completion(usage=WRONG))
    seen = check(server.url, only=["response.usage"], timeout=2.0).sight()
    assert seen.unjudged[SUM] == "not all cases were played"
    assert "response.usage.is-told" in seen.judged


def test_a_run_that_was_cut_short_looked_at_nothing_whole(small: Any) -> None:
    server = small.serve(lambda _: small.completion())
    seen = check(server.url, only=["response"], timeout=2.0, max_requests=8).sight()
    assert seen.judged == {}
    assert CUT_SHORT in seen.unjudged.values()


def client(_: dict[str, Any]) -> dict[str, Any]:
    """A client that says the same whatever it is sent, and sends nothing."""
    message = {"role": "assistant", "content": "no"}
    return {"ok": True, "completion": {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}}


def test_of_a_part_of_the_scenarios_no_rule_on_requests_was_looked_at() -> None:
    seen = check_client(client, only=["ns.plain", "ns.unicode"]).sight()
    assert {one.name for one in seen.failures} >= {"ns.plain"}
    assert {"ns.plain"} <= seen.judged.keys()
    assert not [name for name in seen.judged if name.startswith("request.")]


def test_a_client_is_held_to_a_baseline(tmp_path: Any) -> None:
    known = tmp_path / "known.txt"
    known.write_text("[client]\nns.plain  # says no\n")
    assert check_client(client, only=["ns.plain"]).exit_status() == 1
    assert check_client(client, only=["ns.plain"], baseline=known).exit_status() == 0


@pytest.mark.parametrize("missing", [True, False])
def test_recordings_that_were_not_all_read_call_nothing_stale(tmp_path: Any, missing: bool) -> None:
    good, known = tmp_path / "good.jsonl", tmp_path / "known.txt"
    good.write_text('{"model":"m","messages":[{"role":"user","content":"x"}]}\n')
    known.write_text("schema.create-chat-completion-request  /n\n")
    paths = [good, *([tmp_path / "nowhere.jsonl"] if missing else [])]
    assert validate(paths, baseline=known).exit_status() == (2 if missing else 1)
