"""Putting a client through generated streams, several at a time, and telling what fails once for its kind."""

from __future__ import annotations

from concurrent.futures import as_completed
from dataclasses import replace
from typing import TYPE_CHECKING

from chatconform.core.scenario import Expected, Grade, Scenario
from chatconform.core.scenario_result import ScenarioOutcome, ScenarioResult
from chatconform.core.telling import tell
from chatconform.run.client_fuzz import KINDS, Generated, generated, scenario, shrunk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import ThreadPoolExecutor

    from chatconform.core.exchange import Exchange
    from chatconform.run.client import ClientDriver

PURPOSES = {
    "writing": "A stream means the same however it is sliced, decorated and interleaved.",
    "unknown": "Fields that nobody knows change nothing of what a stream means.",
    "cut": "A stream that is cut before its finish is an error, or visibly unfinished.",
}


def fuzzed(
    driver: ClientDriver, count: int, seed: int, pool: ThreadPoolExecutor
) -> Iterator[tuple[ScenarioResult, list[Exchange]]]:
    """Asks that many generated streams; gives one result for each property, its finding shrunk, and what was sent.

    Raises `AdapterError` where the adapter breaks.
    """
    if "stream" not in driver.hello.features:
        for kind in dict.fromkeys(KINDS):
            yield _property(kind, ScenarioOutcome.UNSUPPORTED, "the client does not declare stream"), []
        return
    made = [generated(number, seed, driver.hello.features) for number in range(count)]
    out = {pool.submit(driver.ask, scenario(one)): one for one in made}
    sent: dict[str, list[Exchange]] = {kind: [] for kind in KINDS}
    failed: dict[str, list[tuple[Generated, ScenarioResult]]] = {kind: [] for kind in KINDS}
    lossy: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for future in as_completed(out):
        one = out[future]
        result, exchanges = future.result()
        sent[one.kind] += exchanges
        if result.outcome is ScenarioOutcome.FAILED:
            failed[one.kind].append((one, result))
        elif result.outcome is ScenarioOutcome.LOSSY:
            lossy[one.kind].append(result.detail)
    for kind in dict.fromkeys(KINDS):
        asked = sum(one.kind == kind for one in made)
        if failed[kind]:
            yield _failure(driver, failed[kind], asked, seed), sent[kind]
        elif lossy[kind]:
            detail = f"{len(lossy[kind])} of {asked} streams, such as: {min(lossy[kind], key=len)}"
            yield _property(kind, ScenarioOutcome.LOSSY, detail), sent[kind]
        elif asked:
            yield _property(kind, ScenarioOutcome.PASSED, f"{asked} streams"), sent[kind]


def _failure(
    driver: ClientDriver, failed: list[tuple[Generated, ScenarioResult]], asked: int, seed: int
) -> ScenarioResult:
    """The result of a property that some streams broke: how many, and the smallest that does."""
    first, result = min(failed, key=lambda pair: pair[0].size)
    least = shrunk(first, result.kind, lambda one: driver.ask(one)[0])
    told, _ = driver.ask(scenario(least))
    again = told if told.outcome is ScenarioOutcome.FAILED else result
    pieces = " | ".join(tell(piece.decode(errors="backslashreplace"), 600) for piece in least.pieces[:8])
    more = f" | and {len(least.pieces) - 8} more pieces" if len(least.pieces) > 8 else ""
    detail = (
        f"{again.detail}; {len(failed)} of {asked} streams fail, among them stream {first.number} of seed {seed}, "
        f"and the least that fails so is {pieces}{more}"
    )
    return replace(_property(first.kind, ScenarioOutcome.FAILED, detail), kind=again.kind)


def _property(kind: str, outcome: ScenarioOutcome, detail: str) -> ScenarioResult:
    made = Scenario(f"fuzz.{kind}", Grade.MUST, PURPOSES[kind], (), (), Expected(anything=True), ("stream",))
    return ScenarioResult(made, outcome, detail=detail)
