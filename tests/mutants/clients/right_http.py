"""The HTTP of the right client: a request and the pieces of its answer, over a socket, with nothing but sockets."""

from __future__ import annotations

import json
import socket
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


class ConnectionLost(Exception):
    """The connection was refused, ended or reset before the answer was whole."""


class TookTooLong(Exception):
    """Nothing came within the time limit."""


class Unreadable(Exception):
    """What came is not HTTP."""


@dataclass
class Reader:
    """Bytes off a socket, by lines and by counts."""

    connection: socket.socket
    held: bytes = b""

    def more(self) -> bytes:
        """The next bytes; none where the server ended the connection in order."""
        if self.held:
            held, self.held = self.held, b""
            return held
        try:
            return self.connection.recv(65536)
        except TimeoutError:
            raise TookTooLong("nothing came within the time limit") from None
        except OSError as error:
            raise ConnectionLost(str(error)) from None

    def line(self) -> bytes:
        """One line without its end."""
        line = b""
        while b"\n" not in line:
            more = self.more()
            if not more:
                raise ConnectionLost("the connection ended within a line" if line else "the connection ended")
            line += more
        line, _, self.held = line.partition(b"\n")
        return line.removesuffix(b"\r")

    def exactly(self, count: int) -> Iterator[bytes]:
        """So many bytes, in pieces as they come."""
        while count:
            more = self.more()
            if not more:
                raise ConnectionLost(f"the connection ended and {count} bytes are missing")
            self.held = more[count:]
            yield more[:count]
            count -= len(more[:count])


@dataclass
class Answer:
    """The head of an answer, and its body in pieces."""

    status: int
    headers: dict[str, str]
    pieces: Iterator[bytes]
    reader: Reader
    ends_connection: bool
    is_whole: bool = False

    def close(self) -> None:
        """Ends the connection."""
        self.reader.connection.close()


@dataclass
class Http:
    """Sends requests and reads answers. Each method is one decision that a client may get wrong."""

    idle: dict[str, Reader] = field(default_factory=dict)
    codings: str = "gzip, deflate"

    def headers(self, op: dict[str, Any]) -> dict[str, str]:
        """The header fields of a request, but for Host and Content-Length."""
        return {
            "Authorization": f"Bearer {op['api_key']}",
            "Content-Type": "application/json",
            "Accept": "*/*",
            "Accept-Encoding": self.codings,
        }

    def target(self, base_url: str) -> str:
        """The path to ask at."""
        return f"{urlsplit(base_url).path}/chat/completions"

    def body(self, request: dict[str, Any]) -> bytes:
        """The bytes of a request's body."""
        return json.dumps(request).encode()

    def post(self, op: dict[str, Any]) -> Answer:
        """Sends a request and reads the head of its answer."""
        body = self.body(op["request"])
        host = urlsplit(op["base_url"])
        fields = {"Host": host.netloc, **self.headers(op), "Content-Length": str(len(body))}
        head = f"POST {self.target(op['base_url'])} HTTP/1.1\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        reader = self.idle.pop(op["base_url"], None)
        if reader is not None and self.is_stale(reader):
            reader.connection.close()
            reader = None
        try:
            if reader is None:
                reader = Reader(socket.create_connection((host.hostname, host.port), op["options"]["timeout_s"]))
            reader.connection.settimeout(self.patience(op))
            reader.connection.sendall(f"{head}\r\n".encode() + body)
        except OSError as error:
            raise ConnectionLost(str(error)) from None
        try:
            return self.answer(reader)
        except BaseException:
            reader.connection.close()
            raise

    def patience(self, op: dict[str, Any]) -> float:
        """Seconds to wait for each piece of an answer."""
        return op["options"]["timeout_s"]

    def is_stale(self, reader: Reader) -> bool:
        """Whether the server has ended an idle connection."""
        reader.connection.setblocking(False)
        try:
            reader.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def answer(self, reader: Reader) -> Answer:
        """Reads the head of an answer, the interim ones passed over."""
        version, status, headers = self.head(reader)
        while self.is_interim(status):
            version, status, headers = self.head(reader)
        told = headers.get("connection", "").lower()
        answer = Answer(status, headers, iter(()), reader, version == "HTTP/1.0" or told == "close")
        answer.pieces = self.decoded(self.framed(answer), headers.get("content-encoding", ""))
        return answer

    def is_interim(self, status: int) -> bool:
        """Whether another answer follows this one."""
        return 100 <= status < 200

    def head(self, reader: Reader) -> tuple[str, int, dict[str, str]]:
        """The version, the status and the header fields."""
        words = reader.line().decode("latin-1").split(" ")
        if not words[0].startswith("HTTP/"):
            raise Unreadable(f"no status line: {words[0][:80]}")
        headers: dict[str, str] = {}
        while line := reader.line().decode("latin-1"):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return words[0], int(words[1]), headers

    def framed(self, answer: Answer) -> Iterator[bytes]:
        """The body as its framing tells: in chunks, by its length, or until the connection ends."""
        if "chunked" in answer.headers.get("transfer-encoding", "").lower():
            while size := self.chunk_size(answer.reader.line()):
                yield from self.one_chunk(answer.reader, size)
                answer.reader.line()
            while answer.reader.line():
                pass  # trailer fields
        elif "content-length" in answer.headers:
            yield from answer.reader.exactly(int(answer.headers["content-length"]))
        else:
            answer.ends_connection = True
            while more := answer.reader.more():
                yield more
        answer.is_whole = True

    def chunk_size(self, line: bytes) -> int:
        """The size that a chunk tells, its extensions passed over."""
        return int(line.partition(b";")[0], 16)

    def one_chunk(self, reader: Reader, size: int) -> Iterator[bytes]:
        """The bytes of one chunk."""
        return reader.exactly(size)

    def decoded(self, pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
        """The body without its content coding, each piece as soon as it can be read."""
        if coding.lower() not in {"gzip", "deflate"}:
            yield from pieces
            return
        unpacker = zlib.decompressobj(wbits=47)  # gzip and zlib alike
        for piece in pieces:
            if plain := unpacker.decompress(piece):
                yield plain

    def done_with(self, op: dict[str, Any], answer: Answer) -> None:
        """Keeps the connection for the next request where it can take one, and ends it where it cannot."""
        if answer.is_whole and not answer.ends_connection:
            self.idle[op["base_url"]] = answer.reader
        else:
            with suppress(OSError):
                answer.close()

    def end(self) -> None:
        """Ends all idle connections."""
        for reader in self.idle.values():
            reader.connection.close()
