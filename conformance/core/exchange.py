"""An exchange: what one end asked, and what came back, byte for byte.

The law of this file: an exchange is frozen evidence. It holds bytes and times as they went over the wire; everything
else (`asked`, `completion`, `chunks`, ...) is derived from them, never stored beside them. It knows no network and no
role: a server's, a client's and a recording's exchanges are the same thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chatconform.core import assembly, sse
from chatconform.core.json_text import NOT_JSON, is_compact, parse
from chatconform.core.remembering import derived

if TYPE_CHECKING:
    from collections.abc import Mapping

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})
EVENT_STREAM: Final = "text/event-stream"
DONE: Final = "[DONE]"
ABOUT_THE_FORM: Final = frozenset({405, 406, 411, 413, 414, 415, 417, 431})
"""Statuses of refusals that speak of how a request is put into HTTP."""
ABOUT_SOMETHING_ELSE: Final = frozenset(
    {"model_not_found", "DeploymentNotFound", "context_length_exceeded", "insufficient_quota", "invalid_api_key"}
)
"""Codes of refusals that speak of the model, the length or the account."""
ABOUT_THE_LENGTH: Final = re.compile(
    r"context[ _-]?(length|size|window)|(prompt|input|request|messages?)( \w+){0,3} too (long|large|many)|token limit",
    re.IGNORECASE,
)
"""What a refusal says of a prompt that does not fit, where it has no published code for that."""
MOST_TOLD: Final = 1000
"""Characters of a refusal that are read for what it speaks of: it may repeat the prompt."""
UNKNOWN: Final = frozenset({"unknown_model", "unknown_path"})
"""What a case says of a request that names something that does not exist."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that arrived together: seconds after the exchange began, and the bytes."""

    at: float
    data: bytes


def header(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    """The first value of a header by its case-insensitive name; None where it is absent."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def media_type(headers: tuple[tuple[str, str], ...]) -> str | None:
    """The media type of `Content-Type`, lower case and without parameters; None where there is none."""
    value = header(headers, "content-type")
    return value.partition(";")[0].strip().lower() if value is not None else None


@dataclass(frozen=True, eq=False)
class Request:
    """One HTTP request as it was sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @derived
    def json(self) -> Any:
        """The body read as JSON, or `NOT_JSON`."""
        return parse(self.body)

    @derived
    def is_compact(self) -> bool:
        """Whether the body is, byte for byte, what a compact writer makes of its JSON value."""
        return is_compact(self.body, self.json)

    def header(self, name: str) -> str | None:
        """The first value of a header by its case-insensitive name."""
        return self.named.get(name.lower())

    @derived
    def named(self) -> Mapping[str, str]:
        """The first value of each header, by its name in lower case."""
        return {key.lower(): value for key, value in reversed(self.headers)}


@dataclass(frozen=True, eq=False)
class Response:
    """One HTTP response as it was received: the body with transfer and content codings undone."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    pieces: tuple[Piece, ...] = ()
    """The body in the pieces in which it arrived; empty where the times are not known."""
    complete: bool = True
    """Whether the HTTP framing said that the body is whole."""
    wire_faults: tuple[str, ...] = ()
    """What is wrong with the raw bytes although the message could be read: bare LF, both lengths, folded headers."""

    @derived
    def json(self) -> Any:
        """The body read as JSON, or `NOT_JSON`."""
        return parse(self.body)

    @derived
    def is_compact(self) -> bool:
        """Whether the body is, byte for byte, what a compact writer makes of its JSON value."""
        return is_compact(self.body, self.json)

    @derived
    def media_type(self) -> str | None:
        """The media type of `Content-Type`, lower case and without parameters."""
        value = self.header("content-type")
        return value.partition(";")[0].strip().lower() if value is not None else None

    def header(self, name: str) -> str | None:
        """The first value of a header by its case-insensitive name."""
        return self.named.get(name.lower())

    @derived
    def named(self) -> Mapping[str, str]:
        """The first value of each header, by its name in lower case."""
        return {key.lower(): value for key, value in reversed(self.headers)}


Message = TypeVar("Message", Request, Response)


def written_of(message: Message, value: Any) -> Message:
    """The same message, whose body is what a compact writer made of this JSON value, so that it need not be read again.

    The value is one that a JSON parser made, and stands nowhere where it may be changed.
    """
    message.__dict__.update(json=value, is_compact=True)
    return message


@dataclass(frozen=True, slots=True)
class Failure:
    """What came in place of a response, or cut it short.

    `kind` is one of: refused, unresolved, tls, connect-timeout, first-byte-timeout, idle-timeout, total-timeout, reset,
    closed, malformed, too-large.
    """

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an exchange comes from: the case that provoked it, or the place in a file that it was read from."""

    case: str
    step: int = 0
    seed: int | None = None


@dataclass(frozen=True, eq=False)
class Exchange:
    """One request and what came back."""

    origin: Origin
    request: Request
    response: Response | None = None
    failure: Failure | None = None
    started: float | None = None
    """When the request began, in Unix seconds; None where it is not known."""
    seconds: float | None = None
    """How long the exchange took."""
    about: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    """What the case that provoked it knows and the wire does not show, for rules over several exchanges."""
    remembered: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)
    """What was found out about it; nothing but a shortcut, and no part of what it is."""

    def __reduce__(self) -> tuple[Any, ...]:
        """How an exchange goes to another process: without what is derived from it."""
        about = dict(self.about)
        return Exchange, (self.origin, self.request, self.response, self.failure, self.started, self.seconds, about)

    @property
    def id(self) -> str:
        """A name for this exchange, unique within a run: the case and its step."""
        return f"{self.origin.case}#{self.origin.step}"

    @derived
    def asked(self) -> Mapping[str, Any]:
        """The request's JSON object; empty where the body is no JSON object."""
        value = self.request.json
        return value if isinstance(value, dict) else EMPTY

    @derived
    def status(self) -> int | None:
        """The response's status, or None where no response came."""
        return self.response.status if self.response is not None else None

    @derived
    def succeeded(self) -> bool:
        """Whether the answer claims success (2xx)."""
        return self.response is not None and 200 <= self.response.status < 300

    @derived
    def refused(self) -> bool:
        """Whether the answer is a client error (4xx) other than those that speak of time, load or identity."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in {401, 403, 408, 429}

    @property
    def refuses_a_wish(self) -> bool:
        """Whether the answer refuses something that the request wishes for, and not its model, length, path or form."""
        if not self.refused or self.status in ABOUT_THE_FORM or not UNKNOWN.isdisjoint(self.about):
            return False
        match self.error:
            case {"error": {"code": str(code)}} if code in ABOUT_SOMETHING_ELSE:
                return False
            case {"error": told} | {"message": told} | {"detail": told}:
                return ABOUT_THE_LENGTH.search(str(told)[:MOST_TOLD]) is None
        return True

    @derived
    def is_stream(self) -> bool:
        """Whether a success came as a stream of events, by its media type or, failing that, by its first bytes."""
        if self.response is None or not self.succeeded:
            return False
        if self.response.media_type == EVENT_STREAM:
            return True
        return sse.begins_stream(self.response.body)

    @derived
    def completion(self) -> dict[str, Any] | None:
        """The JSON object of a success that is not a stream."""
        if self.response is None or not self.succeeded or self.is_stream:
            return None
        value = self.response.json
        return value if isinstance(value, dict) else None

    @derived
    def transcript(self) -> sse.Transcript:
        """What a stream held, oddities included; empty where the answer is no stream."""
        if self.response is None or not self.is_stream:
            return sse.Transcript()
        pieces = self.response.pieces or (Piece(0.0, self.response.body),)
        return sse.read((piece.at if self.response.pieces else None, piece.data) for piece in pieces)

    @property
    def events(self) -> list[sse.Event]:
        """The events of a stream, in order and with their times; empty where the answer is no stream."""
        return self.transcript.events

    @derived
    def chunks(self) -> tuple[Any, ...]:
        """What each event of a stream holds: the JSON value, or `NOT_JSON` (as for `[DONE]`). Aligned with `events`."""
        if not self.is_stream:
            return ()
        return tuple(NOT_JSON if event.data == DONE else parse(event.data.encode()) for event in self.events)

    @derived
    def assembled(self) -> dict[str, Any] | None:
        """The completion that the chunks of a stream spell, in the shape of a completion; None where there is none."""
        return assembly.assemble(self.chunks) if self.is_stream else None

    @derived
    def answer(self) -> dict[str, Any] | None:
        """The completion, whichever way it came."""
        return self.assembled if self.is_stream else self.completion

    @derived
    def error(self) -> Any:
        """The JSON body of an answer that is not a success, or `NOT_JSON`."""
        return NOT_JSON if self.response is None or self.succeeded else self.response.json

    @derived
    def stream_error(self) -> Any:
        """What stands under `error` in the first event of a stream that tells one; None where none does."""
        errors = (chunk["error"] for chunk in self.chunks if isinstance(chunk, dict) and chunk.get("error") is not None)
        return next(errors, None)
