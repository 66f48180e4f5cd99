"""One breach of a schema, and the sentence that tells a person of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

LONGEST_VALUE = 120
"""How many characters of a value a message shows at most."""

MOST_OPTIONS = 12
"""How many of the values that would be right a message names at most."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One constraint of a schema that a value breaks.

    `pointer` is the JSON Pointer (RFC 6901) of the place in the value; for a key that is missing, or one that is not
    allowed, it is the object in which it is missing or found. `keyword` is the schema's keyword that is broken:
    `false` where nothing is allowed at all, `depth` for a value that is nested too deeply to be judged. `message` is
    one line of bounded length. `schema_location` leads to the keyword: for our types the file below `schemas/` and a
    JSON Pointer in it, for others the `$id`, if there is one, and a pointer.
    """

    pointer: str
    keyword: str
    message: str
    schema_location: str

    def __str__(self) -> str:
        return f"{self.pointer or '(top level)'}: {self.message}"


def json_pointer(path: Iterable[str | int]) -> str:
    """Returns the JSON Pointer (RFC 6901) of a path of keys and indexes; the whole value's is the empty string."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def shown(value: Any, longest: int = LONGEST_VALUE) -> str:
    """Returns a value as JSON in one line, cut to a length, whatever it holds and however deep it is."""
    if isinstance(value, str):
        return _quoted(value[: longest + 1], longest)
    if isinstance(value, dict | list):
        return _cut(_outline(value, longest), longest)
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4 * longest:
        return f"an integer of {value.bit_length()} bits"  # writing it out takes time that grows with its square
    try:
        return _cut(json.dumps(value), longest)
    except (TypeError, ValueError):
        return f"a Python {type(value).__name__}"


@lru_cache(maxsize=4096)
def _quoted(text: str, longest: int) -> str:
    """Returns a text as JSON, cut to a length; the same few words stand in nearly all messages."""
    return _cut(json.dumps(text, ensure_ascii=not _is_printable(text)), longest)


def kind_of(value: Any) -> str:
    """Returns what kind of JSON value it is, with its article."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "an object"
    return f"a Python {type(value).__name__}"


def sentence(keyword: str, value: Any, expected: Any) -> str:
    """Returns one line that tells how a value breaks a keyword.

    `expected` is what the schema says by that keyword; for `required` it is the missing key, for keywords about extra
    keys and items it is which they are.
    """
    match keyword, expected:
        case "required" | "dependentRequired" | "dependencies", str():
            return f"{_named(expected)} is a required property"
        case "additionalProperties" | "unevaluatedProperties", str():
            return f"{_named(expected)} is not allowed here"
        case "type", _:
            return _wrong_kind(value, expected if isinstance(expected, list) else [expected])
        case "enum", list():
            return f"{shown(value)} is not one of {_listed(expected)}"
        case "const", _:
            return f"{shown(value)} is not {shown(expected)}"
        case "minimum", _:
            return f"{shown(value)} is less than the minimum of {shown(expected)}"
        case "maximum", _:
            return f"{shown(value)} is greater than the maximum of {shown(expected)}"
        case "exclusiveMinimum", _:
            return f"{shown(value)} is not greater than {shown(expected)}"
        case "exclusiveMaximum", _:
            return f"{shown(value)} is not less than {shown(expected)}"
        case "multipleOf" | "divisibleBy", _:
            return f"{shown(value)} is not a multiple of {shown(expected)}"
        case "pattern", _:
            return f"{shown(value)} does not match the pattern {shown(expected)}"
        case "format", _:
            return f"{shown(value)} is not in the format {shown(expected)}"
        case "uniqueItems", _:
            return "has items that are equal, and all must be different"
        case "false", _:
            return f"{shown(value)} stands where nothing is allowed"
        case "not", _:
            return f"{shown(value)} is of a form that is not allowed here"
        case "additionalItems" | "unevaluatedItems", _:
            return "has more items than are allowed"
        case "anyOf", _:
            return f"{shown(value)} has none of the forms that are allowed here"
        case "oneOf", _:
            return f"{shown(value)} does not have exactly one of the forms that are allowed here"
        case "contains" | "minContains", _:
            return "has too few items of a form that it must contain"
        case "maxContains", _:
            return "has too many items of a form that it may contain"
    return _wrong_size(keyword, value, expected) or f"{shown(value)} breaks the schema's {_named(keyword)}"


def _wrong_size(keyword: str, value: Any, expected: Any) -> str | None:
    match keyword:
        case "minLength":
            return f"{shown(value)} has {_counted(len(value), 'character')}, at least {expected} needed"
        case "maxLength":
            return f"{shown(value)} has {_counted(len(value), 'character')}, at most {expected} allowed"
        case "minItems":
            return f"has {_counted(len(value), 'item')}, at least {expected} needed"
        case "maxItems":
            return f"has {_counted(len(value), 'item')}, at most {expected} allowed"
        case "minProperties":
            return f"has {_counted(len(value), 'property')}, at least {expected} needed"
        case "maxProperties":
            return f"has {_counted(len(value), 'property')}, at most {expected} allowed"
    return None


def _wrong_kind(value: Any, kinds: Sequence[Any]) -> str:
    if isinstance(value, float) and set(kinds) == {"integer"}:
        return f"{shown(value)} is not an integer"
    if isinstance(value, float) and value - value != 0 and "number" in kinds:
        return f"{shown(value)} is not a number that JSON knows"
    article = {"array": "an array", "object": "an object", "integer": "an integer", "null": "null"}
    ordered = sorted(map(str, kinds), key=lambda kind: kind == "null")
    wanted = " or ".join(article.get(kind, f"a {kind}") for kind in ordered)
    if value is None:
        return f"null is not {wanted}"
    return f"{shown(value)} is {kind_of(value)}, not {wanted}"


def _named(key: str) -> str:
    """Returns a key between single quotes, cut and escaped."""
    text = shown(key, 80)
    return f"'{text[1:-1]}'" if text.startswith('"') and text.endswith('"') else f"'{text[1:]}'"


def _listed(options: list[Any]) -> str:
    some = ", ".join(shown(option, 60) for option in options[:MOST_OPTIONS])
    left = len(options) - MOST_OPTIONS
    return f"{some} and {left} others" if left > 0 else some


def _counted(count: int, thing: str) -> str:
    if count == 1:
        return f"1 {thing}"
    return f"{count} {thing[:-1]}ies" if thing.endswith("y") else f"{count} {thing}s"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _is_printable(text: str) -> bool:
    return text.isprintable()


def _outline(value: Any, longest: int, depth: int = 0) -> str:
    """Writes a container as JSON, no further than about the length that will be shown."""
    if not isinstance(value, dict | list):
        return shown(value, longest)
    if depth > 8:
        return "{...}" if isinstance(value, dict) else "[...]"
    pieces: list[str] = []
    room = longest
    items = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    for key, item in items:
        start = "" if key is None else f"{shown(str(key), longest)}: "
        pieces.append(start + _outline(item, max(room, 1), depth + 1))
        room -= len(pieces[-1])
        if room <= 0:
            break
    body = ", ".join(pieces)
    return f"{{{body}}}" if isinstance(value, dict) else f"[{body}]"
