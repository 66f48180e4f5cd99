"""A request as bytes, with nothing mended: what an `Ask` wants wrong goes out wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chatconform.core.ask import Ask

Headers = tuple[tuple[str, str], ...]


def headers_of(ask: Ask, host: str, usual: Iterable[tuple[str, str]]) -> Headers:
    """The headers to send: the target's usual ones, those of the body, and over them what the ask says."""
    headers = [("Host", host), *usual]
    if ask.body is not None:
        headers.append(("Content-Type", "application/json"))
    if ask.chunked is not None:
        headers.append(("Transfer-Encoding", "chunked"))
    elif ask.body is not None or ask.method in {"POST", "PUT", "PATCH"}:
        headers.append(("Content-Length", str(len(ask.payload))))
    return merged(headers, ask.headers)


def merged(headers: Iterable[tuple[str, str]], changes: Mapping[str, str | None]) -> Headers:
    """Headers with some replaced in their place, added at the end, or (None) taken away; names in any case."""
    wanted = {name.lower(): (name, value) for name, value in changes.items()}
    kept: list[tuple[str, str]] = []
    for name, value in headers:
        changed, new = wanted.pop(name.lower(), (name, value))
        if new is not None:
            kept.append((changed, new))
    kept += [(name, value) for name, value in wanted.values() if value is not None]
    return tuple(kept)


def head(method: str, target: str, headers: Headers) -> bytes:
    """The bytes of a request's head. Text goes out as Latin-1 where it can be, else as UTF-8."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    return b"\r\n".join(_encoded(line) for line in lines)


def framed(payload: bytes, chunked: int | None) -> bytes:
    """A body as it goes over the wire: as it is, or in chunks of that many bytes."""
    if chunked is None:
        return payload
    size = max(1, chunked)
    parts = [payload[start : start + size] for start in range(0, len(payload), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _encoded(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
