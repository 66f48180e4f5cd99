"""WSGI apps: each request in a thread of its own, as a server with threads gives them."""

from __future__ import annotations

import io
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.targets.app_connection import AppConnection, Call

    Environ = dict[str, Any]

UNPREFIXED: Final = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
MOST_STALLED: Final = 60.0


def call_wsgi(app: Callable[..., Any], call: Call, connection: AppConnection) -> None:
    """Lets a WSGI app answer a call on a connection; gives back control at once."""
    threading.Thread(target=_answer, args=(app, call, connection), daemon=True).start()


def _answer(app: Callable[..., Any], call: Call, connection: AppConnection) -> None:
    errors = io.StringIO()
    head: list[tuple[int, list[tuple[bytes, bytes]]]] = []

    def write(data: bytes) -> None:
        if not head:
            raise RuntimeError("the app sends a body before it calls start_response")
        if not connection.started:
            connection.start(*head[-1])
        connection.write(data)
        connection.wait_for_room()

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info is not None and connection.started:
            raise exc_info[1]
        if head and exc_info is None:
            raise RuntimeError("the app calls start_response twice")
        head.append((int(status[:3]), [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers]))
        return write

    answer: Any = None
    problem: BaseException | None = None
    try:
        answer = app(_environ(call, errors, connection), start_response)
        for piece in answer:
            if connection.left.is_set():
                break
            if piece:
                write(piece)
        if not connection.left.is_set():
            write(b"")
            connection.finish()
    except BaseException as error:  # whatever it is, it is the app's, and told
        problem = error
    finally:
        try:
            if hasattr(answer, "close"):
                answer.close()
        except Exception as error:
            problem = problem or error
        connection.end(problem, errors.getvalue())


def _environ(call: Call, errors: io.StringIO, connection: AppConnection) -> Environ:
    path, _, query = call.target.partition("?")
    environ: Environ = {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BufferedReader(_Stalling(call.body, connection)) if call.stalls else io.BytesIO(call.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": errors,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    times = Counter[str]()
    for name, value in call.headers:
        key = name.upper().replace("-", "_")
        key = key if key in UNPREFIXED else f"HTTP_{key}"
        times[key] += 1
        environ[key] = f"{environ[key]},{value}" if times[key] > 1 else value
    return environ


class _Stalling(io.RawIOBase):
    """A body of which more is promised than comes: who reads on waits until the client has left."""

    def __init__(self, body: bytes, connection: AppConnection) -> None:
        self._body = memoryview(body)
        self._connection = connection

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some of the body, and at its end nothing for a long time."""
        if not self._body:
            self._connection.left.wait(MOST_STALLED)
        count = min(len(buffer), len(self._body))
        buffer[:count] = self._body[:count]
        self._body = self._body[count:]
        return count
