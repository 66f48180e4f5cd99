"""Sets of characters as sorted, disjoint, inclusive ranges of code points; surrogates are never in them."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import lru_cache

Ranges = tuple[tuple[int, int], ...]

NONE: Ranges = ()
ALL: Ranges = ((0, 0xD7FF), (0xE000, 0x10FFFF))
DIGITS: Ranges = ((0x30, 0x39),)
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
SPACE: Ranges = (
    *((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A)),
    *((0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
LINE_ENDS: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))

# What a person can read comes first, so that shrunk strings are readable; then what breaks programs.
READABLE = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ -_./:@#+,;=?!'\"()[]{}<>|&%$*~^`\\"
UNUSUAL = (
    "\t\n\x00\x7f\x85\xa0éßñçüžøłğışαωбяшא"
    "بनक中日本語한글ไทย\u200b\u200d\u202e\u2028\ufeff\ufffd\U0001d54f\U0001f600\U0001f469\U00020bb7\U000e0041\U0010ffff"
)


def joined(*sets: Ranges) -> Ranges:
    """Return the union of the sets."""
    result: list[tuple[int, int]] = []
    for low, high in sorted(pair for ranges in sets for pair in ranges):
        if result and low <= result[-1][1] + 1:
            if high > result[-1][1]:
                result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return common(tuple(result), ALL)


def common(one: Ranges, other: Ranges) -> Ranges:
    """Return the intersection of two sets."""
    result = []
    i = j = 0
    while i < len(one) and j < len(other):
        low, high = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if low <= high:
            result.append((low, high))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(result)


def without(ranges: Ranges) -> Ranges:
    """Return every character that is not in the set."""
    result, start = [], 0
    for low, high in ranges:
        if low > start:
            result.append((start, low - 1))
        start = high + 1
    if start <= 0x10FFFF:
        result.append((start, 0x10FFFF))
    return common(tuple(result), ALL)


def holds(ranges: Ranges, character: str) -> bool:
    """Return whether the character is in the set."""
    code = ord(character)
    i = bisect_right(ranges, (code, 0x110000)) - 1
    return i >= 0 and ranges[i][0] <= code <= ranges[i][1]


def of(characters: str) -> Ranges:
    """Return the set of the characters of a string."""
    return joined(*(((ord(c), ord(c)),) for c in characters))


def both_cases(ranges: Ranges) -> Ranges:
    """Return the set with the other case of every ASCII letter in it."""
    extra = [chr(code).swapcase() for low, high in ranges for code in range(low, min(high, 0x7F) + 1)]
    return joined(ranges, of("".join(extra))) if extra else ranges


@lru_cache(maxsize=2048)
def samples(ranges: Ranges) -> str:
    """Return up to about a hundred characters of the set to choose from, readable ones first; empty for no set."""
    readable = "".join(c for c in READABLE if holds(ranges, c))
    unusual = "".join(c for c in UNUSUAL if holds(ranges, c) and not _contested(ranges, c))
    if readable and len(unusual) < len(UNUSUAL) // 2:
        # A set such as \w is read differently outside ASCII by different engines.
        return readable
    if readable or unusual:
        return readable + unusual
    found: list[str] = []
    for low, high in ranges[:40]:
        found += [chr(low), chr((low + high) // 2), chr(high)]
    return "".join(dict.fromkeys(found))


def _contested(ranges: Ranges, character: str) -> bool:
    r"""Whether engines disagree on a character outside ASCII: for some it is one of \w, \d or \s, and so not of \W."""
    if character.isascii():
        return False
    if character.isalnum() and not holds(ranges, "a"):
        return True
    return (character.isdigit() and not holds(ranges, "0")) or (character.isspace() and not holds(ranges, " "))


_LONG_NAMES = {
    "letter": "L", "uppercaseletter": "Lu", "lowercaseletter": "Ll", "titlecaseletter": "Lt", "modifierletter": "Lm",
    "otherletter": "Lo", "mark": "M", "number": "N", "decimalnumber": "Nd", "digit": "Nd", "letternumber": "Nl",
    "othernumber": "No", "punctuation": "P", "punct": "P", "symbol": "S", "separator": "Z", "other": "C",
    "control": "Cc", "cntrl": "Cc", "format": "Cf", "mathsymbol": "Sm", "currencysymbol": "Sc",
    "spaceseparator": "Zs", "dashpunctuation": "Pd",
}  # fmt: skip
_SCRIPTS = {
    "latin": "LATIN", "greek": "GREEK", "cyrillic": "CYRILLIC", "han": "CJK UNIFIED", "hiragana": "HIRAGANA",
    "katakana": "KATAKANA", "arabic": "ARABIC", "hebrew": "HEBREW", "thai": "THAI", "hangul": "HANGUL",
    "devanagari": "DEVANAGARI",
}  # fmt: skip


@lru_cache(maxsize=64)
def of_property(name: str) -> Ranges | None:
    r"""Return the characters of a Unicode property as in `\p{name}`, or None for a property that is not known."""
    key = name.split("=")[-1].replace("_", "").replace(" ", "").lower()
    if key in ("any", "assigned"):
        return ALL
    if key == "ascii":
        return ((0, 0x7F),)
    if key in ("emoji", "emojipresentation", "extendedpictographic"):
        return ((0x1F600, 0x1F64F),)
    if key in ("alphabetic", "alpha"):
        key = "letter"
    if key in ("uppercase", "upper"):
        key = "uppercaseletter"
    if key in ("lowercase", "lower"):
        key = "lowercaseletter"
    if key in _SCRIPTS:
        word = _SCRIPTS[key]
        return _where(lambda c: unicodedata.category(c)[0] == "L" and unicodedata.name(c, "").startswith(word))
    short = _LONG_NAMES.get(key, key.capitalize())
    if short not in {c[:n] for c in set(_LONG_NAMES.values()) | _SMALL for n in (1, 2)}:
        return None
    return _where(lambda c: unicodedata.category(c).startswith(short))


_SMALL = {"Mn", "Mc", "Me", "Pc", "Ps", "Pe", "Pi", "Pf", "Po", "Sk", "So", "Zl", "Zp", "Co", "Cn"}


def _where(test: object) -> Ranges:
    assert callable(test)
    result: list[tuple[int, int]] = []
    for low, high in ALL:
        for code in range(low, high + 1):
            if test(chr(code)):
                if result and result[-1][1] == code - 1:
                    result[-1] = (result[-1][0], code)
                else:
                    result.append((code, code))
    return tuple(result)
