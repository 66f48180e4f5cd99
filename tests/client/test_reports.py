"""What a client's run is told as: to people, to CI systems, to programs."""

from __future__ import annotations

import sys
from functools import partial
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from chatconform.core.scenario_result import ClientRunResult
from chatconform.reports import client_terminal, render
from chatconform.reports.look import Detail
from chatconform.run.adapter import AdapterProcess
from chatconform.run.client import drive
from chatconform.scenarios.catalogue import select

MINI = [sys.executable, str(Path(__file__).parent / "mini.py")]
SCHEMAS = {
    name: orjson.loads((files("chatconform.reports") / name).read_bytes())
    for name in ("results.schema.json", "client_results.schema.json")
}
REGISTRY = Registry().with_resources((s["$id"], Resource.from_contents(s)) for s in SCHEMAS.values())


@pytest.fixture(scope="module")
def result() -> ClientRunResult:
    chosen = select(["ns.plain", "ns.content-empty", "ns.200-error-object", "f.400", "st.plain", "rq.minimal"])
    return drive(partial(AdapterProcess, MINI), scenarios=chosen, seed=3)


def test_the_json_report_keeps_its_schema(result: ClientRunResult) -> None:
    document = orjson.loads(render("json", result))
    Draft202012Validator(SCHEMAS["client_results.schema.json"], registry=REGISTRY).validate(document)
    told = {one["id"]: (one["level"], one["outcome"], one["kind"]) for one in document["scenarios"]}
    assert told["ns.plain"] == ("must", "passed", None)
    assert told["ns.200-error-object"] == ("strict", "failed", "silent")
    assert told["st.plain"] == ("must", "unsupported", None)
    assert document["summary"]["failed"] == 1
    assert (document["exit_status"], document["seed"]) == (0, 3)
    assert {rule["id"].partition(".")[0] for rule in document["rules"]} == {"request"}


def test_no_key_stands_in_a_report(result: ClientRunResult) -> None:
    for name in ("json", "junit"):
        assert "sk-test-" not in render(name, result)


def test_the_junit_report_has_a_case_for_each_scenario(result: ClientRunResult) -> None:
    suite = ElementTree.fromstring(render("junit", result)).find("testsuite")
    assert suite is not None
    cases = {
        case.get("name"): [child.tag for child in case if child.tag != "properties"] for case in suite.iter("testcase")
    }
    assert cases["ns.plain"] == []
    assert cases["ns.200-error-object"] == ["skipped"]
    assert cases["st.plain"] == ["skipped"]
    assert suite.get("failures") == "0"


def test_people_read_what_failed_and_the_counts_last(result: ClientRunResult) -> None:
    lines = client_terminal.render(result).splitlines()
    assert lines[0] == "mini 1"
    assert "FAIL strict  ns.200-error-object" in lines
    assert lines[-1].startswith(
        "PASSED  6 scenarios: 3 passed, 1 lossy, 1 failed (1 strict), 1 unsupported; 5 requests in "
    )


def test_a_quiet_report_has_a_line_for_each_failure(result: ClientRunResult) -> None:
    assert len(client_terminal.render(result, detail=Detail.QUIET).splitlines()) == 2


def test_colors_are_there_only_when_wanted(result: ClientRunResult) -> None:
    assert "\x1b[" in client_terminal.render(result, color=True)
    assert "\x1b[" not in client_terminal.render(result)
