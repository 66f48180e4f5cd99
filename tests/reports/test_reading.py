"""Results of every kind and version are read back, and what is none is told in one sentence with its remedy."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from chatconform.reports import html_report, markdown_report, matrix_terminal, reading
from chatconform.reports.digest import digest
from chatconform.reports.json_report import SCHEMA_VERSION
from chatconform.reports.look import Look
from chatconform.reports.matrix import TITLES, Entry, tables
from chatconform.reports.reading import Kind, UnreadableResults, parse, read

SAMPLES = Path(__file__).parent / "samples"
OF_1_0 = {kind: SAMPLES / "1.0" / f"{kind}.json" for kind in Kind}


def refused(data: bytes, source: str = "r.json") -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(UnreadableResults) as caught:
        parse(data, source)
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert len(sentence) < 600
    assert "r.json" in sentence or source != "r.json"
    return sentence


def changed(kind: Kind = Kind.SERVER, **members: Any) -> bytes:
    return orjson.dumps({**orjson.loads(OF_1_0[kind].read_bytes()), **members})


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_version_is_always_read_and_told(path: Path) -> None:
    found = read(path)
    assert str(found.kind) == path.stem
    assert found.document["schema_version"] == path.parent.name
    assert found.source == str(path)
    assert markdown_report.render_document(found.document).startswith("## chatconform: ")
    entries = [Entry(None, str(path), digest(found), found)]
    assert matrix_terminal.render(tables(entries), Look()).startswith(tuple(TITLES.values()))
    assert html_report.render_document(found.document).startswith("<!doctype html>")


def test_there_are_samples_of_every_kind_and_version() -> None:
    found = {(path.parent.name, path.stem) for path in SAMPLES.glob("*/*.json")}
    versions = {f"1.{minor}" for minor in range(int(SCHEMA_VERSION.partition(".")[2]) + 1)}
    assert found == {(version, str(kind)) for version in versions for kind in Kind}


@pytest.mark.parametrize("kind", Kind)
def test_the_schema_of_each_kind_stands_alone(kind: Kind) -> None:
    Draft202012Validator.check_schema(reading.schema(kind))
    Draft202012Validator(reading.schema(kind)).validate(orjson.loads(OF_1_0[kind].read_bytes()))


@pytest.mark.parametrize("kind", Kind)
def test_members_of_a_newer_minor_version_are_let_pass(kind: Kind) -> None:
    assert parse(changed(kind, schema_version="1.99", novelty={"a": 1}), "r").document["novelty"] == {"a": 1}


def test_a_newer_major_version_is_refused_with_what_to_upgrade() -> None:
    sentence = refused(changed(schema_version="2.0", tool={"name": "chatconform", "version": "3.1.4"}))
    assert "version 2.0 of the results' form, written by chatconform 3.1.4" in sentence
    assert sentence.endswith("upgrade it (pip install --upgrade chatconform)")


def test_what_a_newer_minor_version_writes_otherwise_is_put_down_to_it() -> None:
    sentence = refused(changed(schema_version="1.99", exit_status=7))
    assert "at /exit_status" in sentence
    assert sentence.endswith("it is of a newer version, written by chatconform 0.1.0: upgrade chatconform")


def test_a_broken_member_is_told_with_its_place() -> None:
    document = orjson.loads(OF_1_0[Kind.CLIENT].read_bytes())
    document["scenarios"][3]["outcome"] = "\x1b[31modd"
    sentence = refused(orjson.dumps(document))
    assert "r.json is no results of chatconform at /scenarios/3/outcome: " in sentence
    assert sentence.endswith("it was changed after it was written; write it again")


def test_a_rule_of_a_client_is_held_to_the_form_of_rules() -> None:
    document = orjson.loads(OF_1_0[Kind.CLIENT].read_bytes())
    document["rules"][0]["level"] = "PERHAPS"
    assert "at /rules/0/level" in refused(orjson.dumps(document))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "r.json is empty"),
        (b" \n\t", "r.json is empty"),
        (b"\xef\xbb\xbf", "r.json is empty"),
        (b"hello", "r.json is not JSON: unexpected character, expected a JSON value at line 1 column 1"),
        (b"\x00\x01", "r.json is not JSON"),
        (b'"""A docstring', "r.json is not JSON: unexpected content after document at line 1 column 3"),
        (b"\xff\xfe", "r.json is empty"),
        (b'{"a": "\xc3\x28"}', "r.json is not JSON: "),
        (b"\n<testsuites/>", "r.json is XML or HTML, not JSON"),
        (b"[" * 100_000, "r.json is nested deeper than 200 levels"),
        (b'{"a": 1}\n{"a": 2}\n', "r.json holds several JSON values, the second at line 2 column 1, as recordings do"),
        (b"[]", "r.json is JSON, but no results of chatconform: it is no object"),
        (b"{}", "r.json is JSON, but no results of chatconform: it has no schema_version as they have"),
        (b'{"schema_version": "1.0"}', "it has no tool as they have"),
        (b'{"schema_version": 1, "tool": {"name": "chatconform"}}', "it has no schema_version"),
        (b'{"$schema": "x", "version": "2.1.0", "runs": []}', "it has no schema_version"),
        (b'{"schema_version": "1.0", "tool": {"name": "pest\\u001b"}}', "it says that pest\\x1b wrote it"),
        (
            b'{"schema_version": "1.0", "tool": {"name": "chatconform"}, "implementations": []}',
            "r.json is JSON of chatconform, but no results: it holds schema_version, tool, implementations",
        ),
        (
            b'{"schema_version": "1.0", "tool": {"name": "chatconform"}, "target": 5}',
            "of chatconform at its top level: ",
        ),
    ],
)
def test_what_is_no_results_is_told(data: bytes, sentence: str) -> None:
    assert sentence in refused(data)


@pytest.mark.parametrize("kind", Kind)
def test_a_file_cut_anywhere_is_told_to_be_cut(kind: Kind) -> None:
    whole = changed(kind, seconds=1.5).rstrip() + b"\n"
    for end in (1, 2, 9, 17, len(whole) // 3, len(whole) // 2, len(whole) - 2):
        assert "r.json is cut off at line 1: its JSON does not end" in refused(whole[:end])
    lines = orjson.dumps(orjson.loads(whole), option=orjson.OPT_INDENT_2)
    assert "cut off at line 3" in refused(b"\n".join(lines.split(b"\n")[:3]))


def test_a_file_cut_within_a_character_is_told_to_be_cut() -> None:
    assert "is cut off" in refused(b'{"a": "\xf0\x9f\x98')


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_file_that_a_shell_wrote_with_a_byte_order_mark_is_read(encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    assert parse((mark + changed().decode()).encode(encoding), "r").kind is Kind.SERVER


def test_a_body_nested_deeper_than_any_report_writes_is_refused() -> None:
    request = {"method": "POST", "target": "/", "headers": [], "json": "DEEP"}
    data = changed(exchanges={"a#0": {"case": "a", "step": 0, "request": request}})
    assert parse(data.replace(b'"DEEP"', b"[" * 100 + b"]" * 100), "r").kind is Kind.SERVER
    assert "nested deeper than 200 levels" in refused(data.replace(b'"DEEP"', b"[" * 400 + b"]" * 400))


def test_a_file_larger_than_any_results_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a hole: takes no room
    with pytest.raises(UnreadableResults, match=r"huge\.json is larger than 256 MiB"):
        read(path)


def test_a_folder_is_told_with_what_to_write_instead(tmp_path: Path) -> None:
    with pytest.raises(UnreadableResults, match=r"is a folder; name the files in it, as in .*/\*\.json"):
        read(tmp_path)
    with pytest.raises(UnreadableResults, match=r"^/ is a folder; name the files in it, as in /\*\.json"):
        read("/")


def test_bytes_that_are_no_text_are_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "rubbish.json"
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(UnreadableResults, match=r"rubbish\.json is not JSON: it holds bytes that are no UTF-8; give a"):
        read(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableResults, match=r"there is no file .*nothing\.json; give a file"):
        read(tmp_path / "nothing.json")
    with pytest.raises(UnreadableResults, match=r"cannot be read: .*null"):
        read("a\0b.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(changed())
    path.chmod(0)
    with pytest.raises(UnreadableResults, match="cannot be read: Permission denied"):
        read(path)


def test_a_hostile_file_name_is_told_harmlessly(tmp_path: Path) -> None:
    with pytest.raises(UnreadableResults) as caught:
        read(tmp_path / "\x1b[2J\n.json")
    assert str(caught.value).isprintable()


def test_stdin_and_pipes_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(changed())))
    assert read("-").source == "stdin"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_bytes(changed()))
    writer.start()
    assert read(pipe).kind is Kind.SERVER
    writer.join()
