"""Fuzzing under pytest: one hypothesis test, left out unless it is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from chatconform.reference.server import ReferenceServer

pytest_plugins = ["pytester"]

FEW = """
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase
remembered = DirectoryBasedExampleDatabase("examples")
settings.register_profile("few", max_examples={count}, derandomize=False, database=remembered)
settings.load_profile("few")
"""
"""Draws and remembers as on a developer's machine: where hypothesis sees a build machine it does neither."""
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest in a project of its own that draws so many examples, in a process of its own."""
    for name in [name for name in os.environ if "proxy" in name.lower()]:
        monkeypatch.delenv(name)

    def start(url: str, *arguments: str, count: int = 25) -> pytest.RunResult:
        pytester.makeconftest(FEW.format(count=count))
        return pytester.runpytest_subprocess(
            *("-p", "no:cacheprovider", "--chatconform-url", url, "--pyargs", *arguments)
        )

    return start


def test_the_right_server_passes_and_nothing_fuzzes_unasked(run: Run) -> None:
    with ReferenceServer() as server:
        asked = run(server.url, "chatconform.suites", "--chatconform-fuzz", "-k", "fuzz")
        unasked = run(server.url, "chatconform.suites", "--collect-only", "-q", "-k", "fuzz")
    asked.assert_outcomes(passed=1, deselected=asked.parseoutcomes()["deselected"])
    assert "test_server_fuzz" not in str(unasked.stdout)


def test_a_crash_fails_with_a_small_request_as_curl_and_is_remembered(run: Run) -> None:
    with ReferenceServer(fault="input-fails-the-server") as faulty:
        result = run(faulty.url, "chatconform.suites.test_server_fuzz", count=50)
        again = run(faulty.url, "chatconform.suites.test_server_fuzz", count=1)
    result.assert_outcomes(failed=1)
    told = str(result.stdout)
    assert "MUST response.status.input-is-never-a-server-error" in told
    assert "curl -sS" in told
    assert "probe=" in told
    (body,) = {line.partition("--data-raw ")[2] for line in result.outlines if "--data-raw" in line}
    assert len(body) < 200
    again.assert_outcomes(failed=1)


def test_a_target_that_cannot_be_asked_is_one_sentence(run: Run) -> None:
    result = run("http://127.0.0.1:9/v1", "chatconform.suites.test_server_fuzz")
    assert result.ret == 1
    assert "chatconform: http://127.0.0.1:9/v1 cannot be checked" in str(result.stdout)
    assert "Traceback" not in str(result.stdout)


def test_what_a_baseline_knows_is_drawn_and_passed_over(run: Run, pytester: pytest.Pytester) -> None:
    known = pytester.path / "known.txt"
    known.write_text("[check --fuzz]\nresponse.status.input-is-never-a-server-error  request:/n=null\n")
    with ReferenceServer(fault="input-fails-the-server") as faulty:
        result = run(faulty.url, "chatconform.suites.test_server_fuzz", "--chatconform-baseline", str(known), count=30)
    result.assert_outcomes(passed=1)
