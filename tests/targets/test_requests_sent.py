"""A request goes out as it is asked for, right or wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from chatconform.core.ask import Ask
from chatconform.core.exchange import Origin
from chatconform.core.secrets import MADE_UP

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.exchange import Exchange
    from chatconform.targets import ServerTarget

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def sent(
    raw_server: Callable[..., Any], target_of: Callable[..., ServerTarget]
) -> Callable[..., tuple[str, dict[str, str], bytes, Exchange]]:
    """Asks; gives the request's line, headers and body as the server got them, and the exchange."""

    def send(ask: Ask, path: str = "/v1", **options: Any) -> tuple[str, dict[str, str], bytes, Exchange]:
        server = raw_server(ANSWER)
        exchange = target_of(f"http://127.0.0.1:{server.port}{path}", **options).send(ask, Origin("x"))
        assert exchange.status == 200, exchange.failure
        head, _, body = server.received[0].partition(b"\r\n\r\n")
        line, *rest = head.decode("latin-1").split("\r\n")
        return line, dict(one.split(": ", 1) for one in rest), body, exchange

    return send


def test_a_usual_request(sent: Callable[..., Any]) -> None:
    line, headers, body, exchange = sent(Ask({"model": "m", "x": "é"}), api_key="sk-12345678")
    assert line == "POST /v1/chat/completions HTTP/1.1"
    assert headers.pop("User-Agent").startswith("chatconform/")
    assert headers.pop("Host").startswith("127.0.0.1:")
    assert headers == {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Authorization": "Bearer sk-12345678",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    assert orjson.loads(body) == {"model": "m", "x": "é"}
    assert exchange.request.method == "POST"
    assert exchange.request.target == "/v1/chat/completions"
    assert exchange.request.body == body
    assert exchange.request.header("content-length") == str(len(body))


def test_the_key_stands_in_no_exchange(sent: Callable[..., Any]) -> None:
    *_, exchange = sent(Ask({}), api_key="sk-12345678", headers={"X-Api-Key": "abcdefgh", "X-Other": "shown"})
    told = dict(exchange.request.headers)
    assert told["Authorization"] == "Bearer [redacted]"
    assert told["X-Api-Key"] == "[redacted]"
    assert told["X-Other"] == "shown"


def test_secrets_are_named_for_whoever_tells(target_of: Callable[..., ServerTarget]) -> None:
    target = target_of("http://u:pass%20word@127.0.0.1:1/v1", headers={"X-Api-Key": "abcdefgh"})
    assert target.url == "http://127.0.0.1:1/v1"
    assert "abcdefgh" in target.secrets
    assert len(target.secrets) == 2
    assert target_of("http://127.0.0.1:1/v1").secrets == ()


def test_what_a_case_makes_up_is_told(sent: Callable[..., Any]) -> None:
    made_up = f"Bearer sk-{MADE_UP}"
    _, headers, _, exchange = sent(Ask({}, headers={"authorization": made_up}), api_key="sk-12345678")
    assert headers["authorization"] == made_up
    assert exchange.request.header("Authorization") == made_up


def test_a_header_is_taken_away(sent: Callable[..., Any]) -> None:
    _, headers, _, exchange = sent(
        Ask({}, headers={"AUTHORIZATION": None, "Content-type": None}), api_key="sk-12345678"
    )
    assert "Authorization" not in headers
    assert "Content-Type" not in headers
    assert exchange.request.header("authorization") is None


def test_headers_of_the_user_replace_usual_ones(sent: Callable[..., Any]) -> None:
    _, headers, *_ = sent(Ask({}), api_key="sk-12345678", headers={"authorization": "Token t", "user-agent": "me"})
    assert headers["authorization"] == "Token t"
    assert headers["user-agent"] == "me"
    assert "Authorization" not in headers


def test_user_and_password_of_the_url_are_sent(
    raw_server: Callable[..., Any], target_of: Callable[..., ServerTarget]
) -> None:
    server = raw_server(ANSWER)
    exchange = target_of(f"http://user:p%40ss@127.0.0.1:{server.port}/v1").send(Ask({}), Origin("x"))
    assert b"Authorization: Basic dXNlcjpwQHNz\r\n" in server.received[0]
    assert exchange.request.header("authorization") == "Basic [redacted]"


def test_bytes_go_out_as_they_are(sent: Callable[..., Any]) -> None:
    body = b'\xef\xbb\xbf{"a": \xff NaN'
    assert sent(Ask(body))[2] == body


def test_a_body_in_chunks(sent: Callable[..., Any]) -> None:
    _, headers, body, exchange = sent(Ask(b"abcde", chunked=2))
    assert headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in headers
    assert body == b"2\r\nab\r\n2\r\ncd\r\n1\r\ne\r\n0\r\n\r\n"
    assert exchange.request.body == b"abcde"


@pytest.mark.parametrize(("method", "length"), [("GET", None), ("DELETE", None), ("POST", "0"), ("PUT", "0")])
def test_a_request_without_a_body(sent: Callable[..., Any], method: str, length: str | None) -> None:
    line, headers, body, _ = sent(Ask(method=method, path="/models"))
    assert line == f"{method} /v1/models HTTP/1.1"
    assert headers.get("Content-Length") == length
    assert "Content-Type" not in headers
    assert body == b""


@pytest.mark.parametrize("method", ["OPTIONS", "BREW", "post", "CONNECT"])
def test_odd_methods_are_sent(sent: Callable[..., Any], method: str) -> None:
    assert sent(Ask(method=method))[0].startswith(f"{method} /v1/chat")


@pytest.mark.parametrize(
    ("base", "line"),
    [
        ("", "/chat/completions"),
        ("/", "/chat/completions"),
        ("/v1/", "/v1/chat/completions"),
        ("/a//b%2Fc/", "/a//b%2Fc/chat/completions"),
        ("/ä", "/%C3%A4/chat/completions"),
    ],
)
def test_the_path_is_joined_exactly(sent: Callable[..., Any], base: str, line: str) -> None:
    assert sent(Ask({}), path=base)[0] == f"POST {line} HTTP/1.1"


def test_a_wrong_length_is_sent(raw_server: Callable[..., Any], target_of: Callable[..., ServerTarget]) -> None:
    server = raw_server(ANSWER)
    exchange = target_of(server).send(Ask(b"abc", headers={"Content-Length": "2"}), Origin("x"))
    assert exchange.status == 200
    assert exchange.request.header("content-length") == "2"
    assert server.received[0].startswith(b"POST")
    assert b"Content-Length: 2\r\n" in server.received[0]


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": "sk-1\nX-Evil: 1"},
        {"api_key": "sk-\u20ac"},
        {"headers": {"X": "a\r\nb"}},
        {"headers": {"X\r\n": "a"}},
        {"headers": {"X Y": "a"}},
        {"headers": {"": "a"}},
        {"headers": {"X": "a\x00"}},
    ],
)
def test_what_no_header_can_hold_is_refused_without_being_shown(
    target_of: Callable[..., ServerTarget], options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"holds a line break|no header name") as caught:
        target_of("http://127.0.0.1:1/v1", **options)
    assert "sk-" not in str(caught.value)
