"""What stands between an app in this process and what reads its answer: HTTP, written as a server writes it.

The law of this file: an app may do what it likes and is never trusted. What it gives waits here in bounded memory until
it is read; once the reader has left, the app is told, and nothing more is kept.
"""

from __future__ import annotations

import threading
import traceback
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatconform.targets.writing import Headers

MOST_WAITING: Final = 1024 * 1024
"""Bytes of an answer that wait to be read before an app is to wait, too."""
MOST_RAISED: Final = 4000
"""Characters of a traceback that are told: the last ones say what was raised."""
MOST_FRAMES: Final = 6
BODILESS: Final = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Call:
    """One request as an app is given it. `chunked` is the size of the chunks that its body comes in, if it does."""

    method: str
    target: str
    headers: Headers
    body: bytes
    chunked: int | None = None

    @property
    def pieces(self) -> Iterator[bytes]:
        """The body in the pieces in which it comes."""
        size = self.chunked or len(self.body) or 1
        return (self.body[start : start + size] for start in range(0, len(self.body), size))

    @property
    def stalls(self) -> bool:
        """Whether more of the body is promised than ever comes."""
        promised = next((value for name, value in self.headers if name.lower() == "content-length"), "")
        return self.chunked is None and promised.isdecimal() and int(promised[:15]) > len(self.body)


class AppConnection:
    """Takes an answer from an app and gives it as the bytes of a response; see `targets.connection.Line`.

    `raised` is the traceback of what the app raised, `ended` is set once the app has come to its end, and `left` once
    nobody reads any more.
    """

    def __init__(self, number: int, *, head_only: bool) -> None:
        self.number = number
        self.uses = 0
        self.thread = 0
        self.raised: str | None = None
        self.started = False
        self.ended = threading.Event()
        self.left = threading.Event()
        self._news = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._whole = False
        self._head_only = head_only
        self._chunked = False

    def start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Takes the head of the answer."""
        told = [(name, value) for name, value in headers if name.lower() != b"transfer-encoding"]
        sized = any(name.lower() == b"content-length" for name, _ in told)
        self._head_only = self._head_only or status in BODILESS
        self._chunked = not sized and not self._head_only
        if self._chunked:
            told.append((b"transfer-encoding", b"chunked"))
        lines = [b"HTTP/1.1 %d %b" % (status, _phrase(status))]
        lines += [name + b": " + value for name, value in told]
        self.started = True
        self._put(b"\r\n".join([*lines, b"", b""]))

    def write(self, data: bytes) -> None:
        """Takes some of the body."""
        if data and not self._head_only:
            self._put(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def finish(self) -> None:
        """Takes the end of the body."""
        if self._chunked and not self._whole:
            self._put(b"0\r\n\r\n")
        self._whole = True

    def end(self, error: BaseException | None = None, said: str = "") -> None:
        """Takes the end of the app, and what it raised; where it began no answer that is status 500, as servers do.

        `said` is what an app wrote to where its errors go.
        """
        if error is not None:
            own = error.__traceback__  # the first frame is the kit's
            frames = traceback.format_exception(type(error), error, own and own.tb_next, limit=-MOST_FRAMES)
            said = "".join(frames) + said
        self.raised = said[-MOST_RAISED:] or None
        if error is not None and not self.started:
            self.start(500, [(b"content-type", b"text/plain; charset=utf-8")])
            self.write(b"Internal Server Error")
            self.finish()
        with self._news:
            self.ended.set()
            self._news.notify_all()

    @property
    def full(self) -> bool:
        """Whether an app that has more to give is to wait."""
        return self._size > MOST_WAITING

    def wait_for_room(self) -> None:
        """Waits as long as the reader is behind."""
        with self._news:
            self._news.wait_for(lambda: not self.full or self.left.is_set())

    def send_small(self, payload: bytes) -> int:
        """The app has the request from the start."""
        return len(payload)

    def transfer(self, unsent: memoryview, deadline: float) -> tuple[int, bytes | None]:  # noqa: ARG002  # as above
        """The app has the request from the start."""
        return len(unsent), None

    def receive(self, deadline: float) -> bytes | None:
        """The next bytes, b"" at the end, or None where none came until the deadline."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self.ended.is_set(), max(0.0, deadline - perf_counter()))
            if self._waiting:
                data = self._waiting.popleft()
                self._size -= len(data)
                self._news.notify_all()
                return data
            return b"" if self.ended.is_set() else None

    def is_quiet(self) -> bool:
        """It serves no second request."""
        return False

    def close(self) -> None:
        """Leaves: what the app still gives is dropped."""
        with self._news:
            self.left.set()
            self._waiting.clear()
            self._size = 0
            self._news.notify_all()

    def _put(self, data: bytes) -> None:
        with self._news:
            if not self.left.is_set():
                self._waiting.append(data)
                self._size += len(data)
                self._news.notify_all()


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b"Unknown"
