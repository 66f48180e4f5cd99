"""Faults: answers with status 200 that are none, and answers that break off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.scenario import Attempt, End, Expected, Grade, Scenario, ToldError
from chatconform.scenarios.writing import (
    ANY_ERROR,
    DONE,
    JSON,
    SSE,
    answer,
    choice,
    chunked,
    completion,
    error_body,
    event,
    events,
    head,
    stream,
    stream_call,
    streamed,
    until_close,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.core.scenario import Pause

BODY = orjson.dumps(completion())
LONG = completion(choice("one two three four five six seven eight"))
EVENTS = events(LONG)
HALF = EVENTS[:5]
UNFINISHED = Expected(unfinished=True)
TOLD = "The engine died."
HTML = b"<!doctype html><html><body><h1>Sign in to the network</h1></body></html>"
STREAM_HEAD = head(200, ("content-type", SSE), ("transfer-encoding", "chunked"))
API_ERROR = Expected(error=ToldError(message=TOLD))
FINISHED = next(number for number, piece in enumerate(EVENTS) if b'"finish_reason":"stop"' in piece) + 1
BROKEN = event({**orjson.loads(HALF[-1][6:]), "error": {"code": 502, "message": TOLD}}).replace(
    b'"finish_reason":null', b'"finish_reason":"error"'
)


def broken(id: str, grade: Grade, purpose: str, body: Any, *, media_type: str = JSON) -> Scenario:
    """A success whose body is no completion: an error is due, or where that is hostile anything but a hang."""
    hostile = grade is Grade.HOSTILE
    expected = Expected(anything=True) if hostile else Expected(error=ANY_ERROR)
    return whole(id, grade, purpose, attempt=answer(body, media_type=media_type), expected=expected)


def cut(id: str, purpose: str, attempt: Attempt) -> Scenario:
    """A body that breaks off: an error is due."""
    return whole(id, Grade.MUST, purpose, attempt=attempt, expected=Expected(error=ANY_ERROR))


def cut_stream(
    id: str,
    purpose: str,
    attempt: Attempt,
    *,
    grade: Grade = Grade.MUST,
    expected: Expected = UNFINISHED,
) -> Scenario:
    """A stream that breaks off: an error is due, or a value that shows that it is not finished."""
    return streamed(id, grade, purpose, LONG, attempt=attempt, expected=expected)


def unended(pieces: Sequence[bytes | Pause], end: End) -> Attempt:
    """A chunked stream without its last chunk."""
    return Attempt((STREAM_HEAD, *chunked(pieces)[:-1]), end)


def with_length(body: bytes, length: int, end: End = End.CLOSE) -> Attempt:
    """A body whose length is told as another one."""
    return Attempt((head(200, ("content-type", JSON), ("content-length", str(length))) + body,), end)


SCENARIOS = [
    broken("f.200-empty", Grade.MUST, "A success has no body.", b""),
    broken("f.200-invalid-json", Grade.MUST, "A success has a body that is no JSON.", BODY[:-20]),
    broken("f.200-html", Grade.STRICT, "A success is a page, as from a captive network.", HTML, media_type="text/html"),
    broken("f.200-json-null", Grade.HOSTILE, "A success is null.", b"null"),
    broken("f.200-json-list", Grade.HOSTILE, "A success is a list.", b"[]"),
    broken("f.200-json-string", Grade.HOSTILE, "A success is a string.", b'"hello"'),
    whole(
        "f.200-no-choices",
        Grade.SHOULD,
        "A success has no choices: an empty value or an error, and no crash of another kind.",
        attempt=answer({"id": "chatcmpl-abc123", "object": "chat.completion"}),
        expected=Expected({"choices": [], "usage": None}, error=ANY_ERROR),
    ),
    cut("f.body-cut-cl", "The body is shorter than its length says.", with_length(BODY[:100], len(BODY))),
    cut(
        "f.body-cut-cl-valid-json",
        "The JSON is whole, and ten bytes are missing by the length.",
        with_length(BODY, len(BODY) + 10),
    ),
    cut(
        "f.body-cut-chunked",
        "The chunked body ends without its last chunk.",
        Attempt(
            (head(200, ("content-type", JSON), ("transfer-encoding", "chunked")), *chunked([BODY])[:-1]),
            End.CLOSE,
        ),
    ),
    cut("f.body-rst", "The connection is reset within the body.", with_length(BODY[:100], len(BODY), End.RESET)),
    broken("f.body-invalid-utf8", Grade.HOSTILE, "The body is no UTF-8.", BODY.replace(b"Hello", b"H\xff\xfeo")),
    cut_stream("f.stream-cut", "The chunked stream ends without its last chunk.", unended(HALF, End.CLOSE)),
    cut_stream("f.stream-rst", "The connection is reset within the stream.", unended(HALF, End.RESET)),
    cut_stream(
        "f.stream-cut-mid-event",
        "The stream ends within an event.",
        unended([*HALF, EVENTS[5][:40]], End.CLOSE),
    ),
    cut_stream(
        "f.stream-cl-short",
        "The stream ends in order where the connection does, with neither a finish reason nor `[DONE]`.",
        until_close(HALF),
    ),
    cut_stream(
        "f.stream-clean-eof",
        "The chunked stream ends in order with neither a finish reason nor `[DONE]`.",
        stream(HALF),
    ),
    cut_stream(
        "f.stream-cut-after-finish",
        "The stream breaks off after its finish reason.",
        unended(EVENTS[:FINISHED], End.CLOSE),
        grade=Grade.SHOULD,
        expected=Expected({**LONG, "usage": None}, error=ANY_ERROR),
    ),
    cut_stream(
        "f.stream-error-object",
        "An event in the middle tells an error.",
        stream([*HALF, event(error_body(TOLD, type="server_error"))]),
        expected=API_ERROR,
    ),
    cut_stream(
        "f.stream-error-first",
        "The first event tells an error.",
        stream([event(error_body(TOLD, type="server_error"))]),
        expected=API_ERROR,
    ),
    cut_stream(
        "f.stream-error-event",
        "An event named `error` tells an error.",
        stream([*HALF, b"event: error\n" + event(error_body(TOLD, type="server_error"))]),
        expected=API_ERROR,
    ),
    cut_stream(
        "f.stream-error-with-choices",
        "A chunk tells an error beside its choices, with the finish reason `error`.",
        stream([*HALF, BROKEN, DONE]),
        grade=Grade.SHOULD,
        expected=API_ERROR,
    ),
    cut_stream(
        "f.stream-error-string",
        "An event tells an error as a string.",
        stream([*HALF, event({"error": TOLD})]),
        grade=Grade.SHOULD,
        expected=API_ERROR,
    ),
    cut_stream(
        "f.stream-bad-json",
        "An event holds no JSON.",
        stream([*HALF, b"data: {oops\n\n", *EVENTS[5:]]),
        expected=Expected(error=ANY_ERROR),
    ),
    cut_stream(
        "f.stream-invalid-utf8",
        "An event holds bytes that are no UTF-8.",
        stream([*HALF, EVENTS[5].replace(b"five", b"f\xff\xfee"), *EVENTS[6:]]),
        grade=Grade.HOSTILE,
        expected=Expected(anything=True),
    ),
    cut_stream("f.stream-empty", "The stream has no events at all.", stream([])),
    cut_stream("f.stream-only-done", "The stream holds only `[DONE]`.", stream([DONE]), grade=Grade.SHOULD),
    streamed(
        "f.stream-html-200",
        Grade.SHOULD,
        "A page comes instead of a stream.",
        attempt=answer(HTML, media_type="text/html"),
        expected=UNFINISHED,
    ),
    streamed(
        "f.stream-stall",
        Grade.STRICT,
        "The stream stalls in its middle: the client's time limit ends the call.",
        attempt=Attempt((STREAM_HEAD, *chunked(HALF)[:-1]), End.HOLD, 5.0),
        asked=stream_call(timeout_s=1.0),
        expected=Expected(error=ToldError(("timeout",)), within=3.5),
        needs=("timeout",),
    ),
]
