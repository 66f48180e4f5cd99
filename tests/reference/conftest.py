"""The reference server, its pure heart, and the ways in which tests speak to it."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import openai
import orjson
import pytest

from chatconform.reference import ReferenceServer
from chatconform.reference.completion import Ticket, complete
from chatconform.reference.refusal import Refusal
from chatconform.reference.validation import validate

MODEL = "chatconform-reference"


@pytest.fixture(scope="session")
def server() -> Iterator[ReferenceServer]:
    """A correct server, shared by all tests."""
    with ReferenceServer(patience=1.0) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: ReferenceServer) -> Iterator[openai.OpenAI]:
    """The official client, pointed at the shared server."""
    with openai.OpenAI(base_url=server.url, api_key="any", max_retries=0, timeout=20) as official:
        yield official


@dataclass
class Heart:
    """The server's pure heart: a request in, a completion or a refusal out."""

    def body(self, text: str | list[Any] = "Say something short.", **parameters: Any) -> dict[str, Any]:
        """A request: a user's text or whole messages, and any parameters."""
        messages = [{"role": "user", "content": text}] if isinstance(text, str) else text
        return {"model": MODEL, "messages": messages, **parameters}

    def ask(self, text: str | list[Any] = "Say something short.", turn: int = 0, **parameters: Any) -> dict[str, Any]:
        """The completion of a request."""
        return self.complete(self.body(text, **parameters), turn)

    def complete(self, body: Any, turn: int = 0) -> dict[str, Any]:
        """The completion of a whole request body."""
        validate(body, [MODEL])
        return complete(body, Ticket("chatcmpl-1", 1_700_000_000, turn))

    def text(self, *args: Any, **parameters: Any) -> str:
        """The text of the first choice."""
        content = self.ask(*args, **parameters)["choices"][0]["message"]["content"]
        assert isinstance(content, str)
        return content

    def refused(self, text: str | list[Any] = "Say something short.", **parameters: Any) -> Refusal:
        """The refusal of a request."""
        return self.refusal(self.body(text, **parameters))

    def refusal(self, body: Any) -> Refusal:
        """The refusal of a whole request body."""
        with pytest.raises(Refusal) as caught:
            self.complete(body)
        return caught.value


@pytest.fixture(scope="session")
def heart() -> Heart:
    """The server without its network."""
    return Heart()


@dataclass
class Got:
    """An HTTP response, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error object, whose four keys are there."""
        error = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return dict(error)


Send = Callable[..., Got]


@pytest.fixture(scope="session")
def send(server: ReferenceServer) -> Send:
    """Sends one plain HTTP request to the shared server, and reads the answer."""

    def _send(
        body: Any = None,
        *,
        method: str = "POST",
        path: str = "/chat/completions",
        headers: dict[str, str] | None = None,
        url: str | None = None,
    ) -> Got:
        base = urlsplit(url or server.url)
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=20)
        try:
            usual = {"Content-Type": "application/json"} if data is not None else {}
            connection.request(method, base.path + path, data, usual | (headers or {}))
            response = connection.getresponse()
            return Got(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    return _send


@dataclass
class Line:
    """A raw connection."""

    sock: socket.socket

    def write(self, data: bytes) -> None:
        self.sock.sendall(data)

    def read(self) -> bytes:
        """All that comes until the server ends the connection."""
        pieces = []
        while piece := self.sock.recv(65536):
            pieces.append(piece)
        return b"".join(pieces)

    def read_until(self, end: bytes) -> bytes:
        """What comes, up to and with these bytes."""
        data = b""
        while end not in data:
            piece = self.sock.recv(65536)
            assert piece, f"the connection ended after {data!r}"
            data += piece
        return data


@pytest.fixture
def line(server: ReferenceServer) -> Iterator[Line]:
    """A raw connection to the shared server."""
    with socket.create_connection((server.host, server.port), timeout=20) as sock:
        yield Line(sock)
