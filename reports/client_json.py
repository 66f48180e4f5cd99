"""The JSON report of a client's run: what became of each scenario, and of each rule on what the client sent."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.reports.evidence import Evidence
from chatconform.reports.json_report import SCHEMA_VERSION, encodable, rule_object
from chatconform.reports.redaction import Redaction

if TYPE_CHECKING:
    from chatconform.core.scenario_result import ClientRunResult, ScenarioResult


def render(result: ClientRunResult, *, strict: bool = False) -> str:
    """The report as JSON text, indented; `strict` counts a failed `should` and `policy` in `exit_status`."""
    redaction = Redaction(())
    evidence = Evidence(redaction)
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "chatconform", "version": version("chatconform")},
        "client": {"name": result.client, "version": result.version},
        "summary": {
            "scenarios": len(result.scenarios),
            **{str(outcome): count for outcome, count in result.summary.items()},
        },
        "exit_status": result.exit_status(strict=strict),
        "strict": strict,
        "requests": result.requests,
        "seconds": round(result.seconds, 3),
        "seed": result.seed,
        "restarts": result.restarts,
        "cut_short": result.cut_short,
        "scenarios": [_scenario(one) for one in result.scenarios],
        "rules": [{**rule_object(outcome, evidence, redaction), "known": outcome.known} for outcome in result.outcomes],
        "exchanges": evidence.records,
    }
    return orjson.dumps(encodable(document), option=orjson.OPT_INDENT_2).decode() + "\n"


def _scenario(one: ScenarioResult) -> dict[str, Any]:
    return {
        "id": one.scenario.id,
        "level": str(one.scenario.grade),
        "purpose": one.scenario.purpose,
        "outcome": str(one.outcome),
        "kind": None if one.kind is None else str(one.kind),
        "detail": one.detail,
        "requests": [str(likeness) for likeness in one.requests],
        "request_detail": one.request_detail,
        "seconds": round(one.seconds, 3),
    }
