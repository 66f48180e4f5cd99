"""`chatconform schema`, as people type it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from chatconform.frontends.cli import main
from chatconform.schemas import bundle, names, schema

PUBLISHED = Path(__file__).parent.parent / "schemas" / "published.json"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    assert main(["schema", *arguments]) == status
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_without_a_name_the_types_are_listed_with_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys)
    lines = [line.split(maxsplit=1) for line in out.splitlines()]
    assert [line[0] for line in lines] == list(names())
    assert all(title == schema(name)["title"] for name, title in lines)
    assert err == ""


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], lambda name: schema(name)),
        (["--strict"], lambda name: schema(name, strict=True)),
        (["--bundle"], lambda name: bundle(name)),
        (["--bundle", "--strict"], lambda name: bundle(name, strict=True)),
        (["--one-of"], lambda name: bundle(name, one_of=True)),
        (["--bundle", "--one-of", "--strict"], lambda name: bundle(name, strict=True, one_of=True)),
    ],
    ids=lambda value: " ".join(value) or "published" if isinstance(value, list) else "made",
)
def test_a_schema_is_printed_as_json(capsys: pytest.CaptureFixture[str], options: list[str], expected: Any) -> None:
    for name in ("CreateChatCompletionRequest", "ChatCompletionTokenLogprob", "File"):
        out, err = said(capsys, name, *options)
        assert json.loads(out) == expected(name)
        assert out.isascii()
        assert err == ""


def test_a_printed_bundle_serves_another_tool_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "CreateChatCompletionRequest", "--bundle")
    found = jsonschema_rs.validator_for(json.loads(out))
    assert found.is_valid({"model": "m", "messages": [{"role": "user", "content": "Hello"}]})
    assert not found.is_valid({"model": "m", "messages": [{"role": "user"}]})


def test_an_unknown_name_is_one_sentence_that_suggests_near_ones(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, "CompletionUsge", status=2)
    assert out == ""
    assert err == "chatconform: there is no type named 'CompletionUsge'; did you mean CompletionUsage?\n"


@pytest.mark.parametrize("option", ["--bundle", "--strict", "--one-of"])
def test_an_option_about_a_type_without_one_is_refused(capsys: pytest.CaptureFixture[str], option: str) -> None:
    out, err = said(capsys, option, status=2)
    assert out == ""
    assert "need a NAME" in err


def test_types_that_have_not_moved_are_no_drift(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, "--drift", str(PUBLISHED))
    assert (out, err) == ("73 types compared, no drift.\n", "")
    out, _ = said(capsys, "--drift", str(PUBLISHED), "-v")
    assert out.startswith("deliberate ")
    assert out.endswith("73 types compared, no drift.\n")


def test_types_that_have_moved_are_drift(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    document = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    document["Error"]["properties"]["doc"] = {"type": "string"}
    document["ParallelToolCalls"]["default"] = False
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps({"openapi": "3.1.0", "components": {"schemas": document}}), encoding="utf-8")
    out, err = said(capsys, "--drift", str(path), status=1)
    assert out.splitlines() == [
        "added      Error.doc: string",
        "changed    ParallelToolCalls: default was true, is false",
        "73 types compared, 2 differences.",
    ]
    assert err == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "is not JSON"),
        ("<html>", "is not JSON"),
        ("{}", "holds no schemas of this endpoint"),
        ("[1]", "holds no schemas of this endpoint"),
        ('{"components": {"schemas": {"Pet": {}}}}', "holds no schemas of this endpoint, under components.schemas"),
    ],
)
def test_a_document_that_cannot_be_compared_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | None, reason: str
) -> None:
    path = tmp_path / "openapi.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    out, err = said(capsys, "--drift", str(path), status=2)
    assert out == ""
    assert err.startswith(f"chatconform: {path} ")
    assert reason in err
    assert err.count("\n") == 1


def test_drift_is_about_all_types_and_takes_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = said(capsys, "File", "--drift", str(PUBLISHED), status=2)
    assert "takes no NAME" in err


def test_printing_a_schema_loads_nothing_heavy() -> None:
    code = """if True:
        import io, sys
        from chatconform.frontends.cli import main
        out, sys.stdout = sys.stdout, io.StringIO()
        assert main(["schema", "CreateChatCompletionRequest", "--one-of"]) == 0
        heavy = {"jsonschema", "referencing", "jsonschema_rs", "hypothesis", "pytest", "h11"}
        print(sorted(heavy & set(sys.modules)), file=out)
    """
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
