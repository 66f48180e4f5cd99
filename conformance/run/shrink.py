"""Smaller requests: what is left out or made simple of one, in the order in which it is worth trying.

The law of this file: pure functions of a request and of the plain one that the target answered well. What a request
has in common with the plain one weighs nothing and is left alone, so what remains in the end is the point.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.tally import INDEX
from chatconform.strategies.normal.dialects import escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MISSING: Final = 8
"""What a key of the plain request that is left out weighs."""
REPEATED: Final = re.compile(rb"(.{1,8}?)\1{7,}", re.DOTALL)
SMALL_ENOUGH: Final = 4096
"""Bytes of a body that is no JSON object, from which on only repetitions are made shorter."""
LONG: Final = 40
"""Characters from which on two texts count as the same cause."""


def least(body: Any, plain: Mapping[str, Any], fails: Callable[[Any], bool]) -> Any:
    """The smallest request found that still fails: no single step makes it smaller.

    `fails` says whether a request does; it raises `StopIteration` to end the search with what was found so far.
    """
    best = body
    progress = True
    while progress:
        progress = False
        for candidate in smaller(best, plain):
            if weight(candidate, plain) >= weight(best, plain):
                continue
            try:
                failed = fails(candidate)
            except StopIteration:
                return best
            if failed:
                best, progress = candidate, True
                break
    return best


def weight(body: Any, plain: Mapping[str, Any]) -> int:
    """How much there is in a request that the plain one does not have."""
    if isinstance(body, bytes):
        return len(body)
    if not isinstance(body, dict):
        return len(_written(body))
    added = sum(len(key) + len(_written(value)) for key, value in body.items() if plain.get(key, plain) != value)
    return added + sum(MISSING for key in plain if key not in body)


def smaller(body: Any, plain: Mapping[str, Any]) -> Iterator[Any]:
    """Simpler requests, the boldest first."""
    if isinstance(body, bytes):
        yield from _shorter_bytes(body)
    elif isinstance(body, dict):
        different = [key for key, value in body.items() if plain.get(key, plain) != value]
        if len(different) > 1:
            for key in different:
                yield {**plain, key: body[key]}
        for key in plain:
            if key not in body or body[key] != plain[key]:
                yield {**body, key: plain[key]}
        for key in different:
            yield {name: value for name, value in body.items() if name != key}
        for key in different:
            yield from ({**body, key: value} for value in _simpler(body[key]))
    else:
        yield from _simpler(body)


def differences(body: Any, plain: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What a request says that the plain one does not, as JSON Pointers and values; what it lacks is `...`.

    Where only a part of a value differs it is that part.
    """
    return list(_differences(body, plain, ""))


def leaves(body: Any, plain: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What a request says of its own down to the last value: pointers with any index, and the value or its type."""
    found: set[tuple[str, str]] = set()
    for pointer, value in _differences(body, plain, ""):
        found.update((INDEX.sub("*", place), kind) for place, kind in _leaves(value, pointer))
    return found


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{pointer}/{escaped(key)}")
    elif isinstance(value, list) and value:
        yield pointer, "list"
        for number, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{number}")
    elif isinstance(value, str) and len(value) >= LONG:
        yield pointer, "text"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield pointer, "number"
    else:
        yield pointer, repr(value)


def _differences(value: Any, usual: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and isinstance(usual, dict) and (not pointer or value.keys() & usual.keys()):
        for key in [*value, *(key for key in usual if key not in value)]:
            below = f"{pointer}/{escaped(key)}"
            if key not in value:
                yield below, ...
            elif key not in usual:
                yield below, value[key]
            elif value[key] != usual[key] or type(value[key]) is not type(usual[key]):
                yield from _differences(value[key], usual[key], below)
    elif isinstance(value, list) and isinstance(usual, list) and value and len(value) <= len(usual):
        for number, (item, other) in enumerate(zip(value, usual, strict=False)):
            if item != other:
                yield from _differences(item, other, f"{pointer}/{number}")
    else:
        yield pointer, value


def _simpler(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            if value:
                yield {}
            for key in value:
                yield {name: item for name, item in value.items() if name != key}
            for key, item in value.items():
                yield from ({**value, key: simple} for simple in _simpler(item))
        case list():
            yield from _shorter(value, [])
            for number, item in enumerate(value):
                yield from ([*value[:number], simple, *value[number + 1 :]] for simple in _simpler(item))
        case str():
            yield from _shorter(value, "")
            if len(value) > 1 and set(value) != {"a"}:
                yield "a" * len(value)
        case bool() | None:
            return
        case int() | float():
            yield from (number for number in (0, 1) if number != value)
            if isinstance(value, int):
                yield from (value // 10, value // 2)


def _shorter(value: Any, empty: Any) -> Iterator[Any]:
    """Texts and lists with less in them: nothing, either half, and all but a part."""
    if value:
        yield empty
    step = len(value) // 2
    while step:
        for start in range(0, len(value), step):
            yield value[:start] + value[start + step :]
        step //= 2 if len(value) < 64 or step > len(value) // 8 else len(value)


def _shorter_bytes(body: bytes) -> Iterator[bytes]:
    for share in (8, 2):
        halved = REPEATED.sub(lambda run, n=share: run[1] * (len(run[0]) // len(run[1]) // n), body)  # type: ignore[misc]
        if len(halved) < len(body):
            yield halved
    fewer = REPEATED.sub(lambda run: run[1] * (len(run[0]) // len(run[1]) - 1), body)
    if len(fewer) < len(body):
        yield fewer
    if len(body) <= SMALL_ENOUGH:
        yield from _shorter(body, b"")


def _written(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError):  # what JSON cannot say: lone surrogates, integers beyond 64 bits
        return repr(value).encode("utf-8", "backslashreplace")
