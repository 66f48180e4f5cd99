"""What a fuzzed target is sent: boundary cases, then generated requests, valid, invalid and broken below JSON.

The law of this file: probe i of a kind depends on the seed and on nothing else, however many are asked for. Each is
dressed for the target, so that what is tested is its point: it names the target's model, says something, and asks for
few tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chatconform.core.ask import Ask
from chatconform.core.exchange import EMPTY
from chatconform.schemas import is_valid
from chatconform.strategies.boundaries import boundaries
from chatconform.strategies.drawing.sources import Rejected, Seeded
from chatconform.strategies.ready import generator
from chatconform.strategies.recipes.asking import REQUEST
from chatconform.strategies.recipes.menu import invalid_request
from chatconform.strategies.wire import wire_cases
from chatconform.strategies.written import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chatconform.strategies.boundaries import Boundary
    from chatconform.strategies.wire import Wire

T = TypeVar("T")
BOUNDARY, VALID, INVALID, WIRE = "boundary", "valid", "invalid", "wire"
GENERATED: Final = (VALID, INVALID, WIRE)
BOUNDARY_SHARE: Final = 0.5
MOST_TOKENS: Final = 16
LIMITS: Final = ("max_tokens", "max_completion_tokens")
IMPATIENCE: Final = 3.0
"""Seconds that a server may wait for the rest of a body that never comes before it is left."""
TRIES: Final = 1000
CLASSES: Final = {
    "type": 2,
    "enum": 3,
    "const": 3,
    "required": 5,
    "minItems": 6,
    "minLength": 6,
    "pattern": 6,
}
"""The classes that boundary cases are taken from in turn, by what they break; 0 is null, 1 whatever else is valid."""
OTHER_BREACHES: Final = 4


@dataclass(frozen=True, slots=True)
class Probe:
    """One request of a fuzz run: its kind, its number within the kind, and what its point is."""

    kind: str
    number: int
    body: Any
    """A JSON value, or bytes that are sent as they are."""
    point: str
    headers: Mapping[str, str | None] = field(default_factory=lambda: EMPTY)
    lies: bool = False
    """Whether the headers lie about the length, which leaves the connection unusable."""

    @property
    def ask(self) -> Ask:
        """The request."""
        return self.asking(self.body)

    def asking(self, body: Any) -> Ask:
        """The request with another body."""
        data = body if isinstance(body, bytes) else written(body)
        return Ask(data, headers=self.headers, leave_within=IMPATIENCE if self.lies else None)


class Probes:
    """Makes the probes of a seed, for a target's model, plain request, and name of the limit of tokens."""

    def __init__(self, model: str, plain: dict[str, Any], limit: str, seed: int) -> None:
        self._model, self._plain, self._limit, self._seed = model, plain, limit, seed
        self._source = Seeded()
        self._valid = generator(REQUEST, model=model)
        self._invalid = invalid_request(None)

    def __call__(self, count: int) -> Iterator[Probe]:
        """That many probes: boundary cases first, at most half, and then the others in turn."""
        first = min(len(self._boundaries), round(count * BOUNDARY_SHARE))
        for number in range(first):
            yield self.make(BOUNDARY, number)
        for number in range(count - first):
            yield self.make(GENERATED[number % len(GENERATED)], number // len(GENERATED))

    def make(self, kind: str, number: int) -> Probe:
        """The probe of that kind and number."""
        if kind == BOUNDARY:
            case = self._boundaries[number]
            body = dressed(case.value, case.pointer, self._plain, self._limit)
            return Probe(kind, number, body, f"{case.pointer} {case.label}".strip())
        if kind == VALID:
            return Probe(kind, number, self._request(kind, number), "a generated request")
        if kind == INVALID:
            broken = self._drawn(kind, number, self._invalid, lambda _: True)
            body = dressed(broken.value, broken.pointer, self._plain, self._limit)
            return Probe(kind, number, body, broken.description)
        wire = self._wire(number)
        lies = wire.family == "length"
        headers: dict[str, str | None] = dict(wire.headers)
        if lies:
            headers["connection"] = "close"
        return Probe(kind, number, wire.body, f"{wire.family}: {wire.description}", headers, lies)

    def _wire(self, number: int) -> Wire:
        """A byte-level case: those of the plain request one by one, then any of a generated request."""
        if number < len(self._wires):
            return self._wires[number]
        several = [case for case in wire_cases(self._request(WIRE, number)) if sendable(case)]
        return several[int(Random(f"{self._seed}:{number}").random() * len(several))]

    def _request(self, kind: str, number: int) -> dict[str, Any]:
        return short(self._drawn(kind, number, self._valid, lambda value: is_valid(REQUEST, value)), self._limit)

    @cached_property
    def _boundaries(self) -> list[Boundary]:
        """The cases in an order in which any beginning has something of each class, what is shallow first."""
        classes: dict[int, list[tuple[int, float, Boundary]]] = {}
        for number, case in enumerate(boundaries(REQUEST)):
            chance = Random(f"{self._seed}:{number}").random()
            classes.setdefault(_class(case), []).append((case.pointer.count("/"), chance, case))
        ordered = [sorted(cases, key=lambda one: one[:2]) for _, cases in sorted(classes.items())]
        return [case for _, _, case in _in_turn(ordered)]

    @cached_property
    def _wires(self) -> list[Wire]:
        """The byte-level cases of the plain request, a family in turn."""
        families: dict[str, list[Wire]] = {}
        for case in wire_cases(self._plain):
            if sendable(case):
                families.setdefault(case.family, []).append(case)
        return list(_in_turn(list(families.values())))

    def _drawn(self, kind: str, number: int, draw: Callable[[Any], Any], is_good: Callable[[Any], bool]) -> Any:
        for turn in range(TRIES):
            self._source.start(f"{self._seed}:fuzz:{kind}:{number}:{turn}")
            try:
                value = draw(self._source)
            except Rejected:
                continue
            if is_good(value):
                return value
        raise ValueError(f"no value was found for {kind} {number} of seed {self._seed}")


def dressed(value: Any, pointer: str, plain: dict[str, Any], limit: str) -> Any:
    """A request in which what has no part in the point at the pointer is as in the plain request."""
    if not isinstance(value, dict):
        return value
    body = dict(value)
    if isinstance(body.get("model"), str) and pointer != "/model":
        body["model"] = plain["model"]
    messages = body.get("messages")
    if isinstance(messages, list) and messages and not pointer.startswith("/messages"):
        empty = all(isinstance(one, dict) and one.get("content") == "" for one in messages)
        body["messages"] = plain["messages"] if empty else messages
    elif isinstance(messages, list) and len(messages) == 1 and pointer != "/messages":
        body["messages"] = _in_a_talk(messages[0])
    return body if pointer.startswith(tuple(f"/{name}" for name in LIMITS)) else short(body, limit)


def short(body: dict[str, Any], limit: str) -> dict[str, Any]:
    """The request with few tokens asked for, under the name that it uses or else the one that the target takes."""
    given = [name for name in LIMITS if name in body]
    if not given:
        return {**body, limit: MOST_TOKENS} if limit else body
    large = [name for name in given if body[name] is None or (_is_count(body[name]) and body[name] > MOST_TOKENS)]
    return {**body, **dict.fromkeys(large, MOST_TOKENS)}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _in_a_talk(message: Any) -> list[Any]:
    """A message where it may stand: a result after its call, a call before its result, anything after a question."""
    talk: list[Any] = [{"role": "user", "content": "Say hello."}]
    match message:
        case {"role": "tool", "tool_call_id": str() as call}:
            asked = {"id": call, "type": "function", "function": {"name": "f", "arguments": "{}"}}
            return [*talk, {"role": "assistant", "content": None, "tool_calls": [asked]}, message]
        case {"role": "assistant", "tool_calls": [*calls]}:
            ids = [call["id"] for call in calls if isinstance(call, dict) and isinstance(call.get("id"), str)]
            results = [{"role": "tool", "tool_call_id": one, "content": "1"} for one in dict.fromkeys(ids)]
            return [*talk, message, *results]
        case {"role": "assistant"}:
            return [*talk, message, *talk]
    return [message]


def sendable(case: Wire) -> bool:
    """Whether a case can be sent: of one header only one value can."""
    return len({name for name, _ in case.headers}) == len(case.headers)


def _class(case: Boundary) -> int:
    if case.keyword is None:
        return 0 if "null" in case.label else 1
    return CLASSES.get(case.keyword, OTHER_BREACHES)


def _in_turn(lists: list[list[T]]) -> Iterator[T]:
    """One of each list, then the next of each, until all are through."""
    rest = [iter(each) for each in lists]
    while rest:
        for each in list(rest):
            try:
                yield next(each)
            except StopIteration:
                rest.remove(each)
