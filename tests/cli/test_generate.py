"""`chatconform generate`: what it writes, that it writes the same again, and what it refuses."""

import base64
import json
import os
import subprocess
import sys

import pytest

from chatconform.frontends.cli import main
from chatconform.schemas import is_valid, violations

REQUEST = "CreateChatCompletionRequest"


def written(capfdbinary, *arguments):
    assert main(["generate", *arguments]) == 0
    told = capfdbinary.readouterr()
    assert told.err == b""
    return [json.loads(line) for line in told.out.splitlines()]


def refused(capfd, *arguments):
    assert main(["generate", *arguments]) == 2
    told = capfd.readouterr()
    assert told.out == ""
    assert "Traceback" not in told.err
    return told.err


def test_ten_valid_values_are_written_unless_told(capfdbinary):
    records = written(capfdbinary, REQUEST)
    assert len(records) == 10
    assert all(is_valid(REQUEST, record) for record in records)


@pytest.mark.parametrize(
    "name", ["ChatCompletionTool", "CreateChatCompletionStreamResponse", "Metadata", "ErrorResponse"]
)
def test_any_type_is_written_by_its_name(name, capfdbinary):
    assert all(is_valid(name, record) for record in written(capfdbinary, name, "-n", "40"))


def test_a_record_depends_on_its_number_and_seed_alone(capfdbinary):
    many = written(capfdbinary, REQUEST, "-n", "50", "--seed", "x")
    assert written(capfdbinary, REQUEST, "-n", "20", "--seed", "x") == many[:20]
    assert written(capfdbinary, REQUEST, "-n", "50", "--seed", "y") != many


def test_the_bytes_are_the_same_in_every_process():
    def run(hash_seed, *arguments):
        command = [sys.executable, "-m", "chatconform", "generate", *arguments]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run(command, capture_output=True, check=True, env=environment).stdout

    for arguments in ([REQUEST, "-n", "150"], [REQUEST, "-n", "60", "--invalid"], [REQUEST, "--boundaries"]):
        assert run("1", *arguments) == run("2", *arguments)


def test_invalid_values_come_with_what_is_wrong(capfdbinary):
    for record in written(capfdbinary, REQUEST, "--invalid", "-n", "60"):
        assert set(record) == {"instance", "pointer", "keyword", "description"}
        (only,) = violations(REQUEST, record["instance"])
        assert (only.pointer, only.keyword) == (record["pointer"], record["keyword"])


def test_boundary_cases_are_labelled_and_all_of_them_unless_told(capfdbinary):
    records = written(capfdbinary, REQUEST, "--boundaries")
    assert len(records) > 1000
    assert {record["valid"] for record in records} == {True, False}
    for record in records:
        assert is_valid(REQUEST, record["instance"]) == record["valid"]
    assert written(capfdbinary, REQUEST, "--boundaries", "-n", "7") == records[:7]


def test_wire_cases_are_bytes_with_headers(capfdbinary):
    records = written(capfdbinary, REQUEST, "--wire")
    assert {"syntax", "depth", "encoding", "length", "surrogate"} <= {record["family"] for record in records}
    bom = next(record for record in records if record["label"] == "BOM")
    assert base64.b64decode(bom["body_base64"]).startswith(b"\xef\xbb\xbf{")
    assert ["content-type", "application/json"] in bom["headers"]


def test_values_are_narrowed(capfdbinary):
    wishes = (
        "--with",
        "stream=true",
        "--with",
        "roles=user,assistant",
        "--with",
        "max_messages=2",
        "--with",
        "model=mine",
    )
    for record in written(capfdbinary, REQUEST, "-n", "40", *wishes):
        assert record["stream"] is True
        assert record["model"] == "mine"
        assert len(record["messages"]) <= 2
        assert {message["role"] for message in record["messages"]} <= {"user", "assistant"}


def test_a_file_is_written_instead_of_standard_output(tmp_path, capfdbinary):
    path = tmp_path / "values.jsonl"
    assert written(capfdbinary, "ChatCompletionTool", "-n", "3", "-o", str(path)) == []
    assert len(path.read_bytes().splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ChatCompletionTol"], "did you mean ChatCompletionTool"),
        ([REQUEST, "--with", "stream"], "KEY=VALUE"),
        ([REQUEST, "--with", "stream=maybe"], "neither true nor false"),
        ([REQUEST, "--with", "max_messages=-1"], "no count"),
        ([REQUEST, "--with", "roles=robot"], "'robot' is none"),
        ([REQUEST, "--with", "roles=tool"], "role assistant is needed"),
        ([REQUEST, "--with", "colour=red"], "cannot be narrowed by 'colour'"),
        (["ChatCompletionTool", "--with", "stream=true"], "it knows none"),
        ([REQUEST, "--boundaries", "--with", "stream=true"], "narrows generated values"),
        (["ChatCompletionTool", "--wire"], "the bytes of request bodies"),
        (["Nonsense", "--wire"], "no type named"),
        ([REQUEST, "-o", "/nonexistent/folder/x"], "cannot be written"),
    ],
)
def test_bad_input_is_one_clear_sentence(arguments, said, capfd):
    told = refused(capfd, *arguments)
    assert said in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [[REQUEST, "-n", "-1"], [REQUEST, "-n", "x"], [], [REQUEST, "--invalid", "--wire"]]
)
def test_wrong_usage_is_told_by_the_parser(arguments, capfd):
    assert "`chatconform generate --help` tells what there is" in refused(capfd, *arguments)


def test_a_reader_that_has_enough_ends_it_quietly():
    command = [sys.executable, "-m", "chatconform", "generate", REQUEST, "-n", "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert is_valid(REQUEST, json.loads(running.stdout.readline()))
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(timeout=60) != 0


def test_nothing_heavy_is_imported():
    program = (
        "import sys; from chatconform.frontends.cli import main; main(['generate', 'ChatCompletionTool', '-n', '5']);"
        "print([m for m in ('hypothesis', 'jsonschema', 'pytest', 'referencing') if m in sys.modules], file=sys.stderr)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stderr.strip() == "[]"
