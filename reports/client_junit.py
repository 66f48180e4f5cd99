"""The JUnit report of a client's run: one test case a scenario, and one a rule on requests that was broken."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from chatconform.core.baseline import fresh
from chatconform.core.failure import weighs
from chatconform.core.scenario_result import ScenarioOutcome
from chatconform.reports.junit_report import add_stale, known, legal, mark, wrapped

if TYPE_CHECKING:
    from chatconform.core.baseline import Applied
    from chatconform.core.scenario_result import ClientRunResult, ScenarioResult
    from chatconform.core.tally import Outcome


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
    for one in result.scenarios:
        _test(suite, one, result.baseline, counts=weighs(one.scenario.grade, strict=strict))
    for outcome in result.outcomes:
        if outcome.findings:
            _rule(suite, outcome, result.baseline, counts=weighs(outcome.rule.level, strict=strict))
    add_stale(suite, result.baseline, strict)
    if result.cut_short is not None:
        run = SubElement(suite, "testcase", classname="chatconform", name="the run came to its end", time="0")
        mark(suite, run, "error", "cut-short", result.cut_short)
    return wrapped(suite)


def _rule(suite: Element, outcome: Outcome, baseline: Applied | None, *, counts: bool) -> None:
    test = SubElement(suite, "testcase", classname="requests", name=outcome.rule.id, time="0")
    left = fresh([outcome], baseline)
    if not left:
        mark(suite, test, "skipped", "xfail", known(baseline, outcome))
        return
    first = left[0].examples()[0].finding
    message = f"{outcome.rule.level}: {outcome.rule.text} {first.pointer} {first.message}"
    mark(suite, test, "failure" if counts else "skipped", str(outcome.rule.level), message)


def _test(suite: Element, one: ScenarioResult, baseline: Applied | None, *, counts: bool) -> None:
    area = one.scenario.id.partition(".")[0]
    test = SubElement(suite, "testcase", classname=area, name=one.scenario.id, time=f"{one.seconds:.3f}")
    facts = SubElement(test, "properties")
    for name, value in (("level", str(one.scenario.grade)), ("purpose", one.scenario.purpose)):
        SubElement(facts, "property", name=name, value=legal(value))
    entry = baseline.entry(one.failure) if baseline is not None and one.failure is not None else None
    if entry is not None:
        mark(suite, test, "skipped", "xfail", f"known failure: {entry.reason or one.detail}")
    elif one.outcome is ScenarioOutcome.FAILED:
        mark(suite, test, "failure" if counts else "skipped", str(one.kind), f"{one.kind}: {one.detail}")
    elif one.outcome in {ScenarioOutcome.UNSUPPORTED, ScenarioOutcome.BLOCKED}:
        mark(suite, test, "skipped", str(one.outcome), one.detail)
