"""Faults in HTTP: framing, codings, connections, header fields, time limits."""
# ruff: noqa: ARG002 (a fault is given what the right way is given, and most look at a part of it)

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from mutant import caught_by
from right_client import Client
from right_http import Answer, ConnectionLost, Reader, Unreadable


@caught_by("ns.close-delimited", "ns.http10", "st.close-delimited", "st.http10", "st.done-no-newline")
class LengthRequired(Client):
    """A body without its length and without chunks is refused."""

    def framed(self, answer: Answer) -> Iterator[bytes]:
        if answer.headers.keys().isdisjoint({"content-length", "transfer-encoding"}):
            raise Unreadable("there is no length")
        return super().framed(answer)


@caught_by("ns.chunk-ext-trailer")
class ChunkExtensions(Client):
    """The whole line before a chunk is read as its size."""

    def chunk_size(self, line: bytes) -> int:
        return int(line, 16)


@caught_by("ns.chunk-ext-trailer")
class TrailersKept(Client):
    """What follows the last chunk is taken for the next answer."""

    def framed(self, answer: Answer) -> Iterator[bytes]:
        yield from super().framed(answer)
        if answer.is_whole and "trailer" in answer.headers:
            raise Unreadable("there are bytes after the last chunk")


@caught_by("ns.gzip", "ns.deflate", "st.gzip")
class CodingIgnored(Client):
    """Compressed bodies are asked for and not unpacked."""

    def decoded(self, pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
        return iter(pieces)


@caught_by("ns.deflate")
class DeflateRaw(Client):
    """Deflate is read without the wrapping that HTTP's form has."""

    def decoded(self, pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
        if coding == "deflate":
            return iter([zlib.decompress(b"".join(pieces), wbits=-15)])
        return super().decoded(pieces, coding)


@caught_by("st.gzip")
class GzipAtOnce(Client):
    """A compressed stream is unpacked piece by piece, each as a file of its own."""

    def decoded(self, pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
        if coding == "gzip":
            return (zlib.decompress(piece, wbits=31) for piece in pieces)
        return super().decoded(pieces, coding)


@caught_by("ns.103-early-hints")
class InterimIsFinal(Client):
    """An interim answer is taken for the answer."""

    def is_interim(self, status: int) -> bool:
        return False


@caught_by("f.body-cut-cl-valid-json", "f.body-cut-chunked")
class ShortBodyAccepted(Client):
    """A body that breaks off is taken for whole."""

    def framed(self, answer: Answer) -> Iterator[bytes]:
        try:
            yield from super().framed(answer)
        except ConnectionLost:
            return


@caught_by("ns.stale-keepalive")
class StaleConnectionUsed(Client):
    """An idle connection is used again without a look at whether it still stands."""

    def is_stale(self, reader: Reader) -> bool:
        return False


@caught_by("ns.duplicate-headers")
class LastHeaderRequired(Client):
    """A header field that stands twice is refused."""

    def head(self, reader: Reader) -> tuple[str, int, dict[str, str]]:
        held = reader.line
        names: list[bytes] = []

        def line() -> bytes:
            told = held()
            name = told.partition(b":")[0].lower()
            if told and name in names:
                raise Unreadable(f"{name!r} stands twice")
            names.append(name)
            return told

        reader.line = line  # type: ignore[method-assign]
        try:
            return super().head(reader)
        finally:
            del reader.line


@caught_by("ns.ct-charset", "ns.ct-case", "ns.ct-missing", "ns.ct-text-plain")
class JsonTypeExact(Client):
    """A body is read only where its type is written `application/json` and nothing else."""

    def whole(self, answer: Answer) -> bytes:
        if answer.status == 200 and answer.headers.get("content-type") != "application/json":
            raise Unreadable("the type is not application/json")
        return super().whole(answer)


@caught_by("st.ct-charset", "st.ct-missing", "st.ct-text-plain")
class StreamTypeExact(Client):
    """A stream is read only where its type is written `text/event-stream` and nothing else."""

    def streamed(self, answer: Answer) -> Iterator[dict[str, Any]]:
        if answer.headers.get("content-type") != "text/event-stream":
            raise Unreadable("the type is not text/event-stream")
        return super().streamed(answer)


@caught_by("f.stream-stall", "f.timeout")
class TimeLimitIgnored(Client):
    """The caller's time limit is not the one that is kept."""

    def patience(self, op: dict[str, Any]) -> float:
        return 4.0


@caught_by("st.abort")
class ConnectionLeftOpen(Client):
    """A caller that stops early leaves the connection open."""

    def done_with(self, op: dict[str, Any], answer: Answer) -> None:
        self.idle[f"left {len(self.idle)}"] = answer.reader


@caught_by("st.incremental", "st.abort")
class NotIncremental(Client):
    """A stream is handed out once it has come whole."""

    def lines(self, pieces: Iterable[bytes]) -> Iterator[str]:
        return super().lines([b"".join(pieces)])


@caught_by(rules=("request.http.path-is-joined-once",))
class SlashTwice(Client):
    """The base URL and the path are joined with two slashes."""

    def target(self, base_url: str) -> str:
        return super().target(base_url).replace("/chat", "//chat")


@caught_by(rules=("request.http.content-type-is-json",))
class ContentTypeLeftOut(Client):
    """A request does not tell the type of its body."""

    def headers(self, op: dict[str, Any]) -> dict[str, str]:
        headers = super().headers(op)
        del headers["Content-Type"]
        return headers


@caught_by(rules=("request.http.key-is-a-bearer",))
class KeyWithoutBearer(Client):
    """The key is sent without the word before it."""

    def headers(self, op: dict[str, Any]) -> dict[str, str]:
        return {**super().headers(op), "Authorization": op["api_key"]}


@caught_by("rq.unicode-content")
class BodyOutsideAscii(Client):
    """What is outside ASCII is lost on the way out."""

    def body(self, request: dict[str, Any]) -> bytes:
        return json.dumps(request, ensure_ascii=False).encode("ascii", "replace")
