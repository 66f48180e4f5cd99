"""The branches of a schema: every way to make its choices that does not contradict itself, each a conjunction.

A tableau: what holds in place is taken apart, choices with one option left are made at once, and only then the smallest
choice is branched on. A tagged union, written as oneOf or as an if/then/else chain, so becomes one branch for each tag.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from chatconform.strategies.normal.alternatives import Path
from chatconform.strategies.normal.conjunction import (
    EVERY_TYPE,
    OBJECT,
    Conjunction,
    Contradiction,
    Group,
    Key,
    Nodes,
    Row,
)
from chatconform.strategies.normal.denials import ways_to_fail
from chatconform.strategies.normal.documents import Document
from chatconform.strategies.normal.keywords import Choice, Keywords, Option
from chatconform.strategies.refusals import UnusableSchema

_MOST_BRANCHES = 128
_MOST_STEPS = 20_000


@dataclass(frozen=True)
class _Line:
    """Where an atom comes from: the schemas around it in place, and those of them that its findings count for."""

    above: tuple[int, ...] = ()
    owners: tuple[int, ...] = ()
    assumed: bool = False


@dataclass
class Branch:
    """One way to meet a schema: the constraints, and which option was taken at each choice."""

    conjunction: Conjunction
    path: Path


@dataclass(frozen=True)
class _Pending:
    number: int
    options: tuple[tuple[int, Option], ...]
    line: _Line


class _State:
    __slots__ = ("agenda", "conjunction", "held", "path", "pending", "unevaluated")

    def __init__(self, conjunction: Conjunction) -> None:
        self.conjunction = conjunction
        self.agenda: list[tuple[Any, _Line]] = []
        self.pending: list[_Pending] = []
        self.held: set[Any] = set()
        self.unevaluated: tuple[tuple[tuple[int, ...], Key | None, Key | None], ...] = ()
        self.path: Path = ()

    def copy(self) -> _State:
        new = object.__new__(_State)
        new.conjunction = self.conjunction.copy()
        new.agenda = list(self.agenda)
        new.pending = list(self.pending)
        new.held = set(self.held)
        new.unevaluated = self.unevaluated
        new.path = self.path
        return new


class Brancher:
    """Finds the branches of keys of one document."""

    def __init__(self, document: Document, nodes: Nodes, nothing: Key) -> None:
        self.document, self.nodes, self.nothing = document, nodes, nothing
        self.steps = 0
        self.choices = 0

    def branches(self, key: Key) -> tuple[list[Branch], list[str]]:
        """Return the branches of a key, and the reasons for which others fell away."""
        self.steps = 0
        reasons: list[str] = []
        state = _State(Conjunction(self.nodes))
        state.agenda = [(("hold", element), _Line()) for element in sorted(key)]
        try:
            self._settle(state)
        except Contradiction as why:
            return [], [str(why)]
        found = list(islice(self._solutions(state.copy(), reasons), _MOST_BRANCHES + 1))
        if len(found) > _MOST_BRANCHES:
            found = self._covering(state, reasons)
        return found, reasons

    def _covering(self, state: _State, reasons: list[str]) -> list[Branch]:
        """Every option of every choice in at least one branch, where there are too many to have each combination."""
        found: list[Branch] = []
        for turn, pending in enumerate(state.pending):
            for number, option in pending.options:
                start = state.copy()
                start.pending.remove(pending)
                start.path += ((pending.number, number),)
                start.agenda = [(atom, pending.line) for atom in option]
                try:
                    self._settle(start)
                except Contradiction as why:
                    reasons.append(str(why))
                    continue
                found += islice(self._solutions(start, reasons, turned=turn + number), 2)
        return found[: 4 * _MOST_BRANCHES]

    def _solutions(self, state: _State, reasons: list[str], turned: int = 0) -> Iterator[Branch]:
        try:
            chosen = self._propagated(state)
            if chosen is None:
                self._finish(state)
                yield Branch(state.conjunction, state.path)
                return
        except Contradiction as why:
            reasons.append(str(why))
            return
        state.pending.remove(chosen)
        options = chosen.options
        if turned:
            at = turned % len(options)
            options = options[at:] + options[:at]
        for number, option in options:
            trial = state.copy()
            trial.path += ((chosen.number, number),)
            trial.agenda = [(atom, chosen.line) for atom in option]
            try:
                self._settle(trial)
            except Contradiction as why:
                reasons.append(str(why))
                continue
            yield from self._solutions(trial, reasons, turned)

    def _propagated(self, state: _State) -> _Pending | None:
        """Make each choice with one option left, drop those that are met; return the smallest that remains, if any."""
        best: _Pending | None = None
        changed = True
        while changed:
            changed = False
            best = None
            for pending in list(state.pending):
                live, met = self._live(state, pending)
                if met:
                    state.pending.remove(pending)
                    continue
                if len(live) <= 1:
                    state.pending.remove(pending)
                    if not live:
                        raise Contradiction(self._last)
                    state.path += ((pending.number, live[0][0]),)
                    state.agenda = [(atom, pending.line) for atom in live[0][1]]
                    self._settle(state)
                    changed = True
                    break
                if len(live) < len(pending.options):
                    smaller = _Pending(pending.number, tuple(live), pending.line)
                    state.pending[state.pending.index(pending)] = pending = smaller
                if best is None or len(pending.options) < len(best.options):
                    best = pending
        return best

    def _live(self, state: _State, pending: _Pending) -> tuple[list[tuple[int, Option]], bool]:
        live = []
        self._last = "no option is left"
        for number, option in pending.options:
            trial = state.copy()
            trial.agenda = [(atom, pending.line) for atom in option]
            before = len(trial.pending)
            try:
                self._settle(trial)
            except Contradiction as why:
                self._last = str(why)
                continue
            settled = len(trial.pending) == before and not self.document.tells_evaluated
            if settled and trial.conjunction.same_as(state.conjunction):
                return [], True
            live.append((number, option))
        return live, False

    def _settle(self, state: _State) -> None:
        """Apply all atoms of the agenda, and what they lead to, except for choices."""
        conjunction = state.conjunction
        agenda = state.agenda
        while agenda:
            atom, line = agenda.pop(0)
            self.steps += 1
            if self.steps > _MOST_STEPS:
                raise UnusableSchema(
                    "the schema's unions and negations are too entangled to be taken apart; simplify them"
                )
            name = atom[0]
            if name == "hold":
                self._hold(state, atom[1], line)
            elif name == "assume":
                self._hold(state, atom[1], _Line(line.above, line.owners, True))
            elif name == "deny":
                self._hold(state, atom[1], _Line(line.above, (), line.assumed))
            elif name == "forbid":
                if atom[1] in conjunction.required:
                    conjunction.drop(OBJECT, f"the property {atom[1]!r} is required, and must be absent")
                conjunction.group(Group({atom[1]: self.nothing}, (), None))
            else:
                getattr(conjunction, name)(*atom[1:])
            if not conjunction.types:
                raise Contradiction(conjunction.reason)

    def _hold(self, state: _State, element: int, line: _Line) -> None:
        number, denied = divmod(element, 2)
        entry = self.document.entries[number]
        if isinstance(entry.keywords, bool):
            if entry.keywords == bool(denied):
                raise Contradiction(f"nothing is allowed at {entry.pointer or '/'}")
            return
        if element in line.above:
            raise UnusableSchema(
                f"the schema at {entry.pointer or '/'} refers back to itself in place, so it never ends"
            )
        owners = () if denied else (*line.owners, number)
        mark = (element, owners) if self.document.tells_evaluated else element
        if mark in state.held:
            return
        if element ^ 1 in state.held:
            raise Contradiction(f"the schema at {entry.pointer or '/'} would have to hold and not to hold")
        state.held.add(mark)
        inside = _Line((*line.above, element), owners, line.assumed)
        words = Keywords(self.document, entry, owners, line.assumed)
        if denied:
            options = ways_to_fail(words)
            if not options:
                why = ": `format` is an annotation, which forbids nothing" if "format" in entry.keywords else ""
                raise Contradiction(f"everything is allowed at {entry.pointer or '/'}, and must not be{why}")
            self._choose(state, options, inside, number)
            return
        reading = words.held()
        state.agenda[:0] = [(atom, inside) for atom in reading.atoms]
        for i, choice in enumerate(reading.choices):
            self._choose(state, choice, inside, (number, i))
        if reading.unevaluated_items is not None or reading.unevaluated_properties is not None:
            state.unevaluated += ((owners, reading.unevaluated_items, reading.unevaluated_properties),)

    def _choose(self, state: _State, options: Choice, line: _Line, number: Any) -> None:
        if len(options) == 1:
            state.agenda[:0] = [(atom, line) for atom in options[0]]
        else:
            state.pending.append(_Pending(hash(number), tuple(enumerate(options)), line))

    def _finish(self, state: _State) -> None:
        """Say of all members and items that no schema in place has evaluated what is told of them."""
        conjunction = state.conjunction
        for owners, items, members in sorted(state.unevaluated, key=lambda told: -len(told[0])):
            owner = owners[-1]
            if members is not None:
                groups = [g for g in conjunction.groups if owner in g.owners]
                if not any(g.rest is not None for g in groups):
                    named = {name: frozenset[int]() for g in groups for name in g.named}
                    patterned = tuple((p, frozenset[int]()) for g in groups for p, _ in g.patterned)
                    conjunction.group(Group(named, patterned, members, owners))
            if items is not None:
                rows = [r for r in conjunction.rows if owner in r.owners]
                if not any(r.rest is not None for r in rows):
                    known = max((len(r.prefix) for r in rows), default=0)
                    contained = tuple(c.key for c in conjunction.contained if owner in c.owners)
                    rest = frozenset((self.document.any_of((items, *contained)) * 2,)) if contained else items
                    conjunction.row(Row((frozenset[int](),) * known, rest, owners))
        if not conjunction.types & EVERY_TYPE:
            raise Contradiction(conjunction.reason)
