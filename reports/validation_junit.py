"""The JUnit report of a validation: one test case a rule that some record exercised."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from chatconform.core.baseline import fresh, is_excused
from chatconform.core.failure import weighs
from chatconform.core.result import Verdict
from chatconform.reports.junit_report import WHY_SKIPPED, add_stale, known, legal, mark, wrapped
from chatconform.reports.validation_terminal import place_of

if TYPE_CHECKING:
    from chatconform.core.baseline import Applied
    from chatconform.core.tally import Outcome
    from chatconform.core.validation_result import ValidationResult


def render(result: ValidationResult, *, strict: bool = False) -> str:
    """The report as XML text; with `strict` a failed SHOULD is a failure."""
    suite = Element(
        "testsuite", name="chatconform", time=f"{result.seconds:.3f}", errors="0", failures="0", skipped="0"
    )
    facts = SubElement(suite, "properties")
    told = [("files", str(result.files)), ("bytes", str(result.size))]
    told += [(f"records.{name}", str(count)) for name, count in result.records.items()]
    for name, value in told + [("note", note) for note in result.notes]:
        SubElement(facts, "property", name=legal(name), value=legal(value))
    for outcome in result.outcomes:
        _test(suite, outcome, result.baseline, strict)
    add_stale(suite, result.baseline, strict)
    for text in (*result.missing, *([result.cut_short] if result.cut_short else [])):
        run = SubElement(suite, "testcase", classname="chatconform", name="everything could be judged", time="0")
        mark(suite, run, "error", "not-judged", text)
    return wrapped(suite)


def _test(suite: Element, outcome: Outcome, baseline: Applied | None, strict: bool) -> None:
    rule, verdict = outcome.rule, outcome.verdict
    test = SubElement(suite, "testcase", classname=rule.id.rpartition(".")[0], name=rule.id, time="0")
    facts = SubElement(test, "properties")
    for name, value in (("level", str(rule.level)), ("title", rule.text), ("source", rule.source)):
        SubElement(facts, "property", name=name, value=legal(value))
    if outcome.kit_fault:
        mark(suite, test, "error", "kit-fault", "; ".join(outcome.reasons))
    elif is_excused(outcome, baseline):
        mark(suite, test, "skipped", "xfail", known(baseline, outcome))
    elif verdict is Verdict.FAILED:
        counts = weighs(rule.level, strict=strict)
        (outcome,) = fresh([outcome], baseline)
        examples = outcome.examples()
        message = f"{rule.level}: {rule.text} {examples[0].finding.message}"
        lines = [f"{place_of(example)}: {example.finding.message}" for example in examples]
        if outcome.findings > len(examples):
            lines.append(f"... and {outcome.findings - len(examples):,} more findings")
        mark(suite, test, "failure" if counts else "skipped", str(rule.level), message, "\n".join(lines))
    elif verdict in WHY_SKIPPED:
        mark(suite, test, "skipped", str(verdict), outcome.reasons[0] if outcome.reasons else WHY_SKIPPED[verdict])
