"""Requests sent again as a report recorded them, and judged by the rules that they once broke.

The law of this file: the request is the recorded one, byte for byte, but for secrets, which no report holds: those come
from whoever replays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from chatconform.core.ask import Ask
from chatconform.core.exchange import Origin
from chatconform.core.judge import judge
from chatconform.core.naming import matches
from chatconform.core.recording import from_json
from chatconform.core.rule import Part
from chatconform.core.secrets import HIDDEN
from chatconform.rules.catalogue import rules
from chatconform.run.reach import CannotCheckError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.core.exchange import Exchange, Request
    from chatconform.core.result import Result
    from chatconform.core.rule import Rule
    from chatconform.targets import ServerTarget

CHUNK: Final = 1024
OURS: Final = frozenset({"host", "transfer-encoding"})
"""Headers that follow from where a request goes and how it is framed."""
USUAL: Final = ("User-Agent", "Accept", "Accept-Encoding", "Authorization", "Content-Type")


@dataclass(frozen=True, slots=True)
class Report:
    """What a JSON report holds of a run, as far as it can be replayed."""

    url: str
    seed: int
    exchanges: Mapping[str, Exchange]
    broken: Mapping[str, tuple[str, ...]]
    """The ids of exchanges in which each rule was broken, by the rule's id."""
    cut: frozenset[str] = field(default=frozenset())
    """The exchanges whose requests were too large to be kept whole."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A request sent again: what comes back now, and what the rules that it broke say of that."""

    then: Exchange
    now: Exchange
    results: tuple[Result, ...]


def read(data: bytes) -> Report:
    """The report in the bytes of a JSON file. Raises `CannotCheckError` for what is none."""
    try:
        document: Any = orjson.loads(data)
        records = document["exchanges"]
        broken = {
            rule["id"]: tuple(dict.fromkeys(finding["exchange"] for finding in rule["findings"]))
            for rule in document["rules"]
            if rule["findings"]
        }
        return Report(
            url=str(document["target"]["url"]),
            seed=int(document["seed"]),
            exchanges={key: from_json(record) for key, record in records.items()},
            broken=broken,
            cut=frozenset(key for key, record in records.items() if "cut_from" in record["request"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CannotCheckError("this is no JSON report of `chatconform check`") from None


def chosen(report: Report, wanted: str | None) -> dict[str, list[Rule]]:
    """The exchanges to replay, and the rules to judge each by: those that it broke.

    `wanted` is the id of an exchange or names rules, as an id or a glob; None stands for all. Raises
    `CannotCheckError` where nothing in the report is so named, or only what no single exchange shows.
    """
    known = {rule.id: rule for rule in rules()}
    found: dict[str, list[Rule]] = {}
    together: list[str] = []
    for rule_id, exchanges in report.broken.items():
        if rule_id not in known or not _names(wanted, rule_id, exchanges):
            continue
        if known[rule_id].on is Part.SERIES:
            together.append(rule_id)
            continue
        for one in exchanges:
            if one in report.exchanges and (wanted is None or one == wanted or matches(rule_id, wanted)):
                found.setdefault(one, []).append(known[rule_id])
    if not found and together:
        raise CannotCheckError(
            f"{together[0]} judges several exchanges together; run "
            f"`chatconform check {report.url} --only {together[0]} --seed {report.seed}`"
        )
    if not found:
        what = f"named {wanted!r}" if wanted is not None else "that broke a rule"
        raise CannotCheckError(f"the report holds no exchange {what}")
    return found


def replay(report: Report, exchange_id: str, by: list[Rule], target: ServerTarget) -> Replayed:
    """Sends one recorded request again and judges what comes back. Raises `CannotCheckError` if it was not kept."""
    then = report.exchanges[exchange_id]
    if exchange_id in report.cut:
        raise CannotCheckError(f"the request of {exchange_id} was too large for the report")
    base = urlsplit(report.url).path.rstrip("/")
    now = target.send(ask_of(then.request, base), Origin(then.origin.case, then.origin.step, then.origin.seed))
    return Replayed(then, now, tuple(judge(now, by)))


def ask_of(request: Request, base: str) -> Ask:
    """The ask that sends a recorded request again, to another base URL if need be."""
    path = request.target.removeprefix(base) if request.target.startswith(f"{base}/") else request.target
    chunked = (request.header("transfer-encoding") or "").lower() == "chunked"
    has_body = bool(request.body) or request.header("content-type") is not None
    return Ask(
        request.body if has_body else None,
        request.method,
        path,
        dict(_headers(request)),
        chunked=CHUNK if chunked else None,
    )


def _headers(request: Request) -> Iterator[tuple[str, str | None]]:
    told = {name.lower() for name, _ in request.headers}
    yield from ((name, None) for name in USUAL if name.lower() not in told)
    for name, value in request.headers:
        right_length = name.lower() == "content-length" and value == str(len(request.body))
        if name.lower() not in OURS and HIDDEN not in value and not right_length:
            yield name, value


def _names(wanted: str | None, rule_id: str, exchanges: tuple[str, ...]) -> bool:
    return wanted is None or wanted in exchanges or matches(rule_id, wanted)
