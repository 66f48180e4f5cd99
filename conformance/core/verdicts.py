"""What outcomes come to altogether: how many of each verdict, which failed, and the exit status."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chatconform.core.failure import weighs
from chatconform.core.result import Verdict
from chatconform.core.rule import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.core.baseline import Applied
    from chatconform.core.failure import Sight
    from chatconform.core.tally import Outcome


def summary(outcomes: Sequence[Outcome]) -> dict[Verdict, int]:
    """How many rules came to each verdict."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    return {verdict: counts[verdict] for verdict in Verdict}


def failed(outcomes: Sequence[Outcome], levels: Sequence[Level] = ()) -> list[Outcome]:
    """The failed outcomes of these levels (of all where none is given), in their order."""
    wanted = levels or tuple(Level)
    return [o for o in outcomes if o.verdict is Verdict.FAILED and o.rule.level in wanted]


def exit_status(sight: Sight, baseline: Applied | None, *, strict: bool, conclusive: bool) -> int:
    """0 where no MUST failed (nor, if strict, a SHOULD), 1 where one did, 2 where what was done cannot say.

    A failure that the baseline names counts as none, and an entry of it that no longer fails as one of its level.
    """
    new = (one.level for one in sight.failures if baseline is None or baseline.entry(one) is None)
    stale = (one.level for one in baseline.stale) if baseline is not None else ()
    if any(weighs(level, strict=strict) for level in (*new, *stale)):
        return 1
    return 0 if conclusive else 2


def is_conclusive(outcomes: Sequence[Outcome]) -> bool:
    """Whether something was judged, and no check of the kit's own broke."""
    return any(outcome.judged for outcome in outcomes) and not any(outcome.kit_fault for outcome in outcomes)
