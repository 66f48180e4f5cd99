"""One request that passed through, and what came back: raw bytes first, an exchange when somebody looks at it.

The law of this file: while traffic passes nothing is read here, only kept. What is kept is bounded; a passage that was
too large to keep is none that can be judged, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import h11

from chatconform.core.exchange import Exchange, Failure, Origin, Request, header
from chatconform.targets.bounds import Limits, WireError
from chatconform.targets.reading import SLICE, ResponseReader

MOST_KEPT: Final = 64 * 1024 * 1024
MOST_PIECES: Final = 250_000
LARGEST_HEAD: Final = 256 * 1024
CODED: Final = frozenset({"", "identity"})
READABLE: Final = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


class UnreadableError(Exception):
    """Why a passage cannot be made an exchange, in words that follow a count: `3 requests that ...`."""


@dataclass(slots=True)
class Passage:
    """The bytes of one request as they were sent on, and of what came back, with the seconds at which they came.

    `failure` is the kind and the message of what went wrong at the target. `left` tells that the client went away
    before the end, and `cut` that not all was kept.
    """

    head: bytes
    method: str
    target: str
    started: float
    body: list[bytes] = field(default_factory=list)
    answer: list[tuple[float, bytes]] = field(default_factory=list)
    size: int = 0
    seconds: float = 0.0
    failure: tuple[str, str] | None = None
    ended: bool = False
    """Whether the target ended the connection, and not the framing the answer."""
    answered: bool = True
    """Whether what came back came from the target."""
    left: bool = False
    cut: bool = False

    @property
    def is_chat(self) -> bool:
        """Whether it is about the endpoint."""
        return self.path.rstrip("/").endswith("/chat/completions")

    @property
    def path(self) -> str:
        """The path of its target."""
        return self.target.partition("?")[0]

    def keep_asked(self, data: bytes) -> None:
        """Keeps more of the request's body."""
        if self._fits(data):
            self.body.append(data)

    def keep_answered(self, data: bytes, at: float) -> None:
        """Keeps more of the response."""
        if self._fits(data):
            self.answer.append((at, data))

    def _fits(self, data: bytes) -> bool:
        self.size += len(data)
        many = len(self.body) + len(self.answer) >= MOST_PIECES
        if not self.is_chat or self.size > MOST_KEPT or many:
            self.cut = True
            self.body.clear()
            self.answer.clear()
        return not self.cut


def exchange_of(passage: Passage, name: str, number: int) -> Exchange:
    """The exchange that passed, as the number-th of that name. Raises `UnreadableError`."""
    if passage.cut:
        raise UnreadableError(f"that were larger than {MOST_KEPT // 1024 // 1024} MiB")
    request = _request(passage)
    if (header(request.headers, "content-encoding") or "").strip().lower() not in CODED:
        raise UnreadableError("whose body is coded")
    about: dict[str, Any] = {}
    failure: Failure | None = None
    reader = ResponseReader(passage.method, Limits(), watch=passage.left)
    try:
        for at, data in passage.answer:
            reader.feed(data, at)
        if passage.ended and not passage.left and passage.failure is None:
            reader.end()
    except WireError as error:
        failure = Failure(error.kind, error.message)
    if passage.failure is not None and not reader.finished:
        failure = Failure(*passage.failure)
    if passage.left and not reader.finished:
        failure, about = None, {"left_after": reader.events}
    response = reader.response()
    if response is not None and _unknown_coding(response.header("content-encoding")):
        raise UnreadableError("whose answers were coded in another way than gzip or deflate")
    origin = Origin(name, number)
    if not passage.answered:
        return Exchange(origin, request, started=passage.started)
    return Exchange(origin, request, response, failure, passage.started, passage.seconds, about)


def _unknown_coding(coding: str | None) -> bool:
    return any(name.strip().lower() not in READABLE for name in (coding or "").split(","))


def _request(passage: Passage) -> Request:
    """The request, its body without the framing."""
    http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
    body: list[bytes] = []
    try:
        http.receive_data(passage.head)
        event = http.next_event()
        if not isinstance(event, h11.Request):
            raise UnreadableError("that are no HTTP/1.1 requests")
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items())
        for data in passage.body:
            for start in range(0, len(data), SLICE):
                http.receive_data(data[start : start + SLICE])
                _drain(http, body)
        _drain(http, body)
    except h11.ProtocolError:
        raise UnreadableError("that are no HTTP/1.1 requests") from None
    if http.their_state in (h11.SEND_BODY, h11.ERROR):
        raise UnreadableError("that did not come to their end")
    return Request(passage.method, passage.target, headers, b"".join(body))


def _drain(http: h11.Connection, body: list[bytes]) -> None:
    while http.their_state is h11.SEND_BODY:
        event = http.next_event()
        if isinstance(event, h11.Data):
            body.append(bytes(event.data))
        elif not isinstance(event, h11.EndOfMessage):
            return
