"""Judging on the side: passages are handed to a process of its own, so that traffic never waits for a verdict.

The law of this file: handing on never waits. What the other process cannot keep up with is dropped, counted and told,
and so is what is lost with a process that dies.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter, deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.tally import Tally
from chatconform.run.desk import sit_down
from chatconform.run.judging import Judged

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from chatconform.core.rule import Rule
    from chatconform.core.tally import Example
    from chatconform.run.desk import Assignment
    from chatconform.targets.passage import Passage

MOST_HELD: Final = 256 * 1024 * 1024
"""Bytes of passages that wait to be judged; what comes beyond is dropped."""
MOST_WAITING: Final = 20_000
MOST_STARTS: Final = 3
DIED: Final = "the process that judges died"


class Aside:
    """Judges passages in a process of its own; `found` is called with the first finding of each rule and place.

    `take` may be called from many threads and returns at once; `finish` waits until what was taken is judged. Then
    `judged` holds what they came to, `unread` why some are no exchanges, `dropped` how many were too many, `lost` how
    many went down with a process, and `problems` what went wrong besides.
    """

    def __init__(
        self, assignment: Assignment, found: Callable[[Rule, Example], None], most_held: int = MOST_HELD
    ) -> None:
        self.judged = Judged(Tally(()))
        self.unread: Counter[str] = Counter()
        self.dropped = self.lost = 0
        self.problems: list[str] = []
        self._assignment = assignment
        self._found = found
        self._most_held = most_held
        self._told: set[tuple[str, str]] = set()
        self._waiting: deque[Passage | None] = deque()
        self._held = 0
        self._changed = threading.Condition()
        self._given_up = False
        self._over = threading.Event()
        self.process: Any = None
        threading.Thread(target=self._work, name="chatconform-aside", daemon=True).start()

    def take(self, passage: Passage) -> None:
        """Takes a passage, or drops it where too many wait."""
        with self._changed:
            full = self._held + passage.size > self._most_held or len(self._waiting) >= MOST_WAITING
            if full or self._given_up:
                self.dropped += 1
                return
            self._held += passage.size
            self._waiting.append(passage)
            self._changed.notify()

    def finish(self) -> None:
        """Waits until what was taken is judged."""
        with self._changed:
            self._waiting.append(None)
            self._changed.notify()
        self._over.wait()  # a thread whose join was interrupted passes for ended (in Python 3.11); an event does not

    def give_up(self) -> None:
        """Leaves unjudged what is not judged yet."""
        with self._changed:
            self._given_up = True
        if self.process is not None and self.process.pid is not None:
            self.process.kill()
        self._over.wait()

    def _work(self) -> None:
        try:
            self._serve()
        finally:
            self._over.set()

    def _serve(self) -> None:
        """Has processes judge, one after the other where one dies."""
        for _ in range(MOST_STARTS):
            if self._served():
                return
            if self._given_up:
                break
            if DIED not in self.problems:
                self.problems.append(DIED)
        with self._changed:
            self._given_up = True
            self.dropped += sum(passage is not None for passage in self._waiting)
            self._waiting.clear()

    def _served(self) -> bool:
        """Hands passages to a new process until the end; tells whether it came there, and did not die before."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.process = context.Process(target=sit_down, args=(theirs, self._assignment), daemon=True)
        self.process.start()
        theirs.close()
        learnt: list[int] = []
        learner = threading.Thread(target=self._learn, args=(ours, learnt), daemon=True)
        learner.start()
        handed, at_end = 0, False
        with suppress(OSError):
            while not at_end and self.process.is_alive():
                with self._changed:
                    if not self._changed.wait_for(lambda: bool(self._waiting), 1.0):
                        continue
                    passage = self._waiting.popleft()
                    self._held -= passage.size if passage is not None else 0
                at_end = passage is None
                handed += not at_end
                ours.send(passage)
        learner.join()
        self.process.join()
        ours.close()
        self.lost += handed - sum(learnt)
        return at_end and self.process.exitcode == 0

    def _learn(self, connection: Connection, learnt: list[int]) -> None:
        """Takes in what the process hands over, until it ends."""
        with suppress(EOFError, OSError):
            while True:
                report = connection.recv()
                learnt.append(report.passages)
                self.unread += report.unread
                self.problems += [problem for problem in report.problems if problem not in self.problems]
                for outcome in report.judged.tally.outcomes.values():
                    for place in outcome.places.values():
                        if (outcome.rule.id, place.pointer) not in self._told:
                            self._told.add((outcome.rule.id, place.pointer))
                            self._found(outcome.rule, place.examples[0])
                self.judged.merge(report.judged)
