"""A curl line asks exactly what was asked, in a POSIX shell, whatever its bytes are; and it shows no key."""

from __future__ import annotations

import subprocess
from shutil import which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatconform.core.exchange import Request
from chatconform.core.secrets import MADE_UP
from chatconform.reports.curl import LARGEST, command

BASE = "http://user:secret@127.0.0.1:1234/v1"
JSON = ("Content-Type", "application/json")
SHELL = which("dash") or which("sh")


def arguments(line: str, **variables: str) -> tuple[list[bytes], bytes]:
    """What a POSIX shell would start curl with, and what curl would read on its stdin."""
    fake = "curl() { printf '%s\\0' \"$@\"; printf 'STDIN:'; [ \"$piped\" ] && cat; return 0; }\n"
    piped = "piped=1\n" if line.startswith("printf") else "piped=\n"
    assert SHELL is not None
    done = subprocess.run([SHELL, "-c", fake + piped + line], capture_output=True, check=True, env=variables)
    assert done.stderr == b""
    words, _, stdin = done.stdout.partition(b"STDIN:")
    return words.split(b"\0")[:-1], stdin


def body_of(words: list[bytes], stdin: bytes) -> bytes:
    if b"--data-raw" in words:
        return words[words.index(b"--data-raw") + 1]
    if b"--data-binary" in words:
        assert words[words.index(b"--data-binary") + 1] == b"@-"
        return stdin
    return b""


def headers_of(words: list[bytes]) -> list[bytes]:
    return [words[place + 1] for place, word in enumerate(words) if word == b"-H"]


def test_a_usual_request_reads_well() -> None:
    request = Request("POST", "/v1/chat/completions", (("Host", "x"), JSON, ("Content-Length", "11")), b'{"model":1}')
    assert command(request, BASE) == (
        "curl -sS -i http://127.0.0.1:1234/v1/chat/completions \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        "  --data-raw '{\"model\":1}'"
    )


def test_the_key_is_a_variable() -> None:
    request = Request("POST", "/v1", (("Authorization", "Bearer sk-123456"), JSON), b"{}")
    line = command(request, BASE, key="MY_KEY")
    assert "sk-123456" not in line
    assert "secret" not in line
    words, _ = arguments(line, MY_KEY="sk-123456")
    assert b"Authorization: Bearer sk-123456" in headers_of(words)


def test_a_secret_of_another_header_has_a_variable_of_its_own() -> None:
    request = Request("POST", "/v1", (("X-Proxy-Token", "abcdefgh"), JSON), b"{}")
    words, _ = arguments(command(request, BASE), X_PROXY_TOKEN="abcdefgh")
    assert b"X-Proxy-Token: abcdefgh" in headers_of(words)


def test_a_credential_that_a_case_made_up_is_shown() -> None:
    request = Request("POST", "/v1", (("Authorization", f"Bearer sk-{MADE_UP}-1"), JSON), b"{}")
    assert f"Bearer sk-{MADE_UP}-1" in command(request, BASE)


def test_a_large_body_is_named_and_not_shown() -> None:
    line = command(Request("POST", "/v1", (JSON,), b"x" * (LARGEST + 1)), BASE)
    assert len(line) < 300
    assert "65537 bytes" in line


def test_a_missing_content_type_stays_missing() -> None:
    words, _ = arguments(command(Request("POST", "/v1", (), b"{}"), BASE))
    assert headers_of(words) == [b"Content-Type:"]


def test_a_wrong_length_is_kept() -> None:
    words, _ = arguments(command(Request("POST", "/v1", (JSON, ("Content-Length", "99")), b"{}"), BASE))
    assert b"Content-Length: 99" in headers_of(words)


@pytest.mark.parametrize(
    ("method", "body", "wanted"),
    [("GET", b"", []), ("HEAD", b"", [b"--head"]), ("POST", b"", [b"-X", b"POST"]), ("PUT", b"{}", [b"-X", b"PUT"])],
)
def test_the_method_is_named_where_curl_would_take_another(method: str, body: bytes, wanted: list[bytes]) -> None:
    words, _ = arguments(command(Request(method, "/v1/models", (), body), BASE))
    assert words[2 : 2 + len(wanted)] == wanted
    assert (b"-X" in words) == (b"-X" in wanted)


def test_a_stream_is_shown_as_it_comes() -> None:
    assert " -N " in command(Request("POST", "/v1", (JSON,), b'{"stream": true}'), BASE)


def test_a_path_is_not_mended() -> None:
    line = command(Request("POST", "/v1/../x/./[1]{2}", (JSON,), b"{}"), BASE)
    assert "--path-as-is" in line
    words, _ = arguments(line)
    assert b"http://127.0.0.1:1234/v1/../x/./[1]{2}" in words
    assert b"-g" in words


@pytest.mark.parametrize(
    "body",
    [
        b"@/etc/passwd",
        b"it's '' $(touch x) `x` $HOME \\ \"",
        b"-n %s\x00\xff\n",
        b"\n",
        b"a\r\n\x1b[2J\x07",
        "é漢😀".encode(),
        "\u202e\u2028".encode(),
        b"\xed\xa0\x80",
        bytes(range(256)),
    ],
)
def test_hostile_bodies_arrive_as_they_are(body: bytes) -> None:
    line = command(Request("POST", "/v1", (JSON,), body), BASE)
    assert line.replace("\\\n", "").isprintable()
    assert body_of(*arguments(line)) == body


@settings(max_examples=60, deadline=None)
@given(body=st.binary(min_size=1, max_size=200) | st.text(min_size=1).map(lambda text: text.encode("utf-8", "replace")))
def test_every_body_arrives_as_it_is(body: bytes) -> None:
    line = command(Request("POST", "/v1", (JSON,), body), BASE)
    assert line.replace("\\\n", "").isprintable()
    assert body_of(*arguments(line)) == body


HEADER_TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=255, blacklist_characters="\n\r"), max_size=30)


@settings(max_examples=60, deadline=None)
@given(name=HEADER_TEXT.filter(bool), value=HEADER_TEXT)
def test_every_header_stays_one_word(name: str, value: str) -> None:
    line = command(Request("POST", "/v1", (JSON, (name, value)), b"{}"), BASE)
    assert line.replace("\\\n", "").isprintable()
    words, _ = arguments(line)
    assert words[0:2] == [b"-sS", b"-i"]
    assert words[-2:] == [b"--data-raw", b"{}"]
    assert len(headers_of(words)) <= 2
