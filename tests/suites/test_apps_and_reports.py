"""Apps are checked without a port, and every suite's findings become reports: once, and whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from xml.etree import ElementTree

import pytest

from chatconform.reference.server import ReferenceServer
from chatconform.scenarios.catalogue import scenarios

Run = Callable[..., pytest.RunResult]
Start = Callable[..., "CompletedProcess[str]"]

pytest_plugins = ["pytester"]

ONE = "response.usage.total-is-the-sum"
FEW = "response.usage"
SERVER = """
import json

MODELS = {"object": "list", "data": [{"id": "m", "object": "model"}]}
MESSAGE = {"role": "assistant", "content": "Hi.", "refusal": None}

def completion(total=2):
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": total}
    choice = {"index": 0, "message": MESSAGE, "finish_reason": "stop"}
    whole = {"id": "c", "object": "chat.completion", "created": 1700000000, "model": "m"}
    return {**whole, "choices": [choice], "usage": usage}

async def app(scope, receive, send):
    assert scope["type"] == "http"
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    await send(start)
    told = MODELS if scope["path"].endswith("/models") else completion()
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})

def wrong(request):
    return 200, {}, MODELS if request.target.endswith("/models") else completion(3)

def make():
    return app
"""
OVERRIDDEN = """
import pytest
from chatconform.suites.test_server import test_rule
import acme_server

@pytest.fixture(scope="session")
def chatconform_target():
    return acme_server.{name}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two servers, each with a test of its own."""
    (tmp_path / "acme_server.py").write_text(SERVER)
    (tmp_path / "test_right.py").write_text(OVERRIDDEN.format(name="app"))
    (tmp_path / "test_wrong.py").write_text(OVERRIDDEN.format(name="wrong"))
    return tmp_path


@pytest.mark.parametrize("name", ["acme_server:app", "acme_server:make()"])
def test_an_app_is_checked_by_its_name(run: Run, pytester: pytest.Pytester, name: str) -> None:
    pytester.makepyfile(acme_server=SERVER)
    result = run("--chatconform-app", name, "--chatconform-only", ONE)
    assert result.parseoutcomes() == {"passed": 1}, result.stdout


def test_an_app_of_a_project_is_checked_by_a_fixture(run: Run, pytester: pytest.Pytester, project: Path) -> None:
    pytester.makepyfile(acme_server=SERVER, test_wrong=(project / "test_wrong.py").read_text())
    result = run("--chatconform-only", ONE, "test_wrong.py", pyargs=False)
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"MUST {ONE}", "*actual*3, not 1 + 1*"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--chatconform-app", "acme_nowhere:app"], "the app acme_nowhere:app cannot be loaded (ModuleNotFoundError"),
        (["--chatconform-app", "acme_server"], "'acme_server' is no such name"),
        (["--chatconform-app", "a:b", "--chatconform-url", "http://x/v1"], "--chatconform-url or --chatconform-app"),
        (["--chatconform-report", "pdf=x"], "there is no report format 'pdf'; the formats are "),
        (["--chatconform-report", "json"], "write --chatconform-report json=FILE"),
        (["--chatconform-report", "json=/nowhere/x.json"], "/nowhere"),
        (["--chatconform-plugin", "acme_nowhere"], "the plugin acme_nowhere cannot be loaded"),
        (["--chatconform-max-time", "soon", "--chatconform-url", "http://x/v1"], "'soon' is no number of seconds"),
        (["--chatconform-lack", "flying", "--chatconform-url", "http://x/v1"], "there is no capability 'flying'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run: Run, options: list[str], said: str) -> None:
    result = run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (error,) = [line for line in f"{result.stdout}\n{result.stderr}".splitlines() if line.startswith("ERROR: ")]
    assert error.startswith("ERROR: chatconform: ")
    assert said in error


def test_two_apps_are_two_results_whichever_processes_check_them(project: Path, start: Start) -> None:
    words = ["-n", "2", "-q", "--chatconform-only", FEW, "--chatconform-report=json=out.json"]
    done = start("pytest", *words, "test_right.py", "test_wrong.py", paths=(project,))
    assert done.returncode == 1, done.stdout
    assert "json report in out.json" in done.stdout
    assert "json report in out-2.json" in done.stdout
    found = {}
    for name in ("out.json", "out-2.json"):
        report = json.loads((project / name).read_bytes())
        found[report["notes"][0].partition(" ")[0]] = {rule["id"]: rule["outcome"] for rule in report["rules"]}
    assert found["acme_server:app"][ONE] == "passed"
    assert found["acme_server:wrong"][ONE] == "failed"
    assert not (project / "out-3.json").exists()


CLIENT = """
import json, urllib.request
import pytest
from chatconform.suites.test_client import test_scenario

def reply(call):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{call['base_url']}/chat/completions", json.dumps(call["request"]).encode())
    request.add_header("Content-Type", "application/json")
    request.add_header("Authorization", f"Bearer {call['api_key']}")
    try:
        with opener.open(request, timeout=5) as answer:
            return {"ok": True, "completion": json.load(answer)}
    except (OSError, ValueError) as problem:
        return {"ok": False, "error": {"kind": "other", "message": str(problem)}}

reply.hello = {"protocol": 1, "client": "small", "version": "1", "features": [], "fields": ["content"]}

@pytest.fixture(scope="session")
def chatconform_client():
    return reply
"""


def test_what_several_processes_find_of_a_client_is_one_report(tmp_path: Path, start: Start) -> None:
    (tmp_path / "test_client_of_mine.py").write_text(CLIENT)
    reports = [f"--chatconform-report={name}=out.{name}" for name in ("json", "junit")]
    chosen = [scenario for scenario in scenarios() if scenario.id.startswith("ns.json")]
    words = [f"test_client_of_mine.py::test_scenario[{scenario.id}]" for scenario in chosen]
    done = start("pytest", "-n", "2", "-q", *reports, *words, paths=(tmp_path,))
    report = json.loads((tmp_path / "out.json").read_bytes())
    assert [one["id"] for one in report["scenarios"]] == [scenario.id for scenario in chosen], done.stdout
    assert "out-2.json" not in done.stdout
    assert report["requests"] >= sum(one["outcome"] in {"passed", "failed", "lossy"} for one in report["scenarios"])
    cases = list(ElementTree.parse(tmp_path / "out.junit").getroot().iter("testcase"))
    assert {scenario.id for scenario in chosen} <= {case.attrib["name"] for case in cases}


def test_a_client_that_does_not_begin_is_one_failure_for_each_process(tmp_path: Path, start: Start) -> None:
    (tmp_path / "test_client_of_mine.py").write_text(CLIENT.replace('"protocol": 1', '"protocol": 9'))
    done = start("pytest", "-n", "2", "-q", "-k", "ns.json", "test_client_of_mine.py", paths=(tmp_path,))
    assert "INTERNALERROR" not in done.stdout
    assert "2 errors" in done.stdout
    assert "chatconform: the adapter speaks protocol 9; this kit speaks 1" in done.stdout


def test_the_recordings_of_a_run_are_one_report(run: Run, pytester: pytest.Pytester) -> None:
    good = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    for name, body in (("a", good), ("b", {**good, "n": 0}), ("c", {**good, "n": -1})):
        (pytester.path / f"{name}.jsonl").write_text(f"{json.dumps(body)}\n")
    result = run(
        "--chatconform-recordings", ".", "--chatconform-report=json=out.json", "--chatconform-report=sarif=out.sarif"
    )
    assert result.parseoutcomes() == {"passed": 1, "failed": 2}
    report = json.loads((pytester.path / "out.json").read_bytes())
    (rule,) = [rule for rule in report["rules"] if rule["outcome"] == "failed"]
    assert rule["id"] == "schema.create-chat-completion-request"
    assert sum(place["count"] for place in rule["places"]) == 2
    assert "b.jsonl" in (pytester.path / "out.sarif").read_text()


@pytest.mark.parametrize("name", ["html", "markdown", "junit"])
def test_reports_are_those_of_a_check(run: Run, server: ReferenceServer, pytester: pytest.Pytester, name: str) -> None:
    result = run("--chatconform-url", server.url, "--chatconform-only", ONE, f"--chatconform-report={name}=out")
    assert result.ret == 0
    assert FEW in (pytester.path / "out").read_text()


def test_a_report_that_cannot_be_written_at_the_end_fails_the_run_and_hides_nothing(
    run: Run, server: ReferenceServer, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(
        "import shutil\ndef pytest_collection_finish():\n    shutil.rmtree('gone', ignore_errors=True)\n"
    )
    (pytester.path / "gone").mkdir()
    result = run("--chatconform-url", server.url, "--chatconform-only", ONE, "--chatconform-report=json=gone/out.json")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert result.parseoutcomes() == {"passed": 1}
    assert "chatconform: no report was written: " in str(result.stdout)
