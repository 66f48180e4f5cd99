"""What is declared of a target: capabilities that it has, and those that it lacks.

The law of this file: what a target is said to have it may not refuse, and by what it is said to lack it is not judged.
About all else it is taken at its word: a proper refusal is *unsupported*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from chatconform.core.result import Result, Verdict
from chatconform.core.rule import Finding
from chatconform.rules.capabilities import capabilities
from chatconform.run.reach import CannotCheckError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Rule
    from chatconform.core.tally import Outcome


@dataclass(frozen=True, slots=True)
class Declared:
    """The names of capabilities that a target has or lacks; with `all_required` it has whatever it does not lack."""

    have: frozenset[str] = field(default=frozenset())
    lack: frozenset[str] = field(default=frozenset())
    all_required: bool = False

    def lacking(self, rules: Iterable[Rule]) -> Iterator[Result]:
        """For each rule about a capability that the target lacks: that it is unsupported."""
        for rule in rules:
            if self.lacks(rule) and rule.needs is not None:
                reason = f"the target is declared to lack {rule.needs.title}"
                yield Result(rule, (), Verdict.UNSUPPORTED, reason=reason)

    def lacks(self, rule: Rule) -> bool:
        """Whether a rule is about a capability that the target lacks."""
        return rule.needs is not None and rule.needs.name in self.lack

    def refused(self, refusals: Mapping[str, Exchange]) -> Mapping[str, Exchange]:
        """Of the capabilities that a target refuses, by name, those that it is declared to have."""
        return {
            name: exchange
            for name, exchange in refusals.items()
            if name in self.have or (self.all_required and name not in self.lack)
        }


def failing(refused: Mapping[str, Exchange], outcomes: Iterable[Outcome]) -> list[Result]:
    """A failure of each rule that is unsupported because the target refuses what it is declared to have.

    It takes the whole run to know that: one schema or one picture that is refused says nothing of all others.
    """
    results = []
    for outcome in outcomes:
        needs = outcome.rule.needs
        if needs is not None and needs.name in refused and outcome.verdict is Verdict.UNSUPPORTED:
            exchange = refused[needs.name]
            message = f"the target refuses {needs.title} with status {exchange.status}, and is declared to have it"
            finding = Finding("", message, expected="support, as declared")
            results.append(Result(outcome.rule, (exchange,), Verdict.FAILED, (finding,)))
    return results


def unjudged(refused: Mapping[str, Exchange], rules: Iterable[Rule]) -> Iterator[str]:
    """A sentence on what is refused although it is declared, where no chosen rule is about it."""
    needed = {rule.needs.name for rule in rules if rule.needs is not None}
    if missing := [name for name in refused if name not in needed]:
        yield f"Declared, and refused all the same, where no rule judges it: {', '.join(missing)}."


def declare(have: Sequence[str] = (), lack: Sequence[str] = (), *, all_required: bool = False) -> Declared:
    """What is declared, by the names of capabilities. Raises `CannotCheckError` for a name that there is none of."""
    names = [capability.name for capability in capabilities()]
    for name in (*have, *lack):
        if name not in names:
            near = get_close_matches(name, names, n=3, cutoff=0.4)
            raise CannotCheckError(
                f"there is no capability {name!r}; {'near' if near else 'there are'}: {', '.join(near or names)}"
            )
    if both := sorted({*have} & {*lack}):
        raise CannotCheckError(f"the target cannot both have and lack {both[0]}")
    return Declared(frozenset(have), frozenset(lack), all_required)
