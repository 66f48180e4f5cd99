"""The other half of the positive control: a server that wants no key, as none can both want one and not.

The law of this file: only rules about servers without a key are asked of it, in the few requests that these need.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chatconform.core.tally import Tally
from chatconform.run.choice import Choice

if TYPE_CHECKING:
    from chatconform.core.run_result import RunResult

OPEN: Final = "series.http.open-servers-take-any-key"


def behind_open_door(choice: Choice) -> Choice | None:
    """What is left of a choice for a server that wants no key; None where nothing is."""
    judged = tuple(rule for rule in choice.judged if rule.id == OPEN)
    cases = tuple(case for case in choice.cases if OPEN in case.exercises)
    return Choice(judged, judged, cases) if judged and cases else None


def joined(first: RunResult, second: RunResult) -> RunResult:
    """One result of two runs within one allowance, the second for some of the rules of the first."""
    total, added = Tally(()), Tally(())
    total.outcomes = {outcome.rule.id: outcome for outcome in first.outcomes}
    added.outcomes = {outcome.rule.id: outcome for outcome in second.outcomes}
    total.merge(added)
    return replace(
        first,
        outcomes=tuple(total.outcomes.values()),
        requests=second.requests,
        seconds=first.seconds + second.seconds,
        cut_short=second.cut_short,
    )
