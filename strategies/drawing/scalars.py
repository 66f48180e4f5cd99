"""Generators of numbers and of texts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.normal import formats
from chatconform.strategies.normal.acceptance import accepts_text
from chatconform.strategies.normal.alternatives import Numbers, Strings
from chatconform.strategies.normal.numbers import Interval, Ladder, numbers_of, suits
from chatconform.strategies.normal.texts import Texts, samples, texts_of

_TRIES = 60
_POOL = 24


def number_generator(numbers: Numbers) -> Callable[[Source], Any]:
    """Return a generator of the alternative's numbers."""
    found = numbers_of(numbers)
    if isinstance(found, tuple):
        count = len(found)
        return lambda source: found[source.below(count)]
    if isinstance(found, Ladder):
        return _ladder(numbers, found)
    assert found is not None
    return _interval(numbers, found)


def _ladder(numbers: Numbers, ladder: Ladder) -> Callable[[Source], Any]:
    low, high, step = ladder.low, ladder.high, ladder.step
    if not ladder.gaps:
        if step == 1:
            return lambda source: source.integer(low, high)
        return lambda source: source.integer(low, high) * step

    def draw(source: Source) -> Any:
        for _ in range(_TRIES):
            value = source.integer(low, high) * step
            if suits(numbers, value):
                return value
        return source.reject()

    return draw


def _interval(numbers: Numbers, interval: Interval) -> Callable[[Source], Any]:
    low, high = interval.low, interval.high
    first = None if low is None else math.ceil(low)
    last = None if high is None else math.floor(high)
    whole = numbers.integer is None and (first is None or last is None or first <= last)

    def once(source: Source) -> int | float:
        if whole and source.below(2) == 0:
            return source.integer(first, last)
        return source.real(low, high)

    def draw(source: Source) -> Any:
        for _ in range(_TRIES):
            value = once(source)
            if suits(numbers, value):
                return value
        return source.reject()

    return draw if interval.gaps or numbers.low is not None or numbers.high is not None else once


def text_generator(strings: Strings) -> Callable[[Source], str]:
    """Return a generator of the alternative's texts."""
    texts = texts_of(strings)
    assert texts is not None
    return texts_generator(texts)


def texts_generator(texts: Texts) -> Callable[[Source], str]:
    """Return a generator of texts."""
    strings = texts.strings
    if strings.formats and texts.language is None:
        return _formatted(strings)
    low, high = strings.low, strings.high
    if texts.language is None:
        if texts.exact:
            return lambda source: source.text(low, high)
        return _tried(strings, lambda source: source.text(low, high))
    spoken, lengths = texts.language, texts.lengths
    pool = samples(texts, _POOL)
    near, count = min(len(lengths), 12), len(lengths)

    def draw(source: Source) -> str:
        chosen = source.below(len(pool) * 4 // 3 + 1)
        if chosen < len(pool):
            return pool[chosen]
        if not count or (not texts.exact and source.below(2)):
            return spoken.spelled(source.below)
        at = source.below(near) if count == near or source.below(4) else source.below(count)
        return spoken.drawn(lengths[at], source.below)

    return draw if texts.exact else _tried(strings, draw)


def _formatted(strings: Strings) -> Callable[[Source], str]:
    known = formats.examples(strings)

    def draw(source: Source) -> str:
        if len(known) > 1 and source.below(4) < 3:
            return known[source.below(len(known))]
        found = formats.drawn(strings, source.below)
        return known[source.below(len(known))] if found is None else found

    return draw


def _tried(strings: Strings, draw: Callable[[Source], str]) -> Callable[[Source], str]:
    def tried(source: Source) -> str:
        for _ in range(_TRIES):
            text = draw(source)
            if accepts_text(strings, text):
                return text
        return source.reject()

    return tried
