"""The SARIF 2.1.0 report of a validation, so that code hosts show findings beside the files that hold them."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from chatconform.core.failure import failure_at
from chatconform.core.rule import Level
from chatconform.reports.json_report import encodable
from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.baseline import Applied
    from chatconform.core.failure import Failure
    from chatconform.core.rule import Rule
    from chatconform.core.tally import Example, Place
    from chatconform.core.validation_result import ValidationResult

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: Final = {Level.MUST: "error", Level.SHOULD: "warning", Level.INFO: "note"}
MOST_RESULTS: Final = 5_000
"""Code hosts take no more than this of one run."""


def render(result: ValidationResult, *, strict: bool = False) -> str:
    """The report as JSON text, indented; `strict` makes an error of a failed SHOULD."""
    failed = result.failed()
    indexes = {outcome.rule.id: number for number, outcome in enumerate(failed)}
    results = [
        {**_result(outcome.rule, indexes[outcome.rule.id], place, example, strict), **_state(failure, result.baseline)}
        for outcome in failed
        for failure, place in ((failure_at(outcome.rule, name), place) for name, place in outcome.places.items())
        for example in place.examples
    ]
    run = {
        "tool": {
            "driver": {
                "name": "chatconform",
                "version": version("chatconform"),
                "rules": [_rule(outcome.rule, strict) for outcome in failed],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not result.missing and result.cut_short is None,
                "exitCode": result.exit_status(strict=strict),
                "toolExecutionNotifications": list(_notifications(result)),
            }
        ],
        "results": results[:MOST_RESULTS],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(encodable(document), option=orjson.OPT_INDENT_2).decode() + "\n"


def _rule(rule: Rule, strict: bool) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.replace(".", "-").split("-")),
        "shortDescription": {"text": plain(rule.text, 1000)},
        "fullDescription": {"text": plain(f"{rule.text} {rule.why}".strip(), 1000)},
        "help": {"text": f"{rule.why} Source: {rule.source}.".strip()},
        "defaultConfiguration": {"level": _level(rule, strict)},
    }


def _result(rule: Rule, index: int, place: Place, example: Example, strict: bool) -> dict[str, Any]:
    finding, origin = example.finding, example.exchange.origin
    expected = f"; expected {finding.expected}" if finding.expected else ""
    where = f"{finding.pointer} " if finding.pointer else ""
    print_of = hashlib.sha256(f"{rule.id} {origin.case} {place.pointer} {finding.message}".encode(errors="replace"))
    region: dict[str, Any] = {"startLine": max(1, origin.step)}
    if example.excerpt:
        region["snippet"] = {"text": plain(example.excerpt, 300)}
    return {
        "ruleId": rule.id,
        "ruleIndex": index,
        "level": _level(rule, strict),
        "message": {"text": plain(f"{where}{finding.message}{expected}", 1000)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(origin.case)}, "region": region},
                "logicalLocations": [{"fullyQualifiedName": finding.pointer or "/", "kind": "value"}],
            }
        ],
        "partialFingerprints": {"chatconform/v1": print_of.hexdigest()[:32]},
        "occurrenceCount": place.count,
    }


def _state(failure: Failure, baseline: Applied | None) -> dict[str, Any]:
    """Whether a result is new, where there is a baseline, and what suppresses it where it is known."""
    if baseline is None:
        return {}
    if (entry := baseline.entry(failure)) is None:
        return {"baselineState": "new", "suppressions": []}
    why = {"justification": plain(entry.reason, 1000)} if entry.reason else {}
    where = {"artifactLocation": {"uri": _uri(baseline.path)}, "region": {"startLine": max(1, entry.line)}}
    suppression = {"kind": "external", "status": "accepted", "location": {"physicalLocation": where}, **why}
    return {"baselineState": "unchanged", "suppressions": [suppression]}


def _notifications(result: ValidationResult) -> Iterator[dict[str, Any]]:
    for text in result.missing:
        yield {"level": "error", "message": {"text": text}}
    if result.cut_short is not None:
        yield {"level": "error", "message": {"text": result.cut_short}}
    for one in result.baseline.stale if result.baseline is not None else ():
        text = f"{one.entry} no longer fails; remove line {one.entry.line} of the baseline"
        yield {"level": LEVELS.get(Level(one.level), "note"), "message": {"text": plain(text, 1000)}}
    for text in result.notes:
        yield {"level": "note", "message": {"text": text}}


def _level(rule: Rule, strict: bool) -> str:
    return "error" if strict and rule.level is Level.SHOULD else LEVELS[rule.level]


def _uri(name: str) -> str:
    """A file's name as SARIF wants it: relative where it was given so, with slashes."""
    path = PurePath(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
