"""`chatconform validate` as it is typed: what it prints, and how it ends."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from chatconform.reports.validation_json import schema

GOOD = {"model": "small", "messages": [{"role": "user", "content": "Say hi."}]}
BAD = {"model": "small", "messages": [{"role": "usr", "content": "Say hi."}]}
SHOULD = {"request": {"json": {**GOOD, "n": 1}}, "response": {"json": {"object": "x"}}}


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    """Writes values as lines of JSON; gives the file's path."""

    def write(*values: Any, name: str = "a.jsonl") -> str:
        (tmp_path / name).write_text("".join(json.dumps(value) + "\n" for value in values))
        return str(tmp_path / name)

    return write


def test_a_file_without_faults_is_told_in_two_lines(chatconform: Any, file: Any) -> None:
    ran = chatconform("validate", file(GOOD, GOOD))
    assert ran.status == 0
    first, last = ran.out.splitlines()
    assert first == "Read: 2 CreateChatCompletionRequest."
    assert last.startswith("PASSED  2 records in 1 file: no findings; ")


def test_one_exchange_is_one(chatconform: Any, file: Any) -> None:
    one = {"request": {"json": GOOD}}
    assert "Read: 1 exchange." in chatconform("validate", file(one)).out.splitlines()
    assert "Read: 2 exchanges." in chatconform("validate", file(one, one)).out.splitlines()


@pytest.mark.parametrize(
    ("name", "status"),
    [("x.jsonl", 1), ("x.HAR", 1), ("x.ndjson.gz", 1), ("x.png", 0), ("jsonl", 0), ("._x.jsonl", 0)],
)
def test_rubbish_in_a_folder_counts_where_its_name_promises_a_recording(
    chatconform: Any, file: Any, tmp_path: Path, name: str, status: int
) -> None:
    file(GOOD)
    (tmp_path / name).write_bytes(bytes(range(128, 256)) * 9)
    ran = chatconform("validate", str(tmp_path))
    assert ran.status == status
    assert ("FAIL MUST  record.can-be-read  1 finding\n" in ran.out) is (status == 1)


def test_findings_are_grouped_by_rule_and_place_with_count_place_and_excerpt(chatconform: Any, file: Any) -> None:
    path = file(*[BAD] * 7, GOOD)
    ran = chatconform("validate", path)
    assert ran.status == 1
    expected = [
        "FAIL MUST  schema.create-chat-completion-request  7 findings",
        "  Every CreateChatCompletionRequest is valid by its schema. (CreateChatCompletionRequest)",
        "  7 x /messages/*/role",
        *(f'    {path}:{line}:/messages/0/role  "usr" is not one of "user", "assistant",' for line in (1, 2, 3)),
    ]
    for line, start in zip(ran.out.splitlines(), expected, strict=False):
        assert line.startswith(start)
    assert ran.out.splitlines()[-1].startswith("FAILED  8 records in 1 file: findings: 7 MUST; ")


def test_quiet_tells_a_line_for_each_rule_and_the_counts(chatconform: Any, file: Any) -> None:
    ran = chatconform("validate", "-q", file(BAD))
    assert ran.out.splitlines()[0] == "FAIL MUST  schema.create-chat-completion-request  1"
    assert len(ran.out.splitlines()) == 2


def test_verbose_tells_every_rule_that_was_judged(chatconform: Any, file: Any) -> None:
    ran = chatconform("validate", "-v", file(GOOD))
    assert "PASS          MUST   schema.create-chat-completion-request  1 judged" in ran.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.jsonl"], "missing.jsonl: there is no such file."),
        (["--type", "ChatCompletionTol", "FILE"], "there is no type named 'ChatCompletionTol'; did you mean"),
        (["--format", "xml", "FILE"], "there is no format 'xml'; the formats are jsonl, json, har, cassette, sse"),
        (["--only", "schema.nothing", "FILE"], "no rule matches 'schema.nothing'"),
        (["--profile", "x", "FILE"], "there is no profile 'x'"),
        (["--report", "pdf", "FILE"], "there is no report format 'pdf'; the formats are json, junit, html, markdown, "),
        (["--explain", "x", "FILE"], "--explain wants a line, or FILE:LINE, not 'x'"),
        (["--explain", "9", "FILE"], "no record begins on line 9"),
        (["--max-findings", "0", "FILE"], "'0' is no number of findings"),
        (["--jobs", "0", "FILE"], "'0' is no number between 1 and 256"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_2(
    arguments: list[str], sentence: str, chatconform: Any, file: Any
) -> None:
    path = file(GOOD)
    ran = chatconform("validate", *[path if word == "FILE" else word for word in arguments])
    assert ran.status == 2
    assert sentence in ran.out + ran.err
    assert "Traceback" not in ran.out + ran.err


def test_a_should_fails_only_a_strict_validation(chatconform: Any, file: Any) -> None:
    path = file(GOOD, {"event": "started"})
    assert chatconform("validate", path).status == 0
    assert chatconform("validate", "--strict", path).status == 1


def test_the_first_findings_can_be_enough(chatconform: Any, file: Any) -> None:
    ran = chatconform("validate", "--max-findings", "5", file(*[BAD] * 60_000))
    assert ran.status == 1
    assert "The validation was cut short: it ended after " in ran.out
    assert "60,000 records" not in ran.out


def test_one_record_is_shown_whole_with_all_that_is_wrong(chatconform: Any, file: Any) -> None:
    path = file(GOOD, {**BAD, "temperature": 9})
    ran = chatconform("validate", "--explain", f"{path}:2", path)
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[0] == f"{path}:2"
    assert '        "content": "Say hi."' in lines
    assert f"{path}:2:/temperature 9 is greater than the maximum of 2" in lines
    assert lines[-1] == "2 findings, 1 rules judged"


def test_what_a_recording_says_cannot_write_on_the_terminal(chatconform: Any, file: Any) -> None:
    path = file({**GOOD, "model": {"\x1b[2J\u202e": "\x1b]0;x\x07"}}, name="b.jsonl")
    for arguments in (["validate", path], ["validate", "--explain", "1", path], ["validate", "-v", path]):
        ran = chatconform(*arguments)
        assert ran.status == 1
        assert all(char.isprintable() or char == "\n" for char in ran.out + ran.err)


def test_stdin_is_read_where_it_is_named(monkeypatch: pytest.MonkeyPatch, chatconform: Any) -> None:
    class Stdin:
        buffer = io.BufferedReader(io.BytesIO(json.dumps(BAD).encode()))  # type: ignore[arg-type]

    monkeypatch.setattr(sys, "stdin", Stdin)
    ran = chatconform("validate", "-")
    assert ran.status == 1
    assert "<stdin>:1:/messages/0/role" in ran.out


def test_the_json_report_keeps_its_schema(chatconform: Any, file: Any) -> None:
    ran = chatconform("validate", "--report", "json", file(BAD, SHOULD, {"x": 1}), "missing")
    report = json.loads(ran.out)
    jsonschema.Draft202012Validator(schema()).validate(report)
    assert ran.status == report["exit_status"] == 1
    assert report["records"] == {"CreateChatCompletionRequest": 1, "exchanges": 1}
    rule = next(rule for rule in report["rules"] if rule["id"] == "schema.create-chat-completion-request")
    assert rule["findings"][0]["line"] == 1
    assert rule["findings"][0]["pointer"] == "/messages/0/role"
    assert rule["findings"][0]["excerpt"] == '"usr"'
    assert [(place["pointer"], place["count"]) for place in rule["places"]] == [("/messages/*/role", 1)]
    assert report["missing"] == ["missing: there is no such file"]
    assert "FAILED" in ran.err


def test_the_sarif_report_points_to_lines(chatconform: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my fixtures").mkdir()
    (tmp_path / "my fixtures" / "a.jsonl").write_text(json.dumps(GOOD) + "\n" + json.dumps(BAD) + "\n")
    monkeypatch.chdir(tmp_path)
    ran = chatconform("validate", "--report", "sarif=out.sarif", "my fixtures", "missing")
    assert ran.status == 1
    run = json.loads(Path("out.sarif").read_text())["runs"][0]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "my%20fixtures/a.jsonl"
    assert place["region"]["startLine"] == 2
    assert (result["level"], result["ruleId"]) == ("error", "schema.create-chat-completion-request")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["exitCode"] == 1


def test_the_junit_report_has_a_test_a_rule(chatconform: Any, file: Any) -> None:
    ran = chatconform("validate", "--report", "junit", file(BAD, {"x": 1}), "missing")
    suite = ElementTree.fromstring(ran.out)[0]
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("1", "1", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert ":1:/messages/0/role" in (failure.text or "")


def test_no_other_command_writes_sarif(chatconform: Any) -> None:
    ran = chatconform("check", "http://127.0.0.1:9/v1", "--report", "sarif")
    assert ran.status == 2
    assert "there is no report format 'sarif'; the formats are json, junit" in ran.err


def test_an_interrupt_tells_what_was_found_so_far(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = (json.dumps(BAD) + "\n") * 10_000
    with path.open("w") as out:
        for _ in range(300):
            out.write(line)
    command = [sys.executable, "-m", "chatconform", "validate", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    first = process.stderr.readline()  # findings are told as they come
    process.send_signal(signal.SIGINT)
    out_text, _ = process.communicate(timeout=60)
    assert ":1:/messages/0/role" in first
    assert process.returncode == 1
    assert "The validation was cut short: the validation was interrupted." in out_text
    assert "schema.create-chat-completion-request" in out_text


def test_nothing_heavy_is_imported_to_judge_bodies(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(GOOD) + "\n")
    code = (
        "import sys; from chatconform.frontends.cli import main; status = main(sys.argv[1:]);"
        "print(sorted({'hypothesis', 'pytest', 'jsonschema', 'yaml', 'zstandard', 'h11', 'ssl',"
        "'chatconform.rules.catalogue', 'chatconform.cases.catalogue'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "validate", str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.splitlines()[-1] == "[]"
