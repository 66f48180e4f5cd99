"""How a value is told in a message: on one line, short, and harmless whatever it holds."""

from __future__ import annotations

import json
from typing import Any

MOST = 80
DEPTH = 4


def tell(value: Any, most: int = MOST) -> str:
    """A JSON value as one printable line of about `most` characters at the most; never raises, whatever the value.

    Control characters, lone surrogates and what else does not print are escaped, and what is cut off is told by `...`.
    """
    text = _written(value, most, DEPTH)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _written(value: Any, room: int, depth: int) -> str:
    """The value as JSON, cut once `room` is used up, so that a large value costs no more than a small one."""
    match value:
        case str():
            return _string(value, room)
        case bool() | None:
            return json.dumps(value)
        case int() if value.bit_length() > 4 * MOST:
            return f"an integer of {value.bit_length()} bits"
        case int() | float():
            return repr(value)
        case list() | tuple():
            return f"[{_joined((_written(item, room, depth - 1) for item in value), room)}]" if depth else "[...]"
        case dict():
            if not depth:
                return "{...}"
            pairs = (f"{_string(str(key), room)}: {_written(item, room, depth - 1)}" for key, item in value.items())
            return f"{{{_joined(pairs, room)}}}"
        case _:
            return repr(value)[: room + 1]


def _string(value: str, room: int) -> str:
    printable = json.dumps(value[: room + 1], ensure_ascii=False)
    if not printable.isprintable():
        printable = "".join(char if char.isprintable() else _escaped(char) for char in printable)
    return printable if len(value) <= room + 1 else f"{printable[:-1]}..."


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _joined(items: Any, room: int) -> str:
    """Items joined by commas until there is no room."""
    told: list[str] = []
    used = 0
    for item in items:
        told.append(item)
        used += len(item) + 2
        if used > room:
            told.append("...")
            break
    return ", ".join(told)
