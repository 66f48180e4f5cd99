"""Watching traffic: a proxy in front of a target, and a verdict on what passes, told while it does.

The law of this file: traffic comes first. Nothing that judging does, cannot do or has to say changes, delays or ends
what passes; and what was not judged is told.
"""

from __future__ import annotations

import threading
from collections import Counter
from time import perf_counter
from typing import TYPE_CHECKING, Final, Self

from chatconform.core.validation_result import ValidationResult
from chatconform.run.aside import DIED, Aside
from chatconform.run.desk import Assignment, opened
from chatconform.run.judging import requirements, rules_on_exchanges
from chatconform.run.reach import CannotCheckError
from chatconform.run.recordings import wish_of
from chatconform.targets.address import BadUrlError
from chatconform.targets.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatconform.core.rule import Rule
    from chatconform.core.tally import Example
    from chatconform.targets.passage import Passage

MOST_TOLD: Final = 10
MOST_PATHS: Final = 1000
"""Paths about something else that are counted one by one."""


class Watch:
    """Watches the traffic to a target, as a context manager; `result` tells what it came to once the block has ended.

    `found` is called with the first finding of each rule and place, `trouble` with a sentence for each thing that could
    not be passed on and with each new thing that judging misses; neither holds traffic up. `record` names a file that
    every exchange is added to in the kit's own form, without secrets.

    Raises `CannotCheckError` for a target, a profile, an address or a file that cannot be used, and `UnknownIdError`
    for a pattern that matches no rule.
    """

    def __init__(
        self,
        upstream: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        insecure: bool = False,
        only: Sequence[str] = (),
        skip: Sequence[str] = (),
        profile: str = "compatible",
        record: str | None = None,
        found: Callable[[Rule, Example], None] = lambda _rule, _example: None,
        trouble: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        self._wish = wish_of(None, only, skip, profile, False)
        self._trouble = trouble
        self._lock = threading.Lock()
        self._others: Counter[str] = Counter()
        self._troubles: Counter[str] = Counter()
        self._begun = perf_counter()
        self._seconds = 0.0
        self._interrupted = False
        if record is not None:
            try:
                opened(record)[0].close()
            except OSError as problem:
                raise CannotCheckError(f"{record} cannot be written: {problem.strerror or problem}") from None
        try:
            self._proxy = Proxy(
                upstream, passed=self._passed, trouble=self._note, host=host, port=port, insecure=insecure
            )
        except BadUrlError as problem:
            raise CannotCheckError(str(problem)) from None
        except OSError as problem:
            why = (problem.strerror or str(problem)).partition(" (while")[0]
            raise CannotCheckError(f"cannot listen on {host}, port {port}: {why}") from None
        self.aside = Aside(Assignment(self._wish, record), found)
        self.url, self.target = self._proxy.url, self._proxy.target

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the watch: requests under way have a moment to come to their end, and what passed is judged.

        An interrupt leaves unjudged what is not judged yet, and the result says so.
        """
        try:
            self._proxy.close()
            self.aside.finish()
        except KeyboardInterrupt:
            self._interrupted = True
            self._proxy.close(0.0)
            self.aside.give_up()
        self._seconds = perf_counter() - self._begun

    def result(self) -> ValidationResult:
        """What the traffic came to."""
        judged = self.aside.judged
        outcomes = judged.tally.outcomes
        order = (*requirements(self._wish).values(), *rules_on_exchanges(self._wish))
        return ValidationResult(
            outcomes=tuple(outcomes[rule.id] for rule in order if rule.id in outcomes),
            files=0,
            records=dict(judged.records),
            size=judged.size,
            seconds=self._seconds,
            notes=tuple(self._notes()),
            missing=tuple(problem for problem in self.aside.problems if problem != DIED),
            cut_short=self._cut_short(),
        )

    def _cut_short(self) -> str | None:
        if self._interrupted:
            return f"it was interrupted before {_many(self.aside.lost + self.aside.dropped)} could be judged"
        if DIED in self.aside.problems:
            return f"{DIED}, and with it the verdict on {_many(self.aside.lost)}"
        return None

    def _notes(self) -> list[str]:
        aside = self.aside
        notes = [
            f"Passed on, and not judged: {_many(count)} {why}." for why, count in aside.unread.most_common(MOST_TOLD)
        ]
        notes += [
            f"Passed on, as about something else: {_many(n)} to {p}." for p, n in self._others.most_common(MOST_TOLD)
        ]
        if aside.dropped:
            notes.append(f"Passed on, and not judged: {_many(aside.dropped)} that came faster than could be judged.")
        notes += [f"{count:,} x {text}" for text, count in self._troubles.most_common(MOST_TOLD)]
        return notes

    def _passed(self, passage: Passage) -> None:
        if passage.is_chat:
            dropped = self.aside.dropped
            self.aside.take(passage)
            if not dropped and self.aside.dropped:
                self._trouble("Traffic comes faster than it can be judged; some of it is passed on unjudged.")
            return
        with self._lock:
            known = passage.path in self._others or len(self._others) < MOST_PATHS
            self._others[passage.path[:80] if known else "other paths"] += 1

    def _note(self, sentence: str) -> None:
        with self._lock:
            known = sentence in self._troubles or len(self._troubles) >= MOST_PATHS
            self._troubles[sentence if known or len(self._troubles) < MOST_PATHS else "others"] += 1
        if not known:
            self._trouble(sentence)


def _many(count: int) -> str:
    return f"{count:,} request" if count == 1 else f"{count:,} requests"
