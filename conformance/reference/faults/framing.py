"""Faults in the events of a stream, as bytes, and in the framing of its body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatconform.reference.faults.fault import fault
from chatconform.reference.faults.making import on_events
from chatconform.reference.pipeline import Hangup

if TYPE_CHECKING:
    from chatconform.reference.pipeline import Wire

DONE = b"data: [DONE]\n\n"
ALIVE = "stream.framing.keep-alives-are-comments"
OBJECTS = "stream.framing.events-are-json-objects"
DATA = "stream.framing.blocks-hold-data"
LAST = "stream.framing.done-is-last"


@on_events(
    "stream.framing.events-are-utf-8",
    also=(
        "response.*",
        "series.parity.*",
    ),
)
def events_are_latin_1(events: list[bytes]) -> Iterator[bytes]:
    """Writes events in Latin-1."""
    for event in events:
        yield event.decode().encode("latin-1", "xmlcharrefreplace")


@on_events(OBJECTS)
def events_are_cut(events: list[bytes]) -> Iterator[bytes]:
    """Cuts an event's object into two events."""
    for number, event in enumerate(events):
        if number == 1:
            half = len(event) // 2
            yield event[:half] + b"\n\n"
            yield b"data: " + event[half:]
        else:
            yield event


@on_events(OBJECTS)
def event_is_null(events: list[bytes]) -> Iterator[bytes]:
    """Sends an event that is null."""
    yield events[0]
    yield b"data: null\n\n"
    yield from events[1:]


@on_events(OBJECTS)
def two_objects_in_an_event(events: list[bytes]) -> Iterator[bytes]:
    """Sends two objects in one event."""
    yield b"data: " + events[0].removeprefix(b"data: ").rstrip() + b" " + events[1].removeprefix(b"data: ")
    yield from events[2:]


@on_events("stream.framing.lines-are-fields", also=("stream.*", "response.*"))
def chunk_without_a_field(events: list[bytes]) -> Iterator[bytes]:
    """Sends a chunk without `data:` before it."""
    yield events[0]
    yield events[0].removeprefix(b"data: ")
    yield from events[1:]


@on_events("stream.framing.events-end-with-a-blank-line", also=(LAST,))
def end_mark_is_not_ended(events: list[bytes]) -> Iterator[bytes]:
    """Leaves the blank line after the end mark out."""
    yield from events[:-1]
    yield events[-1].rstrip(b"\n") + b"\n"


@on_events(ALIVE)
def keep_alive_is_an_empty_event(events: list[bytes]) -> Iterator[bytes]:
    """Keeps the connection alive by an event without text."""
    yield events[0]
    yield b"data:\n\n"
    yield from events[1:]


@on_events(ALIVE)
def keep_alive_is_data(events: list[bytes]) -> Iterator[bytes]:
    """Keeps the connection alive by a comment that is sent as data."""
    yield events[0]
    yield b"data: : keep-alive\n\n"
    yield from events[1:]


@on_events(DATA)
def retry_stands_alone(events: list[bytes]) -> Iterator[bytes]:
    """Begins with a block that only says when to retry."""
    yield b"retry: 3000\n\n"
    yield from events


@on_events(DATA)
def ping_without_data(events: list[bytes]) -> Iterator[bytes]:
    """Sends an event that has a name and no data."""
    yield events[0]
    yield b"event: ping\n\n"
    yield from events[1:]


@on_events("stream.framing.no-byte-order-mark")
def stream_begins_with_a_mark(events: list[bytes]) -> Iterator[bytes]:
    """Begins with a byte order mark."""
    yield b"\xef\xbb\xbf" + events[0]
    yield from events[1:]


@on_events(LAST)
def end_mark_is_missing(events: list[bytes]) -> Iterator[bytes]:
    """Never sends `[DONE]`."""
    yield from events[:-1]


@on_events(LAST)
def end_mark_comes_early(events: list[bytes]) -> Iterator[bytes]:
    """Sends `[DONE]` before the last chunk."""
    yield from events[:-2]
    yield DONE
    yield events[-2]


@on_events(LAST)
def end_mark_comes_twice(events: list[bytes]) -> Iterator[bytes]:
    """Sends `[DONE]` twice."""
    yield from events
    yield DONE


@on_events("stream.errors.error-is-told-under-error", also=("stream.*", "response.*"))
def failure_is_only_named(events: list[bytes]) -> Iterator[bytes]:
    """Fails in the middle of a stream and tells it in an event that is only named so."""
    yield from events[: len(events) // 2]
    yield b'event: error\ndata: {"message": "The engine failed."}\n\n'


@on_events("stream.errors.failed-stream-does-not-finish")
def failed_stream_finishes(events: list[bytes]) -> Iterator[bytes]:
    """Fails in the middle of a stream and ends it as if it were whole."""
    yield events[0]
    yield b'data: {"error":{"message":"The engine failed.","type":"server_error","param":null,"code":null}}\n\n'
    yield from events[1:]


@fault("wire", "stream.framing.body-is-complete")
def body_is_not_completed(wire: Wire) -> Wire:
    """Ends the connection of a stream before the last chunk of its framing."""

    def faulty(pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in wire(pieces):
            if piece == b"0\r\n\r\n":
                raise Hangup
            yield piece

    return faulty


@on_events("stream.framing.body-ends-after-done")
def body_stays_open(events: list[bytes]) -> Iterator[bytes]:
    """Leaves the body of a stream open after `[DONE]`."""
    yield from events
    for _ in range(120):
        yield _pause()


def _pause() -> bytes:
    """Nothing to send, after a while."""
    from time import sleep

    sleep(0.25)
    return b": \n\n"
