"""Judging: every rule that an exchange exercises, asked of it.

The law of this file: the same exchanges and rules give the same results, wherever the exchanges come from; and a rule
that raises, exits or says what is no finding is told as a fault of its own, never as the target's.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from chatconform.core.naming import maker_of
from chatconform.core.result import Result, Verdict
from chatconform.core.rule import Finding, Inconclusive, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Rule

MOST_FINDINGS = 50
"""Findings of one rule in one exchange; a stream of a million bad chunks needs no million lines."""


def judge(exchange: Exchange, rules: Iterable[Rule]) -> Iterator[Result]:
    """What each rule says of one exchange; nothing for rules that it does not exercise."""
    for rule in rules:
        if rule.on is not Part.SERIES and (result := _result(rule, exchange, (exchange,))):
            yield result


def judge_series(series: Sequence[Exchange], rules: Iterable[Rule]) -> Iterator[Result]:
    """What each rule over several exchanges says of the exchanges of one case, in the order they were asked in."""
    for rule in rules:
        if rule.on is Part.SERIES and (result := _result(rule, series, tuple(series))):
            yield result


def _result(rule: Rule, subject: Exchange | Sequence[Exchange], exchanges: tuple[Exchange, ...]) -> Result | None:
    """What a rule says of its subject; None where the subject does not exercise it."""
    try:
        if rule.applies_to(subject):
            return _verdict(rule, exchanges, list(islice(rule.check(subject), MOST_FINDINGS)))
    except (Exception, SystemExit) as error:  # a check that raises is reported, and must not end the run
        broke = f"this rule's own check broke ({type(error).__name__}: {error})"
        reason = f"{broke}, a bug of {maker_of(rule.check)}; please report it"
        return Result(rule, exchanges, Verdict.INCONCLUSIVE, reason=reason, kit_fault=True)
    needs = rule.needs
    refused = next((e for e in exchanges if needs and e.refuses_a_wish and needs.asked(e.asked)), None)
    if needs and refused:
        reason = f"the target refuses {needs.title} with status {refused.status}"
        return Result(rule, exchanges, Verdict.UNSUPPORTED, reason=reason)
    return None


def _verdict(rule: Rule, exchanges: tuple[Exchange, ...], said: list[Finding | Inconclusive]) -> Result:
    for item in said:
        _see_what_it_is(item, exchanges)
    if findings := tuple(item for item in said if isinstance(item, Finding)):
        return Result(rule, exchanges, Verdict.FAILED, findings)
    if reasons := [item.reason for item in said if isinstance(item, Inconclusive)]:
        return Result(rule, exchanges, Verdict.INCONCLUSIVE, reason=reasons[0])
    return Result(rule, exchanges, Verdict.PASSED)


def _see_what_it_is(said: Any, exchanges: tuple[Exchange, ...]) -> None:
    """Raises `TypeError` where a check says what no report can tell: whoever writes a rule may have erred."""
    match said:
        case Finding(str(), str(), str() | None, int(index)) if 0 <= index < len(exchanges):
            return
        case Inconclusive(str()):
            return
        case Finding() | Inconclusive():
            wanted = "made of strings, and of the number of an exchange that there is"
        case _:
            wanted = "a Finding or an Inconclusive"
    raise TypeError(f"it yields {repr(said)[:200]}, which should be {wanted}")
