"""The same bytes, in whatever pieces they come, are the same response; and hostile bytes never break the reader."""

from __future__ import annotations

import gzip
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chatconform.targets.bounds import Limits, WireError
from chatconform.targets.reading import SURPLUS, ResponseReader

LIMITS = Limits(head=2000, body=3000, pieces=1000)


def read(
    data: bytes, cuts: list[int], *, end: bool = True, limits: Limits = LIMITS, method: str = "POST"
) -> tuple[Any, ...]:
    """What a reader makes of bytes that come cut at these places, with how it ended."""
    reader = ResponseReader(method, limits)
    failure: tuple[str, str] | None = None
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    try:
        for number, (start, stop) in enumerate(pairwise(places)):
            if start < stop:
                reader.feed(data[start:stop], float(number))
        if end:
            reader.end()
    except WireError as error:
        failure = (error.kind, error.message)
    response = reader.response()
    if response is None:
        return (None, failure)
    assert b"".join(piece.data for piece in response.pieces) == response.body
    assert all(piece.data for piece in response.pieces)
    assert [piece.at for piece in response.pieces] == sorted(piece.at for piece in response.pieces)
    # Once it has failed nobody reads on, so what would follow the end is only seen if it came with it.
    faults = tuple(fault for fault in response.wire_faults if failure is None or fault != SURPLUS)
    facts = (response.status, response.headers, response.body, response.complete, faults)
    return (facts, failure, reader.finished, reader.reusable and failure is None, reader.events, reader.done)


CUTS = st.lists(st.integers(min_value=0, max_value=10_000), max_size=12)
EVENTS = st.lists(st.sampled_from([b"data: 1\n\n", b": ping\n\n", b"data: [DONE]\r\n\r\n", b"x", b"\n"]), max_size=8)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    return draw(st.binary(max_size=200) | EVENTS.map(b"".join))


@st.composite
def framings(draw: st.DrawFn) -> bytes:
    """A response of any lawful framing, or nearly lawful."""
    body = draw(bodies())
    headers = draw(
        st.lists(
            st.sampled_from(
                [
                    b"Content-Type: text/event-stream",
                    b"content-type:application/json",
                    b"X: y\r\n z",
                    b"Connection: close",
                    b"Set-Cookie: a\r\nSet-Cookie: b",
                ]
            ),
            max_size=3,
        )
    )
    if draw(st.booleans()):
        body = gzip.compress(body, mtime=0)
        headers.append(b"Content-Encoding: gzip")
    kind = draw(st.sampled_from(["length", "chunks", "close", "both", "none"]))
    sent = body
    if kind in {"length", "both"}:
        headers.append(b"Content-Length: %d" % (len(body) + draw(st.sampled_from([0, 0, 0, 1, -1])) if body else 0))
    if kind in {"chunks", "both"}:
        headers.append(b"Transfer-Encoding: chunked")
        size = draw(st.integers(min_value=1, max_value=50))
        parts = [body[start : start + size] for start in range(0, len(body), size)]
        sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    interim = draw(st.sampled_from([b"", b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    line = draw(st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 404", b"HTTP/1.1 204 No"]))
    end = draw(st.sampled_from([b"\r\n", b"\r\n", b"\n"]))
    surplus = draw(st.sampled_from([b"", b"", b"surplus"]))
    return interim + end.join([line, *headers, b"", b""]) + sent + surplus


@settings(max_examples=400, deadline=None)
@given(framings(), CUTS)
def test_cuts_make_no_difference(data: bytes, cuts: list[int]) -> None:
    assert read(data, cuts) == read(data, [])


@settings(max_examples=200, deadline=None)
@given(framings(), CUTS)
def test_byte_by_byte_is_the_same_too(data: bytes, cuts: list[int]) -> None:
    assert read(data, list(range(len(data)))) == read(data, cuts)


@settings(max_examples=400, deadline=None)
@given(framings(), st.integers(min_value=0), st.binary(max_size=8), CUTS)
def test_damage_is_a_failure_or_another_response_and_never_a_crash(
    data: bytes, place: int, damage: bytes, cuts: list[int]
) -> None:
    place %= len(data)
    read(data[:place] + damage + data[place + len(damage) :], cuts)
    read(data[:place], cuts)


@given(st.binary(max_size=300), CUTS)
def test_noise_is_no_response(data: bytes, cuts: list[int]) -> None:
    facts, failure, *_ = read(data, cuts)
    assert facts is None
    assert failure is not None


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=3001, max_size=6000), CUTS)
def test_a_body_is_cut_at_its_limit_wherever_it_is_cut_before(body: bytes, cuts: list[int]) -> None:
    facts, failure, *_ = read(b"HTTP/1.1 200 OK\r\n\r\n" + body, cuts)
    assert facts[2] == body[:3000]
    assert facts[3] is False
    assert failure == ("too-large", "the response's body is larger than 2.92969 KiB")
