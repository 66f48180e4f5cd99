"""Whatever a file holds, it is told with its place, and nothing else is lost by it."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
import zstandard

from chatconform.recordings import lines as reading
from chatconform.recordings import record
from chatconform.recordings.source import Source, from_bytes
from chatconform.run.recordings import validate_files


def good(traffic: Any) -> str:
    return json.dumps(traffic.request()) + "\n"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("{bad", "record.is-json"),
        ('{"model": "x", "messages": [', "record.is-json"),
        ('{"model": NaN}', "record.is-json"),
        ("[" * 5000, "record.is-bounded"),
        (b'{"model": "\xff\xfe"}', "record.is-utf-8"),
        ("7", "record.is-known"),
        ('{"event": "started"}', "record.is-known"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_and_the_others_are_judged(
    line: Any, rule: str, folder: Any, traffic: Any, told: Any
) -> None:
    data = line if isinstance(line, bytes) else line.encode()
    result = folder.judge(good(traffic).encode() + data + b"\n" + good(traffic).encode())
    assert [(found, at) for found, at, _ in told(result)] == [(rule, 2)]
    assert result.records == {"CreateChatCompletionRequest": 2}
    assert result.exit_status(strict=True) == 1


def test_blank_lines_and_a_byte_order_mark_are_no_records(folder: Any, traffic: Any, told: Any) -> None:
    result = folder.judge(b"\xef\xbb\xbf" + good(traffic).encode() + b"\n  \r\n" + good(traffic).encode())
    assert told(result) == []
    assert result.records == {"CreateChatCompletionRequest": 2}


def test_a_line_that_is_too_long_is_passed_over(
    folder: Any, traffic: Any, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1000)
    long = json.dumps(traffic.request(user="x" * 5000)) + "\n"
    result = folder.judge(good(traffic) + long + good(traffic) + "{bad\n")
    assert [(rule, line) for rule, line, _ in told(result)] == [("record.is-json", 4), ("record.is-bounded", 2)]
    assert result.records == {"CreateChatCompletionRequest": 2}


def test_an_endless_line_takes_no_more_memory_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST", 100_000)
    asked: list[int] = []

    class Endless:
        left = 50_000_000

        def readline(self, size: int) -> bytes:
            asked.append(size)
            size = min(size, self.left)
            self.left -= size
            return b"x" * size

    (lines, wrong, rest) = reading.blocks(Endless())  # type: ignore[arg-type]
    assert isinstance(wrong, record.Wrong)
    assert "50 MB" in wrong.message
    assert max(asked) <= reading.SKIPPED
    assert isinstance(lines, record.Lines)
    assert rest == record.Lines(2, [])


@pytest.mark.parametrize("name", ["gzip", "bzip2", "zstd"])
def test_a_packed_file_that_was_cut_is_told_after_what_was_whole(
    name: str, folder: Any, traffic: Any, told: Any
) -> None:
    pack = {"gzip": gzip.compress, "bzip2": bz2.compress, "zstd": zstandard.ZstdCompressor().compress}[name]
    noise = "".join(json.dumps(traffic.request(user=os.urandom(20).hex())) + "\n" for _ in range(20_000)).encode()
    packed = pack(noise)
    result = folder.judge(packed[: len(packed) * 2 // 3])
    assert "record.can-be-read" in {rule for rule, _, _ in told(result)}
    assert result.exit_status() == 1
    assert sum(result.records.values()) > 1000 or name == "bzip2"  # whose blocks are large: a cut one holds nothing


@pytest.mark.parametrize("name", ["gzip", "bzip2", "zstd"])
def test_damaged_packed_data_is_told(name: str, folder: Any, told: Any) -> None:
    magic = {"gzip": b"\x1f\x8b\x08", "bzip2": b"BZh9", "zstd": b"\x28\xb5\x2f\xfd"}[name]
    result = folder.judge(magic + b"\x07rubbish" * 50)
    assert [rule for rule, _, _ in told(result)] == ["record.can-be-read"]
    assert result.exit_status() == 1


def test_a_bomb_is_given_up(monkeypatch: pytest.MonkeyPatch, folder: Any, told: Any, messages: Any) -> None:
    from chatconform.recordings import source

    monkeypatch.setattr(source, "BOMB", 1_000_000)
    bomb = zstandard.ZstdCompressor().compress(b'{"model":"' + b"x" * 200_000_000)
    result = folder.judge(bomb)
    assert "record.can-be-read" in {rule for rule, _, _ in told(result)}
    assert any("1,000 times" in message for message in messages(result))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"PK\x03\x04rest", "a zip archive"),
        (b"PAR1rest", "a Parquet file"),
        ("{}".encode("utf-16"), "text in UTF-16"),
        (bytes(range(256)) * 10, "binary data"),
        (b"# Notes\nNothing here.\n", "no form that is known"),
    ],
)
def test_a_file_that_is_no_recording_is_told_by_what_it_is(
    data: bytes, kind: str, folder: Any, told: Any, messages: Any
) -> None:
    result = folder.judge(data)
    assert [rule for rule, _, _ in told(result)] == ["record.can-be-read"]
    assert kind in messages(result)[0]
    assert result.exit_status() == 1


def test_names_that_lead_nowhere_are_told_and_the_others_judged(folder: Any, traffic: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    names = [folder.write("a.jsonl", good(traffic)), "missing.jsonl", str(tmp_path / "empty"), str(tmp_path / "*.har")]
    result = validate_files(names)
    assert result.records == {"CreateChatCompletionRequest": 1}
    assert [text.rpartition(": ")[2] for text in result.missing] == [
        "there is no such file",
        "there is no file in this folder",
        "no file matches",
    ]
    assert result.exit_status() == 2


@pytest.mark.parametrize("content", ["", "\n\n", "[]"])
def test_an_empty_input_is_no_success(content: str, folder: Any) -> None:
    assert folder.judge(content).exit_status() == 2


def test_other_files_in_a_folder_are_left_out_with_a_note(folder: Any, traffic: Any, tmp_path: Path) -> None:
    folder.write("README.md", "# Recordings")
    folder.write(".hidden", "{bad")
    folder.write("a.jsonl", good(traffic))
    result = validate_files([str(tmp_path)])
    assert result.exit_status() == 0
    assert any("README.md" in note for note in result.notes)


def test_a_file_that_grows_is_read_to_where_it_ended(folder: Any, traffic: Any, told: Any) -> None:
    path = folder.write("a.jsonl", good(traffic) * 40_000)
    stop = threading.Event()

    def grow() -> None:
        with Path(path).open("a", encoding="utf-8") as file:
            while not stop.is_set():
                file.write('{"model": "half')
                file.flush()

    writer = threading.Thread(target=grow)

    def begin(_: Any) -> None:
        if not writer.is_alive() and not stop.is_set():
            writer.start()

    try:
        result = validate_files([path], progress=begin)
    finally:
        stop.set()
        if writer.ident:
            writer.join()
    assert told(result) == []
    assert result.records == {"CreateChatCompletionRequest": 40_000}


def test_an_archive_without_bodies_is_told(folder: Any, told: Any) -> None:
    url = "https://example.com/v1/chat/completions"
    bare = {
        "request": {"method": "POST", "url": url, "headers": []},
        "response": {"status": 200, "content": {"size": 9}},
    }
    result = folder.judge(json.dumps({"log": {"entries": [bare, bare]}}))
    assert {rule for rule, _, _ in told(result)} == {"record.has-bodies"}
    assert result.exit_status() == 1


@pytest.mark.parametrize("cut", [40, 300, 700])
def test_an_archive_that_breaks_off_is_told_after_what_was_whole(cut: int, folder: Any, told: Any) -> None:
    one = {
        "request": {"method": "POST", "url": "https://x/v1/chat/completions", "postData": {"text": "{}"}},
        "response": {"status": 0, "content": {}},
    }
    text = json.dumps({"log": {"entries": [one] * 20}}, indent=1)
    result = folder.judge(text[:-cut])
    assert "record.is-json" in {rule for rule, _, _ in told(result)}
    assert result.exit_status() == 1


def test_entries_of_wrong_shapes_are_told_one_by_one(folder: Any, told: Any) -> None:
    entries: list[Any] = [
        {},
        {"request": 1, "response": 2},
        {"request": {"method": "POST", "url": "http://[x"}, "response": {}},
    ]
    result = folder.judge(json.dumps({"log": {"entries": entries}}))
    assert [rule for rule, _, _ in told(result)] == ["record.matches-its-form"] * 3


def test_yaml_tags_run_nothing_and_the_other_interactions_are_judged(
    folder: Any, traffic: Any, told: Any, tmp_path: Path
) -> None:
    proof = tmp_path / "ran"
    text = f"""interactions:
- request: {{method: POST, uri: 'https://x/v1/chat/completions', body: !!python/object/apply:os.mkdir ['{proof}']}}
  response: {{status: {{code: 200}}, body: {{string: '{{}}'}}}}
- request: {{method: POST, uri: 'https://x/v1/chat/completions', body: !evil 7}}
  response: {{status: {{code: 200}}, body: {{string: '{{}}'}}}}
- request:
    method: POST
    uri: https://x/v1/chat/completions
    body: !!python/unicode '{json.dumps(traffic.request())}'
  response:
    status: {{code: 200}}
    body: {{string: '{json.dumps(traffic.response())}'}}
"""
    result = folder.judge(text)
    assert [(rule, line) for rule, line, _ in told(result)] == [
        ("record.runs-no-code", 2),
        ("record.runs-no-code", 4),
    ]
    assert result.records == {"exchanges": 1}
    assert not proof.exists()


@pytest.mark.parametrize(
    "text",
    [
        "interactions: [\n",
        "interactions:\n- {request: *nothing}\n",
        "interactions:\n- a: 'x\n",
        "interactions:\n" + "- [" * 20_000,
        "interactions: 7\n",
        "interactions:\n- 7\n- {request: {uri: x}, response: {status: {code: nine}}}\n",
    ],
)
def test_broken_cassettes_are_told(text: str, folder: Any, told: Any) -> None:
    result = folder.judge(text)
    assert told(result)
    assert {rule for rule, _, _ in told(result)} <= {
        "record.can-be-read",
        "record.matches-its-form",
        "record.is-bounded",
    }
    assert result.exit_status() == 1


def test_a_yaml_bomb_of_aliases_is_not_unfolded(folder: Any, told: Any) -> None:
    levels = "".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 30))
    text = f"interactions:\n- l0: &l0 [x]\n{levels}  request: *l29\n  response: {{status: {{code: 200}}}}\n"
    assert [rule for rule, _, _ in told(folder.judge(text))] == ["record.matches-its-form"]


def test_a_recorded_exchange_of_wrong_shape_is_told(folder: Any, traffic: Any, told: Any) -> None:
    lines = [
        traffic.exchange(started="now"),
        {"request": {"json": {}}, "response": {"status": 7, "json": {}}},
        {"request": {"base64": "%%%"}, "response": {"json": {}}},
        {"request": {"json": {}, "headers": [["one"]]}},
    ]
    assert [(rule, line) for rule, line, _ in told(folder.judge(lines)) if rule.startswith("record.")] == [
        ("record.matches-its-form", line) for line in (1, 2, 3, 4)
    ]


def test_hostile_values_anywhere_break_no_reader(folder: Any, traffic: Any) -> None:
    odd: list[Any] = [None, True, 7, 1e300, "", "x" * 500, [], [[]], {}, {"": None}, "\ud800", -(10**18)]
    forms: list[dict[str, Any]] = [
        traffic.exchange(),
        {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": traffic.request()},
        {"custom_id": "a", "response": {"status_code": 200, "body": traffic.response()}},
        {"call_type": "completion", "messages": [], "model": "m", "response": {}, "model_parameters": {}},
        {"request": {"body": traffic.request(), "url": "u"}, "response": {"body": {}, "status": 200, "headers": {}}},
    ]

    def changed(value: Any, one: Any) -> Any:
        yield one
        if isinstance(value, dict):
            for key in value:
                for inner in changed(value[key], one):
                    yield {**value, key: inner}

    lines = [line for form in forms for one in odd for line in changed(form, one)]
    result = folder.judge(lines)
    assert not [outcome.rule.id for outcome in result.outcomes if outcome.kit_fault]
    assert result.cut_short is None


def test_a_source_of_bytes_is_read_as_a_file_is() -> None:
    source: Source = from_bytes("x", gzip.compress(b"one\ntwo\n"))
    assert source.stream.read() == b"one\ntwo\n"
    assert (source.packed, source.unpacked) == ("gzip", 8)
