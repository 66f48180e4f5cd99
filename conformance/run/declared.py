"""What is declared of a target: capabilities that it has, and those that it lacks.

The law of this file: what a target is said to have it may not refuse, and by what it is said to lack it is not judged.
About all else it is taken at its word: a proper refusal is *unsupported*.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from chatconform.core.result import Result, Verdict
from chatconform.core.rule import Finding
from chatconform.rules.capabilities import capabilities
from chatconform.run.reach import CannotCheckError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chatconform.core.rule import Rule


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

    def judged(self, result: Result) -> Result:
        """A result in the light of what is declared: what the target has and refuses fails."""
        needs = result.rule.needs
        if result.verdict is not Verdict.UNSUPPORTED or needs is None:
            return result
        if not self.all_required and needs.name not in self.have:
            return result
        where = next((n for n, one in enumerate(result.exchanges) if one.refuses_a_wish and needs.asked(one.asked)), 0)
        message = f"{result.reason}, and is declared to have it"
        finding = Finding("", message, expected="support, as declared", exchange=where)
        return replace(result, verdict=Verdict.FAILED, findings=(finding,), reason=None)


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
