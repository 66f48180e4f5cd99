"""`chatconform serve`: what it prints, what it refuses, and how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from typing import Any

import pytest

from chatconform.frontends.cli import main


def serving(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "chatconform", "serve", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_interrupted_and_ends_quietly(send: Any, heart: Any, number: int) -> None:
    with serving("-q", "-m", "gpt-7", "-m", "gpt-8", "--api-key", "sk-a") as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        key = {"Authorization": "Bearer sk-a"}
        assert [m["id"] for m in send(method="GET", path="/models", url=url, headers=key).json["data"]] == [
            "gpt-7",
            "gpt-8",
        ]
        assert send({**heart.body(), "model": "gpt-8"}, url=url, headers=key).status == 200
        assert send(heart.body(), url=url).status == 401
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.communicate() == ("", "")


def test_it_says_what_it_serves() -> None:
    with serving("--fault", "end-mark-is-missing") as process:
        assert process.stdout
        told = process.stdout.readline()
        process.send_signal(signal.SIGINT)
    assert told.startswith("Serving chatconform-reference at http://127.0.0.1:")
    assert told.endswith("/v1, with the fault end-mark-is-missing. Ctrl-C ends it.\n")


def test_the_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--list-faults"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 60
    assert any(line.startswith("end-mark-is-missing  ") and line.endswith(" Never sends `[DONE]`.") for line in lines)


def test_a_port_in_use_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"chatconform: cannot listen on 127.0.0.1, port {port}: Address already in use\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--fault", "end-mark-missing"], "near: end-mark-is-missing"),
        (["--api-key-env", "CHATCONFORM_UNSET"], "the variable CHATCONFORM_UNSET is not set"),
        (["--api-key", ""], "the key is empty"),
        (["--model", ""], "the name of a model is empty"),
        (["--host", "nowhere.invalid"], "cannot listen on nowhere.invalid"),
        (["--port", "70000"], "'70000' is no port"),
        (["--port", "x"], "'x' is no port"),
        (["--latency", "-1"], "'-1' is no time"),
        (["--latency", "nan"], "'nan' is no time"),
        (["--api-key", "a", "--api-key-env", "B"], "not allowed with"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHATCONFORM_UNSET", raising=False)
    assert main(["serve", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert sentence in told.err
    assert "Traceback" not in told.err


def test_a_key_from_the_environment_is_asked_for(send: Any, heart: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_KEY", "sk-secret")
    with serving("--api-key-env", "MOCK_KEY") as process:
        assert process.stdout
        told = process.stdout.readline()
        url = told.split()[3].rstrip(".")
        assert send(heart.body(), url=url, headers={"Authorization": "Bearer sk-secret"}).status == 200
        process.send_signal(signal.SIGINT)
    assert "sk-secret" not in told


def test_it_starts_without_anything_heavy() -> None:
    heavy = ("h11", "jsonschema", "hypothesis", "pytest", "chatconform.reference")
    code = f"import sys; from chatconform.frontends.cli import serve; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
