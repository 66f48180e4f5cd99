"""The deterministic cases of listed values, numbers and texts: what is allowed at the edge, and what is just beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chatconform.strategies.normal.alternatives import Literals, Numbers, Strings
from chatconform.strategies.normal.languages import first, language
from chatconform.strategies.normal.numbers import Interval, Ladder, numbers_of
from chatconform.strategies.normal.texts import samples, texts_of

_LONGEST = 5000
_LARGE = (-1, 2**31, 2**53 + 1, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Case:
    """A value, where in it the point of the case is, what the point is, and the keyword that it breaks, if any."""

    value: Any
    pointer: str
    label: str
    keyword: str | None = None


def keyword_at(origins: Any, name: str) -> str:
    """Return the keyword that a bound was found under, or nothing."""
    return str(origins.get(name, "")).rpartition("/")[2]


def of_literals(literals: Literals) -> Iterator[Case]:
    """Yield the cases of listed values."""
    for value in literals.values:
        yield Case(value, "", "null" if value is None else f"the value {value!r:.60}")
    keyword = keyword_at(literals.origins, "allowed")
    texts = [v for v in literals.values if isinstance(v, str)]
    if keyword and texts:
        yield Case(texts[0] + "-other", "", "a text that is not listed", keyword)
        if texts[0].upper() not in texts:
            yield Case(texts[0].upper(), "", "a listed text in capitals", keyword)
        if "" not in texts:
            yield Case("", "", "an empty text that is not listed", keyword)
    elif keyword and len(literals.values) == 1 and isinstance(literals.values[0], bool):
        yield Case(not literals.values[0], "", "the other boolean", keyword)


def of_numbers(numbers: Numbers) -> Iterator[Case]:
    """Yield the cases of numbers."""
    found = numbers_of(numbers)
    assert found is not None
    if isinstance(found, tuple):
        yield from (Case(value, "", f"the number {value}") for value in found)
    elif isinstance(found, Ladder):
        yield from _ladder(found)
    else:
        yield from _interval(found)
    low, high = numbers.low, numbers.high
    if low is not None and (keyword := keyword_at(numbers.origins, "low")):
        below = low if numbers.low_open else low - 1
        yield Case(below, "", f"below the least, {low}", keyword)
        if not numbers.integer and isinstance(low, int) and abs(low) < 1000:
            yield Case(low - 0.01, "", f"a little below the least, {low}", keyword)
    if high is not None and (keyword := keyword_at(numbers.origins, "high")):
        above = high if numbers.high_open else high + 1
        yield Case(above, "", f"above the most, {high}", keyword)
        if not numbers.integer and isinstance(high, int) and abs(high) < 1000:
            yield Case(high + 0.01, "", f"a little above the most, {high}", keyword)


def of_fractions(numbers: Numbers) -> Iterator[Case]:
    """Yield a number that lacks nothing but to be an integer."""
    low, high = numbers.low, numbers.high
    value = 1.5
    if low is not None and low > value:
        value = low + 0.5
    elif high is not None and high < value:
        value = high - 0.5
    if (low is None or value >= low) and (high is None or value <= high) and not float(value).is_integer():
        yield Case(value, "", "a number that is no integer", "type")


def _ladder(ladder: Ladder) -> Iterator[Case]:
    low, high = ladder.low, ladder.high
    wanted = [0, 1]
    wanted += [low, low + 1] if low is not None else []
    wanted += [high - 1, high] if high is not None else []
    for k in dict.fromkeys(wanted):
        if (low is None or k >= low) and (high is None or k <= high):
            yield Case(k * ladder.step, "", f"the number {k * ladder.step}")
    for large in _LARGE:
        if (
            (low is None or large >= low)
            and (high is None or large <= high)
            and ladder.step == 1
            and large not in wanted
        ):
            yield Case(large, "", f"the large number {large}" if large > 0 else f"the number {large}")


def _interval(interval: Interval) -> Iterator[Case]:
    low, high = interval.low, interval.high
    wanted: list[float] = [0, 1, 0.5]
    if low is not None:
        wanted += [int(low) if low.is_integer() else low, low + 0.01]
    if high is not None:
        wanted += [high - 0.01, int(high) if high.is_integer() else high]
    for value in dict.fromkeys(wanted):
        if (low is None or value >= low) and (high is None or value <= high):
            yield Case(value, "", f"the number {value}")
    if low is not None and low.is_integer():
        yield Case(low, "", f"the number {low}")


def of_strings(strings: Strings) -> Iterator[Case]:
    """Yield the cases of texts."""
    texts = texts_of(strings)
    assert texts is not None
    spoken = texts.language
    for text in samples(texts, 1):
        yield Case(text, "", "the shortest text")
    if spoken is None and not strings.formats:
        least = max(strings.low, 1)
        if strings.high is None or least <= strings.high:
            yield Case("日" * least, "", "a text beyond ASCII")
            yield Case("😀" * least, "", "a text of the astral planes")
    most = strings.high
    if most is not None and 0 < most <= _LONGEST and not strings.formats:
        longest = "x" * most if spoken is None else _word(spoken, most)
        if longest is not None:
            yield Case(longest, "", f"the longest text, {most} characters")
        over = "x" * (most + 1) if spoken is None else _word(language(strings.patterns, strings.unpatterns), most + 1)
        if over is not None and "max_length" in strings.origins:
            yield Case(over, "", f"{most + 1} characters, one too many", "maxLength")
    if spoken is not None and most is None and (last := spoken.lengths(strings.low, None)) and len(last) > 1:
        longest = _word(spoken, last[-1])
        if longest is not None and len(last) < _LONGEST:
            yield Case(longest, "", f"a long text, {len(longest)} characters")
    if strings.low > 0 and not strings.formats and "min_length" in strings.origins:
        under = "x" * (strings.low - 1) if spoken is None else _word(language(strings.patterns), strings.low - 1)
        if under is not None:
            yield Case(under, "", f"{strings.low - 1} characters, one too few", "minLength")
    if len(strings.patterns) == 1 and not strings.formats:
        wrong = language((), strings.patterns)
        for length in wrong.lengths(strings.low, most)[:2]:
            yield Case(wrong.drawn(length, first), "", "a text that does not match", "pattern")
        for text in ("a b", "é", "a.b", "a" * 65):
            if strings.low <= len(text) and (most is None or len(text) <= most) and wrong.accepts(text):
                yield Case(text, "", f"the text {text!r:.20}, which does not match", "pattern")


def _word(spoken: Any, length: int) -> str | None:
    if length not in spoken.lengths(length, length):
        return None
    word: str = spoken.drawn(length, first)
    return word
