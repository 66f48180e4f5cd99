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
from chatconform.strategies.normal.patterns import Tree, read

_MOST_WORK = 60_000
_MOST_STATES = 1500
_MOST_LENGTHS = 2000
_MANY_LENGTHS = 200


class _Term:
    """One node of an expression; equal expressions are the same object."""

    __slots__ = ("anchored", "args", "kind", "number")

    def __init__(self, number: int, kind: str, args: tuple[Any, ...], anchored: bool) -> None:
        self.number, self.kind, self.args, self.anchored = number, kind, args, anchored


class _Algebra:
    """Makes terms, simplified, and takes their derivatives."""

    def __init__(self) -> None:
        self.terms: dict[tuple[Any, ...], _Term] = {}
        self.work = 0
        self.nothing = self.make("nothing")
        self.empty = self.make("empty")
        self.start = self.make("start", anchored=True)
        self.end = self.make("end")
        self.everything: _Term = self.repeat(self.chars(characters.ALL), 0, None)

    def make(self, kind: str, *args: Any, anchored: bool = False) -> _Term:
        key = (kind, *(a.number if isinstance(a, _Term) else a for a in args))
        term = self.terms.get(key)
        if term is None:
            anchored = anchored or any(isinstance(a, _Term) and a.anchored for a in args)
            term = self.terms[key] = _Term(len(self.terms), kind, args, anchored)
        return term

    def chars(self, ranges: characters.Ranges) -> _Term:
        return self.make("chars", ranges) if ranges else self.nothing

    def chain(self, first: _Term, rest: _Term) -> _Term:
        if first is self.nothing or rest is self.nothing:
            return self.nothing
        if first is self.empty:
            return rest
        if rest is self.empty:
            return first
        if first.kind == "chain":
            return self.chain(first.args[0], self.chain(first.args[1], rest))
        return self.make("chain", first, rest)

    def any(self, terms: list[_Term]) -> _Term:
        return self._joined("any", terms, neutral=self.nothing, absorbing=self.everything, merge=characters.joined)

    def both(self, terms: list[_Term]) -> _Term:
        return self._joined("both", terms, neutral=self.everything, absorbing=self.nothing, merge=characters.common)

    def _joined(
        self,
        kind: str,
        terms: list[_Term],
        *,
        neutral: _Term,
        absorbing: _Term,
        merge: Callable[[characters.Ranges, characters.Ranges], characters.Ranges],
    ) -> _Term:
        flat: dict[int, _Term] = {}
        ranges: characters.Ranges | None = None
        for outer in terms:
            for term in outer.args if outer.kind == kind else (outer,):
                assert isinstance(term, _Term)
                if term is absorbing:
                    return term
                if term is neutral:
                    continue
                if term.kind == "chars":
                    ranges = term.args[0] if ranges is None else merge(ranges, term.args[0])
                else:
                    flat[term.number] = term
        if ranges is not None:
            merged = self.chars(ranges)
            if merged is absorbing:
                return absorbing
            if merged is not neutral:
                flat[merged.number] = merged
        if not flat:
            return neutral
        if len(flat) == 1:
            return next(iter(flat.values()))
        return self.make(kind, *(flat[n] for n in sorted(flat)))

    def negated(self, term: _Term) -> _Term:
        if term.kind == "not":
            inner = term.args[0]
            assert isinstance(inner, _Term)
            return inner
        if term is self.everything:
            return self.nothing
        return self.everything if term is self.nothing else self.make("not", term)

    def repeat(self, term: _Term, low: int, high: int | None) -> _Term:
        if high == 0 or term is self.empty:
            return self.empty
        if term is self.nothing:
            return self.empty if low == 0 else self.nothing
        if low == 1 and high == 1:
            return term
        if low and self.nullable(term, True, True):
            low = 0
        return self.make("repeat", term, low, high)

    def nullable(self, term: _Term, start: bool, end: bool) -> bool:
        """Whether the term matches the empty string at a place that is the start, or the end, of the whole text."""
        match term.kind:
            case "empty":
                return True
            case "nothing" | "chars":
                return False
            case "start":
                return start
            case "end":
                return end
            case "not":
                return not self.nullable(term.args[0], start, end)
            case "any":
                return any(self.nullable(t, start, end) for t in term.args)
            case "repeat":
                return term.args[1] == 0 or self.nullable(term.args[0], start, end)
        return all(self.nullable(t, start, end) for t in term.args)

    def past(self, term: _Term) -> _Term:
        """The term once a character was read: no start can follow."""
        if not term.anchored:
            return term
        match term.kind:
            case "start":
                return self.nothing
            case "not":
                return self.negated(self.past(term.args[0]))
            case "repeat":
                return self.repeat(self.past(term.args[0]), term.args[1], term.args[2])
            case "chain":
                return self.chain(self.past(term.args[0]), self.past(term.args[1]))
        join = self.any if term.kind == "any" else self.both
        return join([self.past(t) for t in term.args])

    def derived(self, term: _Term, character: str, start: bool) -> _Term:
        """What must follow once the character was read."""
        self.work += 1
        match term.kind:
            case "chars":
                return self.empty if characters.holds(term.args[0], character) else self.nothing
            case "chain":
                first, rest = term.args
                after = self.chain(self.derived(first, character, start), rest)
                if self.nullable(first, start, False):
                    return self.any([after, self.derived(rest, character, start)])
                return after
            case "any":
                return self.any([self.derived(t, character, start) for t in term.args])
            case "both":
                return self.both([self.derived(t, character, start) for t in term.args])
            case "not":
                return self.negated(self.derived(term.args[0], character, start))
            case "repeat":
                inner, low, high = term.args
                rest = self.repeat(inner, max(low - 1, 0), None if high is None else high - 1)
                return self.chain(self.derived(inner, character, start), rest)
        return self.nothing

    def first_sets(self, term: _Term, start: bool, found: set[characters.Ranges]) -> None:
        """Collect the character sets that the next character is looked up in."""
        if term.kind == "chars":
            found.add(term.args[0])
        elif term.kind == "chain":
            self.first_sets(term.args[0], start, found)
            if self.nullable(term.args[0], start, False):
                self.first_sets(term.args[1], start, found)
        else:
            for inner in term.args:
                if isinstance(inner, _Term):
                    self.first_sets(inner, start, found)

    def compiled(self, tree: Tree, then: _Term) -> _Term:
        """The term of a syntax tree followed by what comes after it."""
        match tree[0]:
            case "chars":
                return self.chain(self.chars(tree[1]), then)
            case "all":
                for item in reversed(tree[1:]):
                    then = self.compiled(item, then)
                return then
            case "any":
                return self.any([self.compiled(item, then) for item in tree[1:]])
            case "repeat":
                return self.chain(self.repeat(self.compiled(tree[1], self.empty), tree[2], tree[3]), then)
            case "start":
                return self.chain(self.start, then)
            case "end":
                return self.chain(self.end, then)
            case "behind":
                return then
        seen = self.compiled(tree[1], self.everything)
        return self.both([seen if tree[2] else self.negated(seen), then])


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
        algebra = self._algebra = _Algebra()
        self.exact = all(read(p).exact for p in (*wanted, *unwanted))
        self.wanted = wanted
        parts = [self._search(p) for p in wanted]
        # The complement of a superset leaves out too much: an engine has to judge what is not exact.
        parts += [algebra.negated(self._search(p)) for p in unwanted if read(p).exact]
        for word in words:
            tree = ("all", *(("chars", characters.of(c)) for c in word))
            parts.append(algebra.negated(algebra.compiled(tree, algebra.empty)))
        self._states: list[tuple[_Term, bool]] = []
        self._numbers: dict[tuple[int, bool], int] = {}
        self._moves: dict[int, list[tuple[characters.Ranges, int]]] = {}
        self._first = self._state(algebra.both(parts), True)
        self._explored = False
        self.complete = True
        self._by_length: list[int] = []
        self._before: list[int] = []
        self._choices: dict[tuple[int, int], tuple[str, tuple[int, ...]]] = {}
        self._windows: dict[tuple[int, int | None], list[int]] = {}

    def _search(self, pattern: str) -> _Term:
        algebra = self._algebra
        return algebra.chain(algebra.everything, algebra.compiled(read(pattern).tree, algebra.everything))

    def _state(self, term: _Term, start: bool) -> int:
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
