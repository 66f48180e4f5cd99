"""Dumps of streams: taken together they say what they say chunk by chunk, and findings keep their places."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from chatconform.core.exchange import Exchange
from chatconform.core.judge import judge
from chatconform.core.recording import from_json
from chatconform.core.rule import Part, Rule
from chatconform.recordings import streams
from chatconform.recordings.source import from_bytes
from chatconform.recordings.streams import Thinned, read
from chatconform.rules.catalogue import rules

SPECIMENS = Path(__file__).parents[1] / "specimens"


def streamed() -> Iterator[tuple[str, Exchange]]:
    """Every specimen that is a stream, without the times of its pieces."""
    for path in sorted(SPECIMENS.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            value = orjson.loads(line)
            for one in value.get("series", [value]):
                exchange = from_json(one)
                if exchange.is_stream and exchange.response is not None:
                    yield path.stem, replace(exchange, response=replace(exchange.response, pieces=()))


def thinned(body: bytes) -> tuple[bytes, Thinned]:
    made, tail = Thinned(), b""
    for blocks in streams._blocks(io.BytesIO(body)):
        if isinstance(blocks, streams.Cut):
            tail = blocks.begun
            continue
        for block in blocks:
            if not made.add_alike([block], 0) and (kept := block.lstrip(b"\n")):
                made.add(kept, 1)
    return made.end(tail), made


def verdicts(exchange: Exchange, every: list[Rule], indexes: list[int] | None) -> dict[str, tuple[str, str | None]]:
    told = {}
    for result in judge(exchange, every):
        pointer = result.findings[0].pointer if result.findings else None
        first, slash, rest = (pointer or "").removeprefix("/").partition("/")
        if indexes is not None and first.isdecimal() and int(first) < len(indexes):
            pointer = f"/{indexes[int(first)]}{slash}{rest}"
        told[result.rule.id] = (str(result.verdict), pointer)
    return told


def test_no_rule_tells_a_stream_from_the_same_with_its_stretches_taken_together() -> None:
    every = [rule for rule in rules() if rule.on is not Part.SERIES]
    seen = 0
    for name, exchange in streamed():
        assert exchange.response is not None
        body = exchange.response.body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if body.rstrip(b"\n").endswith(b"[DONE]") and not body.endswith(b"\n\n"):
            continue  # a lost blank line at the end of a dump is forgiven
        fewer, made = thinned(exchange.response.body)
        after = replace(exchange, response=replace(exchange.response, body=fewer))
        assert verdicts(after, every, made.indexes) == verdicts(exchange, every, None), name
        seen += 1
    assert seen > 400


def test_plain_stretches_are_taken_together_and_give_the_same_text(traffic: Any) -> None:
    texts = ["Once", " upon", ' a "time"', " ünd", " so", " on", "\\n", " to", *[" w"] * 500, " the", " end."]
    for more in ({}, {"obfuscation": "xyz"}):
        fewer, made = thinned(traffic.stream(*texts, **more).encode())
        assert fewer.count(b"\n\n") < 20
        assert made.events == len(texts) + 3
        exchange = from_json({"request": {}, "response": {"text": fewer.decode()}})
        assert exchange.assembled is not None
        assert exchange.assembled["choices"][0]["message"]["content"] == "".join(texts)


def test_a_chunk_that_differs_in_more_than_its_text_stays_apart(traffic: Any) -> None:
    body = traffic.stream(*["abcdefgh", *"abcdefgh" * 8]).encode()
    at = body.index(b'"id": "chatcmpl-1"', len(body) // 2)
    other = body[:at] + b'"id": "chatcmpl-2"' + body[at + 18 :]
    _, made = thinned(other)
    odd = other[:at].count(b"\n\n")
    assert odd in made.indexes
    assert odd + 1 in made.indexes


def test_a_finding_in_a_dump_has_the_line_and_the_index_of_its_event(folder: Any, traffic: Any, told: Any) -> None:
    first, bad = traffic.stream("a", "b"), traffic.stream(*["word", *["w"] * 30]).split("\n\n")
    bad[25] = bad[25].replace("chatcmpl-1", "chatcmpl-2")
    result = folder.judge(first + "\n\n".join(bad))
    line = first.count("\n") + 25 * 2 + 1
    assert told(result) == [
        ("stream.chunks.id-is-constant", line, "/25/id"),
    ]
    assert result.records == {"exchanges": 2}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
def test_streams_are_the_same_whatever_their_line_ends_and_however_they_are_read(
    end: str, size: int, traffic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "CHUNK", size)
    text = ": hello\n\n" + traffic.stream("a", "é", "c") + "\n\n" + traffic.stream(*"defghijklmnop")
    found = list(read(from_bytes("x", text.replace("\n", end).encode())))
    whole = [record.exchange.assembled["choices"][0]["message"]["content"] for record in found]  # type: ignore[union-attr]
    assert whole == ["aéc", "defghijklmnop"]


def test_a_stream_without_an_end_is_judged_at_the_end_of_the_file(folder: Any, traffic: Any, told: Any) -> None:
    cut = traffic.stream("a", "b")[:-20]
    found = folder.judge(cut)
    assert "stream.framing.events-end-with-a-blank-line" in {rule for rule, _, _ in told(found)}
    assert found.records == {"exchanges": 1}


def test_an_end_without_its_blank_line_is_forgiven(folder: Any, traffic: Any, told: Any) -> None:
    assert told(folder.judge(traffic.stream("a").rstrip("\n") + "\n")) == []


def test_events_and_streams_beyond_bounds_are_told_and_the_next_is_judged(
    folder: Any, traffic: Any, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST", 3000)
    monkeypatch.setattr(streams, "CHUNK", 1000)
    large = "data: " + "x" * 9000 + "\n\ndata: [DONE]\n\n"
    long = "".join(f'data: {{"n": {number}}}\n\n' for number in range(400)) + "data: [DONE]\n\n"
    result = folder.judge(large + long + traffic.stream("a"))
    assert [(rule, line) for rule, line, _ in told(result)] == [("record.is-bounded", 1), ("record.is-bounded", 5)]
    assert result.records == {"exchanges": 1}


def test_what_a_stream_says_only_beside_its_request_is_not_held_against_it(
    folder: Any, traffic: Any, told: Any
) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    text = traffic.stream("a", usage=None)
    last = {**traffic.chunk({}), "choices": [], "usage": usage}
    text = text.replace("data: [DONE]", f"data: {orjson.dumps(last).decode()}\n\ndata: [DONE]")
    assert told(folder.judge(text)) == []
