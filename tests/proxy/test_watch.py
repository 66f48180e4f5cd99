"""Traffic is judged and recorded on the side, and what was not judged is told."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import chatconform
from chatconform.core.rule import Level, Rule
from chatconform.core.tally import Example
from chatconform.reference.server import MODEL, ReferenceServer
from chatconform.run import aside as asides
from chatconform.run.aside import DIED, Aside
from chatconform.run.desk import Assignment
from chatconform.run.judging import Wish
from chatconform.run.proxy import Watch
from chatconform.run.reach import CannotCheckError
from chatconform.run.recordings import validate_files
from chatconform.targets.passage import Passage

KEY = "sk-very-secret-0123456789"
ASKED = {"model": MODEL, "messages": [{"role": "user", "content": "Say something short."}]}
HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(json.dumps(ASKED))
)


def ask(url: str, body: Any, path: str = "/chat/completions") -> tuple[int, bytes]:
    """Asks once, with a key."""
    base = urlsplit(url)
    connection = http.client.HTTPConnection(base.netloc, timeout=20)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}", "X-Api-Key": KEY}
    connection.request("POST", base.path + path, body if isinstance(body, str) else json.dumps(body), headers)
    answer = connection.getresponse()
    told = answer.status, answer.read()
    connection.close()
    return told


@pytest.fixture
def reference() -> Iterator[ReferenceServer]:
    with ReferenceServer() as server:
        yield server


def wait_until(true: Callable[[], bool]) -> None:
    """Waits until something is the case."""
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)


def passage(body: bytes = json.dumps(ASKED).encode()) -> Passage:
    """A passage that was answered with an empty object."""
    one = Passage(HEAD, "POST", "/v1/chat/completions", 0.0)
    one.keep_asked(body)
    one.keep_answered(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 0.1)
    return one


def test_correct_traffic_breaks_no_rule(reference: ReferenceServer, tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    with Watch(reference.url, record=str(file)) as watch:
        assert ask(watch.url, ASKED)[0] == 200
        assert ask(watch.url, {**ASKED, "stream": True, "stream_options": {"include_usage": True}})[0] == 200
        assert ask(watch.url, {**ASKED, "n": 2})[0] == 200
        assert ask(watch.url.removesuffix("/v1"), ASKED)[0] == 200
        assert ask(watch.url, {}, "/somewhere/else")[0] == 404
    result = watch.result()
    assert result.failed(Level.MUST, Level.SHOULD) == []
    assert result.records == {"exchanges": 4}
    assert result.exit_status() == 0
    assert any("1 request to /v1/somewhere/else" in note for note in result.notes)
    again = validate_files([str(file)])
    assert again.records == {"exchanges": 4}
    assert {o.rule.id: o.counts for o in again.outcomes} == {o.rule.id: o.counts for o in result.outcomes}
    assert KEY not in file.read_text()


def test_a_breach_is_told_while_traffic_goes_on_and_only_once_a_place(tmp_path: Path) -> None:
    told: list[tuple[Rule, Example]] = []
    here = threading.Event()

    def found(rule: Rule, example: Example) -> None:
        told.append((rule, example))
        here.set()

    file = tmp_path / "traffic.jsonl"
    with (
        ReferenceServer(fault="usage-counts-in-strings") as server,
        Watch(server.url, record=str(file), found=found) as watch,
    ):
        assert ask(watch.url, ASKED)[0] == 200
        assert here.wait(30)
        assert ask(watch.url, ASKED)[0] == 200
    rule, example = told[0]
    assert (rule.id, example.exchange.origin.case, example.exchange.origin.step) == (
        "response.body.matches-its-type",
        str(file),
        1,
    )
    assert len({(rule.id, example.finding.pointer) for rule, example in told}) == len(told)
    result = watch.result()
    (outcome,) = result.failed(Level.MUST)
    assert outcome.findings == 2
    assert result.exit_status() == 1
    assert validate_files([str(file)]).failed(Level.MUST)[0].findings == 2


def test_a_client_is_judged_as_well(reference: ReferenceServer) -> None:
    with Watch(reference.url) as watch:
        assert ask(watch.url, '{"model": NaN}')[0] == 400
    assert "request.http.body-is-json" in [outcome.rule.id for outcome in watch.result().failed(Level.MUST)]


def test_keys_stand_nowhere_in_a_recording(reference: ReferenceServer, tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    with Watch(reference.url, record=str(file)) as watch:
        ask(watch.url, {**ASKED, "metadata": {"key": KEY}}, f"/chat/completions?api-key={KEY}")
    (line,) = file.read_bytes().splitlines()
    assert KEY.encode() not in line
    recorded = json.loads(line)
    headers = {name.lower(): value for name, value in recorded["request"]["headers"]}
    assert headers["authorization"] == "Bearer [redacted]"
    assert headers["x-api-key"] == "[redacted]"
    assert recorded["request"]["target"] == "/v1/chat/completions?api-key=[redacted]"


def test_a_recording_is_added_to(reference: ReferenceServer, tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    file.write_bytes(b'{"cut":')
    places = []
    for _ in range(2):
        with Watch(reference.url, record=str(file)) as watch:
            ask(watch.url, {**ASKED, "temperature": "warm"})
        places += [e.exchange.origin.step for o in watch.result().failed(Level.MUST) for e in o.examples()]
    assert set(places) == {2, 3}
    assert [line[:8] for line in file.read_bytes().splitlines()] == [b'{"cut":', b'{"case":', b'{"case":']


def test_a_target_that_is_not_there_is_told_and_not_judged(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    told: list[str] = []
    with Watch("http://127.0.0.1:9/v1", record=str(file), trouble=told.append) as watch:
        for _ in range(3):
            status, body = ask(watch.url, ASKED)
            assert status == 502
            assert json.loads(body)["error"]["code"] == "target_unreachable"
    result = watch.result()
    assert len(told) == 1
    assert "127.0.0.1:9 cannot be reached" in told[0]
    assert any(note.startswith("3 x The target did not answer") for note in result.notes)
    assert result.failed() == []
    assert all(outcome.rule.id.startswith("request.") for outcome in result.outcomes)


def test_a_process_that_dies_is_told_and_traffic_goes_on(reference: ReferenceServer) -> None:
    with Watch(reference.url) as watch:
        assert ask(watch.url, ASKED)[0] == 200
        wait_until(lambda: watch.aside.judged.records["exchanges"] == 1)
        first = watch.aside.process
        os.kill(first.pid, signal.SIGKILL)
        wait_until(lambda: watch.aside.process is not first)
        assert ask(watch.url, ASKED)[0] == 200
    result = watch.result()
    assert result.records == {"exchanges": 2}
    assert result.cut_short is not None
    assert DIED in result.cut_short
    assert result.exit_status() == 2


def test_what_cannot_be_judged_in_time_is_dropped_and_counted() -> None:
    aside = Aside(Assignment(Wish()), lambda _rule, _example: None, most_held=3 * passage().size)
    os.kill(_pid(aside), signal.SIGSTOP)
    for _ in range(500):
        aside.take(passage(b" " * 100_000))
    assert aside.dropped > 400
    os.kill(_pid(aside), signal.SIGCONT)
    aside.take(passage())
    aside.finish()
    assert aside.judged.records["exchanges"] + aside.dropped + aside.unread.total() == 501
    assert aside.lost == 0


def test_an_interrupt_while_the_rest_is_judged_keeps_what_is_known(reference: ReferenceServer) -> None:
    watch = Watch(reference.url)
    assert ask(watch.url, ASKED)[0] == 200
    wait_until(lambda: watch.aside.judged.records["exchanges"] == 1)
    os.kill(_pid(watch.aside), signal.SIGSTOP)
    assert ask(watch.url, ASKED)[0] == 200
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    watch.close()
    result = watch.result()
    assert result.records == {"exchanges": 1}
    assert result.cut_short == "it was interrupted before 1 request could be judged"
    assert result.exit_status() == 2


def _pid(aside: Aside) -> int:
    wait_until(lambda: aside.process is not None and aside.process.pid is not None)
    return int(aside.process.pid)


def test_processes_that_die_at_once_are_not_started_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asides, "sit_down", _die)
    aside = Aside(Assignment(Wish()), lambda _rule, _example: None)
    for _ in range(10):
        aside.take(passage())
    aside.finish()
    assert aside.problems == [DIED]
    assert aside.lost + aside.dropped == 10
    assert aside.judged.records.total() == 0


def _die(*_: object) -> None:
    os._exit(3)


def test_what_is_coded_in_an_unknown_way_is_passed_and_not_judged() -> None:
    aside = Aside(Assignment(Wish()), lambda _rule, _example: None)
    one = passage()
    one.answer = [(0.1, b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n\x00\x01")]
    aside.take(one)
    aside.finish()
    assert aside.unread.total() == 1
    assert aside.judged.findings == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"upstream": "localhost:1"}, "no scheme"),
        ({"upstream": "http://h/v1?a=1"}, "query"),
        ({"upstream": "http://h", "profile": "none"}, "profile"),
        ({"upstream": "http://h", "record": "/"}, "cannot be written"),
        ({"upstream": "http://h", "host": "203.0.113.1"}, "cannot listen"),
    ],
)
def test_what_cannot_be_used_is_told(given: dict[str, Any], words: str) -> None:
    with pytest.raises(CannotCheckError, match=words):
        Watch(**given)


def test_the_kit_finds_through_the_proxy_what_it_finds_without(reference: ReferenceServer) -> None:
    with Watch(reference.url) as watch:
        through = chatconform.check(watch.url, only=["response.errors", "stream.framing", "response.http"])
    assert through.failed(Level.MUST, Level.SHOULD) == []
    server_side = [o.rule.id for o in watch.result().failed(Level.MUST) if not o.rule.id.startswith("request.")]
    assert server_side == []
    assert watch.result().records["exchanges"] > 20
