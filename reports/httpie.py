"""A request as an HTTPie command that can be pasted into any POSIX shell: exact, and safe whatever its bytes are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chatconform.reports.curl import piped, quoted, secret_of, url_of, with_variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Request

USUAL: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Headers that HTTPie adds, or makes of the body, unless it is told not to."""
FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding"})
SEPARATOR: Final = re.compile(r"[:=@;]")
TAKEN: Final = re.compile(r"\\[:=@;]")


class UnsayableError(ValueError):
    """A request that a tool cannot send; the message says what to use instead."""


def command(request: Request, base_url: str, *, key: str = "OPENAI_API_KEY") -> str:
    """The HTTPie command for a request to the server under `base_url`, which shows the answer and its headers.

    The value of a secret header is told as a shell variable: `key` names the one that holds the API key. Raises
    `UnsayableError` for a length that is a lie, which HTTPie mends, and for a header that it would read otherwise.
    """
    length = request.header("content-length")
    if length is not None and length != str(len(request.body)):
        raise UnsayableError(f"HTTPie mends a Content-Length of {length!r}; curl and python send it as it is")
    options = ["--print=hb", *([] if request.body else ["--ignore-stdin"])]
    options += ["--stream"] if b'"stream":true' in request.body.replace(b" ", b"") else []
    options += ["--chunked"] if (request.header("transfer-encoding") or "").lower() == "chunked" else []
    options += ["--path-as-is"] if "/." in request.target else []
    lines = [" ".join(["http", *options, quoted(request.method), quoted(url_of(request, base_url))])]
    lines += list(_headers(request, key))
    source = f"{piped(request.body)} | " if request.body else ""
    return source + " \\\n  ".join(lines)


def _headers(request: Request, key: str) -> Iterator[str]:
    told = {name.lower() for name, _ in request.headers}
    yield from (quoted(f"{name}:") for name in USUAL if name.lower() not in told)
    for name, value in request.headers:
        if name.lower() in FRAMING:
            continue
        told_value, variable = secret_of(name, value, key)
        escaped = SEPARATOR.sub(lambda match: f"\\{match[0]}", name)
        if variable is not None:
            yield with_variable(f"{escaped}:{told_value}", variable)
        elif not value:
            yield quoted(f"{escaped};")
        else:
            yield quoted(f"{escaped}:{_value(name, told_value)}")


def _value(name: str, value: str) -> str:
    """A header's value as HTTPie takes it for one: it may not look like a file or like JSON."""
    if TAKEN.search(value):
        raise UnsayableError(f"HTTPie takes a backslash in the header {name} for its own; use curl or python")
    return f"\\{value}" if value[:1] in {"=", "@", ":"} else value
