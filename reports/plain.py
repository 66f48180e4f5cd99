"""Foreign text made fit for a terminal: on one line, bounded, and with nothing in it that a terminal obeys."""

from __future__ import annotations

MOST: int = 200


def plain(text: str, most: int = MOST) -> str:
    """A text as one printable line of at most `most` characters: controls, escapes and what does not show are told.

    What is cut off is told by `...`. Letters of every script stay; what turns the direction of writing does not.
    """
    if len(text) <= most and text.isprintable():
        return text
    told: list[str] = []
    used = 0
    for char in text:
        shown = char if char.isprintable() else escaped(char)
        if used + len(shown) > most:
            while told and used > most - 3:
                used -= len(told.pop())
            return f"{''.join(told)}..."
        told.append(shown)
        used += len(shown)
    return "".join(told)


def escaped(char: str) -> str:
    """A character that does not print, as the escape that tells it."""
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if char in short:
        return short[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
