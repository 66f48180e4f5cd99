"""What outcomes come to altogether: how many of each verdict, which failed, and the exit status."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chatconform.core.result import Verdict
from chatconform.core.rule import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.core.tally import Outcome


def summary(outcomes: Sequence[Outcome]) -> dict[Verdict, int]:
    """How many rules came to each verdict."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    return {verdict: counts[verdict] for verdict in Verdict}


def failed(outcomes: Sequence[Outcome], levels: Sequence[Level] = ()) -> list[Outcome]:
    """The failed outcomes of these levels (of all where none is given), in their order."""
    wanted = levels or tuple(Level)
    return [o for o in outcomes if o.verdict is Verdict.FAILED and o.rule.level in wanted]


def exit_status(outcomes: Sequence[Outcome], *, strict: bool, unfinished: bool) -> int:
    """0 where no MUST failed (nor, if strict, a SHOULD), 1 where one did, 2 where what was done cannot say."""
    if failed(outcomes, [Level.MUST, *([Level.SHOULD] if strict else [])]):
        return 1
    if unfinished or not any(outcome.judged for outcome in outcomes):
        return 2
    return 2 if any(outcome.kit_fault for outcome in outcomes) else 0
