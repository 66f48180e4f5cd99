"""The command listens until it is interrupted, and then says what it saw."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chatconform.frontends.cli import main
from chatconform.reference.server import MODEL, ReferenceServer

BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Hello."}]})


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process, ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "chatconform", "proxy", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ask(url: str) -> int:
    """Asks once."""
    base = urlsplit(url)
    connection = http.client.HTTPConnection(base.netloc, timeout=20)
    connection.request("POST", f"{base.path}/chat/completions", BODY, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_findings_are_told_live_and_summed_up_at_the_end(number: signal.Signals, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with (
        ReferenceServer(fault="usage-counts-in-strings") as server,
        running("--upstream", server.url, "--report", f"json={report}") as process,
    ):
        assert process.stdout is not None
        url = process.stdout.readline().split()[2].rstrip(",")
        assert ask(url) == 200
        live = process.stdout.readline()
        assert live.startswith("proxy:1:/usage/")
        assert " MUST response.body.matches-its-type " in live
        assert ask(url) == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "FAIL MUST  response.body.matches-its-type  2 findings" in out
    assert "FAILED  2 records: findings: 2 MUST" in out
    assert json.loads(report.read_text())["exit_status"] == 1


def test_a_report_to_stdout_stands_there_alone() -> None:
    with ReferenceServer() as server, running("--upstream", server.url, "--report", "json") as process:
        assert process.stderr is not None
        assert ask(process.stderr.readline().split()[2].rstrip(",")) == 200
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert json.loads(out)["records"] == {"exchanges": 1}
    assert process.returncode == 0


def test_no_traffic_is_no_verdict() -> None:
    with running("--upstream", "http://127.0.0.1:9/v1") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert "Nothing was judged." in out
    assert process.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--upstream", "nowhere"], "the URL has no scheme"),
        (["--upstream", "http://h", "--only", "no.such.rule"], "no.such.rule"),
        (["--upstream", "http://h", "--record", "/"], "/ cannot be written"),
        (["--upstream", "http://h", "--report", "none"], "there is no report format"),
    ],
)
def test_bad_arguments_are_one_sentence(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["proxy", *arguments]) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert len(told.err.splitlines()) == 1
    assert not told.out
