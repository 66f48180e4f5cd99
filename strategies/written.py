"""JSON text of generated values: the same for the same value, whatever its numbers."""

from __future__ import annotations

import json
from typing import Any

import orjson


def written(value: Any) -> bytes:
    """Return a value as compact JSON in UTF-8."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # Integers beyond 64 bits, which orjson does not write, are among the values that a bound of 64 bits forbids.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
