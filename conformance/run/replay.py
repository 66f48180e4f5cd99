"""Failures of a report asked for again: the same bytes are sent, and judged by the rules that they once broke.

The law of this file: a request is the recorded one, byte for byte, but for secrets, which no report holds: those come
from whoever replays. What several requests show together is asked for by playing their case again with the same seed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from chatconform.cases.catalogue import cases
from chatconform.core.ask import Ask
from chatconform.core.exchange import Origin
from chatconform.core.failure import GENERATED, failure_id, spelled
from chatconform.core.judge import judge
from chatconform.core.naming import matches
from chatconform.core.recording import from_json
from chatconform.core.result import Verdict
from chatconform.core.rule import Level, Part
from chatconform.core.secrets import HIDDEN
from chatconform.core.tally import general
from chatconform.reports.reading import Kind
from chatconform.rules.asking import count
from chatconform.rules.catalogue import rules
from chatconform.run.choice import about_servers
from chatconform.run.reach import CannotCheckError
from chatconform.run.server import play_again

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chatconform.core.exchange import Exchange, Request
    from chatconform.core.result import Result
    from chatconform.core.rule import Rule
    from chatconform.core.tally import Outcome
    from chatconform.reports.reading import Results
    from chatconform.targets import ServerTarget

CHUNK: Final = 1024
OURS: Final = frozenset({"host", "transfer-encoding"})
"""Headers that follow from where a request goes and how it is framed."""
USUAL: Final = ("User-Agent", "Accept", "Accept-Encoding", "Authorization", "Content-Type")
OF_THE_WIRE: Final = frozenset({"connection", "left_after", "chunked"})
"""What the target, and not the case, tells of an exchange."""
UNREACHED: Final = frozenset({"refused", "unresolved", "tls", "connect-timeout"})
LONGEST_WAIT: Final = 60.0
"""Seconds after which the connection is left where it was left before an answer came."""
BUSY: Final = frozenset({429, 503})
PAUSES: Final = (1.0, 3.0)
"""Seconds to wait before a target that says not now is asked again."""


class Now(StrEnum):
    """What became of a failure."""

    STILL = "still failing"
    DIFFERENT = "different"
    """It fails no longer as it did, but otherwise."""
    UNKNOWN = "cannot say"
    """What comes now does not show it, neither for good nor for bad."""
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Broken:
    """One finding of a report: the failure that it is of, and where it was made."""

    id: str
    rule: Rule
    place: str
    pointer: str
    case: str
    exchange: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a JSON report holds of a run against a server, as far as it can be replayed."""

    url: str
    model: str | None
    seed: int
    broken: tuple[Broken, ...]
    exchanges: Mapping[str, Exchange]
    cut: frozenset[str] = field(default=frozenset())
    """The exchanges whose requests were too large to be kept whole."""
    fuzzed: int | None = None
    """How many generated requests were to be sent, where that is told."""
    gone: tuple[str, ...] = ()
    """The ids of rules that this version of the kit does not have."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one finding, in words, and the exchange that shows it, where it is one."""

    broken: Broken
    now: Now
    why: tuple[str, ...] = ()
    exchange: Exchange | None = None


def report_of(results: Results) -> Report:
    """What can be replayed of results that were read. Raises `CannotCheckError` for results that are of no server."""
    if results.kind is not Kind.SERVER:
        raise CannotCheckError(f"{results.source} holds the results of no server, so there is nothing to send")
    document: Mapping[str, Any] = results.document
    known = {rule.id: rule for rule in rules()}
    records = document["exchanges"]
    try:
        exchanges = {key: from_json(record) for key, record in records.items()}
    except ValueError as problem:
        raise CannotCheckError(f"{results.source}: {problem}") from None
    return Report(
        url=document["target"]["url"],
        model=document["target"]["model"],
        seed=document["seed"],
        broken=tuple(
            _broken(known[rule["id"]], finding)
            for rule in document["rules"]
            if rule["id"] in known
            for finding in rule["findings"]
        ),
        exchanges=exchanges,
        fuzzed=document.get("fuzzed"),
        cut=frozenset(key for key, record in records.items() if "cut_from" in record["request"]),
        gone=tuple(rule["id"] for rule in document["rules"] if rule["id"] not in known and rule["findings"]),
    )


def chosen(report: Report, wanted: str | None) -> tuple[Broken, ...]:
    """The findings to replay: those of a failure (by its id), of rules (by an id or glob), or of an exchange, or all.

    Raises `CannotCheckError` where the report holds nothing that is so named.
    """
    found = tuple(one for one in report.broken if wanted is None or _is_named(one, wanted))
    if found:
        return found
    gone = [name for name in report.gone if wanted is None or matches(name, wanted)]
    if gone:
        how = "replay with the one that wrote it, or with the --plugin that brings the rule"
        raise CannotCheckError(f"this version of chatconform has no rule {gone[0]}; {how}")
    if wanted is None:
        raise CannotCheckError("the report holds no failure, so there is nothing to replay")
    ids = dict.fromkeys(one.id for one in report.broken)
    hint = f"; its failures are {', '.join(list(ids)[:5])}{' and more' if len(ids) > 5 else ''}" if ids else ""
    raise CannotCheckError(f"the report holds no failure, rule or exchange named {wanted!r}{hint}")


def replayed(report: Report, broken: Sequence[Broken], target: ServerTarget, **asking: Any) -> Iterator[Told]:
    """Sends again what showed these findings, and tells what became of each.

    `asking` is how a case is played again, as `play_again` takes it. Raises `CannotCheckError` where the target cannot
    be asked, and for what was not kept and cannot be made again.
    """
    alone: dict[str, list[Broken]] = {}
    together: dict[str, list[Broken]] = {}
    for one in broken:
        if one.rule.on is Part.SERIES or one.exchange in report.cut or one.exchange not in report.exchanges:
            together.setdefault(one.case, []).append(one)
        else:
            alone.setdefault(one.exchange, []).append(one)
    for exchange_id, findings in alone.items():
        yield from _sent_again(report.exchanges[exchange_id], findings, report, target)
    for case_id, findings in together.items():
        yield from _played_again(case_id, findings, report, target.url, **asking)


def worst(told: Iterable[Told]) -> Now:
    """What several findings of one failure came to altogether."""
    found = {one.now for one in told}
    return next(now for now in Now if now in found)


def ask_of(then: Exchange, base: str) -> Ask:
    """The ask that sends a recorded request again, to another base URL if need be."""
    request = then.request
    path = request.target.removeprefix(base) if request.target.startswith(f"{base}/") else request.target
    is_chunked = (request.header("transfer-encoding") or "").lower() == "chunked"
    has_body = bool(request.body) or request.header("content-type") is not None
    left = count(then.about.get("left_after"))
    return Ask(
        request.body if has_body else None,
        request.method,
        path,
        dict(_headers(request)),
        {key: value for key, value in then.about.items() if key not in OF_THE_WIRE},
        chunked=chunk_of(then) if is_chunked else None,
        leave_after=left or None,
        leave_within=min(max(1.0, then.seconds or 0.0), LONGEST_WAIT) if left == 0 else None,
    )


def chunk_of(then: Exchange) -> int:
    """The size of the chunks that a body was sent in, where that was told."""
    return count(then.about.get("chunked")) or CHUNK


def _sent_again(then: Exchange, findings: Sequence[Broken], report: Report, target: ServerTarget) -> Iterator[Told]:
    ask = ask_of(then, urlsplit(report.url).path.rstrip("/"))
    now = _answered(ask, then, target)
    whole = [rule for rule in rules() if about_servers(rule) and rule.on is not Part.SERIES]
    results = {result.rule.id: result for result in judge(now, whole)}
    before = {result.rule.id for result in judge(then, whole) if result.verdict is Verdict.FAILED}
    new = [result for result in results.values() if _counts(result.rule) and result.rule.id not in before]
    others = [f"breaks {one.rule.id} now: {_said(one)}" for one in new if one.verdict is Verdict.FAILED]
    for one in findings:
        yield replace(_compared(one, results.get(one.rule.id), others, now), exchange=now)


def _compared(one: Broken, result: Result | None, others: Sequence[str], now: Exchange) -> Told:
    """What became of a finding, by what its rule and others say of what comes now."""
    if result is not None and result.verdict is Verdict.FAILED:
        same = [finding for finding in result.findings if _is_same(finding.pointer, one.pointer)]
        if same:
            return Told(one, Now.STILL, tuple(f"{f.pointer} {f.message}".strip() for f in same[:3]))
        return Told(one, Now.DIFFERENT, (f"breaks the rule at another place: {_said(result)}",))
    if others:
        return Told(one, Now.DIFFERENT, tuple(others[:3]))
    if result is not None and result.verdict is Verdict.PASSED:
        return Told(one, Now.FIXED)
    came = f"status {now.status}" if now.response is not None else "no answer"
    why = result.reason if result is not None and result.reason else f"the rule says nothing of what came: {came}"
    return Told(one, Now.UNKNOWN, (why,))


def _played_again(case_id: str, findings: Sequence[Broken], report: Report, url: str, **asking: Any) -> Iterator[Told]:
    """Plays a case again, as only the whole of it shows what was found."""
    case = next((case for case in cases() if case.id == case_id), None)
    if case is None:
        rule = findings[0].rule.id
        fuzz = f" --fuzz {report.fuzzed or 'N'}" if case_id.startswith(GENERATED) else ""
        raise CannotCheckError(
            f"{findings[0].id} cannot be replayed from the report, which holds only a part of what showed it; "
            f"run `chatconform check {report.url} --only {rule} --seed {report.seed}{fuzz}`"
        )
    told = {one.rule.id for one in report.broken if one.case == case_id}
    judged = [rule for rule in rules() if about_servers(rule)]
    result = play_again(url, [case], judged, model=report.model, seed=report.seed, **asking)
    if result.cut_short is not None:
        raise CannotCheckError(f"the case {case_id} could not be played to its end: {result.cut_short}")
    outcomes = {outcome.rule.id: outcome for outcome in result.outcomes}
    new = [one for one in result.failed() if _counts(one.rule) and one.rule.id not in told]
    others = tuple(f"breaks {one.rule.id} now: {_found(one)}" for one in new[:3])
    for one in findings:
        outcome = outcomes[one.rule.id]
        if outcome.verdict is Verdict.FAILED:
            same = [place for name, place in outcome.places.items() if _is_same(name, general(one.pointer))]
            if same:
                yield Told(one, Now.STILL, (_found(outcome),), same[0].examples[0].exchange)
            else:
                yield Told(one, Now.DIFFERENT, (f"breaks the rule at another place: {_found(outcome)}",))
        elif others:
            yield Told(one, Now.DIFFERENT, others)
        elif outcome.verdict is Verdict.PASSED:
            yield Told(one, Now.FIXED)
        else:
            reason = outcome.reasons[0] if outcome.reasons else f"the rule is {outcome.verdict.replace('_', ' ')} now"
            yield Told(one, Now.UNKNOWN, (reason,))


def _answered(ask: Ask, then: Exchange, target: ServerTarget) -> Exchange:
    """What a target answers now, once it does not say not now. Raises `CannotCheckError` where it says nothing."""
    origin = Origin(then.origin.case, then.origin.step, then.origin.seed)
    now = target.send(ask, origin)
    for pause in PAUSES:
        if now.status not in BUSY or then.status in BUSY:
            break
        time.sleep(pause)
        now = target.send(ask, origin)
    if now.failure is not None and now.failure.kind in UNREACHED:
        raise CannotCheckError(f"{now.failure.message}; --url asks another server")
    if now.status in BUSY and then.status not in BUSY:
        raise CannotCheckError(f"{target.url} says not now (status {now.status}), again and again; try later")
    if now.status in {401, 403} and then.status not in {401, 403}:
        raise CannotCheckError(f"{target.url} wants a key (status {now.status}); --api-key-env names its variable")
    return now


def _broken(rule: Rule, finding: Mapping[str, Any]) -> Broken:
    place = finding.get("place") or spelled(general(finding["pointer"]))
    name = finding.get("id") or failure_id(rule.id, place)
    return Broken(name, rule, place, finding["pointer"], finding["case"], finding["exchange"])


def _is_named(one: Broken, wanted: str) -> bool:
    return wanted in {one.id, one.exchange} or matches(one.rule.id, wanted)


def _is_same(pointer: str, other: str) -> bool:
    """Whether two pointers are of one place."""
    return general(pointer) == general(other)


def _counts(rule: Rule) -> bool:
    return rule.level is not Level.INFO


def _said(result: Result) -> str:
    finding = result.findings[0]
    return f"{finding.pointer} {finding.message}".strip()


def _found(outcome: Outcome) -> str:
    finding = outcome.examples()[0].finding
    return f"{finding.pointer} {finding.message}".strip()


def _headers(request: Request) -> Iterator[tuple[str, str | None]]:
    told = {name.lower() for name, _ in request.headers}
    yield from ((name, None) for name in USUAL if name.lower() not in told)
    for name, value in request.headers:
        right_length = name.lower() == "content-length" and value == str(len(request.body))
        if name.lower() not in OURS and HIDDEN not in value and not right_length:
            yield name, value
