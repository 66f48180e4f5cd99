"""Rules made ready for judging many exchanges: what several of them ask of an exchange is asked once.

The law of this file: a panel says what `judge` says; it only says it sooner, and passes as ids and not as results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.core.judge import judge
from chatconform.core.result import Verdict
from chatconform.core.rule import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.core.result import Result
    from chatconform.core.rule import Rule

    Group = tuple[Callable[[Any], bool] | None, tuple[Rule, ...]]


class Panel:
    """Rules in groups that ask the same of an exchange before they judge it."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rule for rule in rules if rule.on not in (Part.SERIES, Part.RECORD))
        self._known: dict[tuple[bool, ...], tuple[Group, ...]] = {}

    def judge(self, exchange: Exchange) -> tuple[list[str], list[Result]]:
        """The ids of the rules that the exchange keeps, and the results of the others that it exercises."""
        kept: list[str] = []
        others: list[Result] = []
        if exchange.refused:  # what was refused may have been a capability: that is asked rule by rule
            for result in judge(exchange, self._rules):
                if result.verdict is Verdict.PASSED:
                    kept.append(result.rule.id)
                else:
                    others.append(result)
            return kept, others
        for when, rules in self._groups(exchange):
            try:
                if when is not None and not when(exchange):
                    continue
            except Exception:  # `judge` tells a rule that raises as the kit's own fault
                others += judge(exchange, rules)
                continue
            for rule in rules:
                try:
                    silent = next(iter(rule.check(exchange)), None) is None
                except Exception:
                    silent = False
                if silent:
                    kept.append(rule.id)
                else:
                    others += judge(exchange, (rule,))
        return kept, others

    def _groups(self, exchange: Exchange) -> Sequence[Group]:
        """The groups of the rules that are about the parts of an exchange."""
        response = exchange.response
        status = response.status if response is not None else 0
        key = (
            isinstance(exchange.request.json, dict),
            response is not None,
            status >= 400,
            status in (429, 503),
            exchange.completion is not None,
            exchange.is_stream,
            exchange.answer is not None,
        )
        groups = self._known.get(key)
        if groups is None:
            groups = self._known[key] = self._made(exchange)
        return groups

    def _made(self, exchange: Exchange) -> tuple[Group, ...]:
        groups: dict[tuple[Part, Callable[[Any], bool] | None], list[Rule]] = {}
        for rule in self._rules:
            if rule.on.of(exchange):
                groups.setdefault((rule.on, rule.when), []).append(rule)
        return tuple((when, tuple(rules)) for (_, when), rules in groups.items())
