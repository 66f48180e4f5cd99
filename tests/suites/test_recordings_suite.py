"""The suite of recordings, run as pytest users run it."""

from __future__ import annotations

import json

import pytest

pytest_plugins = "pytester"

GOOD = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
BAD = {"model": "m", "messages": [{"role": "usr", "content": "hi"}]}
SUITE = "from chatconform.suites.test_recordings import test_recording\n"


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest("-p", "no:cacheprovider", "--import-mode=importlib", *arguments)


def test_each_file_is_a_test_of_its_name(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=SUITE)
    folder = pytester.mkdir("data")
    (folder / "good.jsonl").write_text(json.dumps(GOOD))
    (folder / "bad.jsonl").write_text(json.dumps(BAD))
    (folder / "README.md").write_text("# Recordings")
    result = run(pytester, "-rA", "--chatconform-recordings", "data")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*FAIL MUST  schema.create-chat-completion-request  1 finding*",
            '*data/bad.jsonl:1:/messages/0/role  "usr" is not one of *',
            "PASSED *test_recording[[]data/good.jsonl]",
            "FAILED *test_recording[[]data/bad.jsonl]*",
        ]
    )


def test_rules_are_chosen_and_a_file_that_was_named_is_never_left_out(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=SUITE)
    (pytester.path / "bad.jsonl").write_text(json.dumps(BAD))
    (pytester.path / "notes.txt").write_text("nothing")
    options = ["--chatconform-recordings", "bad.jsonl", "--chatconform-recordings", "notes.txt"]
    run(pytester, *options, "--chatconform-skip", "schema").assert_outcomes(skipped=1, failed=1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--chatconform-recordings", "missing"], "missing: there is no such file"),
        (["--chatconform-recordings", ".", "--chatconform-only", "schem.x"], "no rule matches 'schem.x'"),
    ],
)
def test_what_cannot_be_done_is_one_clear_error(options: list[str], sentence: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=SUITE)
    result = run(pytester, *options)
    assert result.ret != 0
    assert sentence in result.stdout.str() + result.stderr.str()


def test_without_recordings_the_suite_is_skipped(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=SUITE)
    run(pytester).assert_outcomes(skipped=1)
