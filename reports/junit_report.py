"""The JUnit report: one test case a rule, as continuous integration systems read it.

A failed MUST is a failure; a failed SHOULD too, if the run is strict. Everything else that did not pass is skipped,
with the reason; so is what a baseline names. A line of the baseline that no longer fails is a test case of its own.
What the kit itself could not do, or a run that was cut short, is an error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from chatconform.core.baseline import fresh, is_excused
from chatconform.core.failure import failure_at, weighs
from chatconform.core.result import Verdict
from chatconform.reports.curl import command
from chatconform.reports.redaction import Redaction

if TYPE_CHECKING:
    from chatconform.core.baseline import Applied
    from chatconform.core.run_result import RunResult
    from chatconform.core.tally import Outcome

ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MOST_TEXT: Final = 20_000
WHY_SKIPPED: Final = {
    Verdict.UNSUPPORTED: "unsupported",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NOT_EXERCISED: "nothing in this run exercised the rule",
}


def render(result: RunResult, *, strict: bool = False) -> str:
    """The report as XML text; with `strict` a failed SHOULD is a failure."""
    redaction = Redaction(result.secrets)
    suite = Element(
        "testsuite", name="chatconform", time=f"{result.seconds:.3f}", errors="0", failures="0", skipped="0"
    )
    facts = SubElement(suite, "properties")
    for name, value in _facts(result):
        SubElement(facts, "property", name=name, value=legal(redaction.text(value)))
    for outcome in result.outcomes:
        _test(suite, outcome, result, redaction, strict)
    add_stale(suite, result.baseline, strict)
    if result.cut_short is not None:
        run = SubElement(suite, "testcase", classname="chatconform", name="the run came to its end", time="0")
        mark(suite, run, "error", "cut-short", redaction.text(result.cut_short))
    return wrapped(suite)


def wrapped(suite: Element) -> str:
    """A finished suite as the text of a document."""
    suite.set("tests", str(len(suite.findall("testcase"))))
    suites = Element("testsuites", dict(suite.attrib))
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _facts(result: RunResult) -> list[tuple[str, str]]:
    facts = [
        ("target", result.target.url),
        ("model", result.target.model or ""),
        ("requests", str(result.requests)),
        ("seed", str(result.seed)),
    ]
    facts += [(f"capability.{status.capability.name}", str(status.support)) for status in result.capabilities]
    return facts + [("note", note) for note in result.notes]


def add_stale(suite: Element, baseline: Applied | None, strict: bool) -> None:
    """Adds a failed test case for each line of a baseline that no longer fails."""
    for one in baseline.stale if baseline is not None else ():
        name = f"line {one.entry.line}: {one.entry}"
        test = SubElement(suite, "testcase", classname="baseline", name=legal(name), time="0")
        message = f"{one.entry} no longer fails; remove it from {baseline.path if baseline else ''}"
        mark(suite, test, "failure" if weighs(one.level, strict=strict) else "skipped", "stale", message)


def known(baseline: Applied | None, outcome: Outcome) -> str:
    """Why a rule's failure is excused, as a skipped test tells it."""
    entries = {entry: None for failure, entry in baseline.known if failure.name == outcome.rule.id} if baseline else {}
    return "; ".join(f"known failure: {entry}{f' # {entry.reason}' if entry.reason else ''}" for entry in entries)


def _test(suite: Element, outcome: Outcome, result: RunResult, redaction: Redaction, strict: bool) -> None:
    rule, verdict = outcome.rule, outcome.verdict
    test = SubElement(suite, "testcase", classname=rule.id.rpartition(".")[0], name=rule.id, time="0")
    facts = SubElement(test, "properties")
    for name, value in (("level", str(rule.level)), ("title", rule.text), ("source", rule.source)):
        SubElement(facts, "property", name=name, value=legal(value))
    if outcome.kit_fault:
        mark(suite, test, "error", "kit-fault", "; ".join(map(redaction.text, outcome.reasons)))
    elif is_excused(outcome, result.baseline):
        mark(suite, test, "skipped", "xfail", redaction.text(known(result.baseline, outcome)))
    elif verdict is Verdict.FAILED:
        (left,) = fresh([outcome], result.baseline)
        first = next((example.finding.message for example in left.examples()), "")
        message = f"{rule.level}: {rule.text} {redaction.text(first)}"
        tag = "failure" if weighs(rule.level, strict=strict) else "skipped"
        mark(suite, test, tag, str(rule.level), message, _text(left, result.target.url, redaction))
    elif verdict in WHY_SKIPPED:
        reason = redaction.text(outcome.reasons[0]) if outcome.reasons else WHY_SKIPPED[verdict]
        mark(suite, test, "skipped", str(verdict), reason)


def mark(suite: Element, test: Element, tag: str, kind: str, message: str, text: str = "") -> None:
    """Says how a test case came out, and counts it."""
    count = {"failure": "failures", "error": "errors", "skipped": "skipped"}[tag]
    suite.set(count, str(int(suite.attrib[count]) + 1))
    SubElement(test, tag, type=kind, message=legal(message[:1000])).text = legal(text) or None


def _text(outcome: Outcome, url: str, redaction: Redaction) -> str:
    """The findings, one a paragraph, and how to ask for the first of them again."""
    lines: list[str] = [f"Source: {outcome.rule.source}"]
    examples = outcome.examples()
    ids = [failure_at(outcome.rule, name).id for name, place in outcome.places.items() for _ in place.examples]
    for example, failure_id in zip(examples, ids, strict=True):
        finding, exchange = example.finding, example.exchange
        where = redaction.text(finding.pointer) or "(the whole)"
        lines += ["", f"{where}: {redaction.text(finding.message)}  [{exchange.id}, failure {failure_id}]"]
        lines += [f"  expected: {redaction.text(finding.expected)}"] if finding.expected else []
    if outcome.findings > len(examples):
        lines += ["", f"... and {outcome.findings - len(examples)} more findings"]
    if examples:
        lines += ["", redaction.text(command(examples[0].exchange.request, url))]
    text = "\n".join(lines)
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "\n... (cut)"


def legal(text: str) -> str:
    """A text that XML 1.0 can hold: what it cannot is written as an escape."""
    return ILLEGAL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
