"""What the README shows works as it is shown, and what it says is so."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest

from chatconform.core import sse
from chatconform.core.assembly import assemble
from chatconform.core.json_text import parse
from chatconform.frontends.cli.entry import COMMANDS, main, parser_of
from chatconform.reference.faults import faults
from chatconform.reference.server import ReferenceServer
from chatconform.run.bundled import names
from chatconform.scenarios.catalogue import scenarios
from chatconform.scenarios.writing import completion

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SHELL = re.findall(r"^```\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SHOWN = [line for block in SHELL for line in block.splitlines() if line.startswith("chatconform ")]
SAID = re.findall(r"`(chatconform [^`]+)`", TEXT)
FAULT = "calls-count-from-one"
LINES = 200


async def app(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps(completion())})


def read(pieces: tuple[bytes, ...]) -> list[Any]:
    events = sse.read((None, piece) for piece in pieces).events
    whole = assemble(parse(event.data) for event in events)
    assert whole is not None
    return [choice["message"]["content"] for choice in whole["choices"]]


PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 1}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city"],
    "additionalProperties": False,
}


def get_weather(city: str, days: int = 1) -> str:
    return f"{city}: {days} days of rain"


@pytest.fixture(autouse=True)
def _modules_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, members in {
        "my_server": {"app": app},
        "my_client": {"read": read},
        "my_tools": {"PARAMETERS": PARAMETERS, "get_weather": get_weather},
    }.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_a_block_of_code_runs(number: int) -> None:
    space: dict[str, Any] = {"__name__": "readme"}
    exec(compile(PYTHON[number], f"README.md, block {number + 1}", "exec"), space)
    for name, value in list(space.items()):
        if name.startswith("test_"):
            value()


def test_a_block_of_code_is_under_ten_lines_and_the_readme_under_two_hundred() -> None:
    assert TEXT.count("\n") < LINES
    for block in PYTHON:
        assert len([line for line in block.splitlines() if line.strip()]) < 10


@pytest.mark.parametrize("line", SHOWN)
def test_a_command_that_is_shown_is_a_command(line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)
    assert parser_of(words[1]).parse_args(words[2:]) is not None


@pytest.mark.parametrize("said", SAID)
def test_a_command_that_is_named_has_the_options_that_are_named(said: str) -> None:
    command, *words = said.split()[1:]
    assert command in COMMANDS
    known = {option for action in parser_of(command)._actions for option in action.option_strings}
    assert {word for word in words if word.startswith("-")} <= known


def test_every_option_that_is_named_is_one_of_a_command_or_of_the_plugin(pytestconfig: pytest.Config) -> None:
    known = {option for name in COMMANDS for action in parser_of(name)._actions for option in action.option_strings}
    known |= {option for group in pytestconfig._parser._groups for each in group.options for option in each.names()}
    prose = re.sub(r"^```\n.*?^```", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", " ".join([prose, *SHOWN])))
    assert named <= known


def test_every_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target


def test_the_numbers_of_things_are_true() -> None:
    assert re.findall(r"\[(\d+) servers with one fault", TEXT.replace("\n", " ")) == [str(len(faults()))]
    assert re.findall(r"through (\d+) scenarios", TEXT) == [str(len(scenarios()))]
    assert "[ten clients]" in TEXT.replace("\n", " ")
    assert len(names()) == 10


def test_the_fault_that_is_shown_is_found_as_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = [block for block in SHELL if block.startswith("FAIL MUST")]
    with ReferenceServer(fault=FAULT) as faulty:
        assert f"--fault {FAULT}" in TEXT
        (words,) = [shlex.split(line) for line in SHOWN if "report.json" in line]
        assert main([faulty.url if "http" in word else word for word in words[1:]]) == 1
        told = capsys.readouterr().out
        (replay,) = re.findall(r"^  replay +(chatconform replay report.json \w+)$", shown, re.MULTILINE)
        assert main(shlex.split(replay)[1:]) == 1
    with ReferenceServer() as mended:
        assert main([*shlex.split(replay)[1:], "--url", mended.url]) == 0
    for line in shown.replace("http://127.0.0.1:8000/v1", faulty.url).splitlines():
        if not line.endswith(("...", "...\\")) and "requests in" not in line and "--data-raw" not in line:
            assert line in told.splitlines()
    assert re.search(r"^FAILED  253 rules: \d+ passed, 1 failed \(1 MUST\), ", told, re.MULTILINE)
    assert (tmp_path / "report.html").exists()
