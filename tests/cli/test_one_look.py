"""All commands look alike, wherever they are read: terminals wide and narrow, pipes, and encodings that know little."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from chatconform.frontends.cli import main
from chatconform.frontends.cli.entry import COMMANDS, parser_of

RULE = "response.usage"
ODD = "caf\u00e9 \u202e\u4f60\u597d \U0001f600"
"""Letters that few encodings know, and a character that turns the direction of writing."""


class Screen(io.TextIOWrapper):
    """What a process writes to: a terminal or none, in an encoding that takes only what it knows."""

    def __init__(self, *, is_terminal: bool, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="strict", write_through=True)
        self._is_terminal = is_terminal

    @property
    def written(self) -> bytes:
        """The bytes."""
        self.flush()
        return self.buffer.getvalue()  # type: ignore[attr-defined,no-any-return]

    def isatty(self) -> bool:
        return self._is_terminal

    @property
    def text(self) -> str:
        """The text; what is written past the encoding, as data is, is UTF-8."""
        try:
            return self.written.decode(self.encoding)
        except UnicodeDecodeError:
            return self.written.decode()


PLACES: dict[str, tuple[dict[str, str], bool, str]] = {
    "a terminal": ({}, True, "utf-8"),
    "a narrow terminal": ({"COLUMNS": "40"}, True, "utf-8"),
    "a terminal of one column": ({"COLUMNS": "1"}, True, "utf-8"),
    "a terminal without colors": ({"NO_COLOR": "1"}, True, "utf-8"),
    "a terminal that obeys nothing": ({"TERM": "dumb"}, True, "utf-8"),
    "a pipe": ({}, False, "utf-8"),
    "a pipe with colors": ({"FORCE_COLOR": "1"}, False, "utf-8"),
    "a pipe in ASCII": ({}, False, "ascii"),
    "a narrow terminal in Latin-1": ({"COLUMNS": "40"}, True, "latin-1"),
}
UNPAINTED = {"a terminal without colors", "a terminal that obeys nothing", "a pipe", "a pipe in ASCII"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Results and recordings for the commands that read some, with odd letters in them."""
    folder = tmp_path_factory.mktemp("files")
    recording = folder / "traffic.jsonl"
    recording.write_text(json.dumps({"model": ODD, "messages": [{"role": ODD, "content": ODD}]}) + "\n")
    result = folder / "result.json"
    assert main(["check", "--only", RULE, "-q", "--report", f"json={result}"]) == 0
    return {"RECORDING": str(recording), "RESULT": str(result), "FOLDER": str(folder)}


RUNS: dict[str, list[list[str]]] = {
    "check": [["check", "--list"], ["check", "--only", RULE], ["check", "--dry-run", "--only", RULE]],
    "client": [["client", "--list"], ["client", "--adapter", "shell", "--only", "st.plain"]],
    "validate": [
        ["validate", "RECORDING"],
        ["validate", "-v", "RECORDING"],
        ["validate", "RECORDING", "--explain", "1"],
    ],
    "proxy": [["proxy", "--upstream", "nowhere"]],
    "serve": [["serve", "--list-faults"]],
    "replay": [["replay", "RESULT"]],
    "report": [["report", "RESULT", "RESULT"], ["report", "--markdown", "RESULT"]],
    "list": [["list"], ["list", RULE]],
    "explain": [["explain", f"{RULE}.total-is-the-sum"], ["explain", "st.plain"], ["explain", "tools"]],
    "generate": [["generate", "CreateChatCompletionRequest", "-n", "20"]],
    "schema": [["schema"], ["schema", "CompletionUsage"]],
    "init": [["init"]],
    "completion": [["completion", "bash"]],
}


def run(words: list[str], place: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, Screen, Screen]:
    """Runs a command line in a place: its exit status, and what it wrote to stdout and stderr."""
    variables, is_terminal, encoding = PLACES[place]
    for name, value in {"TERM": "xterm", **variables}.items():
        monkeypatch.setenv(name, value)
    out, err = (Screen(is_terminal=is_terminal, encoding=encoding) for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    try:
        status = main(words)
    finally:
        monkeypatch.undo()
    return status, out, err


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_read_everywhere(
    command: str, place: str, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = place not in {"a narrow terminal", "a pipe in ASCII"}
    for words in RUNS[command][: 1 if few else None]:
        monkeypatch.chdir(tmp_path)
        for name in [name for name in os.environ if name.startswith("CHATCONFORM_")]:
            monkeypatch.delenv(name)
        status, out, err = run([files.get(word, word) for word in words], place, monkeypatch)
        told = out.text + err.text
        if command != "generate":  # what it writes is data, which is UTF-8 everywhere
            out.written.decode(PLACES[place][2])
        assert status in {0, 1, 2}
        assert told.strip()
        assert "Traceback" not in told
        assert "\u202e" not in told or command == "generate"
        if place in UNPAINTED:
            assert re.search(r"\x1b\[[0-9;]*m", told) is None
        if place == "a terminal that obeys nothing":
            assert "\x1b" not in told
        if not PLACES[place][1]:
            assert "\r" not in told
        if err.text and status == 2 and not out.text:
            last = err.text.replace("\r\x1b[K", "").splitlines()[-1]
            assert last.startswith("chatconform: ")


@pytest.mark.parametrize("place", sorted(PLACES.keys() - UNPAINTED))
def test_colors_are_there_where_they_are_seen(
    place: str, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "\x1b[1;31mFAIL MUST\x1b[0m" in run(["validate", files["RECORDING"]], place, monkeypatch)[1].text
    assert "\x1b[1;" not in run(["validate", "--no-color", files["RECORDING"]], place, monkeypatch)[1].text


@pytest.mark.parametrize(
    "words", [["list", RULE], ["explain", f"{RULE}.total-is-the-sum"], ["explain", "tools"], ["client", "--list"]]
)
def test_a_narrow_terminal_breaks_no_word_but_those_that_do_not_fit(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    narrow = run(words, "a narrow terminal", monkeypatch)[1].text
    wide = run(words, "a pipe", monkeypatch)[1].text
    long = [line for line in narrow.splitlines() if len(line) > 40]
    assert all(re.search(r"chatconform \w+ |\S{24,}|^\w+  +\S+$", line) for line in long), long
    assert {word for word in re.findall(r"[a-z.-]{4,24}", wide) if word not in narrow} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_the_same_of_the_same_options(command: str) -> None:
    parser = parser_of(command)
    assert parser.description is not None
    assert not parser.description.endswith(".")
    assert parser.description[0].islower()
    assert re.match(r"exit status: 0 [^.]+2 [^.]+\.$", parser.epilog or ""), parser.epilog
    for action in parser._actions:
        told = action.help or ""
        assert told, action.dest
        assert told[0].islower() or told.startswith(("a SHOULD", "HTTP")), told
        assert not told.endswith("."), told
        assert "default:" not in told, told


def test_options_of_one_name_are_the_same_everywhere() -> None:
    spellings: dict[str, set[tuple[Any, ...]]] = {}
    for command in COMMANDS:
        for action in parser_of(command)._actions:
            if action.option_strings and action.dest not in {"format", "strict", "json", "output", "seed", "timeout"}:
                long = next(name for name in action.option_strings if name.startswith("--"))
                kind = (tuple(action.option_strings), action.nargs)
                spellings.setdefault(long, set()).add(kind)
    assert {long: kinds for long, kinds in spellings.items() if len(kinds) > 1} == {}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("columns", ["20", "40", "200"])
def test_help_fits_every_terminal(command: str, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert parser_of(command).format_help().isascii()


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_there_is_not_is_told_alike_by_every_command(command: str, chatconform: Any) -> None:
    ran = chatconform(command, "--no-such-thing", *([] if command != "completion" else ["bash"]))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("chatconform: ")
    assert ran.err.endswith(f"`chatconform {command} --help` tells what there is\n")
    assert ran.err.count("\n") == 1
