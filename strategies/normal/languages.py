"""Sets of strings that patterns describe, exactly: their intersections, complements, lengths, and drawing from them.

A language is a deterministic automaton made by taking derivatives of regular expressions (Brzozowski), so that "matches
this, not that, and has 3 to 5 characters" is decided and drawn from without ever guessing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import Any

from chatconform.strategies.normal import characters
from chatconform.strategies.normal.derivatives import Algebra, Term
from chatconform.strategies.normal.patterns import Tree, read

_MOST_WORK = 60_000
_MOST_STATES = 1500
_MOST_LENGTHS = 2000
_MANY_LENGTHS = 200


@lru_cache(maxsize=4096)
def _blocks(sets: frozenset[characters.Ranges]) -> list[characters.Ranges]:
    """Split all characters into blocks that none of the sets tells apart."""
    blocks = [characters.ALL]
    for ranges in sorted(sets):
        outside = characters.without(ranges)
        blocks = [
            part for b in blocks for part in (characters.common(b, ranges), characters.common(b, outside)) if part
        ]
    return blocks


class Language:
    """The strings that match all of some patterns and none of others: a set to ask and to draw from."""

    def __init__(self, wanted: tuple[str, ...], unwanted: tuple[str, ...], words: tuple[str, ...]) -> None:
        algebra = self._algebra = Algebra()
        self.exact = all(read(p).exact for p in (*wanted, *unwanted))
        self.wanted = wanted
        parts = [self._search(p) for p in wanted]
        # The complement of a superset leaves out too much: an engine has to judge what is not exact.
        parts += [algebra.negated(self._search(p)) for p in unwanted if read(p).exact]
        for word in words:
            tree = ("all", *(("chars", characters.of(c)) for c in word))
            parts.append(algebra.negated(algebra.compiled(tree, algebra.empty)))
        self._states: list[tuple[Term, bool]] = []
        self._numbers: dict[tuple[int, bool], int] = {}
        self._moves: dict[int, list[tuple[characters.Ranges, int]]] = {}
        self._first = self._state(algebra.both(parts), True)
        self._explored = False
        self.complete = True
        self._by_length: list[int] = []
        self._before: list[int] = []
        self._choices: dict[tuple[int, int], tuple[str, tuple[int, ...]]] = {}
        self._windows: dict[tuple[int, int | None], list[int]] = {}

    def _search(self, pattern: str) -> Term:
        algebra = self._algebra
        return algebra.chain(algebra.everything, algebra.compiled(read(pattern).tree, algebra.everything))

    def _state(self, term: Term, start: bool) -> int:
        key = (term.number, start)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._states)
            self._states.append((term, start))
        return number

    def _next(self, state: int) -> list[tuple[characters.Ranges, int]]:
        moves = self._moves.get(state)
        if moves is None:
            term, start = self._states[state]
            algebra = self._algebra
            sets: set[characters.Ranges] = set()
            algebra.first_sets(term, start, sets)
            targets: dict[int, characters.Ranges] = {}
            for block in _blocks(frozenset(sets)):
                after = algebra.derived(term, chr(block[0][0]), start)
                after = algebra.past(after) if start else after
                if after is not algebra.nothing:
                    target = self._state(after, False)
                    targets[target] = characters.joined(targets.get(target, ()), block)
            moves = self._moves[state] = [(ranges, target) for target, ranges in targets.items()]
        return moves

    def _ends(self, state: int) -> bool:
        term, start = self._states[state]
        return self._algebra.nullable(term, start, True)

    def accepts(self, text: str) -> bool:
        """Return whether the automaton accepts the text; where it is not exact, an engine has the last word."""
        state = self._first
        for character in text:
            for ranges, target in self._next(state):
                if characters.holds(ranges, character):
                    state = target
                    break
            else:
                return False
        return self._ends(state)

    def _explore(self) -> None:
        self._explored = True
        at = 0
        while at < len(self._states):
            if at >= _MOST_STATES or self._algebra.work > _MOST_WORK:
                self.complete = False
                break
            self._next(at)
            at += 1
        self._before = [0] * len(self._states)
        for state, moves in self._moves.items():
            for _, target in moves:
                self._before[target] |= 1 << state
        self._by_length = [sum(1 << s for s in range(at) if self._ends(s))]

    def _ending_in(self, length: int) -> int:
        """The states, as bits, from which a text of exactly that many characters is accepted."""
        while len(self._by_length) <= length:
            reached, before = self._by_length[-1], 0
            while reached:
                low = reached & -reached
                before |= self._before[low.bit_length() - 1]
                reached ^= low
            self._by_length.append(before)
        return self._by_length[length]

    def lengths(self, low: int, high: int | None) -> list[int]:
        """Return lengths between the bounds that texts of the language can have, shortest first; not all when many.

        Where the automaton is too large to be complete, there may be others.
        """
        window = (low, high)
        if window not in self._windows:
            if not self._explored:
                self._explore()
            last = low + len(self._states) + 16
            if high is not None:
                last = min(last, high)
            bit = 1 << self._first
            spoken = (k for k in range(low, last + 1) if self._ending_in(k) & bit)
            found = self._windows[window] = list(islice(spoken, _MANY_LENGTHS))
            if high is not None and high <= _MOST_LENGTHS and high not in found and self._ending_in(high) & bit:
                found.append(high)
        return self._windows[window]

    def drawn(self, length: int, below: Callable[[int], int]) -> str:
        """Return a text of exactly that length, one of `lengths`, each character chosen by `below(count)`."""
        state, text = self._first, []
        for left in range(length - 1, -1, -1):
            alphabet, targets = self._alphabet(state, left)
            chosen = below(len(alphabet))
            text.append(alphabet[chosen])
            state = targets[chosen]
        return "".join(text)

    def spelled(self, below: Callable[[int], int]) -> str:
        """Return a text that goes along the wanted patterns, one after the other; it has to be tried."""
        return "".join(_spelled(read(pattern).tree, below) for pattern in self.wanted)

    def _alphabet(self, state: int, left: int) -> tuple[str, tuple[int, ...]]:
        key = (state, left)
        found = self._choices.get(key)
        if found is None:
            alive = self._ending_in(left)
            pairs = [
                (character, target)
                for ranges, target in self._next(state)
                if alive >> target & 1
                for character in characters.samples(ranges)
            ]
            pairs.sort(key=lambda pair: _RANK.get(pair[0], 1000))
            found = self._choices[key] = ("".join(p[0] for p in pairs), tuple(p[1] for p in pairs))
        return found


def _spelled(tree: Tree, below: Callable[[int], int]) -> str:
    match tree[0]:
        case "chars":
            alphabet = characters.samples(tree[1])
            return alphabet[below(len(alphabet))] if alphabet else ""
        case "all":
            return "".join(_spelled(item, below) for item in tree[1:])
        case "any":
            return _spelled(tree[1 + below(len(tree) - 1)], below)
        case "behind":
            return _spelled(tree[1], below)
        case "repeat":
            _, inner, low, high = tree
            more = below(4 if high is None else min(4, high - low + 1))
            return "".join(_spelled(inner, below) for _ in range(low + more))
    return ""


def first(count: int) -> int:
    """Choose the first of so many: the plainest text there is."""
    return 0 if count else -1


_RANK = {c: i for i, c in enumerate(characters.READABLE + characters.UNUSUAL)}


@lru_cache(maxsize=256)
def language(wanted: tuple[str, ...], unwanted: tuple[str, ...] = (), words: tuple[str, ...] = ()) -> Language:
    """Return the texts in which all wanted and no unwanted patterns match, and that are none of the words."""
    return Language(wanted, unwanted, words)


@lru_cache(maxsize=1024)
def _engine(pattern: str) -> Any:
    import re

    # Python lets `$` match before a last line end, where the standard does not; both agree on everything drawn here.
    return re.compile(pattern)


def found_in(pattern: str, text: str) -> bool:
    """Return whether the pattern matches somewhere in the text."""
    if read(pattern).exact:
        return language((pattern,)).accepts(text)
    return _engine(pattern).search(text) is not None
