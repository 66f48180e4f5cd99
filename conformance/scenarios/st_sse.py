"""Streamed: the ways in which server-sent events write the same stream."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.scenario import Expected, Grade, Pause, Scenario
from chatconform.core.spelling import spell
from chatconform.scenarios.writing import (
    ANY_ERROR,
    DONE,
    apart,
    choice,
    completion,
    events,
    sliced,
    streamed,
    until_close,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EVENTS = events(completion())
BODIES = [orjson.dumps(chunk) for chunk in spell(completion(), usage=True)]
FIRST, SECOND, *REST = EVENTS
*CHUNKS, _ = EVENTS
OPENING = SECOND.replace(b'"delta":{', b'"delta":{"role":"assistant",')
MIXED = (b"\n", b"\r", b"\r\n")
SEPARATORS = completion(choice("one two three\x85four"))
WAVE = completion(choice("Hi \U0001f44b, see you in Zürich"))
SPLIT_PAIR = completion(choice("a \U0001f44b b"))


def with_ends(*ends: bytes) -> list[bytes]:
    """The events with their line ends replaced by these, in turn."""
    parts = b"".join(EVENTS).split(b"\n")
    return [part + ends[number % len(ends)] for number, (part, _) in enumerate(pairwise(parts))]


def per_event(write: Callable[[bytes], bytes], *, done: bytes = DONE) -> list[bytes]:
    """Each chunk written as one event by a function of its JSON."""
    return [*map(write, BODIES), done]


def pretty(body: bytes) -> bytes:
    """One event with indented JSON, a `data` field for each line."""
    lines = json.dumps(orjson.loads(body), indent=2).split("\n")
    return b"".join(b"data: %s\n" % line.encode() for line in lines) + b"\n"


def decorated(id: str, grade: Grade, purpose: str, pieces: Iterable[bytes | Pause]) -> Scenario:
    """A scenario whose stream is the plain one in another writing."""
    error = ANY_ERROR if grade is Grade.HOSTILE else None
    return streamed(id, grade, purpose, pieces=pieces, expected=Expected(completion(), error=error))


def half_pairs() -> list[bytes]:
    """A stream whose emoji is written as two escaped halves in two deltas."""
    told: list[dict[str, Any]] = spell(SPLIT_PAIR, cut=lambda text: [text[:2], text[2], text[3:]], usage=True)
    written = [json.dumps(chunk) for chunk in told]
    whole = next(number for number, text in enumerate(written) if "\\ud83d\\udc4b" in text)
    halves = [written[whole].replace("\\udc4b", ""), written[whole].replace("\\ud83d", "")]
    return [b"data: %s\n\n" % text.encode() for text in [*written[:whole], *halves, *written[whole + 1 :]]] + [DONE]


SCENARIOS = [
    decorated("st.crlf", Grade.MUST, "Lines end with CRLF.", with_ends(b"\r\n")),
    decorated(
        "st.crlf-split",
        Grade.MUST,
        "Lines end with CRLF, and the stream is cut between CR and LF.",
        apart([piece for line in with_ends(b"\r\n") for piece in (line[:-1], line[-1:])]),
    ),
    decorated("st.cr-only", Grade.MUST, "Lines end with a lone CR.", with_ends(b"\r")),
    decorated(
        "st.cr-only-byte",
        Grade.MUST,
        "Lines end with a lone CR, and each byte comes alone.",
        sliced(b"".join(with_ends(b"\r"))),
    ),
    decorated(
        "st.mixed-eol",
        Grade.MUST,
        "Lines end now one way, now another.",
        with_ends(*MIXED),
    ),
    decorated(
        "st.no-space",
        Grade.MUST,
        "No space follows the colon.",
        per_event(lambda body: b"data:%s\n\n" % body, done=b"data:[DONE]\n\n"),
    ),
    decorated(
        "st.two-spaces",
        Grade.MUST,
        "Two spaces follow the colon: one belongs to the field, the other is JSON's.",
        per_event(lambda body: b"data:  %s\n\n" % body),
    ),
    decorated(
        "st.comments",
        Grade.MUST,
        "Comments stand between the events, with and without a blank line.",
        [b": hello\n\n", FIRST, b": ping\n\n", SECOND, b":\n", b": ping\n", *REST[:-1], b": bye\n\n", REST[-1]],
    ),
    decorated(
        "st.comment-inside-event",
        Grade.MUST,
        "A comment stands within each event.",
        per_event(lambda body: b": before\ndata: %s\n: after\n\n" % body),
    ),
    decorated(
        "st.sse-retry-only",
        Grade.STRICT,
        "A block of one `retry` field comes first: it holds no data and is no event.",
        [b"retry: 3000\n\n", *EVENTS],
    ),
    decorated(
        "st.sse-id-only",
        Grade.STRICT,
        "Blocks hold an id or a name and no data: they are no events.",
        [FIRST, b"id: 7\n\n", SECOND, b"event: ping\n\n", *REST],
    ),
    decorated(
        "st.sse-fields",
        Grade.MUST,
        "Each event has a name, an id and a retry time before its data.",
        per_event(lambda body: b"event: message\nid: 1\nretry: 3000\ndata: %s\n\n" % body),
    ),
    decorated(
        "st.sse-fields-after",
        Grade.MUST,
        "Each event has its other fields after its data.",
        per_event(lambda body: b"data: %s\nid: 1\nevent: message\n\n" % body),
    ),
    decorated(
        "st.sse-unknown-field",
        Grade.MUST,
        "Each event has fields that the standard does not know.",
        per_event(lambda body: b"note: hello\ndata: %s\nnonsense\n\n" % body),
    ),
    decorated(
        "st.event-named",
        Grade.SHOULD,
        "Each event has a name of the server's own.",
        per_event(lambda body: b"event: chat.completion.chunk\ndata: %s\n\n" % body),
    ),
    decorated(
        "st.event-done", Grade.SHOULD, "`[DONE]` comes in a named event.", [*EVENTS[:-1], b"event: done\n" + DONE]
    ),
    decorated("st.multiline-data", Grade.MUST, "The JSON runs over many `data` lines.", per_event(pretty)),
    decorated(
        "st.extra-blank-lines",
        Grade.MUST,
        "More than one blank line stands between the events.",
        [b"\n\n", *(piece + b"\n\n\n" for piece in EVENTS)],
    ),
    decorated(
        "st.bom",
        Grade.STRICT,
        "A byte order mark comes first, and is dropped: what follows it is the first text.",
        [b"\xef\xbb\xbf" + OPENING, *REST],
    ),
    decorated(
        "st.empty-data-event",
        Grade.HOSTILE,
        "An event has empty data.",
        [FIRST, b"data:\n\n", SECOND, *REST],
    ),
    streamed("st.raw-u2028", Grade.MUST, "The text holds unescaped line separators.", SEPARATORS),
    streamed(
        "st.ascii-escapes",
        Grade.MUST,
        "Everything outside ASCII is escaped, an emoji as a pair of surrogates.",
        WAVE,
        pieces=[b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in spell(WAVE, usage=True)] + [DONE],
    ),
    streamed(
        "st.surrogate-pair-split-deltas",
        Grade.HOSTILE,
        "The two escaped halves of an emoji come in two deltas.",
        pieces=half_pairs(),
        expected=Expected(anything=True),
    ),
    streamed(
        "st.text-mentions-error",
        Grade.MUST,
        "The text itself speaks of errors, `[DONE]` and `data:`.",
        completion(choice('data: {"error": "no"}\n\ndata: [DONE]\n\nevent: error')),
    ),
    streamed(
        "st.done-no-newline",
        Grade.MUST,
        "The stream ends right after `[DONE]`, without a line end.",
        attempt=until_close([*CHUNKS, b"data: [DONE]"]),
    ),
    decorated("st.missing-done", Grade.SHOULD, "The stream ends in order without `[DONE]`.", CHUNKS),
    streamed(
        "st.last-event-unterminated",
        Grade.HOSTILE,
        "The last event of all lacks its blank line, so that the standard drops it.",
        pieces=[*CHUNKS[:-1], CHUNKS[-1].rstrip(b"\n")],
        expected=Expected(anything=True),
    ),
    decorated(
        "st.data-after-done",
        Grade.HOSTILE,
        "Another event follows `[DONE]`.",
        [*EVENTS, SECOND],
    ),
    decorated(
        "st.done-spaces", Grade.SHOULD, "`[DONE]` has spaces in other places.", [*EVENTS[:-1], b"data:[DONE] \n\n"]
    ),
]
