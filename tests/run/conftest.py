"""Runs with rules and cases of a test's own, in which nobody waits for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chatconform.run import asker, server
from chatconform.run.choice import Choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.run_result import RunResult


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person would wait for in seconds is waited for in tenths."""
    monkeypatch.setattr(asker, "GRACE", 0.4)
    monkeypatch.setattr(asker, "GRACE_WHILE_BUSY", 0.6)


@pytest.fixture
def check_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunResult]:
    """`check` with the test's rules and cases."""

    def run(url: str, rules: Any, cases: Any, **options: Any) -> RunResult:
        monkeypatch.setattr(server, "choose", lambda *_: Choice(tuple(rules), tuple(rules), tuple(cases)))
        return server.check(url, **{"timeout": 5.0, **options})

    return run
