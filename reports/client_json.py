"""The JSON report of a client's run: what became of each scenario, and of each rule on what the client sent."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.scenario import Pause, RetryDate
from chatconform.core.telling import tell
from chatconform.reports.evidence import Evidence
from chatconform.reports.json_report import SCHEMA_VERSION, baseline_object, encodable, now, rule_object
from chatconform.reports.maker import maker
from chatconform.reports.redaction import Redaction

if TYPE_CHECKING:
    from chatconform.core.baseline import Applied
    from chatconform.core.exchange import Exchange
    from chatconform.core.scenario import Expected, Scenario
    from chatconform.core.scenario_result import ClientRunResult, ScenarioResult

MOST_EXCHANGES: Final = 10
MOST_WRITES: Final = 1000
LARGEST_WRITE: Final = 64 * 1024


def render(result: ClientRunResult, *, strict: bool = False) -> str:
    """The report as JSON text, indented; `strict` counts a failed `should` and `policy` in `exit_status`."""
    redaction = Redaction(())
    evidence = Evidence(redaction)
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": maker(),
        "client": {"name": result.client, "version": result.version},
        "summary": {
            "scenarios": len(result.scenarios),
            **{str(outcome): count for outcome, count in result.summary.items()},
        },
        "exit_status": result.exit_status(strict=strict),
        "strict": strict,
        "requests": result.requests,
        "seconds": round(result.seconds, 3),
        "ended": now(),
        "seed": result.seed,
        "fuzzed": result.fuzzed,
        "restarts": result.restarts,
        "cut_short": result.cut_short,
        "scenarios": [
            {**_scenario(one, evidence), "excused": _is_excused(one, result.baseline)} for one in result.scenarios
        ],
        "rules": [
            {**rule_object(outcome, evidence, redaction, result.baseline), "known": outcome.known}
            for outcome in result.outcomes
        ],
        "baseline": baseline_object(result.baseline),
        "exchanges": evidence.records,
    }
    return orjson.dumps(encodable(document), option=orjson.OPT_INDENT_2).decode() + "\n"


def _scenario(one: ScenarioResult, evidence: Evidence) -> dict[str, Any]:
    return {
        "id": one.scenario.id,
        "level": str(one.scenario.grade),
        "purpose": one.scenario.purpose,
        "expected": expectation(one.scenario.expected),
        "outcome": str(one.outcome),
        "kind": None if one.kind is None else str(one.kind),
        "detail": one.detail,
        "requests": [str(likeness) for likeness in one.requests],
        "request_detail": one.request_detail,
        "seconds": round(one.seconds, 3),
        "exchanges": [_exchange(exchange, one.scenario, evidence) for exchange in one.exchanges[:MOST_EXCHANGES]],
    }


def _is_excused(one: ScenarioResult, baseline: Applied | None) -> bool:
    return baseline is not None and one.failure is not None and baseline.entry(one.failure) is not None


def _exchange(exchange: Exchange, scenario: Scenario, evidence: Evidence) -> str:
    """Keeps what the client sent, and beside it what it was answered: each write as it was made, framing included."""
    name = evidence.keep(exchange)
    if scenario.answers:
        attempt = scenario.answers[min(exchange.origin.step, len(scenario.answers) - 1)]
        steps = (written(step) for step in attempt.steps[:MOST_WRITES])
        evidence.records[name]["answered"] = {
            "writes": list(steps),
            "left_out": max(0, len(attempt.steps) - MOST_WRITES),
            "end": str(attempt.end),
        }
    return name


def expectation(expected: Expected) -> str:
    """What must come out of a scenario, in a sentence without its end."""
    error, (least, most) = expected.error, expected.requests
    told = []
    if expected.completion is not None:
        told.append("the completion as it was sent")
    if error is not None:
        fields = {"of kind": " or ".join(error.kinds), "of status": error.status, "of code": error.code}
        told.append(" ".join(["an error", *(f"{name} {value}" for name, value in fields.items() if value)]))
        told[-1] += f" that says {tell(error.message)}" if error.message else ""
    if expected.unfinished:
        told.append("an error, or a value whose finish_reason is null")
    if expected.anything:
        told.append("any value and any error, and no hang")
    sent = f"{least}" if least == most else f"{least} to {most}"
    return ", or ".join(told) + (f"; {sent} requests" if (least, most) != (1, 1) else "")


def written(step: bytes | Pause | RetryDate) -> dict[str, Any]:
    """One step of an answer: `text` or `base64` that was written at once, or the seconds of a `pause`."""
    match step:
        case Pause(seconds):
            return {"pause": seconds}
        case RetryDate(before, seconds, after):
            return {"text": f"{before.decode('latin-1')}[the date {seconds:g} s later]{after.decode('latin-1')}"}
    cut = {"cut_from": len(step)} if len(step) > LARGEST_WRITE else {}
    try:
        return {"text": step[:LARGEST_WRITE].decode(), **cut}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(step[:LARGEST_WRITE]).decode(), **cut}
