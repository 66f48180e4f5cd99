"""HTTP archives (HAR 1.2), as browsers and proxies save them: the entries that ask the endpoint."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from chatconform.core.exchange import Exchange, Failure, Origin, Request, Response
from chatconform.core.json_text import NOT_JSON, parse, problem
from chatconform.recordings.elements import BrokenError, elements
from chatconform.recordings.gateways import time_of
from chatconform.recordings.record import LeftOut, Recorded, Wrong
from chatconform.recordings.requirements import FORM, JSON, WITH_BODIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.recordings.record import Record
    from chatconform.recordings.source import Source

UNTRUE: Final = frozenset({"content-length", "transfer-encoding", "content-encoding"})
"""Headers about bytes that an archive does not hold: its bodies are unpacked, and written anew."""


def read(source: Source) -> Iterator[Record]:
    """Gives the exchanges of an archive, each with the line on which its entry begins."""
    try:
        for line, text in elements(source.stream, (b"log", b"entries")):
            entry = parse(text)
            if entry is NOT_JSON:
                yield Wrong(line, JSON, str(problem(text)))
            else:
                yield from _entry(entry, line, source.name)
    except BrokenError as broken:
        yield Wrong(broken.line, JSON, str(broken))


def _entry(entry: Any, line: int, name: str) -> Iterator[Record]:
    match entry:
        case {"request": {"method": str(method), "url": str(url)} as request, "response": dict(response)}:
            pass
        case _:
            yield Wrong(line, FORM, "is an entry without a request (method, url) or without a response")
            return
    try:
        address = urlsplit(url)
    except ValueError:
        yield Wrong(line, FORM, "is an entry whose url is none", "/request/url")
        return
    if method != "POST" or not address.path.rstrip("/").endswith("/chat/completions"):
        yield LeftOut(line, "entries about something else")
        return
    asked, answered = _posted(request.get("postData")), _content(response.get("content"))
    status = response.get("status")
    if asked is None or (answered is None and status != 0):
        missing = "request" if asked is None else "answer"
        yield Wrong(line, WITH_BODIES, f"the body of the {missing} was not saved with the archive")
        if asked is None:
            return
    failed = not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 999
    came = None
    if isinstance(status, int) and not failed and answered is not None:
        came = Response(status, _headers(response), answered)
    seconds = entry.get("time")
    exchange = Exchange(
        Origin(name, line),
        Request(method, address.path + (f"?{address.query}" if address.query else ""), _headers(request), asked),
        came,
        Failure("closed", "the archive tells no status: the request did not come through") if failed else None,
        started=time_of(entry.get("startedDateTime")),
        seconds=seconds / 1000 if isinstance(seconds, int | float) and seconds >= 0 else None,
    )
    yield Recorded(line, exchange, headers=bool(came and came.headers))


def _headers(message: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    listed = message.get("headers")
    pairs = (one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, dict))
    named = ((str(one.get("name")), str(one.get("value"))) for one in pairs)
    return tuple((name, value) for name, value in named if not name.startswith(":") and name.lower() not in UNTRUE)


def _posted(data: Any) -> bytes | None:
    match data:
        case {"text": str(text), "encoding": "base64"}:
            return _decoded(text)
        case {"text": str(text)}:
            return text.encode("utf-8", "surrogatepass")
    return None


def _content(content: Any) -> bytes | None:
    match content:
        case {"text": str(text), "encoding": "base64"}:
            return _decoded(text)
        case {"text": str(text)}:
            return text.encode("utf-8", "surrogatepass")
        case {"size": 0}:
            return b""
    return None


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
