"""Strings that match a regular expression: read as JSON Schema writes them, made without ever searching.

The law of this file: the work is bounded by the pattern's length and the length of the string, whatever the pattern is;
what is no sentence of the language is refused by name. Zero-width assertions are not looked at: who asks for a string
has it judged afterwards.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

ALPHABET: Final = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-.,:;!?@#$%&*+=/\\|()[]{}<>'\"`^~\t\né日λ🌊"
)
CLASSES: Final = {"d": ((48, 57),), "w": ((48, 57), (65, 90), (95, 95), (97, 122)), "s": ((32, 32), (9, 13))}
CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
MOST: Final = 50_000
"""The longest string that is made."""
DEEPEST: Final = 60


class PatternError(ValueError):
    """A pattern that cannot be read, or that matches no string of the length that is wanted."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set: ranges of code points, general categories, and whether it is the set's complement."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False
    categories: tuple[tuple[str, bool], ...] = ()

    def holds(self, character: str) -> bool:
        """Whether a character is of the set."""
        code, category = ord(character), unicodedata.category(character)
        inside = any(low <= code <= high for low, high in self.ranges) or any(
            category.startswith(name) is wanted for name, wanted in self.categories
        )
        return inside is not self.negated


@dataclass(frozen=True, slots=True)
class Repeat:
    """Something from `least` to `most` times (without an upper bound where that is None)."""

    node: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several; a group that is captured has a number."""

    branches: tuple[Node, ...]
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """What a group captured."""

    number: int


Node = Chars | Repeat | Sequence | Choice | Back


def matching(pattern: str, random: Random, shortest: int = 0, longest: int | None = None) -> str:
    """A string that matches a pattern and has a length in the bounds. Raises `PatternError`."""
    node = _Reader(pattern).read()
    open_end = not pattern.endswith("$")
    problem = f"no string of {shortest} to {'any number of' if longest is None else longest} characters"
    for extra in (random.randrange(4), 0, 1, 2, 3, 5, 8, 16, 40, shortest):
        try:
            text = _Writer(random, extra).write(node)
        except PatternError as error:
            problem = str(error)
            continue
        if len(text) < shortest and open_end:
            text += "a" * (shortest - len(text))
        if shortest <= len(text) and (longest is None or len(text) <= longest):
            return text
    raise PatternError(problem)


class _Writer:
    def __init__(self, random: Random, extra: int) -> None:
        self.random, self.extra = random, extra
        self.left = MOST
        self.captured: dict[int, str] = {}

    def write(self, node: Node) -> str:
        match node:
            case Chars():
                self._spend(1)
                return _character(node, self.random)
            case Sequence(nodes):
                return "".join([self.write(part) for part in nodes])
            case Choice(branches, number):
                text = self.write(self.random.choice(branches))
                if number is not None:
                    self.captured[number] = text
                return text
            case Back(number):
                text = self.captured.get(number, "")
                self._spend(len(text))
                return text
            case Repeat(inner, least, most):
                times = least + self.extra if most is None else min(most, least + self.extra)
                self._spend(times)
                return "".join([self.write(inner) for _ in range(times)])

    def _spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise PatternError(f"only strings of more than {MOST} characters match")


def _character(node: Chars, random: Random) -> str:
    if usual := _usual(node):
        return random.choice(usual)
    raise PatternError("a set without a character that can be written")


@lru_cache(maxsize=256)
def _usual(node: Chars) -> str:
    """The characters of a set that are best written: letters and digits, else any others of ours, else its first."""
    fitting = [character for character in ALPHABET if node.holds(character)]
    plain = [character for character in fitting if character.isalnum() and character.isascii()]
    if plain or fitting or node.negated:
        return "".join(plain or fitting)
    return next((chr(low) for low, _ in node.ranges if not 0xD800 <= low <= 0xDFFF), "")


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.text, self.at, self.groups, self.depth = pattern, 0, 0, 0
        self.names: dict[str, int] = {}

    def read(self) -> Node:
        node = self._choice()
        if self.at < len(self.text):
            raise PatternError(f"a {self.text[self.at]!r} too much at {self.at}")
        return node

    def _next(self) -> str:
        if self.at >= len(self.text):
            raise PatternError("the pattern ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def _takes(self, text: str) -> bool:
        if self.text.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def _until(self, end: str) -> str:
        stop = self.text.find(end, self.at)
        if stop < 0:
            raise PatternError(f"a {end!r} is missing")
        told, self.at = self.text[self.at : stop], stop + 1
        return told

    def _choice(self, number: int | None = None) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise PatternError(f"groups nested more than {DEEPEST} deep")
        branches = [self._sequence()]
        while self._takes("|"):
            branches.append(self._sequence())
        self.depth -= 1
        return Choice(tuple(branches), number)

    def _sequence(self) -> Node:
        nodes: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            atom = self._atom()
            if atom is not None:
                nodes.append(self._repeated(atom))
        return Sequence(tuple(nodes))

    def _repeated(self, atom: Node) -> Node:
        if self._takes("*"):
            least, most = 0, None
        elif self._takes("+"):
            least, most = 1, None
        elif self._takes("?"):
            least, most = 0, 1
        elif self.text[self.at : self.at + 2].strip("{").isdigit() and self._takes("{"):
            low, comma, high = self._until("}").partition(",")
            if not low.isdecimal() or not (high.isdecimal() or not high):
                raise PatternError("a repetition that is no number")
            least, most = int(low[:9]), (int(high[:9]) if high else None) if comma else int(low[:9])
            if most is not None and most < least:
                raise PatternError("a repetition whose bounds are the wrong way round")
        else:
            return atom
        self._takes("?")
        return Repeat(atom, least, most)

    def _atom(self) -> Node | None:
        character = self._next()
        match character:
            case ".":
                return Chars(((10, 10), (13, 13)), negated=True)
            case "^" | "$":
                return None
            case "[":
                return self._set()
            case "(":
                return self._group()
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise PatternError(f"nothing to repeat at {self.at - 1}")
        return _one(character)

    def _group(self) -> Node | None:
        for assertion in ("?=", "?!", "?<=", "?<!"):
            if self._takes(assertion):
                self._choice()
                self._until(")")
                return None
        number = None
        if not self._takes("?:"):
            self.groups += 1
            number = self.groups
            if self._takes("?P<") or self._takes("?<"):
                self.names[self._until(">")] = number
            elif self._takes("?"):
                raise PatternError("a group of an unknown kind")
        node = self._choice(number)
        if not self._takes(")"):
            raise PatternError("a group that is not closed")
        return node

    def _escape(self) -> Node | None:
        character = self._next()
        if character in "bBAzZ":
            return None
        if character == "k" and self._takes("<"):
            return Back(self.names.get(self._until(">"), 0))
        if character in "123456789":
            return Back(int(character))
        return self._escaped(character)

    def _escaped(self, character: str) -> Chars:
        """What an escape stands for that may also be in a set."""
        if character.lower() in CLASSES:
            return Chars(CLASSES[character.lower()], negated=character.isupper())
        if character in "pP" and self._takes("{"):
            name = self._until("}").rpartition("=")[2]
            short = {"Letter": "L", "Number": "N", "Punctuation": "P", "Symbol": "S", "Separator": "Z"}.get(name, name)
            if not 1 <= len(short) <= 2:
                raise PatternError(f"the property {name[:40]!r} is not known")
            return Chars((), categories=((short, character == "p"),))
        if character in CONTROLS:
            return _one(CONTROLS[character])
        if character in "xu":
            digits = (
                self._until("}")
                if self._takes("{")
                else "".join(self._next() for _ in range(2 + 2 * (character == "u")))
            )
            try:
                return _one(chr(int(digits, 16)))
            except (ValueError, OverflowError):
                raise PatternError(f"{digits[:20]!r} is no character's number") from None
        if character == "c":
            return _one(chr(ord(self._next()) % 32))
        return _one(character)

    def _set(self) -> Node:
        negated = self._takes("^")
        ranges: list[tuple[int, int]] = []
        categories: list[tuple[str, bool]] = []
        while not self._takes("]"):
            low = self._member()
            if low.categories or low.negated or len(low.ranges) != 1 or low.ranges[0][0] != low.ranges[0][1]:
                ranges += _outside(low.ranges) if low.negated else low.ranges
                categories += low.categories
            elif self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                high = self._member()
                if high.negated or len(high.ranges) != 1 or high.ranges[0][1] < low.ranges[0][0]:
                    raise PatternError("a range whose bounds are the wrong way round")
                ranges.append((low.ranges[0][0], high.ranges[0][1]))
            else:
                ranges += low.ranges
        return Chars(tuple(ranges), negated, tuple(categories))

    def _member(self) -> Chars:
        character = self._next()
        if character != "\\":
            return _one(character)
        character = self._next()
        return _one("\b") if character == "b" else self._escaped(character)


def _one(character: str) -> Chars:
    return Chars(((ord(character), ord(character)),))


def _outside(ranges: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """The complement of some ranges."""
    found, start = [], 0
    for low, high in sorted(ranges):
        if low > start:
            found.append((start, low - 1))
        start = max(start, high + 1)
    return [*found, (start, 0x10FFFF)]
