"""Known failures under pytest: a strict expected failure for each rule and scenario that the baseline names.

The law of this file: what a baseline says of a test is told by that test, and what no test stands for (a rule on what
clients send, a rule on recordings) once, when all are done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chatconform.frontends.pytest_plugin.options import option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.baseline import Baseline
    from chatconform.reports import Reportable

OPENED = pytest.StashKey[Any]()


def baseline(config: pytest.Config) -> Baseline | None:
    """The baseline that is named; None where none is. Raises `pytest.UsageError` for one that cannot be read."""
    name = option(config, "baseline")
    if name is None:
        return None
    if OPENED not in config.stash:
        from chatconform.core.baseline import BaselineError
        from chatconform.run.baselines import opened

        try:
            config.stash[OPENED] = opened(str(name))
        except BaselineError as problem:
            raise pytest.UsageError(f"chatconform: {problem}") from None
    found: Baseline = config.stash[OPENED]
    return found


def marks(config: pytest.Config, command: str, name: str, level: Any) -> list[pytest.MarkDecorator]:
    """The expected failure of the test of a rule or scenario that the baseline names, with its lines and reasons."""
    known = baseline(config)
    entries = known.entries_of(name, command) if known is not None else []
    if known is None or not entries:
        return []
    from chatconform.core.failure import weighs
    from chatconform.suites.known import KnownFailureError

    counts = weighs(level, strict=bool(option(config, "strict"))) and any(one.is_missed for one in entries)
    reason = "; ".join(f"{known.path}:{one.line}{f': {one.reason}' if one.reason else ''}" for one in entries)
    return [pytest.mark.xfail(reason=reason, raises=KnownFailureError, strict=counts)]


def stale(config: pytest.Config, results: list[Reportable]) -> Iterator[str]:
    """A sentence for each line that no longer fails, of what no test stands for."""
    from chatconform.core.failure import weighs
    from chatconform.core.rule import Level
    from chatconform.core.run_result import RunResult

    known = baseline(config)
    for result in results if known is not None else ():
        said = known.applied(result).baseline if known is not None else None
        if said is None or isinstance(result, RunResult):
            continue
        for one in said.stale:
            if isinstance(one.level, Level) and weighs(one.level, strict=bool(option(config, "strict"))):
                yield f"{said.path}:{one.entry.line}: {one.entry} no longer fails; remove the line"
