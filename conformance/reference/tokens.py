"""The reference server's own tokens: a text cut into pieces, and a vocabulary in which every id has its piece.

The law of this file: a token is made of whole characters, the tokens of a text joined give the text, and every id of
the vocabulary stands for one piece that no other id stands for.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from chatconform.reference.words import WITHOUT_SPACE, WORDS

PIECE: Final = re.compile(r" ?(?:[^\W\d_]{1,12}|\d{1,3}|[^\w\s]|_)|\s{1,8}")
LONGEST: Final = 13
"""The most characters that a token has."""
SIZE: Final = 200_000
"""How many ids the vocabulary has; the last one ends a text."""
END: Final = SIZE - 1

SYLLABLES: Final = tuple(consonant + vowel for consonant in "bdfghjklmnprstvwxyzq" for vowel in "aeiou")


def encode(text: str) -> list[str]:
    """The tokens of a text."""
    return PIECE.findall(text)


def count(text: str) -> int:
    """How many tokens a text has; beyond two million characters as few as it can have, for it fits nowhere anyway."""
    if len(text) > 2_000_000:
        return len(text) // LONGEST
    return len(PIECE.findall(text))


@cache
def listed() -> tuple[str, ...]:
    """The pieces of the words that the model knows: with a space before each, and as the first of a text."""
    pieces: dict[str, None] = {}
    for kind, words in WORDS.items():
        for word in words:
            pieces[spelt(kind, word, first=False)] = None
            pieces[word] = None
    return tuple(pieces)


@cache
def ids() -> dict[str, int]:
    """The ids of the listed pieces."""
    return {piece: number for number, piece in enumerate(listed())}


def spelt(kind: str, word: str, *, first: bool) -> str:
    """The piece that writes a word of a kind, at the start of a text or further on."""
    return word if first or kind in WITHOUT_SPACE else f" {word}"


def piece(token: int) -> str:
    """The piece that an id of the vocabulary stands for; nothing for the one that ends a text."""
    if token == END:
        return ""
    if token < len(listed()):
        return listed()[token]
    rest, third = divmod(token, len(SYLLABLES))
    first, second = divmod(rest, len(SYLLABLES))
    return f" {SYLLABLES[first]}{SYLLABLES[second]}{SYLLABLES[third]}"
