"""Regular expressions as terms, simplified as they are made, and their derivatives: what must follow a character.

Intersection and complement are terms like any other, which is what makes exact answers about several patterns possible.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatconform.strategies.normal import characters
from chatconform.strategies.normal.patterns import Tree


class Term:
    """One node of an expression; equal expressions are the same object."""

    __slots__ = ("anchored", "args", "kind", "number")

    def __init__(self, number: int, kind: str, args: tuple[Any, ...], anchored: bool) -> None:
        self.number, self.kind, self.args, self.anchored = number, kind, args, anchored


class Algebra:
    """Makes terms, simplified, and takes their derivatives."""

    def __init__(self) -> None:
        self.terms: dict[tuple[Any, ...], Term] = {}
        self.work = 0
        self.nothing = self.make("nothing")
        self.empty = self.make("empty")
        self.start = self.make("start", anchored=True)
        self.end = self.make("end")
        self.everything: Term = self.repeat(self.chars(characters.ALL), 0, None)

    def make(self, kind: str, *args: Any, anchored: bool = False) -> Term:
        key = (kind, *(a.number if isinstance(a, Term) else a for a in args))
        term = self.terms.get(key)
        if term is None:
            anchored = anchored or any(isinstance(a, Term) and a.anchored for a in args)
            term = self.terms[key] = Term(len(self.terms), kind, args, anchored)
        return term

    def chars(self, ranges: characters.Ranges) -> Term:
        return self.make("chars", ranges) if ranges else self.nothing

    def chain(self, first: Term, rest: Term) -> Term:
        if first is self.nothing or rest is self.nothing:
            return self.nothing
        if first is self.empty:
            return rest
        if rest is self.empty:
            return first
        if first.kind == "chain":
            return self.chain(first.args[0], self.chain(first.args[1], rest))
        return self.make("chain", first, rest)

    def any(self, terms: list[Term]) -> Term:
        return self._joined("any", terms, neutral=self.nothing, absorbing=self.everything, merge=characters.joined)

    def both(self, terms: list[Term]) -> Term:
        return self._joined("both", terms, neutral=self.everything, absorbing=self.nothing, merge=characters.common)

    def _joined(
        self,
        kind: str,
        terms: list[Term],
        *,
        neutral: Term,
        absorbing: Term,
        merge: Callable[[characters.Ranges, characters.Ranges], characters.Ranges],
    ) -> Term:
        flat: dict[int, Term] = {}
        ranges: characters.Ranges | None = None
        for outer in terms:
            for term in outer.args if outer.kind == kind else (outer,):
                assert isinstance(term, Term)
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

    def negated(self, term: Term) -> Term:
        if term.kind == "not":
            inner = term.args[0]
            assert isinstance(inner, Term)
            return inner
        if term is self.everything:
            return self.nothing
        return self.everything if term is self.nothing else self.make("not", term)

    def repeat(self, term: Term, low: int, high: int | None) -> Term:
        if high == 0 or term is self.empty:
            return self.empty
        if term is self.nothing:
            return self.empty if low == 0 else self.nothing
        if low == 1 and high == 1:
            return term
        if low and self.nullable(term, True, True):
            low = 0
        return self.make("repeat", term, low, high)

    def nullable(self, term: Term, start: bool, end: bool) -> bool:
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

    def past(self, term: Term) -> Term:
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

    def derived(self, term: Term, character: str, start: bool) -> Term:
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

    def first_sets(self, term: Term, start: bool, found: set[characters.Ranges]) -> None:
        """Collect the character sets that the next character is looked up in."""
        if term.kind == "chars":
            found.add(term.args[0])
        elif term.kind == "chain":
            self.first_sets(term.args[0], start, found)
            if self.nullable(term.args[0], start, False):
                self.first_sets(term.args[1], start, found)
        else:
            for inner in term.args:
                if isinstance(inner, Term):
                    self.first_sets(inner, start, found)

    def compiled(self, tree: Tree, then: Term) -> Term:
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
