"""The JUnit report of a client's run: one test case a scenario, and one a rule on requests that was broken."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from chatconform.core.rule import Level
from chatconform.core.scenario import Grade
from chatconform.core.scenario_result import ScenarioOutcome
from chatconform.reports.junit_report import legal, mark, wrapped

if TYPE_CHECKING:
    from chatconform.core.scenario_result import ClientRunResult, ScenarioResult


def render(result: ClientRunResult, *, strict: bool = False) -> str:
    """The report as XML text; with `strict` a failed `should` or `policy` is a failure."""
    suite = Element(
        "testsuite", name="chatconform", time=f"{result.seconds:.3f}", errors="0", failures="0", skipped="0"
    )
    facts = SubElement(suite, "properties")
    told = (
        ("client", f"{result.client} {result.version}"),
        ("requests", str(result.requests)),
        ("seed", str(result.seed)),
    )
    for name, value in told:
        SubElement(facts, "property", name=name, value=legal(value))
    counted = {Grade.MUST, *((Grade.SHOULD, Grade.POLICY) if strict else ())}
    for one in result.scenarios:
        _test(suite, one, counts=one.scenario.grade in counted)
    for outcome in result.outcomes:
        if outcome.findings:
            test = SubElement(suite, "testcase", classname="requests", name=outcome.rule.id, time="0")
            counts = outcome.rule.level is Level.MUST or (strict and outcome.rule.level is Level.SHOULD)
            first = outcome.examples()[0].finding
            message = f"{outcome.rule.level}: {outcome.rule.text} {first.pointer} {first.message}"
            mark(suite, test, "failure" if counts else "skipped", str(outcome.rule.level), message)
    if result.cut_short is not None:
        run = SubElement(suite, "testcase", classname="chatconform", name="the run came to its end", time="0")
        mark(suite, run, "error", "cut-short", result.cut_short)
    return wrapped(suite)


def _test(suite: Element, one: ScenarioResult, *, counts: bool) -> None:
    area = one.scenario.id.partition(".")[0]
    test = SubElement(suite, "testcase", classname=area, name=one.scenario.id, time=f"{one.seconds:.3f}")
    facts = SubElement(test, "properties")
    for name, value in (("level", str(one.scenario.grade)), ("purpose", one.scenario.purpose)):
        SubElement(facts, "property", name=name, value=legal(value))
    if one.outcome is ScenarioOutcome.FAILED:
        mark(suite, test, "failure" if counts else "skipped", str(one.kind), f"{one.kind}: {one.detail}")
    elif one.outcome in {ScenarioOutcome.UNSUPPORTED, ScenarioOutcome.BLOCKED}:
        mark(suite, test, "skipped", str(one.outcome), one.detail)
