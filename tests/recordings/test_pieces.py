"""A file cut in pieces comes to what it comes to whole, whoever judges the pieces."""

from __future__ import annotations

import gc
import json
import multiprocessing
import random
import weakref
from typing import Any

import pytest

import chatconform
from chatconform.core.recording import from_json
from chatconform.core.rule import Level
from chatconform.core.tally import Tally
from chatconform.core.validation_result import ValidationResult
from chatconform.recordings.record import Lines, Recorded
from chatconform.run import jobs, pieces
from chatconform.run.judging import Bench, Judged, Wish
from chatconform.run.recordings import validate_files


def mixed(traffic: Any, count: int) -> str:
    """Lines of every kind, some of them broken, of all lengths."""
    chance = random.Random(3)
    made = [
        lambda: json.dumps(traffic.request(user="u" * chance.randrange(400))),
        lambda: json.dumps(traffic.response()),
        lambda: json.dumps(traffic.request(temperature="warm")),
        lambda: json.dumps(traffic.exchange(traffic.request(n=2))),
        lambda: "{bad",
        lambda: "",
    ]
    return "\n".join(chance.choice(made)() for _ in range(count)) + "\n"


def plain(result: ValidationResult) -> list[Any]:
    """All that a result says but for how long it took."""
    told = [
        (
            outcome.rule.id,
            outcome.counts,
            outcome.findings,
            [
                (place.pointer, place.count, [(e.exchange.origin, e.finding, e.excerpt) for e in place.examples])
                for place in outcome.places.values()
            ],
        )
        for outcome in result.outcomes
    ]
    return [told, dict(result.records), result.size, result.notes]


def test_pieces_of_any_size_come_to_what_the_whole_comes_to(
    folder: Any, traffic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = mixed(traffic, 400)
    path = folder.write("a.jsonl", text)
    whole = plain(validate_files([path]))
    for size in (1, 100, 1000, 5000, len(text) - 1, len(text)):
        monkeypatch.setattr(pieces, "STRETCH", size)
        planned = pieces.plan([path], frozenset([path]), None, jobs=2)
        assert sum(piece.length or 0 for piece in planned.pieces) == len(text)
        monkeypatch.setattr(jobs, "WORTH_IT", 10**12)  # judged here, piece by piece
        assert plain(validate_files([path], jobs=2)) == whole


def test_processes_come_to_what_one_process_comes_to(
    folder: Any, traffic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [folder.write(f"{name}.jsonl", mixed(traffic, 300)) for name in "ab"]
    paths.append(folder.write("c.sse", traffic.stream("a", "b") * 3))
    alone = plain(validate_files(paths))
    monkeypatch.setattr(pieces, "STRETCH", 20_000)
    monkeypatch.setattr(jobs, "WORTH_IT", 0)
    assert plain(validate_files(paths, jobs=2)) == alone


def test_what_a_process_that_died_did_not_hand_over_is_judged_here(
    folder: Any, traffic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder.write("a.jsonl", mixed(traffic, 300))
    alone = plain(validate_files([path]))
    monkeypatch.setattr(pieces, "STRETCH", 10_000)
    monkeypatch.setattr(jobs, "WORTH_IT", 0)
    wish, planned = Wish(), pieces.plan([path], frozenset([path]), None, jobs=2)
    got = []
    for number, pair in enumerate(jobs.shares(planned.pieces, wish, (), 2)):
        got.append(pair)
        if number == 1:
            for process in multiprocessing.active_children():
                process.kill()
    assert [piece for piece, _ in got] == list(planned.pieces)
    lines = sum(share.judged.lines for _, share in got)
    assert lines == 300
    assert sum(sum(share.judged.records.values()) for _, share in got) == sum(alone[1].values())


def judged(lines: list[bytes]) -> Judged:
    bench = Bench(Wish(), "x")
    bench.take(Lines(1, lines))
    return bench.take_off()


def test_tallies_of_neighbouring_lines_merge_to_the_tally_of_all(traffic: Any) -> None:
    lines = mixed(traffic, 200).encode().splitlines()
    whole = judged(lines)
    merged, before = Judged(Tally(())), 0
    for start in range(0, len(lines), 37):
        part = judged(lines[start : start + 37])
        before, moved = before + part.lines, part.moved(before)
        merged.merge(moved)
    assert merged.records == whole.records
    assert {rule: outcome.counts for rule, outcome in merged.tally.outcomes.items()} == {
        rule: outcome.counts for rule, outcome in whole.tally.outcomes.items()
    }
    found = {
        rule: [(e.exchange.origin.step, e.finding) for e in outcome.examples()]
        for rule, outcome in whole.tally.outcomes.items()
    }
    assert found == {
        rule: [(e.exchange.origin.step, e.finding) for e in outcome.examples()]
        for rule, outcome in merged.tally.outcomes.items()
    }


def test_examples_of_findings_hold_no_bodies(folder: Any, traffic: Any) -> None:
    result = folder.judge([traffic.exchange(traffic.request(n=2, user="u" * 9000))] * 5)
    (outcome,) = result.failed(Level.MUST)
    assert outcome.findings == 5
    assert all(example.exchange.request.body == b"" for example in outcome.examples())
    assert all(len(example.excerpt or "") < 200 for example in outcome.examples())


def test_an_exchange_that_was_judged_is_let_go_without_a_search_for_cycles(traffic: Any) -> None:
    gc.disable()
    try:
        exchange = from_json(traffic.exchange())
        left = weakref.ref(exchange)
        bench = Bench(Wish(), "x")
        bench.take(Recorded(1, exchange))
        del exchange
        assert left() is None
    finally:
        gc.enable()


def test_values_lines_and_exchanges_are_judged_from_python(traffic: Any, folder: Any) -> None:
    exchange = from_json(traffic.exchange(traffic.request(n=2)))
    bad = traffic.request(temperature="warm")
    path = folder.path / "a.jsonl"
    folder.write("a.jsonl", [bad])
    result = chatconform.validate([bad, json.dumps(bad), json.dumps(bad).encode(), traffic.exchange(), exchange, path])
    failed = {outcome.rule.id: outcome.findings for outcome in result.failed(Level.MUST)}
    assert failed["schema.create-chat-completion-request"] == 4
    assert failed["response.choices.are-as-many-as-asked"] == 1
    assert result.exit_status() == 1
    with pytest.raises(TypeError, match=r"write validate\(\[record\]\)"):
        chatconform.validate(bad)


def test_a_secret_of_a_recording_is_in_no_finding(folder: Any, traffic: Any) -> None:
    secret = "sk-verysecretkey0123456789"
    record = traffic.exchange(traffic.request(n=2), traffic.response(model=f"m {secret}", object=secret))
    record["request"]["headers"] = [["Authorization", f"Bearer {secret}"], ["content-type", "application/json"]]
    result = folder.judge([record])
    told = repr([(e.finding, e.excerpt, e.exchange) for o in result.outcomes for e in o.examples()])
    assert "[redacted]" in told
    assert secret not in told
