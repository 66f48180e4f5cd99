"""Rules made ready for judging many exchanges: what several of them ask of an exchange is asked once.

The law of this file: a panel says what `judge` says; it only says it sooner, and passes as rules and not as results.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from chatconform.core.judge import MOST_FINDINGS, judge
from chatconform.core.rule import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chatconform.core.exchange import Exchange
    from chatconform.core.result import Result
    from chatconform.core.rule import Rule


class Panel:
    """Rules in groups that ask the same of an exchange before they judge it."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        parts: dict[Part, dict[Callable[[Any], bool] | None, list[Rule]]] = {}
        for rule in rules:
            if rule.on not in (Part.SERIES, Part.RECORD):
                parts.setdefault(rule.on, {}).setdefault(rule.when, []).append(rule)
        self._parts = [(part, list(groups.items())) for part, groups in parts.items()]

    def judge(self, exchange: Exchange) -> tuple[list[str], list[Result]]:
        """The ids of the rules that the exchange keeps, and the results of the others that it exercises."""
        kept: list[str] = []
        others: list[Result] = []
        refused = exchange.refuses_a_wish
        for part, groups in self._parts:
            if not part.of(exchange):
                if refused:
                    for _, rules in groups:
                        others += judge(exchange, [rule for rule in rules if rule.needs])
                continue
            for when, rules in groups:
                try:
                    applies = when is None or when(exchange)
                except Exception:  # `judge` tells a rule that raises as the kit's own fault
                    others += judge(exchange, rules)
                    continue
                if not applies:
                    if refused:
                        others += judge(exchange, [rule for rule in rules if rule.needs])
                    continue
                for rule in rules:
                    try:
                        said = list(islice(rule.check(exchange), MOST_FINDINGS))
                    except Exception:
                        others += judge(exchange, (rule,))
                        continue
                    if said:
                        others += judge(exchange, (rule,))
                    else:
                        kept.append(rule.id)
        return kept, others
