"""Rules on how a stream is framed: events, heartbeats, the end mark, and the end of the body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from chatconform.core.exchange import DONE
from chatconform.core.json_text import NOT_JSON, problem
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import STREAM
from chatconform.rules.stream.parts import (
    TIMEOUTS,
    by_choice,
    choices_asked,
    done_at,
    ended,
    is_end,
    is_heartbeat,
    tells_error,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange

SSE: Final = "WHATWG HTML section 9.2 (server-sent events)"
FIELDS: Final = frozenset({"", "data", "event", "id", "retry"})
MEDIA: Final = "responses of createChatCompletion: text/event-stream of CreateChatCompletionStreamResponse"


@rule("stream.framing.events-are-utf-8", Level.MUST, on=Part.STREAM, source=SSE, needs=STREAM)
def events_are_utf_8(exchange: Exchange) -> Iterator[Finding]:
    """Every event is valid UTF-8.

    An event stream has no other encoding. Decoders replace what is invalid, so that the reader sees question marks, or
    raise. Judged on every stream; a server that cuts a character between two events shows it here.
    """
    for number, event in enumerate(exchange.events):
        if not event.valid_utf8:
            yield Finding(f"/{number}", f"the bytes of {tell(event.data)} are not UTF-8", "valid UTF-8")


@rule("stream.framing.events-are-json-objects", Level.MUST, on=Part.STREAM, source=MEDIA, needs=STREAM)
def events_are_json_objects(exchange: Exchange) -> Iterator[Finding]:
    """The data of every event but the end mark is one complete JSON object.

    Clients parse each event by itself: a part of an object, two objects in one event, or NaN raise a JSON error in the
    official SDKs, and `null` crashes their stream helpers. Judged on every event that is no heartbeat.
    """
    for number, (event, value) in enumerate(zip(exchange.events, exchange.chunks, strict=True)):
        if isinstance(value, dict) or is_end(event) or is_heartbeat(event, value) or tells_error(event, value):
            continue
        if value is not NOT_JSON:
            yield Finding(f"/{number}", f"the data is {tell(value)}, not an object", "a JSON object")
        elif not has_half_a_character(event.data):
            yield Finding(f"/{number}", f"{tell(event.data)} is no JSON: {_why(event.data)}", "a JSON object")


@rule("stream.framing.lines-are-fields", Level.MUST, on=Part.STREAM, source=SSE, needs=STREAM)
def lines_are_fields(exchange: Exchange) -> Iterator[Finding]:
    """Every line is a comment or a field named `data`, `event`, `id` or `retry`.

    A line without such a name is ignored by every decoder, so a chunk that is sent without `data:` is lost. Judged on
    every block of lines that carries no data.
    """
    for block in exchange.transcript.dataless:
        for name in block.fields:
            if name not in FIELDS:
                message = f"a line before event {block.before} begins with {tell(name)}, which is no field"
                yield Finding(f"/{block.before}", message, "data:, event:, id:, retry:, or a comment")
                break


@rule("stream.framing.events-end-with-a-blank-line", Level.MUST, on=Part.STREAM, source=SSE, needs=STREAM)
def events_end_with_a_blank_line(exchange: Exchange) -> Iterator[Finding]:
    """Every event is ended by a blank line, the last one too.

    An event that is not ended when the body ends is dropped by decoders, and the last chunk with it. Judged on streams
    whose body came to its own end.
    """
    tail = exchange.transcript.tail
    if ended(exchange) and any(line.startswith(b"data") for line in tail.split(b"\n")):
        told = tell(tail.decode(errors="replace"))
        yield Finding(f"/{len(exchange.events)}", f"{told} is not ended by a blank line", "a blank line")


@rule("stream.framing.keep-alives-are-comments", Level.MUST, on=Part.STREAM, source=SSE, needs=STREAM)
def keep_alives_are_comments(exchange: Exchange) -> Iterator[Finding]:
    """What only keeps the connection alive is a comment line, not an event with data.

    The official SDKs parse the data of every event: an empty `data:`, `data: : ping` or `data: ping` raises a JSON
    error, and a ping object that is no chunk makes them stumble over its missing choices. Judged on every stream.
    """
    for number, (event, value) in enumerate(zip(exchange.events, exchange.chunks, strict=True)):
        if is_heartbeat(event, value) and not is_end(event):
            told = f"event {tell(event.name)} with data {tell(event.data)}"
            yield Finding(f"/{number}", f"{told} is no chunk", "a comment line, such as `: ping`")


@rule("stream.framing.blocks-hold-data", Level.SHOULD, on=Part.STREAM, source="official Python SDK", needs=STREAM)
def blocks_hold_data(exchange: Exchange) -> Iterator[Finding]:
    """Every block of lines that is more than a comment holds data.

    A block of only `event:`, `id:` or `retry:` is legal and dispatches nothing, yet official SDKs raise a JSON error on
    it, as the Python one does on a comment by itself once an `id:` was seen. Judged on every stream.
    """
    for block in exchange.transcript.dataless:
        if not FIELDS.issuperset(block.fields):
            continue
        if names := [name for name in block.fields if name]:
            message = f"the block before event {block.before} has only {', '.join(f'`{name}:`' for name in names)}"
            yield Finding(f"/{block.before}", message, "a `data:` line in the same block")
        elif block.after_id:
            message = f"the comment before event {block.before} stands by itself although an `id:` was sent"
            yield Finding(f"/{block.before}", message, "no `id:` in a stream with comments")


@rule("stream.framing.no-byte-order-mark", Level.SHOULD, on=Part.STREAM, source="official Python SDK", needs=STREAM)
def no_byte_order_mark(exchange: Exchange) -> Iterator[Finding]:
    """The stream does not begin with a byte order mark.

    A mark is legal and ignored by the standard's decoder, yet the official Python SDK loses the first chunk to it, and
    the role with that. Judged on every stream.
    """
    if exchange.transcript.bom:
        yield Finding("/0", "a byte order mark stands before the first event", "the first event")


@rule("stream.framing.done-is-last", Level.MUST, on=Part.STREAM, source="ChatCompletionStreamOptions", needs=STREAM)
def done_is_last(exchange: Exchange) -> Iterator[Finding]:
    """One `data: [DONE]` ends the stream, after everything else.

    Clients read until it: some wait for it until they time out, and all ignore what follows it. Judged on every stream
    that ended by itself, with several choices, tools and usage as well; one that told an error need not have it.
    """
    events = exchange.events
    first = done_at(exchange)
    for number, event in enumerate(events):
        if event.data != DONE and is_end(event):
            yield Finding(f"/{number}", f"the end is marked by {tell(event.data)}", "[DONE]")
            return
        if first is not None and number > first:
            what = "a second [DONE]" if event.data == DONE else tell(event.data)
            yield Finding(f"/{number}", f"{what} comes after [DONE]", "nothing")
    if first is None and events and not exchange.transcript.tail:
        if ended(exchange):
            yield Finding(f"/{len(events)}", "the stream ends without [DONE]", "data: [DONE]")
        elif _hangs_after_finish(exchange):
            yield Finding(
                f"/{len(events)}", "the last choice ended, and neither [DONE] nor an end came", "data: [DONE]"
            )


@rule(
    "stream.framing.body-ends-after-done",
    Level.MUST,
    on=Part.STREAM,
    source="RFC 9112 section 6",
    needs=STREAM,
    when=lambda exchange: done_at(exchange) is not None,
)
def body_ends_after_done(exchange: Exchange) -> Iterator[Finding]:
    """The body ends at once after `[DONE]`.

    A body that stays open keeps the connection from being used again and hangs every client that reads to the end.
    Judged on every stream with the end mark, by whether its end had to be waited for in vain.
    """
    if exchange.failure is not None and exchange.failure.kind in TIMEOUTS:
        yield Finding("", "the body was still open some time after [DONE]", "the end of the body")


@rule(
    "stream.framing.body-is-complete",
    Level.MUST,
    on=Part.STREAM,
    source="RFC 9112 section 7.1",
    needs=STREAM,
    when=lambda exchange: "left_after" not in exchange.about,
)
def body_is_complete(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """The HTTP framing of a stream is completed, and the connection is not reset.

    Without the last chunk of the framing a client cannot tell the end from a broken connection: HTTP libraries raise,
    even after `[DONE]`. Judged on every stream that the client did not leave, one that stays silent only where it does
    so each time and the target is quick otherwise; one too long for this kit's limits is inconclusive.
    """
    failure, done = exchange.failure, done_at(exchange) is not None
    if failure is None:
        if exchange.response is not None and not exchange.response.complete:
            yield Inconclusive("the recording does not hold the whole stream")
    elif failure.kind in TIMEOUTS and (done or _hangs_after_finish(exchange)):
        return  # other rules tell of a body that stays open
    elif failure.kind == "too-large" or (failure.kind in TIMEOUTS and exchange.origin.seed is None):
        yield Inconclusive(f"the stream was not read to its end: {failure.message or failure.kind}")
    else:
        when = "after" if done else "before"
        yield Finding("", f"the body was cut {when} [DONE]: {failure.message or failure.kind}", "a completed body")


def has_half_a_character(data: str) -> bool:
    """Whether a text is a JSON object but for a `\\u` escape of a surrogate that stands alone."""
    try:
        value = json.loads(data)
        written = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else ""
    except (ValueError, RecursionError):
        return False
    return any(0xD800 <= ord(char) < 0xE000 for char in written)


def _why(data: str) -> str:
    """Why a text is no JSON object, told in the terms of a stream."""
    try:
        value, end = json.JSONDecoder().raw_decode(data.lstrip())
    except (ValueError, RecursionError):
        return tell(problem(data.encode(errors="replace")) or "it is nested too deeply").strip('"')
    if end < len(data.strip()) and isinstance(value, dict):
        return "something follows the object in the same event"
    return tell(problem(data.encode(errors="replace")) or "it is no strict JSON").strip('"')


def _hangs_after_finish(exchange: Exchange) -> bool:
    """Whether all asked choices ended and then nothing more came until the client gave up."""
    if exchange.failure is None or exchange.failure.kind not in TIMEOUTS:
        return False
    found = by_choice(exchange).values()
    finished = [any(one.value.get("finish_reason") for one in additions) for additions in found]
    return len(finished) == choices_asked(exchange) and all(finished)
