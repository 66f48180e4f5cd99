"""What is told of a finding in a recording: where it stood, why a text could not be read, and an excerpt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.rule import Finding, Part
from chatconform.core.telling import tell
from chatconform.recordings.requirements import BOUNDED, JSON, UTF_8
from chatconform.rules.conforming import at

if TYPE_CHECKING:
    import orjson

    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Rule
    from chatconform.recordings.record import Recorded
    from chatconform.reports.redaction import Redaction
    from chatconform.schemas import Violation

EXCERPT: Final = 160


def why_unread(text: bytes, error: orjson.JSONDecodeError) -> tuple[Rule, str]:
    """Which requirement a text that is no JSON breaks, and how."""
    try:
        text.decode()
    except UnicodeDecodeError as problem:
        return UTF_8, f"byte {problem.start} is no UTF-8"
    message = str(error)
    if "depth limit" in message or "ecursion" in message:
        return BOUNDED, "is nested more deeply than 1,024 levels"
    if "end of" in message or "EOF" in message or "unterminated" in message.lower():
        return JSON, f"ends in the middle of a value: it was cut ({message})"
    return JSON, message


def of_body(start: str, violation: Violation, value: Any) -> tuple[Finding, str]:
    """The finding that a violation makes in a body that stands at a pointer, and what stands there."""
    found = at(value, violation.pointer) if violation.pointer else value
    return Finding(start + violation.pointer, violation.message), tell(found, EXCERPT)


def of_exchange(
    finding: Finding, exchange: Exchange, rule: Rule, pointer: str, redaction: Redaction
) -> tuple[Finding, str | None]:
    """A finding in an exchange, and what stands at the pointer that the rule told, with every secret taken out."""
    return finding, _answered(exchange, rule, pointer, redaction)


def _answered(exchange: Exchange, rule: Rule, pointer: str, redaction: Redaction) -> str | None:
    """What stands at a pointer into an answer, or for a rule on requests into the request; None where nothing does."""
    if rule.on is Part.REQUEST:
        return redaction.text(tell(at(exchange.request.json, pointer), EXCERPT)) if pointer else None
    if not pointer or rule.id.startswith(("response.refusals.", "response.acceptance.")) or exchange.response is None:
        return None
    found = at(list(exchange.chunks) if exchange.is_stream else exchange.response.json, pointer)
    return None if found is None else redaction.text(tell(found, EXCERPT))


def unthinned(record: Recorded, finding: Finding) -> tuple[int, Finding]:
    """The line of a finding, and the finding where it stood before stretches of its stream were taken together."""
    if record.stretches is None:
        return record.line, finding
    first, slash, rest = finding.pointer.removeprefix("/").partition("/")
    if not first.isdecimal() or int(first) >= len(record.stretches.indexes):
        return record.line, finding
    number = int(first)
    return record.stretches.lines[number], replace(finding, pointer=f"/{record.stretches.indexes[number]}{slash}{rest}")
