"""A baseline under pytest: what it names fails as expected, what it names in vain fails the run."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from chatconform.reference.faults import faults
from chatconform.reference.server import ReferenceServer
from chatconform.run import server as checking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., pytest.RunResult]

pytest_plugins = ["pytester"]

ONE = "response.usage.total-is-the-sum"
PLACES = ("/usage/total_tokens", "/*/usage/total_tokens")
WRONG_CLIENT = """
import pytest
from chatconform.suites.test_client import test_scenario

@pytest.fixture(scope="session")
def chatconform_client():
    def client(call):
        return {"ok": True, "completion": {"choices": [{"message": {"role": "assistant", "content": "no"}}]}}
    client.hello = {"protocol": 1, "client": "mine", "version": "1", "features": [], "fields": ["content"]}
    return client
"""


@pytest.fixture(scope="module")
def faulty() -> Iterator[ReferenceServer]:
    """A server that breaks one rule."""
    with ReferenceServer(fault=next(fault.name for fault in faults() if ONE in fault.kills)) as server:
        yield server


@pytest.fixture(scope="module")
def server() -> Iterator[ReferenceServer]:
    with ReferenceServer() as server:
        yield server


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest in a project that holds a baseline, within this process."""
    for name in [name for name in os.environ if "proxy" in name.lower()]:
        monkeypatch.delenv(name)

    def start(baseline: str, *arguments: str, pyargs: bool = True) -> pytest.RunResult:
        (pytester.path / "known.txt").write_text(baseline)
        words = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:anyio", "-ra", *arguments]
        words += ["--chatconform-baseline", "known.txt"]
        return pytester.runpytest_inprocess(*words, *(["--pyargs", "chatconform.suites"] if pyargs else []))

    return start


def at(server: ReferenceServer, *only: str) -> list[str]:
    return ["--chatconform-url", server.url, *(f"--chatconform-only={name}" for name in only or (ONE,))]


def known(*places: str, reason: str = "") -> str:
    return "[check]\n" + "".join(f"{ONE}  {place}{reason}\n" for place in places)


def outcomes(result: pytest.RunResult) -> dict[str, int]:
    return {name: count for name, count in result.parseoutcomes().items() if name != "warnings"}


def test_what_is_known_is_an_expected_failure_with_its_reason(run: Run, faulty: ReferenceServer) -> None:
    result = run(known(*PLACES, reason="  # ticket 12"), *at(faulty))
    assert (result.ret, outcomes(result)) == (0, {"xfailed": 1})
    assert "known.txt:2: ticket 12; known.txt:3: ticket 12" in str(result.stdout)


def test_a_rule_that_fails_at_a_new_place_fails(run: Run, faulty: ReferenceServer) -> None:
    result = run(known(PLACES[0]), *at(faulty))
    assert (result.ret, outcomes(result)) == (1, {"failed": 1})
    assert "/usage/total_tokens is" in str(result.stdout)


def test_what_no_longer_fails_fails_strictly(run: Run, server: ReferenceServer) -> None:
    result = run(known(*PLACES, reason="  # ticket 12"), *at(server))
    assert (result.ret, outcomes(result)) == (1, {"failed": 1})
    assert "[XPASS(strict)] known.txt:2: ticket 12" in str(result.stdout)


def test_a_place_that_no_longer_fails_fails_the_test_of_its_rule(
    run: Run, small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = small.serve(
        lambda _: small.completion(usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 7})
    )
    monkeypatch.setattr(checking, "cases", lambda: ())  # as if all cases had been played
    result = run(known(*PLACES), "--chatconform-url", wrong.url, f"--chatconform-only={ONE}")
    assert (result.ret, outcomes(result)) == (1, {"failed": 1})
    assert f"known.txt:3: {ONE}  {PLACES[1]} no longer fails; remove the line" in str(result.stdout)


def test_a_should_weighs_only_if_strict(run: Run, server: ReferenceServer) -> None:
    should = "response.http.request-id-is-told"
    relaxed = run(f"{should}\n", *at(server, should))
    assert (relaxed.ret, outcomes(relaxed)) == (0, {"xpassed": 1})
    strict = run(f"{should}\n", *at(server, should), "--chatconform-strict")
    assert (strict.ret, outcomes(strict)) == (1, {"failed": 1})


@pytest.mark.parametrize(
    ("baseline", "sentence"),
    [
        (
            "response.usage.total-is-sum",
            "known.txt:1: no rule or scenario matches 'response.usage.total-is-sum'; near:",
        ),
        (f"{ONE} usage", "a place is a JSON Pointer"),
    ],
)
def test_a_baseline_that_says_nothing_is_one_sentence(
    run: Run, server: ReferenceServer, baseline: str, sentence: str
) -> None:
    result = run(baseline, *at(server))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert sentence in f"{result.stdout}{result.stderr}"


def test_a_scenario_that_is_known_is_an_expected_failure(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=WRONG_CLIENT)
    alone = run("", "-k", "ns.plain]", "test_mine.py", pyargs=False)
    assert outcomes(alone)["failed"] == 1
    result = run("[client]\nns.plain  # always no\n", "-k", "ns.plain]", "test_mine.py", pyargs=False)
    assert (result.ret, outcomes(result)["xfailed"]) == (0, 1)
    assert "known.txt:2: always no" in str(result.stdout)


def test_recordings_are_held_to_a_baseline_file_by_file_and_to_its_lines_together(
    run: Run, pytester: pytest.Pytester
) -> None:
    good = '{"model":"m","messages":[{"role":"user","content":"x"}]}\n'
    (pytester.path / "good.jsonl").write_text(good)
    (pytester.path / "bad.jsonl").write_text(good.replace("user", "usr"))
    files = ["--chatconform-recordings=good.jsonl", "--chatconform-recordings=bad.jsonl"]
    line = "schema.create-chat-completion-request  /messages/*/role"
    result = run(f"[validate]\n{line}\n", *files)
    assert (result.ret, outcomes(result)) == (0, {"passed": 1, "xfailed": 1})
    (pytester.path / "bad.jsonl").write_text(good)
    mended = run(f"[validate]\n{line}\n", *files)
    assert (mended.ret, outcomes(mended)) == (1, {"passed": 2})
    assert f"known.txt:2: {line} no longer fails; remove the line" in str(mended.stdout)


def test_several_processes_hold_to_one_baseline(faulty: ReferenceServer, tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text('{"model":"m","messages":[{"role":"user","content":"x"}]}\n')
    (tmp_path / "known.txt").write_text(known(*PLACES) + "[validate]\nschema.create-chat-completion-request  /n\n")
    words = [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:anyio", "--pyargs", "chatconform.suites", "-ra"]
    words += ["--chatconform-url", faulty.url, "--chatconform-recordings=good.jsonl"]
    words += ["--chatconform-baseline=known.txt"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout
    assert "1 xfailed" in done.stdout
    assert " failed" not in done.stdout
    assert "known.txt:5: schema.create-chat-completion-request  /n no longer fails" in done.stdout
