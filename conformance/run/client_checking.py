"""Checking a client from Python: what `chatconform client` does, for a command or for a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.run import client as driving
from chatconform.run.baselines import opened
from chatconform.run.in_process import starting
from chatconform.scenarios.catalogue import select

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chatconform.core.baseline import Baseline
    from chatconform.core.scenario_result import ClientRunResult, ScenarioResult
    from chatconform.run.in_process import Client


def check_client(
    client: Client,
    *,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    concurrency: int = driving.CONCURRENCY,
    timeout: float | None = None,
    fuzz: int = 0,
    seed: int = 0,
    baseline: Baseline | str | Path | None = None,
    progress: Callable[[ScenarioResult], None] | None = None,
) -> ClientRunResult:
    """Puts a client through the scenarios of the kit and judges what it makes of the answers, and what it sends.

    Takes an adapter's command (a line, or words), or a function that takes a call of the adapter protocol and gives its
    reply; with an attribute `hello` it says what it can do and what it reports, else it is asked everything. `only` and
    `skip` choose scenarios by id or glob, `concurrency` is how many are asked at a time (the function is then called
    from as many threads), `timeout` the most seconds that one may take, and `fuzz` the number of generated streams on
    top. `baseline` names the failures that are known, and so do not count. The adapter protocol is described by the
    schemas `AdapterCall`, `AdapterHello` and `AdapterReply`.

    Raises `UnknownIdError` for a scenario that there is not, `BaselineError` for a baseline that cannot be read, and
    `AdapterError` where the client does not begin; one that breaks later cuts the run short.
    """
    known = opened(baseline) if baseline is not None else None
    result = driving.drive(
        starting(client),
        scenarios=select(only, skip),
        concurrency=concurrency,
        timeout=timeout,
        fuzz=fuzz,
        seed=seed,
        progress=progress,
    )
    return result if known is None else known.applied(result)
