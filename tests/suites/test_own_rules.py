"""Rules and cases of one's own are judged, listed, explained, marked and reported like the kit's."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from xml.etree import ElementTree

import pytest

from chatconform.reference.server import ReferenceServer

Run = Callable[..., pytest.RunResult]
Start = Callable[..., "CompletedProcess[str]"]

pytest_plugins = ["pytester"]

RULES = '''
from chatconform import Finding, Level, Part, case, rule

@rule("acme.answers.name-acme", Level.MUST, on=Part.COMPLETION, source="the runbook of Acme, section 7")
def name_acme(exchange):
    """Every answer of Acme names Acme.

    Our dashboards show it.
    """
    if not exchange.response.header("x-acme"):
        yield Finding("", "there is no X-Acme header", expected="the name of Acme")

@rule("acme.answers.are-json", Level.SHOULD, on=Part.COMPLETION, source="the runbook of Acme, section 8")
def are_json(exchange):
    """Every answer of Acme is JSON."""
    if exchange.response.media_type != "application/json":
        yield Finding("", "it is no JSON")

@rule("acme.broken", Level.INFO, on=Part.COMPLETION, source="nowhere")
def broken(exchange):
    """This check breaks."""
    raise KeyError("oops")
    yield

@case("acme.plain", exercises=["acme.answers"])
def plain(situation):
    """Asks one plain question of Acme."""
    yield situation.chat("Who are you?", most=4)
'''
REGISTERED = "def pytest_chatconform_register():\n    return [name_acme, are_json, plain]\n"
EXCHANGE = {"request": {"json": {"model": "m", "messages": []}}, "response": {"json": {"object": "x"}}}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with an installed package that brings the rules through an entry point."""
    folder = tmp_path / "site"
    info = folder / "acme_rules-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[chatconform]\nacme = acme_rules\n")
    (folder / "acme_rules.py").write_text(RULES)
    return folder


def test_an_installed_package_brings_rules_to_every_command(package: Path, tmp_path: Path, start: Start) -> None:
    def chatconform(*words: str) -> CompletedProcess[str]:
        return start("chatconform", *words, paths=(package,))

    listed = chatconform("list", "acme")
    assert "MUST    acme.answers.name-acme  Every answer of Acme names Acme." in listed.stdout
    assert "1 request   acme.plain" in listed.stdout
    explained = " ".join(chatconform("explain", "acme.answers.name-acme").stdout.split())
    for told in (
        "Our dashboards show it.",
        f"brought by acme-rules 1.2 ({package / 'acme_rules.py'}:4)",
        "asked by acme.plain: Asks one plain question of Acme.",
    ):
        assert told in explained
    reports = [f"--report={name}={tmp_path / name}" for name in ("json", "junit", "markdown", "html")]
    checked = chatconform("check", "--only", "acme.answers", *reports)
    assert checked.returncode == 1
    assert "FAIL MUST  acme.answers.name-acme" in checked.stdout
    assert "there is no X-Acme header" in checked.stdout
    for name in ("json", "junit", "markdown", "html"):
        assert "acme.answers.name-acme" in (tmp_path / name).read_text()
    broken = chatconform("check", "--only", "acme.broken", "--only", "acme.answers.are-json")
    assert broken.returncode == 2
    assert "a bug of acme_rules; please report it" in " ".join(broken.stdout.split())
    recording = tmp_path / "recording.jsonl"
    recording.write_text(f"{json.dumps(EXCHANGE)}\n")
    validated = chatconform("validate", str(recording), "--only", "acme.answers")
    assert validated.returncode == 1
    assert "acme.answers.name-acme" in validated.stdout


def test_what_is_wrong_with_an_installed_package_is_one_sentence(package: Path, start: Start) -> None:
    clash = RULES.replace("acme.answers.are-json", "response.usage.total-is-the-sum")
    for text, said in (
        ("import acme_nowhere", "the plugin acme_rules of the package acme-rules 1.2 cannot be loaded (ModuleNotFound"),
        (clash, "has the id of one of chatconform's own; give it another id"),
    ):
        (package / "acme_rules.py").write_text(text)
        for words in (["list"], ["check", "--only", "acme"]):
            done = start("chatconform", *words, paths=(package,))
            assert (done.returncode, done.stdout) == (2, "")
            (line,) = done.stderr.splitlines()
            assert line.startswith("chatconform: the ")
            assert said in line


def test_a_large_recording_is_judged_by_own_rules_in_every_process(tmp_path: Path, start: Start) -> None:
    (tmp_path / "acme_rules.py").write_text(RULES)
    (tmp_path / "judge.py").write_text(
        textwrap.dedent("""
        import json, sys
        from chatconform.rules.plugins import load
        from chatconform.run import jobs
        from chatconform.run.recordings import validate_files

        if __name__ == "__main__":
            load("acme_rules")
            jobs.WORTH_IT = 0
            result = validate_files(["a.jsonl", "b.jsonl"], only=["acme.answers"], jobs=2)
            print(json.dumps({one.rule.id: one.findings for one in result.outcomes}))
        """)
    )
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(f"{json.dumps(EXCHANGE)}\n" * 3)
    done = start("judge", paths=(tmp_path,))
    assert json.loads(done.stdout)["acme.answers.name-acme"] == 6, done.stderr


def test_a_conftest_registers_rules_that_become_items(
    run: Run, server: ReferenceServer, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(RULES + REGISTERED)
    options = ["--chatconform-url", server.url, "-m", "chatconform_area(name='acme')"]
    result = run(*options, "-v", "--junitxml=out.xml", "--chatconform-report=json=out.json")
    assert result.ret == 1, result.stdout
    outcomes = result.parseoutcomes()
    assert (outcomes["failed"], outcomes["passed"]) == (1, 1)
    result.stdout.fnmatch_lines(
        ["*test_rule?acme.answers.name-acme? FAILED*", "*MUST acme.answers.name-acme", "*X-Acme*"]
    )
    tests = {
        test.attrib["name"]: test for test in ElementTree.parse(pytester.path / "out.xml").getroot().iter("testcase")
    }
    told = {
        one.attrib["name"]: one.attrib["value"] for one in tests["test_rule[acme.answers.name-acme]"].iter("property")
    }
    assert told == {
        "id": "acme.answers.name-acme",
        "level": "MUST",
        "title": "Every answer of Acme names Acme.",
        "source": "the runbook of Acme, section 7",
    }
    report = json.loads((pytester.path / "out.json").read_bytes())
    assert [rule["id"] for rule in report["rules"]] == ["acme.answers.name-acme", "acme.answers.are-json"]
    assert report["requests"] < 6
    assert "acme" not in str(run("--collect-only", "-q", "--noconftest").stdout)


def test_own_rules_are_judged_once_by_several_processes(
    server: ReferenceServer, tmp_path: Path, start: Start, package: Path
) -> None:
    (tmp_path / "conftest.py").write_text(RULES.replace('"acme.', '"mine.') + REGISTERED)
    words = [
        "-n",
        "2",
        "-v",
        "-k",
        "mine or acme",
        "--chatconform-url",
        server.url,
        "--chatconform-skip",
        "acme.broken",
    ]
    report = "--chatconform-report=json=out.json"
    done = start("pytest", *words, report, "--pyargs", "chatconform.suites", paths=(package,))
    assert "2 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    told = json.loads((tmp_path / "out.json").read_bytes())
    assert {rule["id"].partition(".")[0] for rule in told["rules"]} == {"mine", "acme"}


@pytest.mark.parametrize(
    ("conftest", "said"),
    [
        (REGISTERED.replace("[name_acme, are_json, plain]", "[]"), "brings no rule and no case"),
        (RULES + REGISTERED.replace("are_json", "name_acme, 3"), "brings a value of the type int"),
        (RULES.replace("acme.answers.name-acme", "Acme") + REGISTERED, "has an id that is none"),
    ],
)
def test_what_a_conftest_cannot_register_is_one_sentence(
    run: Run, pytester: pytest.Pytester, conftest: str, said: str
) -> None:
    pytester.makeconftest(conftest)
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (error,) = [line for line in f"{result.stdout}\n{result.stderr}".splitlines() if line.startswith("ERROR: ")]
    assert error.startswith("ERROR: chatconform: ")
    assert said in error
    assert "conftest.py" in error


def test_a_plugin_can_be_named_and_judges_what_a_client_sends(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        acme_requests="""
        from chatconform import Finding, Level, Part, rule

        @rule("acme.requests.have-a-user", Level.MUST, on=Part.REQUEST, source="the runbook")
        def have_a_user(exchange):
            '''Every request says for whom it is.'''
            if "user" not in exchange.asked:
                yield Finding("", "there is no user")
        """,
        test_mine="""
        import json, urllib.request

        def test_client(chatconform_server):
            body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
            kind = {"Content-Type": "application/json"}
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            opener.open(urllib.request.Request(f"{chatconform_server.url}/chat/completions", body, kind)).read()
        """,
    )
    pytester.makeini("[pytest]\nchatconform_plugin = acme_requests.py\n")
    result = run("test_mine.py", pyargs=False)
    result.assert_outcomes(passed=1, errors=1)
    assert "there is no user" in str(result.stdout)
