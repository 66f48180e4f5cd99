"""Generated scenarios for a client: the same stream in any legal writing means the same, and a cut one shows.

The law of this file: three properties, nothing else. Any slicing, decoration and interleaving of a stream gives the
completion that it spells; unknown fields change nothing; a stream that is cut before its finish is an error or visibly
unfinished. What official clients are known to trip over although it is legal (a byte order mark, blocks without data)
has scenarios of its own and is left out here. Scenario i is the same however many are asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core import sse
from chatconform.core.assembly import assemble
from chatconform.core.scenario import Attempt, Call, End, Expected, Grade, Scenario
from chatconform.core.spelling import spell
from chatconform.scenarios.writing import DONE, MODEL, SSE, chunked, event, head
from chatconform.strategies.drawing.sources import Seeded
from chatconform.strategies.recipes.answering import completion
from chatconform.strategies.recipes.streaming import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.core.scenario import Pause

KINDS = ("writing", "writing", "unknown", "cut")
ID_FIELD = re.compile(rb"(?:^|[\r\n])id[:\r\n]")
"""Blank lines after an id make the official Python client stumble, too."""
MOST_WRITES = 24
"""Writes that one stream takes: a stream of many small HTTP chunks has several of them in each."""
UNKNOWN: tuple[tuple[str, Any], ...] = (("vendor", {"a": [None, 1]}), ("x_note", "n"), ("timings", 1.5), ("flags", []))


class Ending(Enum):
    """How a stream's connection ends it."""

    WHOLE = "with its last HTTP chunk, and the connection stays open"
    IN_ORDER = "with a last HTTP chunk, though the stream was cut"
    UNTIL_CLOSE = "by closing the connection, which is how its length is told"
    OPEN = "by closing the connection, without a last HTTP chunk"
    RESET = "by a reset of the connection"


@dataclass(frozen=True)
class Generated:
    """One generated stream: what it spells, its bytes in pieces, and how its connection ends it."""

    kind: str
    number: int
    completion: dict[str, Any]
    pieces: tuple[bytes, ...]
    ending: Ending = Ending.WHOLE

    @property
    def cut(self) -> bool:
        """Whether it breaks off before its finish."""
        return self.ending is not Ending.WHOLE

    @property
    def size(self) -> tuple[int, int]:
        """What shrinking makes smaller: the bytes, then the pieces."""
        return sum(map(len, self.pieces)), len(self.pieces)


def generated(number: int, seed: int, features: frozenset[str]) -> Generated:
    """The stream of that number, for a client with these features."""
    kind = KINDS[number % len(KINDS)]
    source = Seeded()
    for attempt in range(1000):
        source.start(f"{seed}:client:{number}:{attempt}")
        told = completion(source, streamable=True)
        if not needs(told) <= features:
            continue
        made = stream(source, told, include_usage=True, decorated=True)
        transcript = sse.read([(None, made.body)])
        if not is_fair(made.body, transcript):
            continue
        # What the chunks spell is what must come out: a key that no chunk carries cannot.
        spelled = assemble(made.chunks)
        assert spelled is not None
        random = Random(f"{seed}:{number}")
        if kind == "unknown":
            body = b"".join(map(event, (_with_unknown(chunk, random) for chunk in made.chunks))) + DONE
            return Generated(kind, number, spelled, (body,))
        if kind == "cut":
            ending = random.choice([one for one in Ending if one is not Ending.WHOLE])
            return Generated(kind, number, spelled, _cut_off(spelled, random), ending)
        return Generated(kind, number, spelled, made.pieces)
    raise ValueError(f"no stream fits a client with only the features {', '.join(sorted(features)) or 'none'}")


def is_fair(body: bytes, transcript: sse.Transcript) -> bool:
    """Whether a stream is free of what is legal and makes official clients stumble."""
    return not (transcript.bom or ID_FIELD.search(body) or any(set(one.fields) != {""} for one in transcript.dataless))


def needs(told: dict[str, Any]) -> set[str]:
    """The features that a client needs to be sent this completion."""
    found = {"stream"}
    choices = told["choices"]
    found |= {"n"} if len(choices) > 1 else set()
    for choice in choices:
        message = choice["message"]
        found |= {"logprobs"} if choice.get("logprobs") is not None else set()
        found |= {"functions"} if message.get("function_call") else set()
        found |= {"tools" if call["type"] == "function" else "custom_tools" for call in message.get("tool_calls") or ()}
    return found


def without_unknown(made: Generated) -> Generated:
    """The same stream without the fields that nobody knows: what goes wrong with it is not their fault."""
    names = {"x_vendor", *(name for name, _ in UNKNOWN)}

    def known(value: dict[str, Any]) -> dict[str, Any]:
        return {key: inner for key, inner in value.items() if key not in names}

    events = [one.data for one in sse.read([(None, b"".join(made.pieces))]).events if one.data != "[DONE]"]
    plain = [
        {**known(chunk), "choices": [{**known(one), "delta": known(one["delta"])} for one in chunk["choices"]]}
        for chunk in map(orjson.loads, events)
    ]
    return replace(made, kind="writing", pieces=(b"".join(map(event, plain)) + DONE,))


def scenario(made: Generated) -> Scenario:
    """The scenario in which a client is sent this stream, an HTTP chunk for each piece."""
    framing = ("connection", "close") if made.ending is Ending.UNTIL_CLOSE else ("transfer-encoding", "chunked")
    opening = head(200, ("content-type", SSE), ("cache-control", "no-cache"), framing)
    framed = list(made.pieces) if made.ending is Ending.UNTIL_CLOSE else chunked(made.pieces)
    steps = framed[:-1] if made.ending in {Ending.OPEN, Ending.RESET} else framed
    end = {Ending.WHOLE: End.KEEP, Ending.RESET: End.RESET}.get(made.ending, End.CLOSE)
    attempt = Attempt((opening, *_in_few_writes(steps)), end)
    purposes = {
        "writing": "A generated stream, sliced and decorated in some legal way.",
        "unknown": "A generated stream with fields that nobody knows.",
        "cut": "A generated stream that is cut before its finish.",
    }
    expected = Expected(unfinished=True) if made.cut else Expected(made.completion)
    return Scenario(
        f"fuzz.{made.kind}-{made.number}",
        Grade.MUST,
        purposes[made.kind],
        (Call(_request(made.completion)),),
        (attempt,),
        expected,
        tuple(sorted(needs(made.completion))),
        ("st.plain",),
    )


def _in_few_writes(steps: Sequence[bytes | Pause]) -> list[bytes]:
    """The framed pieces, joined evenly into at most so many writes: clients that read by HTTP chunk see no difference,
    and for the others the places still differ from stream to stream.
    """
    pieces = [step for step in steps if isinstance(step, bytes)]
    size = -(-len(pieces) // MOST_WRITES) or 1
    return [b"".join(pieces[start : start + size]) for start in range(0, len(pieces), size)]


def _before_finish(events: Sequence[bytes]) -> list[bytes]:
    """The events before the first that tells a finish reason."""
    kept: list[bytes] = []
    for one in events:
        chunk = orjson.loads(one[6:]) if one != DONE else {"choices": [{"finish_reason": "stop"}]}
        if any(choice["finish_reason"] is not None for choice in chunk["choices"]):
            return kept
        kept.append(one)
    return kept


def _cut_off(told: dict[str, Any], random: Random) -> tuple[bytes, ...]:
    """The plain stream, cut at some byte before its first finish."""
    body = b"".join(_before_finish([*map(event, spell(told, usage=True)), DONE]))
    return (body[: random.randrange(len(body) + 1)],)


def _with_unknown(chunk: dict[str, Any], random: Random) -> dict[str, Any]:
    """A chunk with fields that nobody knows: beside its own, in its choices and in their deltas."""
    name, value = random.choice(UNKNOWN)
    choices = [
        {
            **choice,
            name: value,
            "delta": {**choice["delta"], "x_vendor": "v"} if random.random() < 0.5 else choice["delta"],
        }
        for choice in chunk["choices"]
    ]
    return {**chunk, name: value, "choices": choices}


def _request(told: dict[str, Any]) -> dict[str, Any]:
    """A request that such a completion answers."""
    asked: dict[str, Any] = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Go on."}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    choices = told["choices"]
    asked |= {"n": len(choices)} if len(choices) > 1 else {}
    asked |= {"logprobs": True} if any(choice.get("logprobs") is not None for choice in choices) else {}
    calls = [call for choice in choices for call in choice["message"].get("tool_calls") or ()]
    names = {(call["type"], call[call["type"]]["name"]) for call in calls}
    asked |= {"tools": [{"type": kind, kind: {"name": name}} for kind, name in sorted(names)]} if names else {}
    legacy = {
        choice["message"]["function_call"]["name"] for choice in choices if choice["message"].get("function_call")
    }
    return asked | ({"functions": [{"name": name} for name in sorted(legacy)]} if legacy else {})
