"""A request printed for HTTPie or Python asks exactly what was asked, and shows no key."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from shutil import which
from tempfile import NamedTemporaryFile

import pytest

from chatconform.core.exchange import Request
from chatconform.core.secrets import MADE_UP
from chatconform.reports import curl, httpie, python_script

JSON = ("Content-Type", "application/json")
KEY = "sk-0123456789"
BODIES = [
    b"",
    b'{"model":"m","stream":true}',
    b'it\'s "quoted" $HOME `id` \\ %s %d \n\r\t',
    b"\xff\xfe\x00 no text \x00",
    "ẞ 🦊 ‮ bidi".encode(),
    b"-starts with a dash",
    b"x" * 200_000,
]
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
HTTP = which("http", path=PATH)
needs_httpie = pytest.mark.skipif(HTTP is None, reason="there is no HTTPie here")


def is_whole(sent: bytes) -> bool:
    """Whether a request has come to its end, as its framing says; one with a length that is a lie has it with `{}`."""
    head, end, body = sent.partition(b"\r\n\r\n")
    if b"chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return bool(end) and (length is None or len(body) >= int(length[1]) or body == b"{}")


def served(script: Callable[[str], tuple[str, str]]) -> tuple[bytes, str]:
    """Runs what a script makes for a server that listens once; gives the bytes that came there, and what was told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        came: list[bytes] = []

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(5)
                data = b""
                while not is_whole(data) and (piece := connection.recv(65536)):
                    data += piece
                came.append(data)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nX-Seen: yes\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
                )

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        runner, text = script(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        environment = {**os.environ, "OPENAI_API_KEY": KEY, "X_PROXY_TOKEN": "abcdefgh", "NO_PROXY": "*", "PATH": PATH}
        with NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            words = [runner, file.name]
            done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False, env=environment)
        thread.join(5)
    assert came, done.stderr
    return came[0], done.stdout + done.stderr


def request(body: bytes = b"{}", *headers: tuple[str, str], method: str = "POST") -> Request:
    usual = (("Host", "old.example"), ("Accept", "application/json"), ("Accept-Encoding", "identity"))
    length = (("Content-Length", str(len(body))),) if body else ()
    return Request(method, "/v1/chat/completions", (*usual, *headers, *length), body)


def split(sent: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = sent.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return first, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body


def python(asked: Request) -> Callable[[str], tuple[str, str]]:
    return lambda url: (sys.executable, python_script.script(asked, url))


def shell(asked: Request) -> Callable[[str], tuple[str, str]]:
    return lambda url: ("sh", httpie.command(asked, url))


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("form", [python, pytest.param(shell, marks=needs_httpie)])
def test_the_same_bytes_are_sent(form, body):
    asked = request(body, *([JSON] if body else []), method="POST" if body else "GET")
    sent, told = served(form(asked))
    first, headers, got = split(sent)
    assert first == f"{asked.method} /v1/chat/completions HTTP/1.1"
    assert got == body
    assert {name: headers.get(name) for name in ("accept", "accept-encoding", "content-type")} == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json" if body else None,
    }
    assert headers["host"].startswith("127.0.0.1:"), "the server that is asked, and not the recorded one"
    assert "hello" in told


@pytest.mark.parametrize("form", [python, pytest.param(shell, marks=needs_httpie)])
def test_keys_come_from_the_environment(form):
    asked = request(b"{}", ("Authorization", f"Bearer {KEY}"), ("X-Proxy-Token", "abcdefgh"), JSON)
    command = " ".join(form(asked)("http://x/v1"))
    assert KEY not in command
    assert "abcdefgh" not in command
    headers = split(served(form(asked))[0])[1]
    assert (headers["authorization"], headers["x-proxy-token"]) == (f"Bearer {KEY}", "abcdefgh")


@pytest.mark.parametrize("form", [python, pytest.param(shell, marks=needs_httpie)])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Odd", "a=b:c@d;e\\f"),
        ("X-Odd", "@/etc/passwd"),
        ("X-Odd", "=1"),
        ("X-Odd", "$HOME `id` 'q' \"q\""),
        ("X-Empty", ""),
        ("Authorization", f"Bearer sk-{MADE_UP}-1"),
        ("Content-Type", "text/plain; charset=utf-8"),
    ],
)
def test_odd_headers_are_sent_as_they_are(form, name, value):
    headers = split(served(form(request(b"{}", (name, value))))[0])[1]
    assert headers[name.lower()] == value


@pytest.mark.parametrize("form", [python, pytest.param(shell, marks=needs_httpie)])
def test_a_missing_content_type_stays_missing(form):
    assert "content-type" not in split(served(form(request(b"{}")))[0])[1]


@pytest.mark.parametrize("form", [python, pytest.param(shell, marks=needs_httpie)])
def test_a_body_in_chunks_is_sent_in_chunks(form):
    asked = Request("POST", "/v1/x", (JSON, ("Transfer-Encoding", "chunked")), b'{"model":"m"}')
    _, headers, body = split(served(form(asked))[0])
    assert headers["transfer-encoding"] == "chunked"
    assert body == b'd\r\n{"model":"m"}\r\n0\r\n\r\n'


def test_chunks_of_python_are_as_small_as_they_were():
    asked = Request("POST", "/v1/x", (JSON, ("Transfer-Encoding", "chunked")), b"{}")
    sent, _ = served(lambda url: (sys.executable, python_script.script(asked, url, chunk=1)))
    assert split(sent)[2] == b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"


def test_a_length_that_is_a_lie_is_sent_by_python_and_refused_for_httpie():
    asked = Request("POST", "/v1/x", (JSON, ("Content-Length", "999")), b"{}")
    assert split(served(python(asked))[0])[1]["content-length"] == "999"
    with pytest.raises(httpie.UnsayableError, match="curl and python send it as it is"):
        httpie.command(asked, "http://x/v1")


def test_a_header_that_httpie_would_read_otherwise_is_refused():
    with pytest.raises(httpie.UnsayableError, match="a backslash in the header X-Odd"):
        httpie.command(request(b"{}", ("X-Odd", "\\:")), "http://x/v1")


def test_a_request_for_httpie_reads_well():
    asked = request(b'{"n":1}', JSON, ("User-Agent", "x"))
    assert httpie.command(asked, "http://a.example/v1") == (
        "printf %s '{\"n\":1}' | http --print=hb POST http://a.example/v1/chat/completions \\\n"
        "  Accept:application/json \\\n  Accept-Encoding:identity \\\n"
        "  Content-Type:application/json \\\n  User-Agent:x"
    )


def test_a_large_body_for_a_script_is_whole():
    asked = request(b"x" * 100_000, JSON)
    line = curl.command(asked, "http://127.0.0.1/v1", whole=True)
    assert len(line) > 100_000
    assert shlex.split(line.partition(" | ")[0])[-1] == "x" * 100_000
