"""A request as a Python script of the standard library alone: exact, and with keys from the environment only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from chatconform.reports.curl import secret_of, url_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Request

CHUNK: Final = 1024


def script(request: Request, base_url: str, *, key: str = "OPENAI_API_KEY", chunk: int = CHUNK) -> str:
    """The script that sends a request to the server under `base_url` and writes the answer as it comes.

    The value of a secret header is read from a variable: `key` names the one that holds the API key. `chunk` is the
    size of the chunks of a body that is sent in chunks.
    """
    return "\n".join(_lines(request, base_url, key, max(1, chunk))) + "\n"


def _lines(request: Request, base_url: str, key: str, chunk: int) -> Iterator[str]:
    where = urlsplit(url_of(request, base_url))
    kind = "HTTPSConnection" if where.scheme.lower() == "https" else "HTTPConnection"
    is_chunked = (request.header("transfer-encoding") or "").lower() == "chunked"
    headers = [(name, _value(name, value, key, where.netloc)) for name, value in request.headers]
    yield "import http.client"
    if any("os.environ" in value for _, value in headers):
        yield "import os"
    yield "import sys"
    yield ""
    yield f"connection = http.client.{kind}({where.hostname!r}, {where.port!r}, timeout=120)"
    yield f"connection.putrequest({request.method!r}, {request.target!r}, skip_host=True, skip_accept_encoding=True)"
    yield from (f"connection.putheader({name!r}, {value})" for name, value in headers)
    yield "connection.endheaders()"
    if request.body:
        yield f"body = {request.body!r}"
    if is_chunked:
        yield f"for start in range(0, {len(request.body)}, {chunk}):"
        yield f"    piece = body[start : start + {chunk}]"
        yield '    connection.send(b"%x\\r\\n%b\\r\\n" % (len(piece), piece))'
        yield 'connection.send(b"0\\r\\n\\r\\n")'
    elif request.body:
        yield "connection.send(body)"
    yield "response = connection.getresponse()"
    yield "print(response.status, response.reason)"
    yield "print(response.headers, end='', flush=True)"
    yield "while piece := response.read1():"
    yield "    sys.stdout.buffer.write(piece)"
    yield "    sys.stdout.buffer.flush()"


def _value(name: str, value: str, key: str, host: str) -> str:
    """A header's value as an expression. The host is that of the server that is asked."""
    if name.lower() == "host":
        return repr(host)
    told, variable = secret_of(name, value, key)
    if variable is None:
        return repr(told)
    return f"{told!r} + os.environ[{variable!r}]" if told else f"os.environ[{variable!r}]"
