"""Rules made ready for judging many exchanges: trees of questions that grow with what they meet.

Each fork asks an exchange one question, which many rules may ask: whether it has a part, or meets a condition. Where a
branch ends stand the rules that the exchange exercises. Like exchanges take the same branches, and on its way no
question is asked twice. Rules that speak of one thing among several stand in a tree of their own, which only exchanges
that have the thing walk through; so trees stay small, however things are combined.

The law of this file: a panel says what `judge` says; it only says it sooner, and passes as rules and not as results.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.condition import Among, parts
from chatconform.core.judge import judge
from chatconform.core.rule import Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatconform.core.condition import Condition
    from chatconform.core.exchange import Exchange
    from chatconform.core.result import Result
    from chatconform.core.rule import Rule

MOST_FORKS: Final = 4_000
"""Forks that the trees of a panel may have: what takes yet another branch is judged rule by rule."""
RAISED: Final = "raised"
"""The answer of a condition that raised."""
SILENT: Final = object()
"""What stands for the finding of a check that has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Exercised:
    """Rules that like exchanges exercise; each is kept by an exchange unless a result of it says otherwise."""

    kept: tuple[Rule, ...]
    """Those that the branch shows to be kept."""
    asked: tuple[Rule, ...]
    """Those whose check has to be asked."""
    raising: tuple[Rule, ...]
    """Those whose condition raised: whether they are exercised is not known."""
    ids: frozenset[str]
    """The ids of those that are kept or asked."""
    ask: None = None
    """Nothing more is asked where a branch ends."""


class Panel:
    """Rules that judge one exchange after the other."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        every = tuple(rule for rule in rules if rule.on not in (Part.SERIES, Part.RECORD))
        self._needy = tuple(rule for rule in every if rule.needs is not None)
        self._trees = _Trees(every)
        self._trees_of_refusals = _Trees(rule for rule in every if rule.needs is None)

    def judge(self, exchange: Exchange) -> tuple[list[Exercised], list[Result]]:
        """The rules that an exchange exercises, and the results of all that it does not simply keep.

        A rule that is exercised is kept where there is no result of it.
        """
        if exchange.refused:  # what is refused may be a capability that a rule needs
            trees, others = self._trees_of_refusals, list(judge(exchange, self._needy))
        else:
            trees, others = self._trees, []
        found, doubtful = trees.exercised(exchange)
        if doubtful:
            others += judge(exchange, doubtful)
        for exercised in found:
            for rule in exercised.asked:
                try:
                    silent = next(rule.check(exchange), SILENT) is SILENT
                except (Exception, SystemExit):  # `judge` tells whose fault it is
                    silent = False
                if not silent:
                    others += judge(exchange, (rule,))
        return found, others


class _Trees:
    """Rules by the thing that they speak of: a tree for each thing, and one for all that speak of none."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        plain: list[Rule] = []
        of_things: dict[Any, dict[Any, list[Rule]]] = defaultdict(lambda: defaultdict(list))
        for rule in rules:
            match parts(rule.when):
                case [Among(find, thing), *_]:
                    of_things[find][thing].append(rule)
                case _:
                    plain.append(rule)
        self._forks = [0]
        self._plain = _Tree(plain, self._forks)
        self._of_things = [
            (find, frozenset(by), {thing: _Tree(some, self._forks, known=1) for thing, some in by.items()})
            for find, by in of_things.items()
        ]

    def exercised(self, exchange: Exchange) -> tuple[list[Exercised], list[Rule]]:
        """The rules that an exchange exercises, and those of which no tree can tell."""
        trees, found = [self._plain], list[Exercised]()
        doubtful: list[Rule] = []
        for find, things, of_thing in self._of_things:
            try:
                if found_in := find(exchange):
                    trees += [of_thing[thing] for thing in things.intersection(found_in)]
            except (Exception, SystemExit):
                doubtful += [rule for tree in of_thing.values() for rule in tree.rules]
        for tree in trees:
            exercised = tree.exercised(exchange)
            if exercised is None:
                doubtful += tree.rules
            else:
                doubtful += exercised.raising
                found.append(exercised)
        return found, doubtful


class _Stage(Enum):
    """What the conditions of a rule that are still open are about, or what came out."""

    WHETHER_IDLE = auto()
    WHETHER_EXERCISED = auto()
    WHETHER_KEPT = auto()
    KEPT = auto()
    ASKED = auto()
    RAISING = auto()


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a rule stands on a branch: what it is exercised by, and the conditions that are open."""

    rule: Rule
    when: tuple[Condition, ...]
    stage: _Stage
    open: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Fork:
    """A question, what was known before it, how rules stand, and what follows from each answer."""

    ask: Condition
    known: dict[int, bool | str]
    rules: tuple[_Standing, ...]
    after: dict[bool | str, _Fork | Exercised] = field(default_factory=dict)


class _Tree:
    """The questions that rules ask before they speak, and what follows from the answers."""

    def __init__(self, rules: Iterable[Rule], forks: list[int], known: int = 0) -> None:
        """Of the conditions of each rule the first ones, so many, are known to hold."""
        self.rules = tuple(rules)
        self._forks = forks
        self._root = self._branch([_at_first(rule, parts(rule.when)[known:]) for rule in self.rules], {})

    def exercised(self, exchange: Exchange) -> Exercised | None:
        """The rules that an exchange exercises; None where there is no room for a branch that tells them."""
        branch: Any = self._root
        while (ask := branch.ask) is not None:
            try:
                answer: bool | str = True if ask(exchange) else False  # noqa: SIM210  # a call less, and there are many
            except (Exception, SystemExit):
                answer = RAISED
            following = branch.after.get(answer)
            if following is None:
                if self._forks[0] >= MOST_FORKS:
                    return None
                following = branch.after[answer] = self._branch(branch.rules, {**branch.known, id(ask): answer})
            branch = following
        exercised: Exercised = branch
        return exercised

    def _branch(self, rules: Iterable[_Standing], known: dict[int, bool | str]) -> _Fork | Exercised:
        """What follows where so much is known: the next question, or which rules are exercised."""
        standing = tuple(now for rule in rules if (now := _advanced(rule, known)) is not None)
        ask = next((rule.open[0] for rule in standing if rule.open), None)
        if ask is not None:
            self._forks[0] += 1
            return _Fork(ask, known, standing)
        kept, asked, raising = (
            tuple(rule.rule for rule in standing if rule.stage is stage)
            for stage in (_Stage.KEPT, _Stage.ASKED, _Stage.RAISING)
        )
        return Exercised(kept, asked, raising, frozenset(rule.id for rule in (*kept, *asked)))


def _at_first(rule: Rule, when: tuple[Condition, ...]) -> _Standing:
    """How a rule stands where nothing is known."""
    return _Standing(rule, (*rule.on.conditions, *when), _Stage.WHETHER_IDLE, parts(rule.idle_where))


def _advanced(rule: _Standing, known: dict[int, bool | str]) -> _Standing | None:
    """How a rule stands once so much is known; None where it is not exercised."""
    stage, conditions = rule.stage, rule.open
    while stage in (_Stage.WHETHER_IDLE, _Stage.WHETHER_EXERCISED, _Stage.WHETHER_KEPT):
        answer: bool | str | None = True
        while conditions and (answer := known.get(id(conditions[0]))) is True:
            conditions = conditions[1:]
        if answer is None:
            return _Standing(rule.rule, rule.when, stage, conditions)
        if stage is _Stage.WHETHER_IDLE:
            if answer is True and rule.rule.idle_where is not None:
                return None
            stage, conditions = _Stage.WHETHER_EXERCISED, rule.when
        elif stage is _Stage.WHETHER_EXERCISED:
            if answer is False:
                return None
            stage, conditions = _Stage.WHETHER_KEPT, parts(rule.rule.kept_where)
            if answer is RAISED:
                stage = _Stage.RAISING
        else:
            stage = _Stage.KEPT if answer is True and rule.rule.kept_where is not None else _Stage.ASKED
    return _Standing(rule.rule, rule.when, stage, ())
