"""TLS is verified and proxies are used, as users expect it of every client."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from chatconform.core.ask import Ask
from chatconform.core.exchange import Origin
from chatconform.targets import BadUrlError, Timeouts
from chatconform.targets.address import parse, proxy_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chatconform.targets import ServerTarget

    Start = Callable[..., Any]
    Make = Callable[..., ServerTarget]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ME = Origin("x")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the authority known as users do it."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


@pytest.mark.usefixtures("trusted")
def test_a_trusted_certificate_is_taken(raw_server: Start, target_of: Make, context: ssl.SSLContext) -> None:
    server = raw_server(OK, context=context, close=False)
    target = target_of(server)
    for _ in range(3):
        exchange = target.send(Ask(b"x" * 300_000), ME)
        assert exchange.failure is None
        assert exchange.status == 200
    assert server.connections == 1


def test_an_unknown_certificate_is_refused(raw_server: Start, target_of: Make, context: ssl.SSLContext) -> None:
    server = raw_server(OK, context=context)
    exchange = target_of(server, api_key="sk-12345678").send(Ask({}), ME)
    assert exchange.failure is not None
    assert exchange.failure.kind == "tls"
    assert "not trusted" in exchange.failure.message
    assert "SSL_CERT_FILE" in exchange.failure.message
    assert "--insecure" in exchange.failure.message
    assert server.received == []


def test_an_unknown_certificate_is_taken_if_told_so(
    raw_server: Start, target_of: Make, context: ssl.SSLContext
) -> None:
    assert target_of(raw_server(OK, context=context), insecure=True).send(Ask({}), ME).status == 200


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_host_is_refused(raw_server: Start, target_of: Make, authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    exchange = target_of(raw_server(OK, context=context)).send(Ask({}), ME)
    assert exchange.failure is not None
    assert exchange.failure.kind == "tls"


def test_https_to_a_server_that_speaks_http_is_told(raw_server: Start, target_of: Make) -> None:
    def talk(connection: socket.socket, _: object) -> None:
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = raw_server(talk)
    exchange = target_of(f"https://127.0.0.1:{server.port}/v1").send(Ask({}), ME)
    assert exchange.failure is not None
    assert exchange.failure.kind == "tls"
    assert "http:// URL?" in exchange.failure.message


def test_http_to_a_server_that_speaks_tls_is_a_failure(
    raw_server: Start, target_of: Make, context: ssl.SSLContext
) -> None:
    server = raw_server(OK, context=context)
    exchange = target_of(f"http://127.0.0.1:{server.port}/v1").send(Ask({}), ME)
    assert exchange.failure is not None
    assert exchange.failure.kind in {"malformed", "reset", "closed"}


def test_a_handshake_that_hangs_has_an_end(raw_server: Start, target_of: Make) -> None:
    def talk(_: socket.socket, server: Any) -> None:
        server.stopping.wait(10)

    server = raw_server(talk)
    target = target_of(f"https://127.0.0.1:{server.port}/v1", timeouts=Timeouts(connect=0.3))
    exchange = target.send(Ask({}), ME)
    assert exchange.failure is not None
    assert exchange.failure.kind == "connect-timeout"
    assert "handshake" in exchange.failure.message


@pytest.mark.usefixtures("trusted")
def test_a_large_body_goes_both_ways_at_once(
    raw_server: Start, target_of: Make, context: ssl.SSLContext, request_of: Callable[..., bytes]
) -> None:
    def talk(connection: ssl.SSLSocket, server: Any) -> None:
        # Speaks at length before it has heard anything: whoever only sends, or only reads, waits for ever.
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n" + b"y" * 8_000_000)
        with contextlib.suppress(OSError):
            request_of(connection, server)

    exchange = target_of(raw_server(talk, context=context)).send(Ask(b"x" * 8_000_000), ME)
    assert exchange.failure is None
    assert exchange.response is not None
    assert len(exchange.response.body) == 8_000_000


def proxy(connection: socket.socket, server: Any) -> None:
    """A proxy: tunnels for CONNECT, and answers plain requests itself."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    server.received.append(head)
    if not head.startswith(b"CONNECT"):
        connection.sendall(OK)
        return
    host, _, port = head.split(b" ")[1].rpartition(b":")
    with socket.create_connection((host.decode().strip("[]"), int(port))) as onward:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")
        back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
        back.start()
        pump(connection, onward)
        back.join(5)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def test_plain_http_goes_through_the_proxy(raw_server: Start, target_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    server = raw_server(proxy)
    target_of("http://unused.example/")  # takes the variables away first
    monkeypatch.setenv("HTTP_PROXY", f"http://me:p%20w@127.0.0.1:{server.port}")
    exchange = target_of("http://somewhere.example/v1", api_key="sk-12345678").send(Ask({}), ME)
    assert exchange.status == 200
    assert server.received[0].startswith(b"POST http://somewhere.example/v1/chat/completions HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic " + b64encode(b"me:p w") + b"\r\n" in server.received[0]
    assert exchange.request.target == "/v1/chat/completions"
    assert exchange.request.header("proxy-authorization") is None
    assert exchange.request.header("host") == "somewhere.example"


@pytest.mark.usefixtures("trusted")
def test_https_goes_through_a_tunnel(
    raw_server: Start, target_of: Make, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, between = raw_server(OK, context=context), raw_server(proxy)
    target_of("http://unused.example/")
    monkeypatch.setenv("https_proxy", f"127.0.0.1:{between.port}")
    exchange = target_of(server, api_key="sk-12345678").send(Ask({}), ME)
    assert exchange.status == 200
    assert between.received[0].startswith(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n" % server.port)
    assert b"sk-12345678" not in between.received[0]
    assert b"sk-12345678" in server.received[0]


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"junk\r\n\r\n", b"", b"HTTP/1.1 502 Bad\r\n\r\n"]
)
def test_a_tunnel_that_is_refused_is_told(
    raw_server: Start, target_of: Make, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    server = raw_server(said)
    target_of("http://unused.example/")
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{server.port}")
    exchange = target_of("https://somewhere.example/v1").send(Ask({}), ME)
    assert exchange.failure is not None
    assert exchange.failure.kind == "refused"
    assert "the proxy" in exchange.failure.message
    assert "somewhere.example:443" in exchange.failure.message
    assert "secret" not in exchange.failure.message


def test_a_proxy_that_is_not_there_is_told(target_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    target_of("http://unused.example/")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    exchange = target_of("http://somewhere.example/v1").send(Ask({}), ME)
    assert exchange.failure is not None
    assert exchange.failure.kind == "refused"
    assert "the proxy 127.0.0.1" in exchange.failure.message


def test_proxies_can_be_left_out(raw_server: Start, target_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    server = raw_server(OK)
    target_of("http://unused.example/")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert target_of(server, proxied=False).send(Ask({}), ME).status == 200
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert target_of(server).send(Ask({}), ME).status == 200


@pytest.mark.parametrize(
    ("url", "environment", "expected"),
    [
        ("http://a.example", {}, None),
        ("http://a.example", {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ("https://a.example", {"HTTP_PROXY": "http://p:1"}, None),
        ("https://a.example", {"ALL_PROXY": "http://p"}, "http://p"),
        ("http://a.example", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "b.example, a.example"}, None),
        ("http://x.a.example", {"HTTP_PROXY": "http://p:1", "NO_PROXY": ".a.example"}, None),
        ("http://a.example", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("http://a.example", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "example.org"}, "http://p:1"),
        ("http://[::1]", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "::1"}, None),
        ("http://[::1]:8080", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "[::1]"}, None),
        ("http://a.example", {"HTTP_PROXY": ""}, None),
    ],
)
def test_the_environment_names_the_proxy(
    target_of: Make, monkeypatch: pytest.MonkeyPatch, url: str, environment: dict[str, str], expected: str | None
) -> None:
    target_of("http://unused.example/")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = proxy_for(parse(url))
    assert (None if found is None else str(found)) == expected


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1", "https://127.0.0.1:1"])
def test_a_proxy_of_another_kind_is_refused(target_of: Make, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    target_of("http://unused.example/")
    monkeypatch.setenv("HTTP_PROXY", url)
    with pytest.raises(BadUrlError, match="only http:// proxies"):
        target_of("http://somewhere.example/")
