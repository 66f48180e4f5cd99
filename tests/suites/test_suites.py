"""The suites under pytest: one item a rule, run as pytest users run things."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from chatconform.core.rule import Level
from chatconform.reference.faults import faults
from chatconform.reference.server import ReferenceServer
from chatconform.run.choice import choose
from chatconform.targets import ServerTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., pytest.RunResult]

pytest_plugins = ["pytester"]

FEW = "response.usage"
ONE = "response.usage.total-is-the-sum"
DEAD = "http://127.0.0.1:9/v1"
IMPORTED = "from chatconform.suites.test_server import test_rule"


@pytest.fixture(scope="module")
def faulty() -> Iterator[ReferenceServer]:
    """A server that breaks one rule."""
    with ReferenceServer(fault=fault_for({ONE})) as server:
        yield server


def fault_for(rules: set[str]) -> str:
    return next(fault.name for fault in faults() if rules & set(fault.kills))


def ids(result: pytest.RunResult) -> list[str]:
    return [line.partition("[")[2].rpartition("]")[0] for line in result.outlines if "::test_rule[" in line]


def all_of(result: pytest.RunResult) -> str:
    return f"{result.stdout}\n{result.stderr}"


def test_every_rule_about_servers_is_an_item(run: Run) -> None:
    assert ids(run("--collect-only", "-q")) == [rule.id for rule in choose().rules]


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("chatconform_area(name='response.usage')", lambda rule: rule.id.startswith("response.usage.")),
        ("chatconform_area(name='stream')", lambda rule: rule.id.startswith("stream.")),
        ("chatconform_capability(name='tools')", lambda rule: rule.needs is not None and rule.needs.name == "tools"),
        (
            "chatconform_must and not chatconform_capability",
            lambda rule: rule.level is Level.MUST and rule.needs is None,
        ),
    ],
)
def test_marks_choose_by_area_and_capability(run: Run, expression: str, chosen: Callable[[Any], bool]) -> None:
    found = ids(run("--collect-only", "-q", "-m", expression, "--strict-markers"))
    assert found == [rule.id for rule in choose().rules if chosen(rule)]
    assert found


def test_marks_choose_by_level(run: Run) -> None:
    chosen = ids(run("--collect-only", "-q", "-m", "chatconform_should", "--strict-markers"))
    assert chosen == [rule.id for rule in choose().rules if rule.level is Level.SHOULD]


def test_a_correct_server_passes(run: Run, server: ReferenceServer) -> None:
    result = run("--chatconform-url", server.url, "--chatconform-only", FEW, "-v", "-W", "error", "--junitxml=out.xml")
    assert result.ret == 0, result.stdout
    assert f"test_server.py::test_rule[{ONE}] PASSED" in str(result.stdout)
    assert set(result.parseoutcomes()) <= {"passed", "skipped"}


def test_junit_names_the_rules(run: Run, server: ReferenceServer, pytester: pytest.Pytester) -> None:
    run("--chatconform-url", server.url, "--chatconform-only", ONE, "-W", "error", "--junitxml=out.xml")
    (test,) = ElementTree.parse(pytester.path / "out.xml").getroot().iter("testcase")
    assert test.attrib["name"] == f"test_rule[{ONE}]"
    assert {prop.attrib["name"]: prop.attrib["value"] for prop in test.iter("property")}["level"] == "MUST"


def test_a_faulty_server_fails_by_the_rule_that_it_breaks(run: Run, faulty: ReferenceServer) -> None:
    result = run("--chatconform-url", faulty.url, "--chatconform-only", FEW)
    assert result.ret == 1, result.stdout
    text = str(result.stdout)
    assert f"FAILED test_server.py::test_rule[{ONE}]" in text
    for label in ("requirement", "actual", "request", "curl -sS -i", f"chatconform explain {ONE}"):
        assert label in text
    assert "Traceback" not in text


def test_the_last_failures_can_be_run_alone(run: Run, faulty: ReferenceServer) -> None:
    options = ["--chatconform-url", faulty.url, "--chatconform-only", FEW, "-p", "cacheprovider"]
    first, again = run(*options).parseoutcomes(), run(*options, "--lf").parseoutcomes()
    assert first["passed"] > 0
    assert again["failed"] == first["failed"]
    assert "passed" not in again


def test_the_first_failure_can_end_the_run(run: Run, faulty: ReferenceServer) -> None:
    result = run("--chatconform-url", faulty.url, "--chatconform-only", FEW, "-x")
    assert result.parseoutcomes()["failed"] == 1
    assert "stopping after 1 failures" in str(result.stdout)


def test_a_should_fails_only_if_strict(run: Run) -> None:
    shoulds = {rule.id for rule in choose().rules if rule.level is Level.SHOULD}
    fault = next(fault for fault in faults() if shoulds & set(fault.kills))
    rule = next(rule for rule in fault.kills if rule in shoulds)
    with ReferenceServer(fault=fault.name) as faulty:
        options = ["--chatconform-url", faulty.url, "--chatconform-only", rule]
        lenient, strict = run(*options), run(*options, "--chatconform-strict")
    assert lenient.ret == 0, lenient.stdout
    assert lenient.parseoutcomes() == {"xfailed": 1}
    assert strict.ret == 1
    assert strict.parseoutcomes() == {"failed": 1}


def test_only_what_the_chosen_items_need_is_asked(
    run: Run, server: ReferenceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    real = ServerTarget.send

    def counting(self: ServerTarget, ask: Any, origin: Any) -> Any:
        asked.append(ask)
        return real(self, ask, origin)

    monkeypatch.setattr(ServerTarget, "send", counting)
    assert run("--chatconform-url", server.url, "-k", "errors and message").ret == 0
    few = len(asked)
    assert few > 0
    asked.clear()
    assert run("--chatconform-url", server.url, "--collect-only").ret == 0
    assert asked == []
    assert run("--chatconform-url", server.url, "-k", "errors or stream").ret == 0
    assert len(asked) > few


def test_without_a_target_the_run_is_no_success_and_says_what_to_give(run: Run) -> None:
    result = run("--chatconform-only", FEW)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert result.parseoutcomes().keys() == {"skipped"}
    (told,) = [line for line in result.outlines if line.startswith("chatconform: nothing was tested: ")]
    for wanted in ("--chatconform-url", "--chatconform-app", "--chatconform-client", "--chatconform-recordings"):
        assert wanted in told


def test_tests_of_other_kinds_make_a_run_without_a_target_a_success(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=f"{IMPORTED}\ndef test_other(): pass\n")
    result = run("--chatconform-only", ONE, "test_mine.py", pyargs=False)
    assert result.ret == 0
    assert result.parseoutcomes() == {"skipped": 1, "passed": 1}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--chatconform-url", DEAD, "--chatconform-model", "m"], "cannot be reached"),
        (["--chatconform-only", "nonsense"], "no rule matches 'nonsense'"),
        (["--chatconform-profile", "nonsense"], "no profile 'nonsense'"),
        (["--chatconform-url", "localhost:1"], "no scheme"),
        (["--chatconform-url", DEAD, "--chatconform-api-key-env", "NO_SUCH_KEY"], "NO_SUCH_KEY is not set"),
        (["--chatconform-url", DEAD, "--chatconform-timeout", "soon"], "'soon' is no number of seconds"),
        (["--chatconform-url", DEAD, "--chatconform-concurrency", "0"], "'0' is no number"),
        (["--chatconform-url", DEAD, "--chatconform-header", "x"], "NAME: VALUE"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run: Run, options: list[str], said: str) -> None:
    result = run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR, result.stdout
    (error,) = [line for line in all_of(result).splitlines() if line.startswith("ERROR: ")]
    assert error.startswith("ERROR: chatconform: ")
    assert said in error
    assert "Traceback" not in all_of(result)


def test_the_key_is_sent_and_never_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    with ReferenceServer(api_key="sk-open-sesame-0123") as locked:
        options = ["--chatconform-url", locked.url, "--chatconform-only", ONE, "-vv", "-rA"]
        for key, status in (("sk-open-sesame-0123", 0), ("sk-a-wrong-one-0123", pytest.ExitCode.USAGE_ERROR)):
            monkeypatch.setenv("MY_KEY", key)
            result = run(*options, "--chatconform-api-key-env", "MY_KEY")
            assert result.ret == status, result.stdout
            shown.append(all_of(result))
    assert "open-sesame" not in shown[0]
    assert "a-wrong-one" not in shown[1]


def test_options_may_stand_in_the_environment_and_give_way_to_the_command_line(
    run: Run, server: ReferenceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("URL", server.url), ("ONLY", f"{ONE}\n{FEW}\n"), ("STRICT", "1"), ("INSECURE", "0")):
        monkeypatch.setenv(f"CHATCONFORM_{name}", value)
    assert set(run().parseoutcomes()) <= {"passed", "skipped"}
    assert run("--chatconform-only", ONE).parseoutcomes() == {"passed": 1}
    monkeypatch.setenv("CHATCONFORM_URL", DEAD)
    assert run().ret == pytest.ExitCode.USAGE_ERROR


def test_options_may_stand_in_the_ini_file(run: Run, server: ReferenceServer, pytester: pytest.Pytester) -> None:
    pytester.makeini(f"[pytest]\nchatconform_url = {server.url}\nchatconform_only =\n    {ONE}\n")
    assert run().parseoutcomes() == {"passed": 1}


MINE = """
    import pytest
    from chatconform.suites.test_server import test_rule

    @pytest.fixture(scope="session")
    def chatconform_target():
        return {url!r}
"""


def test_a_project_holds_its_own_server_to_the_rules(
    run: Run, server: ReferenceServer, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(test_mine=MINE.format(url=server.url))
    result = run("--chatconform-only", ONE, "-v", "test_mine.py", pyargs=False)
    assert f"test_mine.py::test_rule[{ONE}] PASSED" in str(result.stdout)


def test_a_target_of_a_project_that_is_dead_is_told_once(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_mine=MINE.format(url=DEAD))
    result = run("--chatconform-only", FEW, "test_mine.py", pyargs=False)
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes.keys() == {"failed", "skipped"}
    assert "cannot be reached" in str(result.stdout)


def in_processes(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], int]:
    """What became of a run by two processes, and how often the target was asked."""
    log = folder / "asked"
    (folder / "conftest.py").write_text(
        "from chatconform.targets import ServerTarget\n"
        "real = ServerTarget.send\n"
        "def counting(self, ask, origin):\n"
        f"    open({str(log)!r}, 'a').write('.')\n"
        "    return real(self, ask, origin)\n"
        "ServerTarget.send = counting\n"
    )
    words = [sys.executable, "-m", "pytest", "-n", "2", "-v", "-p", "no:anyio", "--chatconform-only", FEW, *arguments]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done, len(log.read_text()) if log.exists() else 0


@pytest.mark.parametrize("how", ["load", "each"])
def test_several_processes_share_one_check_and_one_report(server: ReferenceServer, tmp_path: Path, how: str) -> None:
    from chatconform import check

    options = ["--chatconform-url", server.url, "--dist", how, "--chatconform-report=json=out.json"]
    done, asked = in_processes(tmp_path, *options, "--pyargs", "chatconform.suites")
    assert done.returncode == 0, done.stdout
    assert "[gw0]" in done.stdout
    assert "[gw1]" in done.stdout
    assert asked == check(server.url, only=[FEW]).requests
    report = json.loads((tmp_path / "out.json").read_bytes())
    assert {rule["id"] for rule in report["rules"]} == {rule.id for rule in choose([FEW]).rules}
    assert report["target"]["url"] == server.url


def test_a_target_that_only_the_tests_know_is_checked_once(server: ReferenceServer, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(textwrap.dedent(MINE.format(url=server.url)))
    done, asked = in_processes(tmp_path, "--chatconform-report=json=out.json", "test_mine.py")
    assert done.returncode == 0, done.stdout
    assert asked == json.loads((tmp_path / "out.json").read_bytes())["requests"]


def test_a_dead_target_is_one_sentence_for_several_processes(tmp_path: Path) -> None:
    done, asked = in_processes(tmp_path, "--chatconform-url", DEAD, "--pyargs", "chatconform.suites")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    assert error.startswith("ERROR: chatconform: ")
    assert "cannot be reached" in error
    assert "failed" not in done.stdout
    assert asked == 1


def test_the_plugin_imports_nothing_until_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_nothing_is_imported():\n"
        "    loaded = {name for name in sys.modules if name.startswith('chatconform.')}\n"
        "    assert all(name.startswith('chatconform.frontends') for name in loaded)\n"
        "    assert not {'orjson', 'jsonschema', 'jsonschema_rs', 'h11'} & set(sys.modules)\n"
    )
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", "test_other.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
