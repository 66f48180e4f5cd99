"""Targets behind TLS are relayed as others are, once their certificate is trusted."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.proxy.conftest import Way, read_all, read_exactly, read_until

BODY = bytes(range(256)) * 8000
REQUEST = b"POST /chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(BODY)
Make = Callable[..., Way]


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_what_passes_to_a_trusted_target_is_what_was_sent(
    way: Make, authority: trustme.CA, context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))

    def behave(sock: socket.socket) -> None:
        for _ in range(2):
            read_until(sock, b"\r\n\r\n")
            assert read_exactly(sock, len(BODY)) == BODY
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY))
            for start in range(0, len(BODY), 50_000):
                sock.sendall(BODY[start : start + 50_000])

    there = way(behave, context)
    for _ in range(2):
        there.client.sendall(REQUEST + BODY)
        read_until(there.client, b"\r\n\r\n")
        assert read_exactly(there.client, len(BODY)) == BODY
    assert read_all(there.client) == b""
    assert (there.target.errors, there.target.connections) == ([], 1)
    assert [passage.failure for passage in there.end()] == [None, None]


def test_an_untrusted_target_is_not_spoken_to(way: Make, context: ssl.SSLContext) -> None:
    spoken: list[bytes] = []
    there = way(lambda sock: spoken.append(sock.recv(1)), context)
    there.client.sendall(REQUEST + BODY)
    told = read_all(there.client)
    assert told.startswith(b"HTTP/1.1 502 ")
    assert b"not trusted" in told
    assert spoken == []
