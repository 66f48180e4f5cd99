"""Runs pytest in a project of its own: within this process, or in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatconform.frontends.pytest_plugin import checking
from chatconform.reference.server import ReferenceServer
from chatconform.reports import sarif_report
from chatconform.suites import files, gathering

HELD = (checking, files, gathering, sarif_report)
"""Imported before all runs: pytester forgets what a run within this process imports, and the next would get its own."""
SUITES = ("--pyargs", "chatconform.suites")
WITHOUT = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:anyio")
"""Other plugins would take most of the time."""


@pytest.fixture(scope="module")
def server() -> Iterator[ReferenceServer]:
    """A server that keeps every rule."""
    with ReferenceServer() as server:
        yield server


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Runs pytest in an empty project, within this process."""
    for name in [name for name in os.environ if "proxy" in name.lower()]:
        monkeypatch.delenv(name)

    def start(*arguments: str, pyargs: bool = True) -> pytest.RunResult:
        return pytester.runpytest_inprocess(*WITHOUT, *arguments, *(SUITES if pyargs else []))

    return start


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a Python module in a process of its own, in a folder of the test, with further folders to import from."""

    def begin(module: str, *arguments: str, paths: tuple[Path, ...] = ()) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        environment["PYTHONPATH"] = os.pathsep.join(map(str, paths))
        words = [sys.executable, "-m", module, *arguments]
        return subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return begin
