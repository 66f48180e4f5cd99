"""Streamed: the ways in which HTTP and time carry a stream."""

from __future__ import annotations

from chatconform.core.scenario import Attempt, Expected, Grade, Pause
from chatconform.scenarios.writing import (
    ANY_ERROR,
    SSE,
    answer,
    apart,
    choice,
    chunked,
    completion,
    cut_at,
    events,
    gzipped,
    head,
    sliced,
    stream,
    stream_call,
    streamed,
    until_close,
)

TYPED = ("content-type", SSE)
EVENTS = events(completion())
BYTES = b"".join(EVENTS)
UNICODE = completion(choice("Grüße aus Zürich 你好 \U0001f44b"))
UNICODE_BYTES = b"".join(events(UNICODE))
IN_CHARACTERS = [place for place, byte in enumerate(UNICODE_BYTES) if byte & 0xC0 == 0x80]
BETWEEN_NEWLINES = [place + 1 for place in range(len(BYTES) - 1) if BYTES[place : place + 2] == b"\n\n"]
LONG = completion(choice(" ".join(f"word{number}" for number in range(40))))
SLOWLY: list[bytes | Pause] = [step for piece in events(LONG) for step in (piece, Pause(0.05))]
GAPS: list[bytes | Pause] = [step for piece in EVENTS for step in (piece, Pause(0.15))]
FIRST, *REST = EVENTS
LATER: list[bytes | Pause] = [FIRST, REST[0], REST[1], Pause(2.5), *REST[2:]]
ZIPPED = Attempt(
    (
        head(200, TYPED, ("content-encoding", "gzip"), ("transfer-encoding", "chunked")),
        *chunked(gzipped(EVENTS)),
    ),
    coding="gzip",
)
HUGE = completion(choice("0123456789" * 100_000))
LATIN = stream(events(UNICODE), media_type="text/event-stream; charset=iso-8859-1")

SCENARIOS = [
    streamed("st.plain", Grade.MUST, "A plain stream, an HTTP chunk for each event."),
    streamed("st.meta", Grade.MUST, "Id, model and creation time come out as sent.", also=("id", "created", "model")),
    streamed(
        "st.no-usage-option",
        Grade.MUST,
        "No usage was asked for and none comes.",
        {**completion(), "usage": None},
        pieces=events(completion(), usage=False),
        asked=stream_call(usage=False),
    ),
    streamed("st.byte-split", Grade.MUST, "Each byte comes in an HTTP chunk of its own.", pieces=sliced(BYTES)),
    streamed(
        "st.utf8-split",
        Grade.MUST,
        "The stream is cut within characters.",
        UNICODE,
        pieces=apart(cut_at(UNICODE_BYTES, *IN_CHARACTERS)),
    ),
    streamed(
        "st.nlnl-split",
        Grade.MUST,
        "The stream is cut between the two line ends of each event.",
        pieces=apart(cut_at(BYTES, *BETWEEN_NEWLINES)),
    ),
    streamed("st.one-write", Grade.MUST, "The whole stream comes at once.", pieces=[BYTES]),
    streamed(
        "st.close-delimited",
        Grade.MUST,
        "The stream ends where the connection is closed.",
        attempt=until_close(EVENTS),
    ),
    streamed(
        "st.http10",
        Grade.MUST,
        "The answer is HTTP/1.0, ended by closing the connection.",
        attempt=until_close(EVENTS, version="1.0"),
    ),
    streamed(
        "st.content-length",
        Grade.MUST,
        "The stream tells its length beforehand.",
        attempt=Attempt((head(200, TYPED, ("content-length", str(len(BYTES)))), *EVENTS)),
    ),
    streamed("st.gzip", Grade.MUST, "The stream is compressed with gzip, flushed after each event.", attempt=ZIPPED),
    streamed(
        "st.ct-charset",
        Grade.MUST,
        "The media type has a charset parameter.",
        UNICODE,
        attempt=stream(events(UNICODE), media_type="text/event-stream; charset=utf-8"),
    ),
    streamed(
        "st.ct-missing",
        Grade.SHOULD,
        "There is no content type.",
        attempt=stream(EVENTS, media_type=None),
    ),
    streamed(
        "st.ct-text-plain",
        Grade.SHOULD,
        "The stream is called text/plain.",
        attempt=stream(EVENTS, media_type="text/plain"),
    ),
    streamed(
        "st.ct-json",
        Grade.HOSTILE,
        "The stream is called application/json.",
        attempt=stream(EVENTS, media_type="application/json"),
        expected=Expected(completion(), error=ANY_ERROR, unfinished=False),
    ),
    streamed(
        "st.ct-latin1",
        Grade.HOSTILE,
        "The charset parameter says ISO-8859-1, and a stream of events is UTF-8 always.",
        attempt=LATIN,
        expected=Expected(anything=True),
    ),
    streamed(
        "st.no-charset-utf8",
        Grade.MUST,
        "There is no charset parameter, and the text is not ASCII.",
        UNICODE,
        attempt=stream(events(UNICODE)),
    ),
    streamed(
        "st.incremental",
        Grade.MUST,
        "The stream pauses in its middle: what came before reaches the caller before it goes on.",
        pieces=LATER,
        expected=Expected(completion(), delta_within=2.0),
    ),
    streamed("st.slow-gaps", Grade.MUST, "A moment passes between the events.", pieces=GAPS),
    streamed(
        "st.json-response",
        Grade.STRICT,
        "A plain JSON answer comes although a stream was asked for.",
        attempt=answer(completion()),
        expected=Expected(completion(), error=ANY_ERROR),
    ),
    streamed(
        "st.abort",
        Grade.MUST,
        "The caller stops after three deltas: the connection ends soon.",
        LONG,
        pieces=SLOWLY,
        asked=stream_call(stop_after=3),
        expected=Expected(anything=True, leaves_within=1.0),
        needs=("abort",),
    ),
    streamed(
        "st.done-then-hold",
        Grade.MUST,
        "The body ends three seconds after `[DONE]`, which ends the stream at once.",
        pieces=[*EVENTS, Pause(3.0)],
        expected=Expected(completion(), soon=1.5),
    ),
    streamed(
        "st.many-chunks",
        Grade.MUST,
        "The stream has two thousand events.",
        completion(choice("a b" + " a b" * 999)),
    ),
    streamed(
        "st.huge-chunk",
        Grade.MUST,
        "One event holds a million characters.",
        HUGE,
        pieces=events(HUGE, cut=lambda text: [text]),
    ),
]
