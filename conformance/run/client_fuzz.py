"""Generated scenarios for a client: the same stream in any legal writing means the same, and a cut one shows.

The law of this file: three properties, nothing else. Any slicing, decoration and interleaving of a stream gives the
completion that it spells; unknown fields change nothing; a stream that is cut before its finish is an error or visibly
unfinished. What official clients are known to trip over although it is legal (a byte order mark, blocks without data)
has scenarios of its own and is left out here. Scenario i is the same however many are asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core import sse
from chatconform.core.assembly import assemble
from chatconform.core.scenario import Attempt, Call, End, Expected, Grade, Scenario
from chatconform.core.scenario_result import ScenarioOutcome
from chatconform.core.spelling import spell
from chatconform.scenarios.writing import DONE, MODEL, SSE, chunked, event, head
from chatconform.strategies.drawing.sources import Seeded
from chatconform.strategies.recipes.answering import completion
from chatconform.strategies.recipes.streaming import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chatconform.core.scenario_result import FailureKind, ScenarioResult

KINDS = ("writing", "writing", "unknown", "cut")
ID_FIELD = re.compile(rb"(?:^|[\r\n])id[:\r\n]")
"""Blank lines after an id make the official Python client stumble, too."""
MOST_SHRINKS = 120
"""Calls that making one finding smaller may cost."""
UNKNOWN: tuple[tuple[str, Any], ...] = (("vendor", {"a": [None, 1]}), ("x_note", "é"), ("timings", 1.5), ("flags", []))


@dataclass(frozen=True)
class Generated:
    """One generated stream: what it spells, its bytes in pieces, and where it is cut off (None: nowhere)."""

    kind: str
    number: int
    completion: dict[str, Any]
    pieces: tuple[bytes, ...]
    cut: bool = False

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
        if transcript.bom or ID_FIELD.search(made.body) or any(set(one.fields) != {""} for one in transcript.dataless):
            continue
        # What the chunks spell is what must come out: a key that no chunk carries cannot.
        spelled = assemble(made.chunks)
        assert spelled is not None
        random = Random(f"{seed}:{number}")
        if kind == "unknown":
            body = b"".join(map(event, (_with_unknown(chunk, random) for chunk in made.chunks))) + DONE
            return Generated(kind, number, spelled, (body,))
        if kind == "cut":
            return Generated(kind, number, spelled, _cut_off(spelled, random), cut=True)
        return Generated(kind, number, spelled, made.pieces)
    raise ValueError(f"no stream fits a client with only the features {', '.join(sorted(features)) or 'none'}")


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


def scenario(made: Generated) -> Scenario:
    """The scenario in which a client is sent this stream."""
    opening = head(200, ("content-type", SSE), ("cache-control", "no-cache"), ("transfer-encoding", "chunked"))
    steps = chunked(made.pieces)
    attempt = Attempt((opening, *(steps[:-1] if made.cut else steps)), End.CLOSE if made.cut else End.KEEP)
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


def shrunk(made: Generated, kind: FailureKind | None, ask: Callable[[Scenario], ScenarioResult]) -> Generated:
    """The smallest stream found that fails in the same way; asks at most `MOST_SHRINKS` times."""
    best, asked = made, 0
    progress = True
    while progress:
        progress = False
        for candidate in _smaller(best):
            if candidate.size >= best.size:
                continue
            if asked == MOST_SHRINKS:
                return best
            asked += 1
            result = ask(scenario(candidate))
            if result.outcome is ScenarioOutcome.FAILED and result.kind is kind:
                best, progress = candidate, True
                break
    return best


def _smaller(made: Generated) -> Iterator[Generated]:
    """Simpler streams, the boldest first: a smaller completion, a plainer writing, fewer pieces, less of it."""
    body = b"".join(made.pieces)
    for told in _smaller_completions(made.completion):
        whole = _plain(told)
        yield replace(made, completion=told, pieces=tuple(_before_finish(whole)) if made.cut else (b"".join(whole),))
    plain = _plain(made.completion)
    yield replace(made, pieces=(b"".join(_before_finish(plain) if made.cut else plain),))
    yield replace(made, pieces=(body,))
    if len(made.pieces) > 2:
        for number in range(min(len(made.pieces) - 1, 24)):
            joined = (*made.pieces[:number], made.pieces[number] + made.pieces[number + 1], *made.pieces[number + 2 :])
            yield replace(made, pieces=joined)
    if made.cut:
        yield replace(made, pieces=(body[: len(body) // 2],))


def _smaller_completions(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    choices = told["choices"]
    if len(choices) > 1:
        for choice in choices:
            yield {**told, "choices": [{**choice, "index": 0}]}
    for number, choice in enumerate(choices):
        for smaller in _smaller_choices(choice):
            yield {**told, "choices": [*choices[:number], smaller, *choices[number + 1 :]]}


def _smaller_choices(choice: dict[str, Any]) -> Iterator[dict[str, Any]]:
    message = choice["message"]
    if choice.get("logprobs") is not None:
        yield {**choice, "logprobs": None}
    calls = message.get("tool_calls") or []
    if len(calls) > 1:
        for call in calls:
            yield {**choice, "message": {**message, "tool_calls": [call]}}
    for key in ("content", "refusal"):
        text = message.get(key)
        if text:
            for shorter in (text[: len(text) // 2], text[len(text) // 2 :], text[:-1], text[1:]):
                if shorter:
                    yield {**choice, "logprobs": None, "message": {**message, key: shorter}}


def _plain(told: dict[str, Any]) -> list[bytes]:
    """The events that spell a completion, each text in one piece, plainly written."""
    return [*map(event, spell(told, cut=lambda text: [text], usage=True)), DONE]


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
