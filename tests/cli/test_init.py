"""`chatconform init` writes settings that say the truth, and a workflow that runs."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatconform.frontends.cli.config import look_through, parsed, settings_of_all
from chatconform.frontends.cli.config_file import ConfigFile
from chatconform.frontends.cli.entry import CONFIGURED, parser_of
from chatconform.frontends.cli.init import BASELINE, WORKFLOWS
from chatconform.frontends.cli.sample_settings import example_of, sample


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: the root of an empty project."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def uncommented() -> str:
    """The sample with every setting in force: a key follows its # at once, words follow a blank."""
    return re.sub(r"^#(?=[^ \n])", "", sample(), flags=re.MULTILINE)


def test_as_it_is_written_it_sets_nothing(chatconform: Any) -> None:
    assert chatconform("init").status == 0
    assert tomllib.loads(Path("chatconform.toml").read_text()) == {}
    assert vars(parsed("check", parser_of("check"), [])) == vars(parser_of("check").parse_args([]))


def test_every_setting_of_every_command_is_there_with_its_true_default() -> None:
    text = uncommented()
    table = tomllib.loads(text)
    look_through(ConfigFile("chatconform.toml", text, (), table))
    for name, known in settings_of_all().items():
        told = {**{key: value for key, value in table.items() if key in known}, **table.get(name, {})}
        assert told.keys() == known.keys()
        for key, setting in known.items():
            if setting.is_list:
                assert told[key] == []
            elif setting.action.default is None:
                assert told[key] == example_of(setting)
            else:
                assert setting.of_file(told[key]) == setting.action.default


def test_what_has_no_default_is_called_an_example() -> None:
    paragraphs = sample().split("\n\n")
    for known in settings_of_all().values():
        for key, setting in known.items():
            has_none = setting.action.default is None and not setting.is_list
            (example, *_) = [text for text in paragraphs if f"\n#{key} = " in text and not text.startswith("# Targets")]
            if has_none and key not in {"timeout"}:
                assert "(unset; as an example:)" in " ".join(example.replace("\n#", "").split())


def test_its_target_can_be_checked_at_once() -> None:
    text = sample().replace("#[target.local]", "[target.local]").replace('#url = "http', 'url = "http')
    Path("chatconform.toml").write_text(text)
    assert parsed("check", parser_of("check"), ["local"]).url == "http://localhost:8000/v1"


def test_no_line_is_wider_than_the_lines_of_code() -> None:
    assert max(map(len, sample().splitlines())) <= 120


def test_nothing_is_written_over(chatconform: Any) -> None:
    Path("chatconform.toml").write_text("seed = 1\n")
    ran = chatconform("init")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "chatconform: nothing to write: there is chatconform.toml already; --force overwrites\n"
    assert chatconform("init", "--ci", "github").out.startswith("kept chatconform.toml\nwrote .github/workflows/")
    assert Path("chatconform.toml").read_text() == "seed = 1\n"
    assert chatconform("init", "--force").status == 0
    assert Path("chatconform.toml").read_text() == sample()


def test_a_baseline_is_kept_even_by_force(chatconform: Any) -> None:
    Path(BASELINE).write_text("response.usage.is-told # known\n")
    ran = chatconform("init", "--ci", "github", "--force")
    assert f"kept {BASELINE}\n" in ran.out
    assert Path(BASELINE).read_text() == "response.usage.is-told # known\n"


def test_settings_that_are_elsewhere_are_not_doubled(chatconform: Any) -> None:
    Path("pyproject.toml").write_text("[tool.chatconform]\n")
    ran = chatconform("init")
    assert ran.status == 2
    assert "there is pyproject.toml already; a chatconform.toml beside it would be one too many" in ran.err
    assert "kept pyproject.toml\n" in chatconform("init", "--ci", "gitlab").out
    assert not Path("chatconform.toml").exists()


def test_a_place_that_cannot_be_written_is_told(chatconform: Any) -> None:
    Path(".github").write_text("a file")
    ran = chatconform("init", "--ci", "github")
    assert ran.status == 2
    assert ran.err == "chatconform: .github/workflows/chatconform.yml cannot be written: Not a directory\n"


@pytest.mark.parametrize("service", WORKFLOWS)
def test_a_workflow_is_sound_and_its_command_lines_are_read(service: str, chatconform: Any) -> None:
    assert chatconform("init", "--ci", service).status == 0
    text = Path(WORKFLOWS[service][0]).read_text()
    document = yaml.safe_load(text)
    if service == "github":
        lines = [step["run"] for step in document["jobs"]["chatconform"]["steps"] if "run" in step]
    else:
        lines = [*document["chatconform"]["before_script"], *document["chatconform"]["script"]]
    commands = [line for text in lines for line in text.splitlines() if line.startswith("chatconform ")]
    assert [line.split()[1] for line in commands] == ["serve", "check"]
    for line in commands:
        _, name, *words = shlex.split(line.removesuffix("&"))
        args = parsed(name, parser_of(name), words) if name in CONFIGURED else parser_of(name).parse_args(words)
        if name == "check":
            assert args.baseline == BASELINE
            assert {report.partition("=")[0] for report in args.report} == {"markdown", "junit", "json"}
            for report in args.report:
                assert text.count(report.partition("=")[2]) > 1


def test_the_first_run_of_a_workflow_passes(chatconform: Any) -> None:
    chatconform("init", "--ci", "github")
    reports = ["--report", "markdown=chatconform.md", "--report", "junit=chatconform.xml"]
    ran = chatconform("check", "--only", "response.usage", "--baseline", BASELINE, *reports)
    assert ran.status == 0
    assert "response.usage" in Path("chatconform.md").read_text()
    assert Path("chatconform.xml").exists()
