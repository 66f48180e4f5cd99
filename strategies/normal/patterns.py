"""Regular expressions, read as ECMA-262 writes them and Python accepts them, into a small syntax tree.

A tree is nested tuples: ("chars", ranges), ("all", tree, ...) in sequence, ("any", tree, ...) as alternatives,
("repeat", tree, low, high), ("start",), ("end",), ("ahead", tree, wanted). What a finite automaton cannot say (word
boundaries, back references, looking behind) is read as its nearest superset, and the tree is then not exact: a
candidate has to be tried with an engine as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chatconform.strategies.normal import characters
from chatconform.strategies.refusals import UnusableSchema

Tree = tuple[Any, ...]
EMPTY: Tree = ("all",)
_HEX = {"x": 2, "u": 4, "U": 8}
_CONTROLS = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "a": "\a"}
_CLASSES = {"d": characters.DIGITS, "w": characters.WORD, "s": characters.SPACE}
_QUANTIFIERS: tuple[tuple[str, tuple[int, int | None]], ...] = (("*", (0, None)), ("+", (1, None)), ("?", (0, 1)))
_COUNTED = re.compile(r"\{(\d+)(,?)(\d*)\}")
_DEEPEST = 100
_LONGEST = 1_000
"""Characters that an expression may ask for at least; the work that it makes grows with their square."""


@dataclass(frozen=True)
class Pattern:
    """A regular expression that was read: its tree, and whether the tree says exactly what the expression says."""

    source: str
    tree: Tree
    exact: bool


class _Unreadable(Exception):
    pass


def read(source: str, where: str = "") -> Pattern:
    """Return the pattern of a regular expression at a place; raise `UnusableSchema` when no engine takes it."""
    try:
        return _read(source)
    except _Unreadable as problem:
        told = f"the regular expression {source[:80]!r} at {where or '/'} cannot be read: {problem}"
        raise UnusableSchema(f"{told}; correct it or leave the keyword out") from None


@lru_cache(maxsize=512)
def _read(source: str) -> Pattern:
    reader = _Reader(source)
    try:
        tree = reader.alternatives(0)
        if reader.at < len(source):
            raise _Unreadable("a closing parenthesis too many")
    except _Unreadable:
        try:
            re.compile(source)
        except (re.error, RecursionError, OverflowError):
            pass
        else:
            return Pattern(source, ("repeat", ("chars", characters.ALL), 0, None), False)
        raise
    if (least := _least_length(tree)) > _LONGEST:
        raise _Unreadable(f"it asks for {least:,} characters or more, and {_LONGEST:,} is the most")
    if not reader.exact:
        try:
            re.compile(source)
        except (re.error, RecursionError, OverflowError) as problem:
            raise _Unreadable(
                f"it needs an engine to be tried with, and Python's does not take it ({problem})"
            ) from None
    return Pattern(source, tree, reader.exact)


def _least_length(tree: tuple[Any, ...]) -> int:
    """Return how many characters a tree asks for at least."""
    match tree:
        case ("chars", _):
            return 1
        case ("all", *parts):
            return sum(map(_least_length, parts))
        case ("any", *parts):
            return min(map(_least_length, parts), default=0)
        case ("repeat", part, low, _):
            return int(low) * _least_length(part)
        case ("ahead", part, True):
            return _least_length(part)
    return 0


class _Reader:
    """Reads one regular expression from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.exact = True
        self.ignore_case = False
        self.groups: list[Tree] = []
        self.names: dict[str, int] = {}

    def peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def took(self, text: str) -> bool:
        if self.source.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def until(self, end: str) -> str:
        stop = self.source.find(end, self.at)
        if stop < 0:
            raise _Unreadable(f"{end!r} is missing")
        text, self.at = self.source[self.at : stop], stop + len(end)
        return text

    def alternatives(self, depth: int) -> Tree:
        if depth > _DEEPEST:
            raise _Unreadable(f"it nests more than {_DEEPEST} groups")
        branches = [self.sequence(depth)]
        while self.took("|"):
            branches.append(self.sequence(depth))
        return branches[0] if len(branches) == 1 else ("any", *branches)

    def sequence(self, depth: int) -> Tree:
        items: list[Tree] = []
        while self.at < len(self.source) and self.peek() not in "|)":
            items.append(self.repeated(self.atom(depth)))
        return items[0] if len(items) == 1 else ("all", *items)

    def repeated(self, item: Tree) -> Tree:
        bounds = self.quantifier()
        if bounds is None:
            return item
        low, high = bounds
        if not self.took("?") and self.took("+"):
            self.exact = False  # a possessive quantifier matches less than its greedy twin
        if self.quantifier() is not None:
            raise _Unreadable("two quantifiers in a row")
        if item[0] in ("start", "end", "ahead", "behind"):
            return item if low else EMPTY
        return ("repeat", item, low, high)

    def quantifier(self) -> tuple[int, int | None] | None:
        for mark, bounds in _QUANTIFIERS:
            if self.took(mark):
                return bounds
        counted = _COUNTED.match(self.source, self.at)
        if counted is None:
            return None
        self.at = counted.end()
        low = int(counted[1])
        high = int(counted[3]) if counted[3] else (None if counted[2] else low)
        if high is not None and high < low:
            raise _Unreadable("a repetition's bounds are the wrong way round")
        return low, high

    def atom(self, depth: int) -> Tree:
        character = self.peek()
        self.at += 1
        match character:
            case "(":
                return self.group(depth)
            case "[":
                return ("chars", self.bracket())
            case ".":
                return ("chars", characters.without(characters.LINE_ENDS))
            case "^":
                return ("start",)
            case "$":
                return ("end",)
            case "\\":
                return self.escape()
            case "*" | "+" | "?":
                raise _Unreadable(f"nothing to repeat before {character!r}")
        return self.literal(character)

    def literal(self, character: str) -> Tree:
        ranges = characters.of(character)
        return ("chars", characters.both_cases(ranges) if self.ignore_case else ranges)

    def group(self, depth: int) -> Tree:
        number = None
        wanted: bool | None = None
        behind: bool | None = None
        if self.took("?"):
            if self.took("="):
                wanted = True
            elif self.took("!"):
                wanted = False
            elif self.took("<="):
                behind = True
            elif self.took("<!"):
                behind = False
            elif self.took("P<") or self.took("<"):
                self.names[self.until(">")] = number = self.opened()
            elif self.took("P="):
                return self.reference(self.names.get(self.until(")"), -1))
            elif self.took(":") or self.took(">"):
                pass
            elif flags := re.compile(r"([aiLmsux]+)([:)])").match(self.source, self.at):
                self.at = flags.end()
                self.ignore_case |= "i" in flags[1]
                self.exact &= set(flags[1]) <= {"i", "a", "u"}
                if flags[2] == ")":
                    return EMPTY
            else:
                raise _Unreadable("a group of an unknown kind")
        else:
            number = self.opened()
        tree = self.alternatives(depth + 1)
        if not self.took(")"):
            raise _Unreadable("a parenthesis is not closed")
        if number is not None:
            self.groups[number - 1] = tree
        if behind is not None:
            self.exact = False
            return ("behind", tree) if behind else EMPTY
        return tree if wanted is None else ("ahead", tree, wanted)

    def opened(self) -> int:
        self.groups.append(EMPTY)
        return len(self.groups)

    def reference(self, number: int) -> Tree:
        self.exact = False
        if not 1 <= number <= len(self.groups):
            raise _Unreadable("a back reference to a group that does not exist")
        return self.groups[number - 1]

    def escape(self) -> Tree:
        character = self.peek()
        if character in ("b", "B"):
            self.at += 1
            self.exact = False
            return EMPTY
        if character in ("A", "Z", "z"):
            self.at += 1
            return ("start",) if character == "A" else ("end",)
        if character == "k" and self.source.startswith("<", self.at + 1):
            self.at += 2
            return self.reference(self.names.get(self.until(">"), -1))
        if character in "123456789" and character:
            digits = re.compile(r"\d{1,2}").match(self.source, self.at)
            assert digits
            self.at = digits.end()
            return self.reference(int(digits[0]))
        ranges = self.escaped()
        return ("chars", characters.both_cases(ranges) if self.ignore_case else ranges)

    def escaped(self) -> characters.Ranges:
        character = self.peek()
        if not character:
            raise _Unreadable("it ends in a backslash")
        self.at += 1
        if character in _CONTROLS:
            return characters.of(_CONTROLS[character])
        if character.lower() in _CLASSES:
            ranges = _CLASSES[character.lower()]
            return ranges if character.islower() else characters.without(ranges)
        if character in "pP":
            name = self.until("}") if self.took("{") else self.source[self.at : self.at + 1]
            self.at += 0 if self.source[self.at - 1 : self.at] == "}" else 1
            found = characters.of_property(name.lstrip("^"))
            if found is None:
                raise _Unreadable(f"the character property {name[:30]!r} is not known")
            return found if (character == "p") != name.startswith("^") else characters.without(found)
        if character == "0":
            return ((0, 0),)
        if character == "c" and self.peek().isascii() and self.peek().isalpha():
            self.at += 1
            return characters.of(chr(ord(self.source[self.at - 1]) % 32))
        if character in _HEX:
            return self.code_point(character)
        return characters.of(character)

    def code_point(self, kind: str) -> characters.Ranges:
        if kind == "u" and self.took("{"):
            text = self.until("}")
        else:
            text = self.source[self.at : self.at + _HEX[kind]]
            self.at += len(text)
        if not re.fullmatch("[0-9a-fA-F]{1,8}", text) or (len(text) < _HEX[kind] and self.source[self.at - 1] != "}"):
            raise _Unreadable("an escape lacks its hexadecimal digits")
        code = int(text, 16)
        if 0xD800 <= code < 0xDC00 and (
            low := re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})").match(self.source, self.at)
        ):
            self.at = low.end()
            code = 0x10000 + ((code - 0xD800) << 10) + int(low[1], 16) - 0xDC00
        if code > 0x10FFFF:
            raise _Unreadable("an escape is beyond the last code point")
        return characters.common(((code, code),), characters.ALL)

    def bracket(self) -> characters.Ranges:
        negated = self.took("^")
        found = characters.NONE
        first = True
        while not self.took("]"):
            if self.at >= len(self.source):
                raise _Unreadable("a bracket is not closed")
            if first and self.peek() == "]":
                break
            first = False
            low = self.member()
            if self.peek() == "-" and self.source[self.at + 1 : self.at + 2] not in ("]", "") and _single(low):
                self.at += 1
                high = self.member()
                if not _single(high):
                    found = characters.joined(found, low, characters.of("-"), high)
                    continue
                if high[0][0] < low[0][0]:
                    raise _Unreadable("a character range is the wrong way round")
                found = characters.joined(found, ((low[0][0], high[0][0]),))
            else:
                found = characters.joined(found, low)
        if self.ignore_case:
            found = characters.both_cases(found)
        return characters.without(found) if negated else found

    def member(self) -> characters.Ranges:
        character = self.peek()
        self.at += 1
        if character != "\\":
            return characters.of(character)
        if self.peek() == "b":
            self.at += 1
            return ((8, 8),)
        return self.escaped()


def _single(ranges: characters.Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]
