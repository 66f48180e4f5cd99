"""JSON text read without surprises: bounded, never raising, and with what a fast parser hides told on request."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson


class _NotJson:
    """The value of a text that is no JSON; falsy, and equal to nothing that JSON can say."""

    def __repr__(self) -> str:
        return "NOT_JSON"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "NOT_JSON"  # there is one of it in each process


NOT_JSON: Final = _NotJson()


def parse(text: bytes | str) -> Any:
    """The JSON value of a text, or `NOT_JSON`. Strict: no NaN, no lone surrogates, no byte order mark."""
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return NOT_JSON


def is_compact(text: bytes, value: Any) -> bool:
    """Whether a text is what a compact writer makes of a value; False for a value that it cannot write."""
    try:
        return orjson.dumps(value) == text
    except TypeError:  # no JSON, or nested more deeply than a writer goes
        return False


def problem(text: bytes) -> str | None:
    """Why a text is no strict JSON, in one line with line and column; None where it is."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return str(error)
    return None


def repeated_keys(text: bytes) -> list[str]:
    """The keys that stand more than once in one object of a JSON text, in the order they are met."""
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen and key not in repeated:
                repeated.append(key)
            seen.add(key)

    try:
        json.loads(text, object_pairs_hook=note)
    except (ValueError, RecursionError):
        return []
    return repeated
