"""Shells complete the command line: each is started, given what `chatconform completion` prints, and asked."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from chatconform.frontends.cli.completing import VALUES
from chatconform.frontends.cli.completion import SHELLS
from chatconform.frontends.cli.entry import COMMANDS, parser_of

SCRIPTS = {
    "bash": """
        eval "$(chatconform completion bash)"
        COMP_LINE={line}; COMP_POINT=${{#COMP_LINE}}; COMP_TYPE=9; COMP_WORDS=({words}); COMP_CWORD={last}
        _python_argcomplete chatconform
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    "zsh": """
        compdef() {{ }}
        _describe() {{ print -rl -- "${{completions[@]}}" }}
        eval "$(chatconform completion zsh)"
        BUFFER={line}; CURSOR=${{#BUFFER}}; words=({words})
        _python_argcomplete
    """,
    "fish": """
        chatconform completion fish | source
        complete -C {line}
    """,
}


def completed(shell: str, line: str, folder: Path) -> list[str]:
    """What a shell offers for the end of a line, in a working directory."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    words = [*line.split(), ""] if line.endswith(" ") else line.split()
    script = SCRIPTS[shell].format(line=shlex.quote(line), words=" ".join(map(shlex.quote, words)), last=len(words) - 1)
    environment = {
        **os.environ,
        "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
    }
    ran = subprocess.run([shell, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    # zsh and fish tell what a word is for behind it.
    return [text.split("\t")[0].partition(":")[0].strip() for text in ran.stdout.splitlines() if text]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_offers_what_may_stand_next(shell: str, tmp_path: Path) -> None:
    (tmp_path / "chatconform.toml").write_text('[target.staging]\nurl = "http://h/v1"\n')
    assert completed(shell, "chatconform comp", tmp_path) == ["completion"]
    assert set(COMMANDS) <= set(completed(shell, "chatconform ", tmp_path))
    assert completed(shell, "chatconform check stag", tmp_path) == ["staging"]
    assert completed(shell, "chatconform check --only response.usage.total", tmp_path) == [
        "response.usage.total-is-the-sum"
    ]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("chatconform check --concur", "--concurrency"),
        ("chatconform check --profile ", "openai"),
        ("chatconform check --only response.us", "response.usage"),
        ("chatconform check --have tool-choice-n", "tool-choice-named"),
        ("chatconform client --only st.pl", "st.plain"),
        ("chatconform client --adapter open", "openai"),
        ("chatconform explain tool-choice-na", "tool-choice-named"),
        ("chatconform schema CompletionUs", "CompletionUsage"),
        ("chatconform serve --fault usage-is", "usage-is-null"),
        ("chatconform validate rec", "recording.jsonl"),
        ("chatconform check --config set", "settings.toml"),
    ],
)
def test_values_are_completed_by_what_there_is(line: str, offered: str, tmp_path: Path) -> None:
    (tmp_path / "recording.jsonl").write_text("")
    (tmp_path / "settings.toml").write_text("")
    assert offered in completed("bash", line, tmp_path)


def test_failures_of_a_report_are_completed(chatconform: Any, small: Any, tmp_path: Path) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 7}
    server = small.serve(lambda _: small.completion(usage=usage))
    report = tmp_path / "report.json"
    chatconform("check", server.url, "--only", "response.usage.total-is-the-sum", "--report", f"json={report}")
    (rule,) = json.loads(report.read_text())["rules"]
    ids = {finding["id"] for finding in rule["findings"]}
    assert set(completed("bash", "chatconform replay report.json ", tmp_path)) >= ids != set()
    assert completed("bash", "chatconform replay none.json x", tmp_path) == []


def test_nothing_is_told_where_settings_are_broken(tmp_path: Path) -> None:
    (tmp_path / "chatconform.toml").write_text("= 3")
    assert completed("bash", "chatconform check stag", tmp_path) == []


def test_a_shell_that_is_unknown_is_refused(chatconform: Any) -> None:
    ran = chatconform("completion", "csh")
    assert (ran.status, ran.out) == (2, "")
    assert "invalid choice: 'csh'" in ran.err


def test_every_argument_that_is_completed_is_there() -> None:
    for name, dest in VALUES:
        commands = [name] if name else COMMANDS
        assert any(action.dest == dest for one in commands for action in parser_of(one)._actions), (name, dest)
