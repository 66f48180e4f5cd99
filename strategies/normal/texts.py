"""Which texts an alternative has: of an automaton, with the lengths that occur in it, or of a format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from chatconform.strategies.normal.acceptance import accepts_text
from chatconform.strategies.normal.alternatives import Strings
from chatconform.strategies.normal.formats import FORMATS, examples
from chatconform.strategies.normal.grammars import GRAMMARS, LONGEST
from chatconform.strategies.normal.languages import Language, first, language

_LONG_WORD = 200


@dataclass(frozen=True)
class Texts:
    """The texts of an alternative: of a language with these lengths, typical ones of a format, or any within bounds.

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
    if known and strings == Strings(0, None, (), (), known[:1], ()):
        return Texts(strings, None, (), False)
    words = tuple(w for w in strings.banned if len(w) < _LONG_WORD)
    few = bool(words) and strings.high is not None and strings.high <= 1
    if not (known or strings.patterns or strings.unpatterns or few):
        return Texts(strings, None, (), not strings.banned)
    spoken = language((*strings.patterns, *(GRAMMARS[name] for name in known)), strings.unpatterns, words)
    lengths = tuple(spoken.lengths(strings.low, _longest(strings)))
    if not lengths and spoken.exact and spoken.complete:
        # What a grammar leaves out of its format may be typical of it all the same.
        return Texts(strings, None, (), False) if known and examples(strings) else None
    exact = bool(lengths) and spoken.exact and len(words) == len(strings.banned)
    texts = Texts(strings, spoken, lengths, exact)
    return texts if exact or samples(texts, 1) else None


def _longest(strings: Strings) -> int | None:
    bounds = (strings.high, *(LONGEST.get(name) for name in strings.formats))
    return min((bound for bound in bounds if bound is not None), default=None)


@lru_cache(maxsize=2048)
def samples(texts: Texts, count: int) -> tuple[str, ...]:
    """Return up to that many different texts that meet the alternative, the shortest first."""
    strings = texts.strings
    found: dict[str, None] = dict.fromkeys(examples(strings)[:count] if strings.formats else ())
    if len(found) == count or (strings.formats and texts.language is None):
        return tuple(found)
    random = Random(0).random
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
