"""Not streamed: the ways in which HTTP carries a plain answer."""

from __future__ import annotations

import zlib

import orjson

from chatconform.core.scenario import Attempt, End, Expected, Grade, Pause, Scenario
from chatconform.scenarios.writing import (
    ANY_ERROR,
    JSON,
    SSE,
    answer,
    call,
    choice,
    chunked,
    completion,
    events,
    gzipped,
    head,
    sliced,
    stream,
    until_close,
    whole,
)

BODY = orjson.dumps(completion())
TYPED = ("content-type", JSON)
CHUNKED = ("transfer-encoding", "chunked")
UNICODE = completion(choice("Grüße aus Zürich 你好 \U0001f44b"))


def with_length(body: bytes, *headers: tuple[str, str], coding: str | None = None) -> Attempt:
    """A JSON answer with its length and further header fields."""
    return Attempt((head(200, TYPED, *headers, ("content-length", str(len(body)))) + body,), coding=coding)


EXTENDED = b'%x;note="a b"\r\n%s\r\n0\r\nx-checked: yes\r\n\r\n' % (len(BODY), BODY)
EARLY = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n"
DOUBLED = (("x-served-by", "a"), ("x-served-by", "b"), ("set-cookie", "a=1"), ("set-cookie", "b=2"))
SHOULD_LAST = Expected(completion(), requests=(2, 3))

SCENARIOS = [
    whole("ns.plain", Grade.MUST, "A plain answer with its length."),
    whole("ns.meta", Grade.MUST, "Id, model and creation time come out as sent.", also=("id", "created", "model")),
    whole("ns.unicode", Grade.MUST, "The text holds letters of several scripts and an emoji.", UNICODE),
    whole(
        "ns.chunked",
        Grade.MUST,
        "Each byte of the body is an HTTP chunk of its own.",
        attempt=Attempt((head(200, TYPED, CHUNKED), *chunked(sliced(BODY)))),
    ),
    whole(
        "ns.close-delimited",
        Grade.MUST,
        "The body ends where the connection is closed.",
        attempt=until_close([BODY], media_type=JSON),
    ),
    whole(
        "ns.http10",
        Grade.MUST,
        "The answer is HTTP/1.0, ended by closing the connection.",
        attempt=until_close([BODY], media_type=JSON, version="1.0"),
    ),
    whole(
        "ns.gzip",
        Grade.MUST,
        "The body is compressed with gzip.",
        attempt=with_length(b"".join(gzipped([BODY])), ("content-encoding", "gzip"), coding="gzip"),
    ),
    whole(
        "ns.deflate",
        Grade.MUST,
        "The body is compressed with deflate (the zlib form).",
        attempt=with_length(zlib.compress(BODY), ("content-encoding", "deflate"), coding="deflate"),
    ),
    whole(
        "ns.chunk-ext-trailer",
        Grade.MUST,
        "The HTTP chunk has extensions and a trailer field follows it.",
        attempt=Attempt((head(200, TYPED, CHUNKED, ("trailer", "x-checked")), EXTENDED)),
    ),
    whole(
        "ns.103-early-hints",
        Grade.MUST,
        "An interim answer (103) comes before the final one.",
        attempt=Attempt((EARLY, *with_length(BODY).steps)),
    ),
    whole(
        "ns.duplicate-headers",
        Grade.MUST,
        "Some header fields stand twice.",
        attempt=with_length(BODY, *DOUBLED),
    ),
    whole(
        "ns.ct-charset",
        Grade.MUST,
        "The media type has a charset parameter.",
        UNICODE,
        attempt=answer(UNICODE, media_type="application/json; charset=utf-8"),
    ),
    whole(
        "ns.ct-case",
        Grade.MUST,
        "The charset parameter is written in capitals.",
        attempt=answer(completion(), media_type="application/json; CHARSET=UTF-8"),
    ),
    whole(
        "ns.ct-missing",
        Grade.SHOULD,
        "There is no content type.",
        attempt=answer(completion(), media_type=None),
    ),
    whole(
        "ns.ct-text-plain",
        Grade.SHOULD,
        "The JSON is called text/plain.",
        attempt=answer(completion(), media_type="text/plain"),
    ),
    whole(
        "ns.ws-padding",
        Grade.MUST,
        "White space that JSON allows stands around the body.",
        attempt=answer(b" \r\n\t" + BODY + b"\r\n\r\n \t"),
    ),
    whole(
        "ns.ws-keepalive",
        Grade.SHOULD,
        "Blank lines keep the connection alive until the body is ready.",
        attempt=Attempt((head(200, TYPED, CHUNKED), *chunked([b"\n", Pause(0.2), b"\n", Pause(0.2), BODY]))),
    ),
    whole(
        "ns.slow-first-byte",
        Grade.MUST,
        "The first byte comes after two seconds, well within the client's time limit.",
        attempt=Attempt((Pause(2.0), *with_length(BODY).steps)),
    ),
    whole(
        "ns.bom",
        Grade.HOSTILE,
        "A byte order mark stands before the JSON.",
        attempt=answer(b"\xef\xbb\xbf" + BODY),
        expected=Expected(completion(), error=ANY_ERROR),
    ),
    Scenario(
        "ns.stale-keepalive",
        Grade.MUST,
        "The server closes the idle connection; the client's second call must open another.",
        (call(), call()),
        (Attempt(with_length(BODY).steps, hold=0.05), with_length(BODY)),
        SHOULD_LAST,
        blocked_by=("ns.plain",),
    ),
    whole(
        "ns.redirect-307",
        Grade.HOSTILE,
        "The server redirects the request.",
        attempt=Attempt((head(307, ("location", "/elsewhere"), ("content-length", "0")),), End.KEEP),
        expected=Expected(anything=True, requests=(1, 40)),
    ),
    whole(
        "ns.sse-to-nonstream",
        Grade.HOSTILE,
        "The server streams although no stream was asked for.",
        attempt=stream(events(completion()), media_type=SSE),
        expected=Expected(anything=True),
    ),
]
