"""Functions as servers: each takes a `Request` and gives a `Response`, or a triple of status, headers and body."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.exchange import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chatconform.targets.app_connection import AppConnection, Call


def call_function(function: Callable[[Request], Any], call: Call, connection: AppConnection) -> None:
    """Lets a function answer a call on a connection; gives back control at once."""
    threading.Thread(target=_answer, args=(function, call, connection), daemon=True).start()


def _answer(function: Callable[[Request], Any], call: Call, connection: AppConnection) -> None:
    problem: BaseException | None = None
    try:
        status, headers, body = _taken_apart(function(Request(call.method, call.target, call.headers, call.body)))
        connection.start(status, [(str(n).encode("latin-1"), str(v).encode("latin-1")) for n, v in headers])
        for piece in _pieces(body):
            if connection.left.is_set():
                break
            connection.write(piece)
            connection.wait_for_room()
        connection.finish()
    except BaseException as error:  # whatever it is, it is the function's, and told
        problem = error
    connection.end(problem)


def _taken_apart(answer: Any) -> tuple[int, list[tuple[str, str]], Any]:
    """Status, headers and body of what a function gives. Raises `TypeError` for what is no answer."""
    match answer:
        case Response():
            return answer.status, list(answer.headers), answer.body
        case (int(status), headers, body):
            pairs = list(headers.items()) if hasattr(headers, "items") else list(headers or ())
            kind = "application/json" if isinstance(body, dict | list) else None
            if kind is not None and not any(str(name).lower() == "content-type" for name, _ in pairs):
                pairs.append(("content-type", kind))
            return status, pairs, body
    raise TypeError(f"a function gives a Response, or status, headers and body; it gave {type(answer).__name__}")


def _pieces(body: Any) -> Iterator[bytes]:
    """A body in the pieces in which it is to come: bytes, text, a JSON value, or an iterable of bytes and texts."""
    if isinstance(body, dict | list):
        yield orjson.dumps(body)
        return
    for piece in [body] if isinstance(body, bytes | str) else body or ():
        yield piece.encode() if isinstance(piece, str) else bytes(piece)
