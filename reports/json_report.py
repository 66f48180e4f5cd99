"""The JSON report: everything that a run came to, in the form that `results.schema.json` describes."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.baseline import is_excused
from chatconform.core.failure import failure_at
from chatconform.core.result import Verdict
from chatconform.core.rule import Level
from chatconform.reports.evidence import Evidence
from chatconform.reports.maker import maker
from chatconform.reports.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.baseline import Applied
    from chatconform.core.baseline_form import Entry
    from chatconform.core.run_result import CapabilityStatus, RunResult
    from chatconform.core.tally import Example, Outcome, Place

SCHEMA_VERSION: Final = "1.1"


def render(result: RunResult, *, strict: bool = False) -> str:
    """The report as JSON text, indented; `strict` counts a failed SHOULD in `exit_status`."""
    redaction = Redaction(result.secrets)
    evidence = Evidence(redaction)
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": maker(),
        "target": {"url": result.target.url, "model": result.target.model},
        "summary": _summary(result),
        "exit_status": result.exit_status(strict=strict),
        "strict": strict,
        "requests": result.requests,
        "seconds": round(result.seconds, 3),
        "ended": now(),
        "seed": result.seed,
        "fuzzed": result.fuzzed,
        "cut_short": None if result.cut_short is None else redaction.text(result.cut_short),
        "notes": [redaction.text(note) for note in result.notes],
        "capabilities": [_capability(status) for status in result.capabilities],
        "rules": [
            {**rule_object(outcome, evidence, redaction, result.baseline), "known": outcome.known}
            for outcome in result.outcomes
        ],
        "baseline": baseline_object(result.baseline),
        "exchanges": evidence.records,
    }
    return orjson.dumps(encodable(document), option=orjson.OPT_INDENT_2).decode() + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of this report."""
    parsed: dict[str, Any] = orjson.loads((files("chatconform.reports") / "results.schema.json").read_bytes())
    return parsed


def _summary(result: RunResult) -> dict[str, Any]:
    counts: dict[str, Any] = {str(verdict): count for verdict, count in result.summary.items()}
    failed = {str(level): len(result.failed(level)) for level in Level}
    return {"rules": len(result.outcomes), **counts, "failed_by_level": failed}


def _capability(status: CapabilityStatus) -> dict[str, Any]:
    capability = status.capability
    return {
        "name": capability.name,
        "title": capability.title,
        "support": str(status.support),
        "exchange": status.exchange,
    }


def rule_object(outcome: Outcome, evidence: Evidence, redaction: Redaction, baseline: Applied | None) -> dict[str, Any]:
    """One rule's outcome as every JSON report tells it; the exchanges of its findings go into the evidence."""
    rule, verdict = outcome.rule, outcome.verdict
    told = verdict in {Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED}
    return {
        "id": rule.id,
        "level": str(rule.level),
        "title": rule.text,
        "source": rule.source,
        "why": paragraphs(rule.why),
        "outcome": str(verdict),
        "judged": outcome.judged,
        "kit_fault": outcome.kit_fault,
        "reasons": [redaction.text(reason) for reason in outcome.reasons] if told or outcome.kit_fault else [],
        "findings_total": outcome.findings,
        "excused": is_excused(outcome, baseline),
        "findings": [
            {**names, **_finding(example, evidence, redaction)}
            for names, place in named_places(outcome, baseline)
            for example in place.examples
        ],
    }


def named_places(outcome: Outcome, baseline: Applied | None) -> Iterator[tuple[dict[str, Any], Place]]:
    """The places at which a rule failed, and what replays and excuses each: its id, its name, whether it is known."""
    for name, place in outcome.places.items():
        failure = failure_at(outcome.rule, name)
        excused = baseline is not None and baseline.entry(failure) is not None
        yield {"id": failure.id, "place": failure.place, "excused": excused}, place


def baseline_object(baseline: Applied | None) -> dict[str, Any] | None:
    """What a baseline says of the run, as every JSON report tells it; None where there was none."""
    if baseline is None:
        return None
    return {
        "path": baseline.path,
        "known": [
            {**_entry(entry), "level": str(failure.level), "id": failure.id} for failure, entry in baseline.known
        ],
        "stale": [{**_entry(one.entry), "level": str(one.level)} for one in baseline.stale],
        "not_looked_at": [{**_entry(one.entry), "why": one.why} for one in baseline.unseen],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "place": entry.place,
        "sometimes": entry.sometimes,
        "reason": entry.reason,
        "line": entry.line,
    }


def _finding(example: Example, evidence: Evidence, redaction: Redaction) -> dict[str, Any]:
    finding, exchange = example.finding, example.exchange
    return {
        "pointer": redaction.text(finding.pointer),
        "message": redaction.text(finding.message),
        "expected": None if finding.expected is None else redaction.text(finding.expected),
        "case": exchange.origin.case,
        "exchange": evidence.keep(exchange),
    }


def now() -> str:
    """The time, in UTC, as reports tell it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def paragraphs(text: str) -> str:
    """A docstring's text with a line for each paragraph."""
    return "\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def encodable(value: Any) -> Any:
    """A value as every JSON writer takes it: half surrogate pairs as U+FFFD, and what JSON cannot say as text."""
    match value:
        case str():
            return value if value.isascii() else value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        case dict():
            return {encodable(str(key)): encodable(item) for key, item in value.items()}
        case list() | tuple():
            return [encodable(item) for item in value]
        case None | bool() | float():
            return value
        case int() if -(2**63) <= value < 2**64:
            return value
        case _:
            return encodable(str(value))
