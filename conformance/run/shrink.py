"""Smaller requests: what is left out or made simple of one, in the order in which it is worth trying.

The law of this file: pure functions of a request and of the plain one that the target answered well. What a request
has in common with the plain one weighs nothing and is left alone, so what remains in the end is the point.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.tally import INDEX
from chatconform.strategies.normal.dialects import escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MISSING: Final = 12
"""What a part of the plain request that is left out weighs."""
NOTHING: Final = object()
REPEATED: Final = re.compile(rb"(.{1,8}?)\1{7,}", re.DOTALL)
SMALL_ENOUGH: Final = 2048
"""Bytes of a body that is no JSON object, from which on only repetitions are made shorter."""
LONG: Final = 40
"""Characters from which on two texts count as the same cause."""
SHORT_LIST: Final = 24
"""Items up to which every two and three neighbours are left out together, as a call and its result have to be."""


def least(body: Any, plain: Mapping[str, Any], fails: Callable[[Any], bool]) -> Any:
    """The smallest request found that still fails: no single step makes it smaller.

    `fails` says whether a request does; it raises `StopIteration` to end the search with what was found so far.
    """
    best, at = body, 0
    while True:
        heaviest = weight(best, plain)
        candidates = [one for one in smaller(best, plain) if weight(one, plain) < heaviest]
        at = min(at, len(candidates))
        for number, candidate in enumerate(candidates[at:] + candidates[:at]):
            try:
                failed = fails(candidate)
            except StopIteration:
                return best
            if failed:
                # What did not help before will hardly help now, so the search goes on from here and comes round.
                best, at = candidate, (at + number) % len(candidates)
                break
        else:
            return best


def weight(body: Any, plain: Any = NOTHING) -> int:
    """How much there is in a value that the plain one does not have, and how much that has and it has not."""
    if body == plain and type(body) is type(plain):
        return 0
    match body, plain:
        case dict(), dict():
            inside = sum(weight(value, plain.get(key, NOTHING)) for key, value in body.items())
            return inside + sum(len(key) for key in body.keys() - plain.keys()) + MISSING * len(plain.keys() - body)
        case list(), list():
            beside = [*plain, *[NOTHING] * (len(body) - len(plain))]
            inside = sum(weight(item, other) for item, other in zip(body, beside, strict=False))
            return inside + MISSING * max(0, len(plain) - len(body))
    return _size(body) + (0 if plain is NOTHING else 2)


def _size(value: Any) -> int:
    match value:
        case bytes():
            return len(value)
        case str():
            return 2 + 2 * len(value) - value.count("a")
        case dict():
            return 2 + sum(len(key) + _size(item) for key, item in value.items())
        case list():
            return 2 + sum(1 + _size(item) for item in value)
        case bool() | None:
            return 1
    return len(repr(value))


def smaller(body: Any, plain: Any) -> Iterator[Any]:
    """Simpler requests, the boldest first."""
    if isinstance(body, bytes):
        yield from _shorter_bytes(body)
        return
    if isinstance(body, dict) and isinstance(plain, dict):
        for key, value in body.items():
            if plain.get(key, NOTHING) != value:
                yield {**plain, key: value}
    yield from _simpler(body, plain)


def _simpler(value: Any, usual: Any = NOTHING) -> Iterator[Any]:
    """Simpler values, and those that are more like the usual one."""
    if usual is not NOTHING:
        yield usual
    match value:
        case dict():
            known = usual if isinstance(usual, dict) else {}
            yield {}
            yield from ({**value, key: item} for key, item in known.items() if value.get(key, NOTHING) != item)
            for key in value:
                yield {name: item for name, item in value.items() if name != key}
            for key, item in value.items():
                if known.get(key, NOTHING) != item:
                    yield from ({**value, key: simple} for simple in _simpler(item, known.get(key, NOTHING)))
        case list():
            known_items = usual if isinstance(usual, list) else []
            yield from _shorter(value, [])
            for width in (2, 3) if len(value) <= SHORT_LIST else ():
                yield from (value[:start] + value[start + width :] for start in range(len(value) - width + 1))
            for number, item in enumerate(value):
                other = known_items[number] if number < len(known_items) else NOTHING
                if other != item:
                    yield from ([*value[:number], simple, *value[number + 1 :]] for simple in _simpler(item, other))
        case str():
            yield from _shorter(value, "")
            yield "a" * len(value)
        case bool() | None:
            return
        case int() | float():
            yield from (0, 1)
            if isinstance(value, int):
                yield from (value // 10, value // 2)


def _shorter(value: Any, empty: Any) -> Iterator[Any]:
    """Texts and lists with less in them: nothing, and all but a part, the largest parts first."""
    if value:
        yield empty
    step = len(value) // 2
    while step and len(value) // step <= 2 * SHORT_LIST:
        yield from (value[:start] + value[start + step :] for start in range(0, len(value), step))
        step //= 2


def _shorter_bytes(body: bytes) -> Iterator[bytes]:
    for share in (8, 2):
        yield REPEATED.sub(lambda run, n=share: run[1] * (len(run[0]) // len(run[1]) // n), body)  # type: ignore[misc]
    yield REPEATED.sub(lambda run: run[1] * (len(run[0]) // len(run[1]) - 1), body)
    if len(body) <= SMALL_ENOUGH:
        yield from _shorter(body, b"")
        yield from (body[:start] + body[start + 1 :] for start in range(len(body)))


def differences(body: Any, plain: Any, pointer: str = "") -> list[tuple[str, Any]]:
    """What a request says that the plain one does not, as JSON Pointers and values; what it lacks is `...`.

    Where only a part of a value differs it is that part.
    """
    match body, plain:
        case dict(), dict() if not pointer or body.keys() & plain.keys():
            found = []
            for key in [*body, *(key for key in plain if key not in body)]:
                below = f"{pointer}/{escaped(key)}"
                if key not in plain:
                    found.append((below, body[key]))
                elif key not in body:
                    found.append((below, ...))
                elif weight(body[key], plain[key]):
                    found += differences(body[key], plain[key], below)
            return found
        case [_, *_], list() if len(body) <= len(plain):
            pairs = enumerate(zip(body, plain, strict=False))
            return [one for n, pair in pairs if weight(*pair) for one in differences(*pair, f"{pointer}/{n}")]
    return [(pointer, body)]


def leaves(body: Any, plain: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What a request says of its own down to the last value: pointers with any index, and the value or its type."""
    if not isinstance(body, dict):
        return {("", "no object")}
    return {
        (INDEX.sub("*", place), kind)
        for pointer, value in differences(body, plain)
        for place, kind in _leaves(value, pointer)
    }


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{pointer}/{escaped(key)}")
    elif isinstance(value, list) and value:
        yield pointer, "list"
        for number, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{number}")
    elif isinstance(value, str) and (len(value) >= LONG or set(value) == {"a"}):
        yield pointer, "text"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield pointer, "number"
    else:
        yield pointer, repr(value)
