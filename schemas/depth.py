"""How deep a JSON value goes, told without going deeper than is asked."""

from __future__ import annotations

from typing import Any


def is_deeper(value: Any, levels: int) -> bool:
    """Tells whether a JSON value has more than so many levels: itself is the first, what it holds the second."""
    level = [value]
    for _ in range(levels):
        level = [
            below
            for node in level
            if isinstance(node, dict | list)
            for below in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True
