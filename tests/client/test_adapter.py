"""An adapter's mistakes are told as the adapter's, in one sentence with its last words, and lose nothing."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import chatconform
from chatconform.core.scenario_result import ScenarioOutcome
from chatconform.run import adapter
from chatconform.run.adapter import AdapterError, AdapterProcess, Hello, hello_of
from chatconform.run.client import InProcess, drive
from chatconform.scenarios.catalogue import select

MINI = [sys.executable, str(Path(__file__).parent / "mini.py")]
FEW = ("ns.plain", "ns.meta", "ns.unicode", "ns.chunked")


def run(how: str, only: tuple[str, ...] = FEW, **options: float):
    return drive(partial(AdapterProcess, [*MINI, how]), scenarios=select(only), **options)


def test_a_good_adapter_passes() -> None:
    result = run("well")
    assert [one.outcome for one in result.scenarios] == [ScenarioOutcome.PASSED] * 4
    assert (result.client, result.cut_short, result.exit_status()) == ("mini", None, 0)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("rubbish-hello", 'wrote what is no JSON line: "hello\\?"'),
        ("wrong-hello", "hello is not as the protocol says: /hello"),
        ("protocol-2", "speaks protocol 2; this kit speaks 1"),
        ("dies-first", 'ended with status 3 before it said hello; its last words: "no such module: client"'),
    ],
)
def test_an_adapter_that_does_not_begin_is_one_sentence(how: str, sentence: str) -> None:
    with pytest.raises(AdapterError, match=sentence):
        run(how)


def test_an_adapter_that_says_nothing_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "HELLO_WITHIN", 0.3)
    with pytest.raises(AdapterError, match="did not say hello within"):
        run("silent")


def test_a_command_that_does_not_exist_is_one_sentence() -> None:
    with pytest.raises(AdapterError, match='cannot start "no-such-command": No such file'):
        AdapterProcess(["no-such-command"])


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("dies", 'ended with status 4 while calls were out; its last words: "the engine broke"'),
        ("rubbish", 'wrote what is no JSON line: "DEBUG: sent it"'),
    ],
)
def test_an_adapter_that_breaks_later_loses_nothing_that_was_done(how: str, sentence: str) -> None:
    result = run(how, concurrency=1)
    assert [one.scenario.id for one in result.scenarios] == ["ns.plain"]
    assert sentence in (result.cut_short or "")
    assert result.exit_status() == 2


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("no-ok", "reply is not as the protocol says: 'ok' is a required property"),
        ("another", "answered what was not asked"),
        ("twice", "answered twice"),
    ],
)
def test_a_reply_that_is_none_is_the_adapters_mistake(how: str, sentence: str) -> None:
    result = run(how, concurrency=1)
    assert sentence in (result.cut_short or "")
    assert result.exit_status() == 2


def test_a_mistake_after_the_last_reply_is_told_as_well() -> None:
    result = run("twice", ("ns.plain",))
    assert [one.outcome for one in result.scenarios] == ["passed"]
    assert "answered twice" in (result.cut_short or "")
    assert result.exit_status() == 2


def test_of_another_protocol_only_its_number_is_read() -> None:
    with pytest.raises(AdapterError, match="the adapter speaks protocol 2; this kit speaks 1"):
        hello_of({"hello": {"protocol": 2, "client": ["what", "ever"]}})


def test_a_flood_of_words_is_read_and_forgotten() -> None:
    assert run("floods").cut_short is None


def test_a_call_that_hangs_costs_one_scenario_and_a_restart() -> None:
    result = run("hangs", concurrency=2, timeout=1.0)
    outcomes = {one.scenario.id: (one.outcome, one.kind) for one in result.scenarios}
    assert outcomes.pop("ns.meta") == ("failed", "hang")
    assert set(outcomes.values()) == {("passed", None)}
    assert result.restarts >= 1
    assert result.exit_status() == 1


def test_a_scenario_does_not_answer_for_others_that_hang_again_and_again() -> None:
    hanging = ("ns.meta", "ns.chunked", "ns.gzip", "ns.http10", "ns.ct-case")
    result = run("hangs-often", ("ns.unicode", *hanging), concurrency=8, timeout=0.4)
    outcomes = {one.scenario.id: (one.outcome, one.kind) for one in result.scenarios}
    assert outcomes.pop("ns.unicode") == ("passed", None)
    assert outcomes == dict.fromkeys(hanging, ("failed", "hang"))


def test_calls_that_hang_side_by_side_cost_one_restart() -> None:
    chosen = ("ns.meta", "ns.unicode", "ns.chunked")
    result = run("hangs-after-asking", chosen, concurrency=3, timeout=1.5)
    assert {one.kind for one in result.scenarios} == {"hang"}
    assert result.restarts == 1


def test_what_an_adapter_leaves_behind_holds_nothing_up() -> None:
    began = time.monotonic()
    assert run("leaves-a-child").exit_status() == 0
    result = run("leaves-a-child-and-dies", concurrency=1)
    assert "ended with status 7 while calls were out" in (result.cut_short or "")
    assert time.monotonic() - began < 25.0  # the child lives on for thirty seconds


def test_an_adapter_that_makes_one_call_at_a_time_is_not_late_for_it() -> None:
    lock = threading.Lock()

    def call(op: dict) -> dict:
        url = urlsplit(op["base_url"])
        timeout = op["options"]["timeout_s"]
        with lock, closing(http.client.HTTPConnection(url.hostname or "", url.port, timeout=timeout)) as connection:
            try:
                connection.request("POST", f"{url.path}/chat/completions", json.dumps(op["request"]))
                return {"ok": True, "completion": json.loads(connection.getresponse().read())}
            except TimeoutError as error:
                return {"ok": False, "error": {"kind": "timeout", "message": str(error)}}

    hello = Hello("one at a time", features=frozenset(["timeout"]), fields=frozenset(["content"]))
    chosen = select(["ns.slow-first-byte", "f.timeout"])
    result = drive(lambda: InProcess(call, hello), scenarios=chosen, concurrency=2)
    assert [(one.outcome, one.detail) for one in result.scenarios] == [("passed", "")] * 2


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (None, "the adapter function gave null, no reply of the protocol"),
        ({"ok": True}, "reply is not as the protocol says: 'completion' is a required property"),
        ({"id": "x", "unsupported": "all"}, 'the adapter function answered what was not asked: "x"'),
    ],
)
def test_a_function_that_gives_no_reply_is_the_adapters_mistake(reply: object, sentence: str) -> None:
    result = drive(lambda: InProcess(lambda _: reply, Hello("none")), scenarios=select(["ns.plain"]))
    assert sentence in (result.cut_short or "")


def test_a_client_that_gives_what_is_no_completion_is_no_mistake_of_the_adapter() -> None:
    result = drive(
        lambda: InProcess(lambda _: {"ok": True, "completion": []}, Hello("lists", fields=frozenset(["content"]))),
        scenarios=select(["ns.unicode", "f.400"]),
    )
    assert result.cut_short is None
    assert [(one.kind, one.detail) for one in result.scenarios] == [
        ("silent", "there was an error, and a value came out: []"),
        ("wrong", "is [], no completion"),
    ]


def test_a_client_is_checked_from_python_by_command_and_by_function() -> None:
    result = chatconform.check_client([*MINI, "well"], only=["ns.plain", "ns.t*"], skip=["ns.tool-calls-*"])
    assert (result.client, result.exit_status()) == ("mini", 0)
    assert {one.scenario.id for one in result.scenarios} == {
        one.id for one in select(["ns.plain", "ns.t*"], ["ns.tool-calls-*"])
    }
    result = chatconform.check_client(lambda _: {"unsupported": "anything"}, only=["ns.plain"])
    assert [one.outcome for one in result.scenarios] == [ScenarioOutcome.UNSUPPORTED]
    with pytest.raises(chatconform.AdapterError, match="cannot start"):
        chatconform.check_client("no-such-command at all")
    with pytest.raises(chatconform.UnknownIdError):
        chatconform.check_client([*MINI, "well"], only=["ns.plane"])


def test_what_a_client_cannot_do_is_unsupported_and_judges_nothing() -> None:
    result = run("cannot")
    assert {one.outcome for one in result.scenarios} == {ScenarioOutcome.UNSUPPORTED}
    assert result.exit_status() == 2


def test_only_declared_features_are_asked() -> None:
    result = run("well", ("st.plain", "ns.n2"))
    assert {one.detail for one in result.scenarios} == {
        "the client does not declare stream",
        "the client does not declare n",
    }
    assert result.requests == 0


def test_a_scenario_whose_foundation_failed_is_blocked() -> None:
    hello = Hello("none", features=frozenset(["stream"]), fields=frozenset(["content"]))
    client = InProcess(lambda op: {"id": op["id"], "ok": True, "completion": {"choices": []}}, hello)
    result = drive(lambda: client, scenarios=select(["ns.plain", "ns.unicode"]))
    assert [(one.scenario.id, one.outcome) for one in result.scenarios] == [
        ("ns.plain", ScenarioOutcome.FAILED),
        ("ns.unicode", ScenarioOutcome.BLOCKED),
    ]


def test_a_function_that_raises_is_the_adapters_mistake() -> None:
    def call(op: dict) -> dict:
        raise KeyError(op["op"])

    result = drive(lambda: InProcess(call, Hello("none")), scenarios=select(["ns.plain"]))
    assert result.cut_short == "the adapter function raised KeyError: 'chat'"
