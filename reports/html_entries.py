"""The rules and scenarios of a results document as entries of a page, each failure with what shows it.

The law of this file: documents keep to a published schema, of this version or of an older one. What came into the form
later may be missing, and an exchange that a finding names may not be there.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.tally import general
from chatconform.reports.html_evidence import Spot, shown_exchange
from chatconform.reports.html_marks import clipped
from chatconform.reports.html_view import Entry, ShownFinding, badge_of
from chatconform.reports.look import many
from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chatconform.reports.html_evidence import ShownExchange

BUDGET: Final = 2_400_000
"""Characters of bodies on a page; each body gets its share."""
LARGEST_BODY: Final = 24_000
SMALLEST_BODY: Final = 1_200
MOST_EXCHANGES: Final = 400
"""Exchanges on a page; each failure gets its share, one at the least."""
MOST_FINDINGS: Final = 12
MOST_EXPECTED: Final = 3
MOST_FINDINGS_ALTOGETHER: Final = 1500
TEXT: Final = 400_000
"""Characters that all findings take; each text gets its share."""
KINDS: Final = {
    "wrong": "what came out is not what was sent",
    "exception": "an error was raised where there was none",
    "silent": "there was an error, and none was raised",
    "hang": "the call was not over in time",
    "policy": "the value is right, and what happened on the wire is not",
}


class Evidence:
    """The exchanges of a document, shown: so many for a failure, and bodies so long, that the page stays small.

    So many findings of a failure are told, in texts so long, for the same reason. `reasons` holds why a failure is
    known, by the names that a baseline gives it.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        failing = [rule for rule in document["rules"] if rule["findings"]]
        failing += [one for one in document.get("scenarios", ()) if one.get("exchanges")]
        baseline = document.get("baseline") or {"known": ()}
        self.reasons = {(one["name"], one["place"]): one for one in baseline["known"]}
        self._records = document.get("exchanges", {})
        self._url = document["target"]["url"] if "target" in document else ""
        count = max(1, len(failing))
        self._each = max(1, min(3, MOST_EXCHANGES // count))
        self._room = max(SMALLEST_BODY, min(LARGEST_BODY, BUDGET // (2 * self._each * count)))
        self.most_findings = max(3, min(MOST_FINDINGS, MOST_FINDINGS_ALTOGETHER // count))
        self.text = max(120, min(800, TEXT // (self.most_findings * count)))

    def shown(self, names: Sequence[str], spots: Mapping[str, Sequence[Spot]]) -> tuple[ShownExchange, ...]:
        """The first of these exchanges, with these spots of each marked."""
        there = [name for name in dict.fromkeys(names) if name in self._records]
        return tuple(
            shown_exchange(name, self._records[name], spots.get(name, ()), self._url, self._room)
            for name in there[: self._each]
        )


def rule_entry(rule: Mapping[str, Any], evidence: Evidence) -> Entry:
    """One rule of any document."""
    findings = list(rule["findings"])
    outcome = "known" if rule.get("excused") else rule["outcome"]
    commands = []
    if findings and "file" in findings[0]:
        place = f"{findings[0]['file']}:{findings[0]['line']}"
        commands.append(("See the record whole", f"chatconform validate --explain {shlex.quote(plain(place, 1000))}"))
    elif findings and isinstance(findings[0].get("id"), str):
        commands.append(("Send it again", f"chatconform replay RESULTS.json {shlex.quote(plain(findings[0]['id']))}"))
    return Entry(
        id=rule["id"],
        title=rule["title"],
        level=rule["level"],
        outcome=outcome,
        badge=badge_of(outcome, rule["level"]),
        told=_told(rule),
        source=rule["source"],
        why=tuple(line for line in str(rule.get("why", "")).split("\n") if line),
        expected=tuple(_expected(findings, evidence)),
        findings=tuple(_findings(rule, evidence)),
        more=max(0, rule["findings_total"] - min(len(findings), evidence.most_findings)) if findings else 0,
        remarks=(*_remarks(rule), *_known(rule["id"], [one.get("place") for one in findings], evidence)),
        commands=tuple(commands),
        exchanges=evidence.shown(_exchanges(findings), _spots(rule)),
    )


def _told(rule: Mapping[str, Any]) -> str:
    if rule["findings"]:
        return many(rule["findings_total"], "finding")
    if rule["reasons"]:
        return plain("; ".join(rule["reasons"]), 300)
    return f"{rule['judged']:,} judged" if rule["judged"] else ""


def _expected(findings: Sequence[Mapping[str, Any]], evidence: Evidence) -> Iterator[str]:
    told = dict.fromkeys(one["expected"] for one in findings if one["expected"])
    yield from (clipped(text, evidence.text) for text in list(told)[:MOST_EXPECTED])


def _findings(rule: Mapping[str, Any], evidence: Evidence) -> Iterator[ShownFinding]:
    room = evidence.text
    for one in rule["findings"][: evidence.most_findings]:
        where = f"{one['file']}:{one['line']}" if "file" in one else one["exchange"]
        excerpt = one.get("excerpt") or ""
        yield ShownFinding(
            pointer=clipped(one["pointer"], room // 2),
            message=clipped(one["message"], room),
            where=clipped(where, room // 2),
            excerpt="" if excerpt in one["message"] else clipped(excerpt, room),
        )


def _exchanges(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The exchanges of findings: one for each place first, as these differ most."""
    named = [one for one in findings if "exchange" in one]
    first: dict[str, str] = {}
    for one in named:
        first.setdefault(general(one["pointer"]), one["exchange"])
    return [*first.values(), *(one["exchange"] for one in named)]


def _spots(rule: Mapping[str, Any]) -> dict[str, list[Spot]]:
    """What to mark in each exchange: findings of rules on requests, and of refusals that did not come, point there."""
    spots: dict[str, list[Spot]] = {}
    for one in rule["findings"]:
        if "exchange" in one:
            in_request = rule["id"].startswith("request.") or one["message"].startswith("the request's ")
            spots.setdefault(one["exchange"], []).append(Spot(one["pointer"], one["message"], in_request))
    return spots


def _remarks(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if rule.get("known"):
        yield "Known of this family", rule["known"]
    if rule["findings"] and rule.get("places"):
        told = (f"{place['count']:,} × {plain(place['pointer'], 200) or 'the whole'}" for place in rule["places"][:20])
        yield "Places", "; ".join(told)


def _known(name: str, places: Sequence[str | None], evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What a baseline says of a failure: the lines that name it, and their reasons."""
    lines = {one["line"]: one for place in (*places, None) if (one := evidence.reasons.get((name, place)))}
    for line, one in lines.items():
        yield "In the baseline", plain(f"line {line}: {one['reason'] or 'no reason is given'}", 400)


def scenario_entry(one: Mapping[str, Any], evidence: Evidence) -> Entry:
    """One scenario of a client's document."""
    failed = one["outcome"] == "failed"
    outcome = "known" if one.get("excused") else one["outcome"]
    remarks: list[tuple[str, str]] = []
    findings: tuple[ShownFinding, ...] = ()
    if one["outcome"] in {"failed", "lossy"}:
        findings = (ShownFinding("", plain(one["detail"], 2000), ""),)
        if one["kind"]:
            remarks.append(("How it failed", KINDS[one["kind"]]))
        if one.get("request_detail"):
            remarks.append(("The request", plain(one["request_detail"], 600)))
    again = (("Run it again", f"chatconform client --only {shlex.quote(one['id'])} -- ADAPTER"),) if failed else ()
    return Entry(
        id=one["id"],
        title=one["purpose"],
        level=one["level"],
        outcome=outcome,
        badge=badge_of(outcome, one["level"]),
        told=plain(one["detail"], 160),
        findings=findings,
        expected=(one["expected"],) if findings and one.get("expected") else (),
        remarks=(*remarks, *_known(one["id"], (), evidence)),
        commands=again,
        exchanges=evidence.shown(one.get("exchanges", ()), {}),
    )
