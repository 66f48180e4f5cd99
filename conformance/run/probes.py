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
from chatconform.rules.validity import is_valid as is_valid_request
from chatconform.run.dressing import LIMIT_PLACES, dressed, illustrated, short
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
KINDS: Final = {
    BOUNDARY: "Requests with single values at a boundary of the request's schema, valid ones together.",
    VALID: "Requests that keep every rule on requests.",
    INVALID: "Requests that break one constraint.",
    WIRE: "Bodies that are broken below JSON: in their encoding, their length, their grammar.",
    "drawn": "Requests that hypothesis draws under pytest.",
    "alive": "A plain request, which shows whether the server lives on after one that it refused.",
}
"""What the requests of a kind are, as `explain` tells it."""
BOUNDARY_SHARE: Final = 0.6
IMPATIENCE: Final = 3.0
"""Seconds that a server may wait for the rest of a body that never comes before it is left."""
TRIES: Final = 1000
TURNS: Final = ("type", "enum", "valid", "type", "bounds", "required", "type", "empty")
"""The classes from which single boundary cases are taken in turn, by what they break."""
CLASSES: Final = {
    None: "valid",
    "type": "type",
    "enum": "enum",
    "const": "enum",
    "required": "required",
    "minItems": "empty",
    "minLength": "empty",
    "pattern": "empty",
}
CENTRAL: Final = ("/messages", "/tools")
"""Where a place is nearer than its depth tells."""
MOST_TOGETHER: Final = 8
"""Boundary cases in one request."""
RARE: Final = frozenset(
    {
        *("audio", "modalities", "prediction", "web_search_options", "moderation", "functions", "function_call"),
        *("response_format", "prompt_cache_options", "tool_choice", "parallel_tool_calls", "logit_bias"),
    }
)
"""Parameters that many targets refuse, with all that is sent beside them."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One request of a fuzz run: its kind, its number within the kind, and what its point is."""

    kind: str
    number: int
    body: Any
    """A JSON value, or bytes that are sent as they are."""
    point: str
    family: str = ""
    """Of what is broken below JSON, what sort of breakage."""
    headers: Mapping[str, str | None] = field(default_factory=lambda: EMPTY)
    place: str = ""
    """The JSON Pointer of the point."""
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


def wire_probe(kind: str, number: int, wire: Wire) -> Probe:
    """The probe of a byte-level case."""
    lies = wire.family == "length"
    headers: dict[str, str | None] = dict(wire.headers)
    if lies:
        headers["connection"] = "close"
    return Probe(kind, number, wire.body, wire.description, wire.family, headers, lies=lies)


class Probes:
    """Makes the probes of a seed, for a target's model, plain request, and name of the limit of tokens."""

    def __init__(self, model: str, plain: dict[str, Any], limit: str, seed: int) -> None:
        self._model, self._plain, self._limit, self._seed = model, plain, limit, seed
        self._source = Seeded()
        self._valid = generator(REQUEST, model=model)
        self._invalid = invalid_request(None)

    def __call__(self, count: int) -> Iterator[Probe]:
        """That many probes: boundary cases first, at most half, and then the others in turn."""
        first = min(len(self.listed), round(count * BOUNDARY_SHARE))
        for number in range(first):
            yield self.make(BOUNDARY, number)
        for number in range(count - first):
            yield self.make(GENERATED[number % len(GENERATED)], number // len(GENERATED))

    def make(self, kind: str, number: int) -> Probe:
        """The probe of that kind and number."""
        if kind == BOUNDARY:
            return self.listed[number]
        if kind == VALID:
            return Probe(kind, number, self._request(kind, number), "a generated request")
        if kind == INVALID:
            broken = self._drawn(kind, number, self._invalid, lambda _: True)
            body = dressed(broken.value, broken.pointer, self._plain, self._limit)
            return Probe(kind, number, body, broken.description)
        return wire_probe(kind, number, self._wire(number))

    def _wire(self, number: int) -> Wire:
        """A byte-level case: those of the plain request one by one, then any of a generated request."""
        if number < len(self._wires):
            return self._wires[number]
        several = [case for case in wire_cases(self._request(WIRE, number)) if sendable(case)]
        return several[int(Random(f"{self._seed}:{number}").random() * len(several))]

    def _request(self, kind: str, number: int) -> dict[str, Any]:
        value = self._drawn(kind, number, self._valid, lambda value: is_valid(REQUEST, value))
        return short(illustrated(value), self._limit)

    @cached_property
    def listed(self) -> list[Probe]:
        """The boundary cases: valid ones, many in each request; then wrong ones so, and in turn with them one by one.

        What is shallow comes first.
        """
        cases = boundaries(REQUEST)
        chances = {id(case): Random(f"{self._seed}:{number}").random() for number, case in enumerate(cases)}
        classes: dict[str, list[Boundary]] = {}
        for case in cases:
            classes.setdefault(CLASSES.get(case.keyword, "bounds"), []).append(case)
        for name, listed in classes.items():
            listed.sort(key=lambda case: (_depth(case), chances[id(case)]))
            places: dict[str, list[Boundary]] = {}
            for case in listed:
                places.setdefault(case.pointer, []).append(case)
            classes[name] = list(_in_turn(list(places.values())))
        limits = [case for case in classes["valid"] if case.pointer in LIMIT_PLACES]
        alone = [case for case in classes["valid"] if not is_valid_request(self._dressed(case))]  # as a tool's choice
        bad = [cases for name, cases in classes.items() if name != "valid"]
        wrong = [
            case
            for case in [*limits, *alone, *_in_turn(bad)]
            if case.pointer not in ("", "/model", "/messages", "/tools")
        ]
        fine = [case for case in classes["valid"] if case.pointer not in (*LIMIT_PLACES, "/model")]
        fine.sort(key=lambda case: case.label != "null")  # nulls go with nulls, and hardly anything refuses them
        first = [_several(*group) for group in self._together(fine, is_valid_request) if len(group[1]) > 1]
        many = [_several(*group) for group in self._together(wrong) if len(group[1]) > 1]
        single = [(self._dressed(case), _point(case), case.pointer) for case in _by_turns(classes)]
        return [
            Probe(BOUNDARY, number, body, point, place=place)
            for number, (body, point, place) in enumerate([*first, *_in_turn([many, single])])
        ]

    def _together(
        self, cases: list[Boundary], is_good: Callable[[dict[str, Any]], bool] | None = None
    ) -> Iterator[tuple[Any, list[Boundary]]]:
        """Cases, as many in one request as go together, and all of them if they are wrong anyway."""
        open_: list[tuple[dict[str, Any], list[Boundary]]] = []
        for case in cases:
            body = self._dressed(case)
            if is_good is not None and not is_good(body):
                continue
            for number, (held, inside) in enumerate(open_):
                both = joined(held, body, self._plain, wrong=is_good is None)
                if both is not None and (is_good is None or is_good(both)):
                    open_[number] = (both, [*inside, case])
                    break
            else:
                open_.append((body, [case]))
            yield from (one for one in open_ if len(one[1]) >= MOST_TOGETHER)
            open_ = [one for one in open_ if len(one[1]) < MOST_TOGETHER]
        yield from open_

    @cached_property
    def _wires(self) -> list[Wire]:
        """The byte-level cases of the plain request, a family in turn."""
        families: dict[str, list[Wire]] = {}
        for case in wire_cases(self._plain):
            if sendable(case):
                families.setdefault(case.family, []).append(case)
        return list(_in_turn(list(families.values())))

    def _dressed(self, case: Boundary) -> Any:
        return dressed(case.value, case.pointer, self._plain, self._limit)

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


def sendable(case: Wire) -> bool:
    """Whether a case can be sent: of one header only one value can."""
    return len({name for name, _ in case.headers}) == len(case.headers)


def _depth(case: Boundary) -> int:
    return case.pointer.count("/") - case.pointer.startswith(CENTRAL)


def _point(case: Boundary) -> str:
    return f"{case.pointer} {case.label}".strip()


def joined(
    one: dict[str, Any], other: dict[str, Any], plain: dict[str, Any], *, wrong: bool = False
) -> dict[str, Any] | None:
    """Two requests in one, their messages one after the other; None where they had better be sent apart.

    If they are wrong anyway their tools are put together, too, and what many targets refuse does not matter.
    """
    if not wrong and one != plain and _rare(one) != _rare(other):
        return None
    listed = ("messages", "tools") if wrong else ("messages",)
    both = dict(one)
    for key, value in other.items():
        known = one.get(key, plain.get(key))
        if value == plain.get(key, ...) or (key in one and value == known):
            continue
        if key in listed and key in one and known != plain.get(key):
            if not isinstance(known, list) or not isinstance(value, list):
                return None
            both[key] = [*known, *value]
        elif key in one and known != plain.get(key, ...):
            return None
        else:
            both[key] = value
    return both


def _several(body: Any, cases: list[Boundary]) -> tuple[Any, str, str]:
    return body, "; ".join(map(_point, cases)), ""


def _rare(body: dict[str, Any]) -> set[str]:
    """What a request has that many targets refuse: parameters, grammars, and kinds of parts that are no text."""
    found = {key for key in body.keys() & RARE if body[key] is not None}
    for tool in body["tools"] if isinstance(body.get("tools"), list) else ():
        match tool:
            case {"custom": {"format": dict()}}:
                found.add("grammar")
    for message in body["messages"] if isinstance(body.get("messages"), list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        kinds = (part.get("type") for part in content if isinstance(part, dict)) if isinstance(content, list) else ()
        found.update(str(kind) for kind in kinds if kind not in ("text", "refusal"))
        match message:
            case {"role": "function"}:
                found.add("function")
            case {"role": "assistant"} if not message.get("content") and not message.get("tool_calls"):
                found.add("silence")
    return found


def _by_turns(classes: dict[str, list[Boundary]]) -> Iterator[Boundary]:
    """One case of each class in turn, until all are through."""
    rest = {name: iter(cases) for name, cases in classes.items()}
    while rest:
        for name in TURNS:
            case = next(rest.get(name, iter(())), None)
            if case is None:
                rest.pop(name, None)
            else:
                yield case


def _in_turn(lists: list[list[T]]) -> Iterator[T]:
    """One of each list, then the next of each, until all are through."""
    rest = [iter(each) for each in lists]
    while rest:
        for each in list(rest):
            try:
                yield next(each)
            except StopIteration:
                rest.remove(each)
