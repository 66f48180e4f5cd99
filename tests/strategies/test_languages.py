"""Patterns as exact sets of texts: held against Python's own engine, and against arithmetic."""

import re
from random import Random

import pytest

from chatconform.strategies import UnusableSchema
from chatconform.strategies.normal import characters
from chatconform.strategies.normal.languages import found_in, language
from chatconform.strategies.normal.patterns import read

PATTERNS = [
    "a",
    "^a",
    "a$",
    "^a$",
    "^$",
    "",
    ".",
    "^.*$",
    "a|b",
    "^(a|b)$",
    "^a|b$",
    "(^a|b$)",
    "ab*c",
    "^(ab)+$",
    "a{2}",
    "^a{2,3}$",
    "a{2,}",
    "^[abc]+$",
    "[^a]",
    "^[^ab]$",
    "^[a-c]{2}$",
    "\\d",
    "^\\w+$",
    "^\\s*$",
    "^\\S+$",
    "^(?:ab|c)?$",
    "^(?=.*b)a",
    "^(?!ab)",
    "^(?=.*a)(?=.*b)[abc]{2,4}$",
    "a(?=b)",
    "a(?!b)",
    "^((a|b)*c){1,2}$",
    "^a?b?c?$",
    "^\\.$",
    "^[\\]\\-^]$",
    "x*",
    "^(a*)*$",
    "b+?",
    "^a$b",
    "a^b",
    "(a|)b",
    "\\x41",
    "^é$",
    "^(|a)(b|)$",
    "^[ab]$|^c",
    "^\\u0061$",
]


def texts(count=400):
    random = Random(7)
    alphabet = "aaabbbccAé \n.-]^0x"
    yield from ("", "a", "b", "c", "ab", "ba", "abc", "aab", "abab", "é", "A", " ", "\n", "a\n")
    for _ in range(count):
        yield "".join(random.choice(alphabet) for _ in range(random.randrange(6)))


def engine(pattern):
    """Python's engine, made to read `$`, `\\d`, `\\w` and `\\s` as the standard does."""
    exact = re.sub(r"(?<!\\)\$", r"\\Z", pattern)
    return re.compile(exact, re.ASCII)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_found_where_python_finds_it(pattern):
    found = engine(pattern)
    for text in texts():
        if "\n" in text and "." in pattern and r"\." not in pattern:
            continue
        assert found_in(pattern, text) == bool(found.search(text)), text


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_denial_of_a_pattern_is_all_other_texts(pattern):
    other = language((), (pattern,))
    for text in texts(100):
        assert other.accepts(text) != found_in(pattern, text), text


@pytest.mark.parametrize("pattern", PATTERNS)
def test_texts_are_drawn_from_the_language(pattern):
    spoken = language((pattern,))
    random = Random(3)
    for length in spoken.lengths(0, 12):
        for _ in range(8):
            text = spoken.drawn(length, lambda count: random.randrange(count))
            assert len(text) == length
            assert engine(pattern).search(text), text
    impossible = [n for n in range(6) if n not in spoken.lengths(0, 12)]
    assert not [text for text in texts() if len(text) in impossible and found_in(pattern, text) and "\n" not in text]


@pytest.mark.parametrize(
    ("wanted", "unwanted", "low", "high", "lengths"),
    [
        (("^a", "z$"), (), 0, 4, [2, 3, 4]),
        (("^a$", "^b$"), (), 0, 4, []),
        (("^(ab)*$",), (), 1, 7, [2, 4, 6]),
        (("^a*$",), ("^a{2}$",), 0, 4, [0, 1, 3, 4]),
        (("^[ab]{3}$",), ("a",), 0, 9, [3]),
        (("^a{300}$",), (), 0, None, [300]),
        (("^(a{3}|b{5})$",), (), 4, None, [5]),
        ((), (".*",), 0, 5, []),
    ],
)
def test_lengths_are_exact(wanted, unwanted, low, high, lengths):
    assert language(wanted, unwanted).lengths(low, high) == lengths


def test_words_can_be_left_out():
    spoken = language(("^[ab]$",), (), ("a",))
    assert [spoken.drawn(n, lambda count: count - 1) for n in spoken.lengths(0, None)] == ["b"]


@pytest.mark.parametrize(
    "pattern", ["(", ")", "a)", "[a", "*a", "a**", "a{3,1}", "(?<n", "[b-a]", "\\", r"\u12", "(?x", "a{2}{3}"]
)
def test_what_no_engine_takes_is_refused(pattern):
    try:
        re.compile(pattern)
    except re.error:
        with pytest.raises(UnusableSchema, match="regular expression"):
            read(pattern)
    else:
        assert read(pattern)


@pytest.mark.parametrize("pattern", [r"\bcat\b", r"(?<=a)b", r"^(a|b)\1$", r"(?P<x>a)(?P=x)", "(?i)abc"])
def test_what_an_automaton_cannot_say_is_tried_with_an_engine(pattern):
    for text in ("cat", "a cat.", "concat", "ab", "b", "aa", "ba", "ABC", "aBc"):
        assert found_in(pattern, text) == bool(re.search(pattern, text)), text


def test_a_hostile_pattern_takes_no_time():
    assert not found_in("^(a+)+$", "a" * 5000 + "b")
    assert found_in("^(a|a)*$", "a" * 5000)


def test_sets_of_characters_obey_the_laws_of_sets():
    some = characters.of("abcxyz-é")
    other = characters.joined(characters.DIGITS, characters.of("az😀"))
    assert characters.without(characters.without(some)) == some
    assert characters.common(some, characters.without(some)) == ()
    assert characters.joined(some, characters.without(some)) == characters.ALL
    assert characters.common(some, other) == characters.of("az")
    assert not characters.holds(characters.ALL, "\ud800")
