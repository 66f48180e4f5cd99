"""How large values are made: what asks for more could hardly be drawn, shrunk or read, and is refused instead."""

from __future__ import annotations

from typing import Final

from chatconform.strategies.normal.alternatives import Alternative, Arrays, Objects, Strings

MOST_ITEMS: Final = 10_000
MOST_DISTINCT: Final = 500
MOST_SEARCHED: Final = 200
MOST_MEMBERS: Final = 100
MOST_CHARACTERS: Final = 8_000
"""About as many as hypothesis draws of each."""


def too_large(alternative: Alternative) -> str:
    """Return why an alternative's smallest value is larger than any that is made; empty where it is not."""
    match alternative:
        case Strings(low=low) if low > MOST_CHARACTERS:
            return f"a text of {low:,} characters or more is wanted, and {MOST_CHARACTERS:,} is the most that is made"
        case Arrays(low=low, unique=True) if low > MOST_DISTINCT:
            return f"{low:,} different items or more are wanted, and {MOST_DISTINCT:,} is the most that is made"
        case Arrays(low=low, contained=contained) if (
            contained and max(low, *(c.low for c in contained)) > MOST_SEARCHED
        ):
            return f"more than {MOST_SEARCHED:,} items are wanted, the most that are made where some must be contained"
        case Arrays(low=low) if low > MOST_ITEMS:
            return f"an array of {low:,} items or more is wanted, and {MOST_ITEMS:,} is the most that is made"
        case Objects(low=low) if low > MOST_MEMBERS and low > len(alternative.required):
            return f"an object of {low:,} members or more is wanted, and {MOST_MEMBERS:,} is the most that is made"
    return ""
