"""Which texts an alternative has: of an automaton, with the lengths that occur in it, or of a format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from chatconform.strategies.normal.acceptance import accepts_text
from chatconform.strategies.normal.alternatives import Strings
from chatconform.strategies.normal.formats import FORMATS, examples
from chatconform.strategies.normal.languages import Language, first, language

_LONG_WORD = 200


@dataclass(frozen=True)
class Texts:
    """The texts of an alternative: of a format, of a language with these lengths, or any of a length within bounds.

    Where it is not exact, each text has to be tried; where a language has no lengths, it is spelled along its patterns.
    """

    strings: Strings
    language: Language | None
    lengths: tuple[int, ...]
    exact: bool


@lru_cache(maxsize=1024)
def texts_of(strings: Strings) -> Texts | None:
    """Return the texts of an alternative, or None when there are none."""
    known = tuple(name for name in strings.formats if name in FORMATS)
    strings = replace(strings, formats=known)
    if known:
        return Texts(strings, None, (), False) if examples(strings) else None
    words = tuple(w for w in strings.banned if len(w) < _LONG_WORD)
    few = bool(words) and strings.high is not None and strings.high <= 1
    if not (strings.patterns or strings.unpatterns or few):
        return Texts(strings, None, (), not strings.banned)
    spoken = language(strings.patterns, strings.unpatterns, words)
    lengths = tuple(spoken.lengths(strings.low, strings.high))
    if not lengths and spoken.exact and spoken.complete:
        return None
    exact = bool(lengths) and spoken.exact and len(words) == len(strings.banned)
    texts = Texts(strings, spoken, lengths, exact)
    return texts if exact or samples(texts, 1) else None


@lru_cache(maxsize=2048)
def samples(texts: Texts, count: int) -> tuple[str, ...]:
    """Return up to that many different texts that meet the alternative, the shortest first."""
    strings = texts.strings
    if strings.formats:
        return examples(strings)[:count]
    random = Random(0).random
    found: dict[str, None] = {}
    for i in range(40 * count + 400):
        if texts.language is not None and (not texts.lengths or (not texts.exact and i % 2)):
            text = texts.language.spelled(lambda n: int(random() * n))
        elif texts.language is not None:
            length = texts.lengths[min(i // 8, len(texts.lengths) - 1)]
            text = texts.language.drawn(length, first if i == 0 else lambda n: int(random() * n))
        else:
            length = strings.low + i // 20
            if strings.high is not None and length > strings.high:
                break
            text = "".join("abcdefghijklmnopqrstuvwxyz"[int(random() * 26)] for _ in range(length))
        if texts.exact or accepts_text(strings, text):
            found[text] = None
            if len(found) == count:
                break
    return tuple(found)
