"""The kit's own recording form: there and back again, and a clear word on what is none."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.exchange import Exchange, Failure, Origin, Piece, Request, Response
from chatconform.core.recording import from_json, to_json

NAMES = st.text(st.characters(categories=["L", "N", "P"]), max_size=8)
HEADERS = st.lists(st.tuples(NAMES, NAMES), max_size=3).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
BODIES = st.binary() | st.text().map(str.encode) | JSON.map(orjson.dumps) | st.just(b"data: {}\n\n")
TIMES = st.none() | st.floats(0, 1e9)
KEYS = ("case", "step", "seed", "about", "started", "seconds", "request", "response", "failure", "method", "headers")
MORE = ("json", "text", "base64", "status", "arrivals", "complete", "wire_faults", "kind", "message", "target")
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS + MORE), inner, max_size=5),
    max_leaves=15,
)


@st.composite
def responses(draw: st.DrawFn) -> Response:
    body = draw(BODIES)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
    spans = zip([0, *cuts], [*cuts, len(body)], strict=True) if draw(st.booleans()) else ()
    pieces = tuple(Piece(round(number * 0.1, 6), body[start:end]) for number, (start, end) in enumerate(spans))
    faults = tuple(draw(st.lists(st.text(), max_size=2)))
    return Response(draw(st.integers(100, 599)), draw(HEADERS), body, pieces, draw(st.booleans()), faults)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    return Exchange(
        Origin(draw(NAMES), draw(st.integers(0, 9)), draw(st.none() | st.integers(0, 9))),
        Request(draw(NAMES), draw(NAMES), draw(HEADERS), draw(BODIES)),
        draw(st.none() | responses()),
        draw(st.none() | st.builds(Failure, NAMES, NAMES)),
        draw(TIMES),
        draw(TIMES),
        draw(st.dictionaries(st.text(), st.integers(0, 9), max_size=2)),
    )


def parts(exchange: Exchange) -> list[Any]:
    found: list[Any] = [exchange.origin, vars(exchange.request), exchange.failure, exchange.started, exchange.seconds]
    return [*found, dict(exchange.about), vars(exchange.response) if exchange.response is not None else None]


@given(exchanges())
def test_what_is_written_is_read_back_as_the_same_exchange(exchange: Exchange) -> None:
    record = orjson.loads(orjson.dumps(to_json(exchange)))
    assert parts(from_json(record)) == parts(exchange)


@given(HOSTILE)
def test_what_is_no_recording_is_told_by_one_error(record: Any) -> None:
    with suppress(ValueError):
        exchange = from_json(record)
        assert isinstance(exchange.refused, bool)
        assert len(exchange.chunks) == len(exchange.events)
        assert exchange.answer is None or isinstance(exchange.answer, dict)
        assert isinstance(to_json(exchange), dict)


@given(JSON, JSON)
def test_bodies_stand_as_json_where_a_compact_writer_makes_them(asked: Any, answered: Any) -> None:
    exchange = from_json({"request": {"json": asked}, "response": {"json": answered}})
    record = to_json(exchange)
    assert orjson.dumps(record["request"]["json"]) == orjson.dumps(asked)
    assert orjson.dumps(record["response"]["json"]) == orjson.dumps(answered)


@pytest.mark.parametrize(
    ("record", "word"),
    [
        ([], "`request`"),
        ({}, "`request`"),
        ({"request": {}, "response": []}, "`response`"),
        ({"request": {}, "response": {"status": "200"}}, "`status`"),
        ({"request": {}, "response": {"status": True}}, "`status`"),
        ({"request": {"headers": [["a"]]}}, "`headers`"),
        ({"request": {"headers": {"a": "b"}}}, "`headers`"),
        ({"request": {"base64": "!"}}, "base64"),
        ({"request": {"text": 5}}, "`text`"),
        ({"request": {}, "about": []}, "`about`"),
        ({"request": {}, "failure": {"message": "x"}}, "`kind`"),
        ({"request": {}, "response": {"text": "abc", "arrivals": [[0.1, "3"]]}}, "`arrivals`"),
        ({"request": {}, "seconds": "1"}, "`seconds`"),
    ],
)
def test_what_is_wrong_is_named(record: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        from_json(record)


def test_almost_everything_can_be_left_out() -> None:
    exchange = from_json({"request": {"json": {"stream": True}}, "response": {"text": "data: [DONE]\n\n"}})
    assert (exchange.request.method, exchange.request.target) == ("POST", "/v1/chat/completions")
    assert (exchange.status, exchange.is_stream, exchange.asked) == (200, True, {"stream": True})


def test_bytes_that_are_no_text_survive() -> None:
    exchange = from_json({"request": {"base64": "/w=="}, "response": {"base64": "8J8="}})
    assert (exchange.request.body, exchange.response.body if exchange.response else None) == (b"\xff", b"\xf0\x9f")
    assert to_json(exchange)["response"]["base64"] == "8J8="


def test_the_pieces_of_a_body_keep_their_times() -> None:
    record = {"request": {}, "response": {"text": "data: a\n\n", "arrivals": [[0.5, 4], [1, 5]]}}
    response = from_json(record).response
    assert response is not None
    assert response.pieces == (Piece(0.5, b"data"), Piece(1, b": a\n\n"))


@given(JSON.map(orjson.dumps).map(orjson.loads), JSON.map(orjson.dumps).map(orjson.loads))
def test_what_is_known_of_a_body_is_what_reading_it_finds(asked: Any, answered: Any) -> None:
    record = {"request": {"json": asked}, "response": {"json": answered}}
    quick, slow = from_json(record, parsed=True), from_json(record)
    assert quick.response is not None
    assert slow.response is not None
    for known, read in ((quick.request, slow.request), (quick.response, slow.response)):
        assert known.body == read.body
        assert repr(known.json) == repr(read.json)
        assert known.is_compact
        assert read.is_compact


@pytest.mark.parametrize("body", [b'{"a": 1}', b'{"a":1,"a":1}', b"", b"{", b'"\\u00e9"', b"[" * 300 + b"]" * 300])
def test_a_body_that_a_compact_writer_would_write_otherwise_is_not_compact(body: bytes) -> None:
    assert not Response(200, (), body).is_compact
