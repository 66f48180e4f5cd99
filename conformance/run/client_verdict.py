"""From what a client did in a scenario to a verdict: what came out, what went over the wire, what was sent.

The law of this file: pure. It sees the reply, what the server heard and the clock's readings, and asks nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chatconform.core.assembly import assemble
from chatconform.core.exchange import Exchange, Origin
from chatconform.core.judge import judge
from chatconform.core.likeness import Difference, RequestLikeness, compare, request_likeness
from chatconform.core.result import Verdict
from chatconform.core.rule import Level, Part
from chatconform.core.scenario_result import FailureKind, ScenarioOutcome, ScenarioResult
from chatconform.core.telling import tell
from chatconform.rules.catalogue import rules
from chatconform.rules.plugins import plugins
from chatconform.schemas import is_valid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chatconform.core.rule import Rule
    from chatconform.core.scenario import Scenario, ToldError
    from chatconform.rules.plugins import Plugin
    from chatconform.targets.scripted import Heard

NOT_COMPARED = frozenset({"id", "created", "model"})
"""Compared in the scenarios that are about them alone, or one reason would fail a hundred."""


ABOUT = 0.5
"""Seconds by which the first delta must come before the end of a stream to be one of its beginning."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened in one scenario: the reply to its last call and the clock."""

    reply: Mapping[str, Any]
    began: float
    """When the call was made, or its request reached the server."""
    ended: float
    first_delta: float | None
    """When the first delta came, where the adapter told it as it came."""
    heard: Sequence[Heard]


def verdict(scenario: Scenario, happened: Happened, fields: frozenset[str]) -> ScenarioResult:
    """What became of a scenario, for a client that reports these fields."""
    likenesses, told = _requests(scenario, happened.heard)
    shown = tuple(map(_allowed, likenesses, happened.heard))
    seconds = happened.ended - happened.began
    if scenario.expected.delta_within is not None and happened.reply["ok"] and _first_delta(happened) is None:
        detail = "the adapter does not tell when the first delta came"
        return ScenarioResult(scenario, ScenarioOutcome.UNSUPPORTED, None, detail, shown, told, seconds)
    lossy: list[str] = []
    failure = None
    for kind, detail in _failures(scenario, happened, fields, likenesses, told):
        if kind is None:
            lossy.append(detail)
        elif failure is None:
            failure = (kind, detail)
    if failure:
        return ScenarioResult(scenario, ScenarioOutcome.FAILED, *failure, shown, told, seconds)
    outcome = ScenarioOutcome.LOSSY if lossy else ScenarioOutcome.PASSED
    return ScenarioResult(scenario, outcome, None, "; ".join(lossy), shown, told, seconds)


def _failures(
    scenario: Scenario,
    happened: Happened,
    fields: frozenset[str],
    likenesses: tuple[RequestLikeness, ...],
    told: str,
) -> Iterator[tuple[FailureKind | None, str]]:
    """What is wrong, the weightiest first; with no kind for what is only lossy."""
    yield from _came_out(scenario, happened, fields)
    yield from _on_the_wire(scenario, happened)
    if scenario.id.startswith("rq."):
        if RequestLikeness.INVALID in likenesses or RequestLikeness.CHANGED in likenesses:
            yield FailureKind.WRONG, f"the request is not what was asked: {told}"
        elif RequestLikeness.RESHAPED in likenesses:
            yield None, f"the request is written in another way: {told}"


def _came_out(
    scenario: Scenario, happened: Happened, fields: frozenset[str]
) -> Iterator[tuple[FailureKind | None, str]]:
    expected, reply = scenario.expected, happened.reply
    if reply["ok"]:
        held = held_completion(reply)
        if expected.unfinished:
            if _is_finished(held):
                yield FailureKind.SILENT, f"a broken answer came out as finished: {tell(held, 200)}"
        elif scenario.raw_is_fine and "chunks" in reply:
            return
        elif expected.completion is not None and reply.get("chunks") == [] and expected.completion["choices"]:
            yield FailureKind.SILENT, "nothing came out, and no error"
        elif expected.completion is not None:
            compared = fields - (NOT_COMPARED - frozenset(scenario.also))
            yield from _differences(compare(expected.completion, held, compared))
        elif not expected.anything:
            yield FailureKind.SILENT, f"there was an error, and a value came out: {tell(held, 200)}"
        return
    error = reply["error"]
    if expected.error is not None:
        yield from _error(expected.error, error, happened.heard)
    elif not expected.anything and not expected.unfinished:
        yield FailureKind.EXCEPTION, f"raised {_told(error)}"


def held_completion(reply: Mapping[str, Any]) -> Any:
    """The completion of a reply: as it stands, or assembled from its chunks."""
    return assemble(reply["chunks"]) or {"choices": []} if "chunks" in reply else reply.get("completion")


def _is_finished(held: Any) -> bool:
    """Whether a completion looks finished: each choice says why it ended."""
    choices = held.get("choices") if isinstance(held, dict) else None
    reasons = [choice.get("finish_reason") for choice in choices or () if isinstance(choice, dict)]
    return bool(reasons) and all(reason is not None for reason in reasons)


def _differences(differences: Iterator[Difference]) -> Iterator[tuple[FailureKind | None, str]]:
    for difference in differences:
        yield None if difference.lossy else FailureKind.WRONG, f"{difference.pointer} {difference.message}".strip()


def _error(
    expected: ToldError, error: Mapping[str, Any], heard: Sequence[Heard]
) -> Iterator[tuple[FailureKind | None, str]]:
    if expected.kinds and error["kind"] not in expected.kinds:
        yield None, f"the error is told as {error['kind']}, it is {' or '.join(expected.kinds)}"
    if expected.status is not None and error.get("status") != expected.status:
        if error.get("status") is None:
            yield None, f"the error does not tell the status {expected.status}"
        else:
            yield None, f"the error tells the status {error['status']}, sent was {expected.status}"
    if expected.code is not None and expected.code not in {error.get("code"), _code_in(error.get("body"))}:
        yield None, f"the error does not tell the code {expected.code}"
    texts = " ".join(str(error.get(key) or "") for key in ("message", "body"))
    if expected.message is not None and expected.message not in texts:
        yield None, f"the error does not tell the server's message: {_told(error)}"
    if expected.status is None and not heard and error.get("status") is not None:
        yield None, f"the error tells the status {error['status']}, which nobody sent"


def _code_in(body: Any) -> Any:
    """The code in an error body, in its envelope or out of it."""
    match body:
        case {"error": {"code": code}} | {"code": code}:
            return code
        case _:
            return None


def _told(error: Mapping[str, Any]) -> str:
    name = error.get("class") or error["kind"]
    return f"{name}: {tell(error.get('message'), 160)}" if error.get("message") else str(name)


def _on_the_wire(scenario: Scenario, happened: Happened) -> Iterator[tuple[FailureKind | None, str]]:
    expected, heard = scenario.expected, happened.heard
    few, many = expected.requests
    if not few <= len(heard) <= many:
        wanted = str(few) if few == many else f"{few} to {many}"
        yield FailureKind.POLICY, f"sent {len(heard)} requests, expected {wanted}"
    for number, ((least, most), (earlier, later)) in enumerate(zip(expected.gaps, pairwise(heard), strict=False), 1):
        gap = later.began - (earlier.answered or earlier.whole)
        if not least <= gap <= most:
            yield FailureKind.POLICY, f"waited {gap:.2f} s before repeat {number}, expected {least:g} to {most:g} s"
    if expected.same_body and len(scenario.calls) == 1 and len({one.request.body for one in heard}) > 1:
        yield FailureKind.POLICY, "repeated the request with another body"
    took = happened.ended - (heard[0].began if heard else happened.began)  # a busy machine begins late: not its fault
    if expected.within is not None and took > expected.within:
        yield FailureKind.POLICY, f"was over after {took:.2f} s, expected at most {expected.within:g} s"
    elif expected.soon is not None and took > expected.soon:
        yield None, f"was over after {took:.2f} s, could have been within {expected.soon:g} s"
    first = _first_delta(happened)
    if expected.delta_within is not None and _is_late(first, expected.delta_within, happened):
        yield FailureKind.POLICY, f"gave the first delta after {first:.2f} s, expected {expected.delta_within:g} s"
    if expected.leaves_within is not None and heard:
        left = heard[-1].left
        if left is None or left - happened.ended > expected.leaves_within:
            yield FailureKind.POLICY, "stopped reading the stream and left the connection open"


def _first_delta(happened: Happened) -> float | None:
    """Seconds to the first delta, by the kit's clock where it can be, else by the adapter's; None if nobody tells."""
    if happened.first_delta is not None:
        return happened.first_delta - happened.began
    told: float | None = happened.reply.get("first_delta_s")
    return told


def _is_late(first: float | None, within: float, happened: Happened) -> bool:
    """Whether the first delta came too late, and not before the server had sent about all there was."""
    if first is None or first <= within:
        return False
    answered = happened.heard[-1].answered if happened.heard else None
    return answered is None or happened.began + first > answered - ABOUT


def _requests(scenario: Scenario, heard: Sequence[Heard]) -> tuple[tuple[RequestLikeness, ...], str]:
    """How like each request is to the call that it belongs to, and the first difference in words."""
    likenesses: list[RequestLikeness] = []
    first = ""
    per_call = max(1, len(heard) // len(scenario.calls))
    for number, one in enumerate(heard):
        asked = scenario.calls[min(number // per_call, len(scenario.calls) - 1)].request
        body = one.request.json
        likeness, told = request_likeness(asked, body)
        if likeness is not RequestLikeness.EQUAL and not is_valid("CreateChatCompletionRequest", body):
            likeness = RequestLikeness.INVALID
        likenesses.append(likeness)
        first = first or told
    return tuple(likenesses), first


def _allowed(likeness: RequestLikeness, heard: Heard) -> RequestLikeness:
    """The likeness of a request, or invalid where it breaks a rule on requests that is a MUST."""
    results = judge(Exchange(Origin("client"), heard.request), musts_on_requests())
    broken = any(result.verdict is Verdict.FAILED for result in results)
    return RequestLikeness.INVALID if broken else likeness


def musts_on_requests() -> tuple[Rule, ...]:
    """The rules on requests that are a MUST."""
    return _musts_on_requests(plugins())


@lru_cache(maxsize=2)
def _musts_on_requests(_: tuple[Plugin, ...]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules() if rule.on is Part.REQUEST and rule.level is Level.MUST)
