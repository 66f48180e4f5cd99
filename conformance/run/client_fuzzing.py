"""Putting a client through generated streams, several at a time, and telling what fails once for its kind.

The law of this file: streams are made as they are asked, so that a million cost no more memory than ten; what fails is
asked again by itself before it counts; and what was learnt is told also where the adapter breaks.
"""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from itertools import count as counting
from typing import TYPE_CHECKING, Final

from chatconform.core.scenario import Expected, Grade, Scenario
from chatconform.core.scenario_result import FailureKind, ScenarioOutcome, ScenarioResult
from chatconform.core.telling import tell
from chatconform.run.client_fuzz import KINDS, Generated, generated, scenario, without_unknown
from chatconform.run.client_shrink import shrunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from chatconform.core.exchange import Exchange
    from chatconform.run.client import ClientDriver

TICK: Final = 0.1
PURPOSES = {
    "writing": "A stream means the same however it is sliced, decorated and interleaved.",
    "unknown": "Fields that nobody knows change nothing of what a stream means.",
    "cut": "A stream that is cut before its finish is an error, or visibly unfinished.",
}


@dataclass
class _Learnt:
    """What the streams of one kind came to."""

    asked: int = 0
    failed: int = 0
    least: tuple[Generated, ScenarioResult] | None = None
    """The smallest stream that failed, and how."""
    lossy: int = 0
    example: str = ""
    sent: dict[bytes, Exchange] = field(default_factory=dict)
    """What the client sent, a request of each body: they differ little."""

    def add(self, made: Generated, result: ScenarioResult, sent: Sequence[Exchange]) -> None:
        self.asked += 1
        for exchange in sent:
            self.sent.setdefault(exchange.request.body, exchange)
        if result.outcome is ScenarioOutcome.FAILED:
            self.failed += 1
            if self.least is None or made.size < self.least[0].size:
                self.least = (made, result)
        elif result.outcome is ScenarioOutcome.LOSSY:
            self.lossy += 1
            self.example = min(self.example or result.detail, result.detail, key=len)


def fuzzed(
    driver: ClientDriver,
    count: int,
    seed: int,
    pool: ThreadPoolExecutor,
    concurrency: int,
    blockers: Sequence[str] = (),
    streamed: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[ScenarioResult, list[Exchange]]]:
    """Asks that many generated streams; gives one result for each property, its finding shrunk, and what was sent.

    `blockers` are failed scenarios without which streams say nothing; `streamed` is called now and then with how many
    were asked and how many of them failed. Raises `AdapterError` where the adapter breaks, and `KeyboardInterrupt`,
    both after what was learnt till then.
    """
    kinds = tuple(dict.fromkeys(KINDS))
    if "stream" not in driver.hello.features or blockers:
        outcome = ScenarioOutcome.BLOCKED if blockers else ScenarioOutcome.UNSUPPORTED
        told = f"blocked by {', '.join(blockers)}" if blockers else "the client does not declare stream"
        for kind in kinds:
            yield _property(kind, outcome, told), []
        return
    learnt = {kind: _Learnt() for kind in kinds}
    numbers, lock, stop = counting(), threading.Lock(), threading.Event()

    def work() -> None:
        lane = _lane()
        try:
            while not stop.is_set():
                with lock:
                    number = next(numbers)
                if number >= count:
                    return
                made = generated(number, seed, driver.hello.features)
                result, sent = driver.ask(scenario(made), lane)
                if result.outcome is ScenarioOutcome.FAILED:
                    # By itself, with a client and a connection that no other stream has used: only that is its fault.
                    if result.kind is not FailureKind.HANG:
                        result, _ = driver.ask(scenario(made))
                    made, result = _blamed(driver, made, result)
                    lane = _lane()
                with lock:
                    learnt[made.kind].add(made, result, sent)
        except BaseException:
            stop.set()
            raise

    problem: BaseException | None = None
    workers = [pool.submit(work) for _ in range(min(concurrency, count))]
    try:
        while wait(workers, TICK).not_done:
            if streamed is not None:
                streamed(sum(one.asked for one in learnt.values()), sum(one.failed for one in learnt.values()))
    except KeyboardInterrupt as interrupt:
        problem = interrupt
        stop.set()
    problem = problem or next((error for worker in workers if (error := worker.exception())), None)
    for kind in kinds:
        with lock:
            known = learnt[kind]
        if known.asked:
            yield _told(kind, known, driver, seed, shrinks=problem is None), [*known.sent.values()]
    if problem is not None:
        raise problem


def _blamed(driver: ClientDriver, made: Generated, result: ScenarioResult) -> tuple[Generated, ScenarioResult]:
    """A stream with unknown fields that fails, or the same one without them where that fails just so."""
    if made.kind != "unknown" or result.outcome is not ScenarioOutcome.FAILED:
        return made, result
    plain = without_unknown(made)
    again, _ = driver.ask(scenario(plain))
    return (plain, again) if again.outcome is ScenarioOutcome.FAILED else (made, result)


def _lane() -> str:
    return f"fuzz-{secrets.token_hex(4)}"


def _told(kind: str, known: _Learnt, driver: ClientDriver, seed: int, *, shrinks: bool) -> ScenarioResult:
    """What became of a property: how many streams broke it, and the smallest that does."""
    if known.least is not None:
        return _failure(driver, known, seed, shrinks=shrinks)
    if known.lossy:
        detail = f"{known.lossy} of {known.asked} streams, such as: {known.example}"
        return _property(kind, ScenarioOutcome.LOSSY, detail)
    return _property(kind, ScenarioOutcome.PASSED, f"{known.asked} streams")


def _failure(driver: ClientDriver, known: _Learnt, seed: int, *, shrinks: bool) -> ScenarioResult:
    assert known.least is not None
    first, result = known.least
    least, told = shrunk(first, result, lambda one: driver.ask(one)[0]) if shrinks else (first, result)
    pieces = " | ".join(tell(piece.decode(errors="backslashreplace"), 600) for piece in least.pieces[:8])
    more = f" | and {len(least.pieces) - 8} more pieces" if len(least.pieces) > 8 else ""
    detail = (
        f"{told.detail}; {known.failed} of {known.asked} streams fail, among them stream {first.number} "
        f"of seed {seed}, and the least that fails so is {pieces or 'empty'}{more}"
    )
    return replace(_property(first.kind, ScenarioOutcome.FAILED, detail), kind=told.kind)


def _property(kind: str, outcome: ScenarioOutcome, detail: str) -> ScenarioResult:
    made = Scenario(f"fuzz.{kind}", Grade.MUST, PURPOSES[kind], (), (), Expected(anything=True), ("stream",))
    return ScenarioResult(made, outcome, detail=detail)
