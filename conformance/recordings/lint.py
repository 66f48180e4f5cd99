"""What a fast parser hides of a JSON text: keys that stand twice, and integers that it rounds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chatconform.core.json_text import repeated_keys
from chatconform.core.rule import Finding
from chatconform.core.telling import tell
from chatconform.recordings.requirements import SMALL_INTEGERS, UNIQUE_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.rule import Rule

DIGITS: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?', re.DOTALL)
LONG: Final = re.compile(rb"\d{19}")
LEAST, MOST = -(2**63), 2**64 - 1


def lint(text: bytes) -> Iterator[tuple[Rule, Finding]]:
    """Gives each breach of what `--lint` asks for."""
    for key in repeated_keys(text):
        yield UNIQUE_KEYS, Finding("", f"the key {tell(key)} stands twice in one object", "each key once")
    if LONG.search(text) is None:
        return
    for match in DIGITS.finditer(text):
        number = match[0]
        if number[:1] == b'"' or len(number) < 19 or not number.lstrip(b"-").isdigit():
            continue
        if len(number) > 25 or not LEAST <= int(number) <= MOST:
            yield SMALL_INTEGERS, Finding("", f"the integer {tell(number[:40].decode())[1:-1]} is beyond 64 bits")
