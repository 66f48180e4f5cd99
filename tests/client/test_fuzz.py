"""Generated streams: legal in every way, the same for the same seed, and shrunk when a client reads them wrongly."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import h11
import pytest

from chatconform.core import sse
from chatconform.core.assembly import assemble
from chatconform.core.json_text import parse
from chatconform.core.scenario_result import ScenarioOutcome
from chatconform.run import client_fuzzing
from chatconform.run.adapter import Hello
from chatconform.run.client import InProcess, drive
from chatconform.run.client_fuzz import generated, needs, without_unknown
from chatconform.scenarios.catalogue import select
from chatconform.schemas import is_valid

ALL = frozenset({"stream", "tools", "custom_tools", "functions", "n", "logprobs"})
FIELDS = frozenset({"role", "content", "refusal", "tool_calls", "tool_ids", "finish_reason", "usage", "logprobs"})
PLAIN = select(["ns.plain", "st.plain"])


@pytest.mark.parametrize("number", range(120))
def test_a_generated_stream_spells_its_completion(number: int) -> None:
    made = generated(number, 7, ALL)
    transcript = sse.read((None, piece) for piece in made.pieces)
    spelled = assemble(parse(event.data) for event in transcript.events)
    if made.cut:
        assert not any(event.data == "[DONE]" for event in transcript.events)
        reasons = [choice["finish_reason"] for choice in (spelled or {"choices": []})["choices"]]
        assert all(reason is None for reason in reasons)
    else:
        assert spelled is not None
        for ours, theirs in zip(made.completion["choices"], spelled["choices"], strict=True):
            assert theirs["message"]["content"] == ours["message"]["content"]
            assert theirs["message"].get("tool_calls") == ours["message"].get("tool_calls")
            assert theirs["finish_reason"] == ours["finish_reason"]


def test_the_same_number_and_seed_give_the_same_stream() -> None:
    assert [generated(n, 3, ALL) for n in range(20)] == [generated(n, 3, ALL) for n in range(20)]
    assert [generated(n, 3, ALL) for n in range(20)] != [generated(n, 4, ALL) for n in range(20)]


def test_a_client_is_sent_only_what_it_declares() -> None:
    for number in range(60):
        assert needs(generated(number, 1, frozenset({"stream"})).completion) == {"stream"}


def client(
    op: dict[str, Any],
    *,
    decode_each: bool = False,
    finish: bool = False,
    lf_only: bool = False,
    tidy: bool = False,
    ascii_only: bool = False,
) -> dict[str, Any]:
    """A small streaming client.

    With `decode_each` it decodes each HTTP chunk by itself, with `lf_only` it knows no CR, with `tidy` it stumbles over
    fields that it does not know, with `ascii_only` over characters.
    """
    url, http = urlsplit(op["base_url"]), h11.Connection(h11.CLIENT)
    body = json.dumps(op["request"]).encode()
    head = [("host", "x"), ("content-type", "application/json"), ("content-length", str(len(body)))]
    pieces: list[bytes] = []
    with socket.create_connection((url.hostname, url.port), timeout=5) as connection:
        target = f"{url.path}/chat/completions"
        connection.sendall(http.send(h11.Request(method="POST", target=target, headers=head)) or b"")
        connection.sendall(http.send(h11.Data(body)) or b"")
        try:
            while not isinstance(event := http.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    http.receive_data(connection.recv(65536))
                elif isinstance(event, h11.Data):
                    pieces.append(bytes(event.data))
        except (OSError, h11.RemoteProtocolError) as error:
            if not finish:
                return {"id": op["id"], "ok": False, "error": {"kind": "connection", "message": str(error)}}
    if decode_each:
        pieces = [piece.decode(errors="replace").encode() for piece in pieces]
    if lf_only:
        pieces = [b"".join(pieces).replace(b"\r\n", b"\n").replace(b"\r", b" ")]
    if ascii_only and not b"".join(pieces).isascii():
        return {"id": op["id"], "ok": False, "error": {"kind": "decode", "message": "not ASCII"}}
    if not op["request"].get("stream"):
        return {"id": op["id"], "ok": True, "completion": json.loads(b"".join(pieces))}
    chunks = [parse(event.data) for event in sse.read((None, piece) for piece in pieces).events]
    if tidy and any("timings" in chunk for chunk in chunks if isinstance(chunk, dict)):
        return {"id": op["id"], "ok": False, "error": {"kind": "decode", "message": "timings?"}}
    held = assemble(chunks) or {"choices": []}
    if finish:
        held = {**held, "choices": [{**c, "finish_reason": c["finish_reason"] or "stop"} for c in held["choices"]]}
    return {"id": op["id"], "ok": True, "completion": held}


def run(count: int, **faults: bool) -> dict[str, Any]:
    under_test = InProcess(lambda op: client(op, **faults), Hello("small", features=ALL, fields=FIELDS))
    result = drive(lambda: under_test, scenarios=PLAIN, fuzz=count, seed=1)
    assert result.cut_short is None
    return {one.scenario.id: one for one in result.scenarios}


def test_a_correct_client_passes_generated_streams() -> None:
    results = run(120)
    assert {results[f"fuzz.{kind}"].outcome for kind in ("writing", "unknown", "cut")} == {ScenarioOutcome.PASSED}


def test_characters_decoded_by_piece_are_found_and_shrunk() -> None:
    found = run(160, decode_each=True)["fuzz.writing"]
    assert (found.outcome, found.kind) == ("failed", "wrong")
    assert "streams fail" in found.detail
    *_, least = found.detail.partition("and the least that fails so is ")
    assert len(least) < 700
    assert " | " in least  # what remains is cut within a character


def test_a_line_end_that_is_not_known_is_shrunk_to_a_stream_of_little_else() -> None:
    found = run(40, lf_only=True)["fuzz.writing"]
    assert found.outcome == "failed"
    *_, least = found.detail.partition("and the least that fails so is ")
    assert "\\r" in least
    assert len(least) < 600


def test_an_unknown_field_that_matters_stays_in_the_least_stream() -> None:
    found = run(40, tidy=True)["fuzz.unknown"]
    assert (found.outcome, found.kind) == ("failed", "exception")
    *_, least = found.detail.partition("and the least that fails so is ")
    assert "timings" in least
    assert "x_vendor" not in least
    assert len(least) < 700
    passed = {kind: run(40)[f"fuzz.{kind}"].outcome for kind in ("unknown", "cut")}
    assert set(passed.values()) == {ScenarioOutcome.PASSED}


def test_what_fails_without_unknown_fields_too_is_no_fault_of_theirs() -> None:
    results = run(60, ascii_only=True)
    assert (results["fuzz.writing"].outcome, results["fuzz.unknown"].outcome) == ("failed", "passed")


@pytest.mark.parametrize("number", range(2, 80, 4))
def test_a_stream_without_its_unknown_fields_spells_the_same(number: int) -> None:
    made = generated(number, 7, ALL)
    plain = without_unknown(made)
    chunks = [parse(event.data) for event in sse.read([(None, plain.pieces[0])]).events if event.data != "[DONE]"]
    assert made.kind == "unknown"
    assert all(is_valid("CreateChatCompletionStreamResponse", chunk) for chunk in chunks)
    assert not any(name.encode() in plain.pieces[0] for name in ("x_vendor", "x_note", "timings", "flags"))
    assert assemble(chunks) == made.completion


def test_progress_is_told_while_streams_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_fuzzing, "TICK", 0.001)
    told: list[tuple[int, int]] = []
    under_test = InProcess(lambda op: client(op, lf_only=True), Hello("small", features=ALL, fields=FIELDS))
    drive(lambda: under_test, scenarios=PLAIN, fuzz=40, streamed=lambda asked, failed: told.append((asked, failed)))
    assert told == sorted(told)
    assert len(set(told)) > 3
    assert 0 < max(told)[1] <= max(told)[0] <= 40


def test_streams_say_nothing_of_a_client_that_fails_the_plain_one() -> None:
    def call(op: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "completion": {"choices": []}} if op["request"].get("stream") else client(op)

    under_test = InProcess(call, Hello("small", features=ALL, fields=FIELDS))
    result = drive(lambda: under_test, scenarios=PLAIN, fuzz=10)
    told = {(one.outcome, one.detail) for one in result.scenarios if one.scenario.id.startswith("fuzz.")}
    assert told == {(ScenarioOutcome.BLOCKED, "blocked by st.plain")}


def test_what_streams_told_before_the_adapter_broke_is_kept() -> None:
    asked = iter(range(1000))

    def call(op: dict[str, Any]) -> dict[str, Any]:
        if next(asked) > 30:
            raise RuntimeError("enough")
        return client(op)

    under_test = InProcess(call, Hello("small", features=ALL, fields=FIELDS))
    result = drive(lambda: under_test, scenarios=PLAIN, fuzz=100, concurrency=2)
    assert result.cut_short == "the adapter function raised RuntimeError: enough"
    assert {"fuzz.writing", "fuzz.unknown", "fuzz.cut"} <= {one.scenario.id for one in result.scenarios}
    assert result.exit_status() == 2


def test_a_cut_stream_told_as_finished_is_found() -> None:
    found = run(40, finish=True)["fuzz.cut"]
    assert (found.outcome, found.kind) == ("failed", "silent")


def test_a_client_that_does_not_stream_is_not_asked() -> None:
    under_test = InProcess(client, Hello("small", fields=FIELDS))
    result = drive(lambda: under_test, scenarios=PLAIN, fuzz=10)
    assert {one.outcome for one in result.scenarios if one.scenario.id.startswith("fuzz.")} == {"unsupported"}
