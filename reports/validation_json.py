"""The JSON report of a validation, in the form that `validation.schema.json` describes."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.baseline import is_excused
from chatconform.core.result import Verdict
from chatconform.core.rule import Level
from chatconform.reports.json_report import (
    SCHEMA_VERSION,
    baseline_object,
    encodable,
    named_places,
    now,
    paragraphs,
)
from chatconform.reports.maker import maker

if TYPE_CHECKING:
    from chatconform.core.baseline import Applied
    from chatconform.core.tally import Example, Outcome
    from chatconform.core.validation_result import ValidationResult


def render(result: ValidationResult, *, strict: bool = False) -> str:
    """The report as JSON text, indented; `strict` counts a failed SHOULD in `exit_status`."""
    counts = {str(verdict): count for verdict, count in result.summary.items()}
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": maker(),
        "files": result.files,
        "records": dict(result.records),
        "bytes": result.size,
        "summary": {
            "rules": len(result.outcomes),
            **counts,
            "failed_by_level": {str(level): len(result.failed(level)) for level in Level},
        },
        "exit_status": result.exit_status(strict=strict),
        "strict": strict,
        "seconds": round(result.seconds, 3),
        "ended": now(),
        "cut_short": result.cut_short,
        "missing": list(result.missing),
        "notes": list(result.notes),
        "rules": [_rule(outcome, result.baseline) for outcome in result.outcomes],
        "baseline": baseline_object(result.baseline),
    }
    return orjson.dumps(encodable(document), option=orjson.OPT_INDENT_2).decode() + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of this report."""
    parsed: dict[str, Any] = orjson.loads((files("chatconform.reports") / "validation.schema.json").read_bytes())
    return parsed


def _rule(outcome: Outcome, baseline: Applied | None) -> dict[str, Any]:
    rule, verdict = outcome.rule, outcome.verdict
    told = verdict in {Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED} or outcome.kit_fault
    return {
        "id": rule.id,
        "level": str(rule.level),
        "title": rule.text,
        "source": rule.source,
        "why": paragraphs(rule.why),
        "outcome": str(verdict),
        "judged": outcome.judged,
        "kit_fault": outcome.kit_fault,
        "reasons": outcome.reasons if told else [],
        "findings_total": outcome.findings,
        "excused": is_excused(outcome, baseline),
        "places": [
            {"pointer": place.pointer, "count": place.count, **names}
            for names, place in named_places(outcome, baseline)
        ],
        "findings": [
            {**names, **_finding(example)}
            for names, place in named_places(outcome, baseline)
            for example in place.examples
        ],
    }


def _finding(example: Example) -> dict[str, Any]:
    finding, origin = example.finding, example.exchange.origin
    return {
        "file": origin.case,
        "line": origin.step,
        "pointer": finding.pointer,
        "message": finding.message,
        "expected": finding.expected,
        "excerpt": example.excerpt,
    }
