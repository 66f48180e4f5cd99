"""The commands beside `check`, and what all of them share."""

from __future__ import annotations

import subprocess
import sys

import pytest

import chatconform as package
from chatconform.cases.catalogue import cases
from chatconform.frontends.cli.entry import COMMANDS
from chatconform.frontends.cli.explain_scenario import answered, asked, expected
from chatconform.reference.faults import crashes, faults
from chatconform.rules.capabilities import capabilities
from chatconform.rules.catalogue import rules
from chatconform.scenarios.catalogue import scenarios
from chatconform.schemas.edition import EDITION

SUM = "response.usage.total-is-the-sum"
PARTS = {"prompt_tokens": 3, "completion_tokens": 2}
HEAVY = {"hypothesis", "pytest", "jsonschema", "jsonschema_rs", "orjson", "ssl", "h11", "chatconform.rules.catalogue"}


def test_help_tells_every_command(chatconform):
    ran = chatconform("--help")
    assert ran.status == 0
    for command in COMMANDS:
        assert f"\n  {command:<10}" in ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(chatconform, command):
    ran = chatconform(command, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"usage: chatconform {command} ")


def test_the_version_is_told(chatconform):
    kit, schemas = chatconform("--version").out.splitlines()
    assert kit == f"chatconform {package.__version__}"
    assert schemas == f"schemas of {EDITION.date}, after version {EDITION.version} of the published API"


def test_everything_is_listed(chatconform):
    out = chatconform("list").out
    assert all(f" {rule.id} " in out for rule in rules())
    assert all(f" {case.id} " in out for case in cases())
    assert all(f" {fault.name} " in out for fault in faults())
    assert all(f" {capability.name} " in out for capability in capabilities())


def test_a_glob_lists_what_it_names(chatconform):
    ran = chatconform("list", "response.usage")
    assert ran.status == 0
    assert f"MUST    {SUM}" in ran.out
    assert "stream." not in ran.out


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_rule_is_explained(chatconform, rule):
    ran = chatconform("explain", rule.id)
    assert ran.status == 0
    assert ran.out.startswith(f"{rule.level} {rule.id}\n\n{rule.text[:40]}")
    assert rule.source in " ".join(ran.out.split())
    assert "\nkept by       " in ran.out
    assert "\nbroken by     " in ran.out
    assert max(map(len, ran.out.partition("\nkept by")[2].splitlines())) <= 130


def test_an_example_that_breaks_a_rule_says_how(chatconform):
    ran = chatconform("explain", SUM)
    assert '\n                {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}\n' in ran.out
    assert ran.out.rstrip().splitlines()[-1].startswith("              => /usage/total_tokens is ")


def test_a_rule_on_requests_is_judged_where_clients_are(chatconform):
    out = chatconform("explain", "request.conversation.results-follow-their-calls").out
    assert "chatconform validate FILE --only request.conversation.results-follow-their-calls" in out
    assert "check URL" not in out


@pytest.mark.parametrize("capability", capabilities(), ids=lambda capability: capability.name)
def test_every_capability_is_explained(chatconform, capability):
    ran = chatconform("explain", capability.name)
    assert f"capability {capability.name}\n\n" in ran.out
    assert all(rule.id in ran.out for rule in rules() if rule.needs is capability)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_every_case_is_explained(chatconform, case):
    ran = chatconform("explain", case.id)
    assert f"case {case.id}\n\n" in ran.out
    assert f"asks          {case.most} request" in ran.out


@pytest.mark.parametrize("fault", [*faults(), *crashes()], ids=lambda fault: fault.name)
def test_every_fault_is_explained(chatconform, fault):
    ran = chatconform("explain", fault.name)
    assert f"fault {fault.name}\n\n" in ran.out
    assert all(rule_id in ran.out for rule_id in fault.kills)


@pytest.mark.parametrize("scenario", ["st.plain", "rq.minimal"])
def test_a_scenario_is_explained_and_listed(chatconform, scenario):
    ran = chatconform("explain", scenario)
    assert ran.status == 0
    assert ran.out.startswith(f"scenario {scenario}\n\n")
    assert f"\ndrive it      chatconform client --only {scenario} -- COMMAND\n" in ran.out
    assert f"must      {scenario} " in chatconform("list", scenario).out


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.id)
def test_every_scenario_tells_what_is_asked_and_answered_and_must_come_out(scenario):
    for width in (20, 86):
        for tell in (asked, answered, expected):
            lines = list(tell(scenario, width))
            assert lines
            assert max(map(len, lines)) <= width


@pytest.mark.parametrize("name", ["writing", "unknown", "cut", "boundary", "valid", "invalid", "wire"])
def test_what_generated_requests_and_streams_are_is_explained(chatconform, name):
    ran = chatconform("explain", f"fuzz.{name}")
    assert ran.status == 0
    assert ran.out.startswith(f"generated fuzz.{name}\n\n")
    assert "--fuzz 200" in ran.out


def test_the_first_words_of_ids_are_explained_by_what_they_name(chatconform):
    assert chatconform("explain", "response.usage") == chatconform("list", "response.usage")


def test_a_rule_names_the_fault_that_breaks_it(chatconform):
    name = next(fault.name for fault in faults() if SUM in fault.kills)
    assert f"\nsee it fail   chatconform serve --fault {name}\n" in chatconform("explain", SUM).out


def test_a_reader_that_has_seen_enough_ends_a_command_quietly():
    script = f"set -o pipefail; {sys.executable} -m chatconform list | head -n 1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    assert ran.stdout.splitlines()[0] == "Rules"
    assert ran.stdout.splitlines()[1] in {"0", "141"}


def test_text_that_the_terminal_cannot_write_is_escaped():
    code = "import sys; from chatconform.frontends.cli import main; sys.exit(main(['explain', 'case-\\u00e9']))"
    ran = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", code],
        env={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert "case-\\xe9" in ran.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["list", "--help"], ["chek"], []])
def test_help_and_usage_import_nothing_heavy(arguments):
    code = (
        "import sys; from chatconform.frontends.cli import main; main(sys.argv[1:]); "
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert HEAVY & set(ran.stderr.split()) == set()


def test_the_package_imports_nothing_until_it_is_asked():
    code = "import sys, chatconform; print(*sys.modules, sep='\\n')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [name for name in ran.stdout.split() if name.startswith("chatconform.")] == []
    assert HEAVY & set(ran.stdout.split()) == set()


def test_public_names_are_exactly_what_is_exported():
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="has no attribute 'chek'"):
        package.chek  # noqa: B018  # asking is the point


def test_the_module_is_the_command():
    ran = subprocess.run([sys.executable, "-m", "chatconform", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith(f"chatconform {package.__version__}\n")


def test_a_fault_of_the_kits_own_is_no_verdict(chatconform, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("oops")

    monkeypatch.setattr("chatconform.run.server.check", broken)
    ran = chatconform("check")
    assert ran.status == 2
    assert ran.err.splitlines()[-1] == "chatconform: this is a fault of chatconform's own; please report it"


def test_an_interrupt_before_anything_was_learnt_is_told(chatconform, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("chatconform.run.server.check", interrupted)
    ran = chatconform("check")
    assert (ran.status, ran.out, ran.err) == (2, "", "chatconform: interrupted\n")
