"""Server-sent events against the standard's own algorithm, written out plainly, and any way to cut the bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.sse import Decoder, Transcript, begins_stream, read

LINE_ENDS = (b"\n", b"\r", b"\r\n")
BITS = (
    *LINE_ENDS,
    *(b"data", b"data:", b"data: ", b": ", b":", b"event:", b"event: ping", b"id:", b"id: 1", b"id: \0", b"retry: 5"),
    *(b"\xef\xbb\xbf", b"\xef\xbb", b"x", b" ", b"[DONE]", b'{"a":1}', "é🙂".encode(), b"\xf0\x9f", b"\xff", b"\0"),
    *("\u2028".encode(), "\x85".encode(), b"\x0b", b"\x0c", b"Data: x", b"data:x"),
)
STREAMS = st.lists(st.sampled_from(BITS), max_size=40).map(b"".join)


@dataclass
class Plain:
    """What a reader that follows the standard line by line makes of a whole stream."""

    events: list[tuple[str, str]] = field(default_factory=list)
    dataless: int = 0
    tail: bool = False


def plainly(body: bytes) -> Plain:
    found = Plain()
    *lines, rest = re.split(rb"\r\n|\n|\r", body.removeprefix(b"\xef\xbb\xbf"))
    data: list[bytes] = []
    name, seen = "", 0
    for line in lines:
        if line:
            seen += 1
            key, _, value = line.partition(b":")
            value = value[1:] if value.startswith(b" ") else value
            if key == b"data":
                data.append(value)
            elif key == b"event":
                name = value.decode(errors="replace")
            continue
        if data:
            found.events.append((name or "message", b"\n".join(data).decode(errors="replace")))
        elif seen:
            found.dataless += 1
        data, name, seen = [], "", 0
    found.tail = bool(seen or rest)
    return found


def told(transcript: Transcript) -> list[tuple[str, str]]:
    return [(event.name, event.data) for event in transcript.events]


@given(STREAMS)
def test_events_are_those_of_the_standards_algorithm(body: bytes) -> None:
    transcript, plain = read([(None, body)]), plainly(body)
    assert told(transcript) == plain.events
    assert len(transcript.dataless) == plain.dataless
    assert bool(transcript.tail) == plain.tail


@given(STREAMS, st.data())
def test_any_cut_gives_the_same_transcript(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert read([(None, piece) for piece in pieces]) == read([(None, body)])
    assert read([(None, body[at : at + 1]) for at in range(len(body))]) == read([(None, body)])


@given(st.lists(st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"])), max_size=5))
def test_every_line_end_is_read_alike(texts: list[str]) -> None:
    for end in LINE_ENDS:
        body = b"".join(b"data: " + text.encode() + end + end for text in texts)
        assert [event.data for event in read([(None, body)]).events] == texts


def test_a_split_crlf_is_one_line_end() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: a\r") == []
    assert decoder.feed(b"\n") == []
    assert [event.data for event in decoder.feed(b"\r\n")] == ["a"]


def test_an_event_bears_the_time_of_its_last_byte() -> None:
    transcript = read([(0.1, b"data: a\n"), (0.2, b"\ndata: b\n\n"), (0.3, b"data: c\n"), (0.4, b"\n")])
    assert [(event.data, event.at) for event in transcript.events] == [("a", 0.2), ("b", 0.2), ("c", 0.4)]


def test_bytes_that_are_no_utf_8_are_told() -> None:
    first, second = read([(None, b"data: \xf0\x9f\n\ndata: ok\n\n")]).events
    assert (first.valid_utf8, second.valid_utf8) == (False, True)
    assert first.data.startswith("\ufffd")


def test_a_byte_order_mark_is_dropped_once_and_told() -> None:
    transcript = read([(None, b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n")])
    assert transcript.bom
    assert [event.data for event in transcript.events] == ["a"]
    assert [block.fields for block in transcript.dataless] == [("\ufeffdata",)]


def test_a_block_without_data_tells_its_fields_its_place_and_the_ids_before() -> None:
    body = b": hi\n\ndata: a\nid: 1\n\n: there\n\nevent: ping\nretry: 5\n\n"
    blocks = [(block.fields, block.before, block.after_id) for block in read([(None, body)]).dataless]
    assert blocks == [(("",), 0, False), (("",), 1, True), (("event", "retry"), 1, True)]


def test_an_id_with_a_nul_is_no_id() -> None:
    assert not read([(None, b"id: \0\ndata: a\n\n: hi\n\n")]).dataless[0].after_id


def test_an_event_that_is_not_ended_is_the_tail() -> None:
    assert read([(None, b"data: a\n\ndata: b\r\n")]).tail == b"data: b\n"


@pytest.mark.parametrize(
    ("body", "begins"),
    [
        (b"data: {}", True),
        (b": hi", True),
        (b"\xef\xbb\xbf\r\nid: 1", True),
        (b"retry: 5", True),
        (b'{"data": 1}', False),
        (b"<html>", False),
        (b"", False),
    ],
)
def test_a_stream_is_known_by_its_beginning(body: bytes, begins: bool) -> None:
    assert begins_stream(body) is begins
