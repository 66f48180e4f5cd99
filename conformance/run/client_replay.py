"""Failures of a client asked for again: its scenarios, put to the client that an adapter drives now.

The law of this file: the report names scenarios, and the kit has their bytes, so nothing of the report is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.failure import GENERATED, failure_at
from chatconform.core.naming import matches
from chatconform.core.scenario_result import ScenarioOutcome
from chatconform.run.client import drive
from chatconform.run.reach import CannotCheckError
from chatconform.run.replay import Now
from chatconform.scenarios.catalogue import scenarios

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chatconform.core.scenario_result import ScenarioResult
    from chatconform.reports.reading import Results
    from chatconform.run.adapter import AdapterProcess

WELL: Final = frozenset({ScenarioOutcome.PASSED, ScenarioOutcome.LOSSY})


@dataclass(frozen=True, slots=True)
class Lost:
    """One failure of a client's report: a scenario, or a rule that a request of a scenario broke at a place."""

    id: str
    name: str
    scenario: str
    kind: str | None = None
    """How the scenario failed; None for a rule."""
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one failure, in words."""

    lost: Lost
    now: Now
    why: str = ""


def chosen(results: Results, wanted: str | None) -> tuple[Lost, ...]:
    """The failures to ask for again: by an id of a failure, the id or a glob of scenarios or rules, or all.

    Raises `CannotCheckError` where the report holds none that is so named, or one that nothing asks for by itself.
    """
    everything = list(_failures(results.document))
    found = tuple(one for one in everything if wanted is None or wanted == one.id or matches(one.name, wanted))
    if not found:
        named = f" named {wanted!r}" if wanted is not None else ""
        some = f"; it holds {', '.join(dict.fromkeys(one.id for one in everything[:5]))}" if everything else ""
        raise CannotCheckError(f"the report holds no failure{named}{some}")
    known = {scenario.id for scenario in scenarios()}
    for one in found:
        if one.scenario.startswith(GENERATED):
            how = f"--fuzz {results.document.get('fuzzed') or 'N'} --seed {results.document['seed']}"
            raise CannotCheckError(f"{one.id} came of generated streams: run `chatconform client` again with `{how}`")
        if one.scenario not in known:
            raise CannotCheckError(f"this version of chatconform has no scenario {one.scenario}")
    return found


def replayed(lost: Sequence[Lost], start: Callable[[], AdapterProcess], **asking: Any) -> Iterator[Told]:
    """Puts the client through the scenarios of these failures, and tells what became of each.

    `asking` is how, as `drive` takes it. Raises `AdapterError` where the client does not begin, and `CannotCheckError`
    where it ends early.
    """
    names = {one.scenario for one in lost}
    result = drive(start, scenarios=[scenario for scenario in scenarios() if scenario.id in names], **asking)
    if result.cut_short is not None:
        raise CannotCheckError(f"the run ended early: {result.cut_short}")
    now = {one.scenario.id: one for one in result.scenarios}
    broken = {
        failure_at(outcome.rule, name).id: place.examples[0].finding
        for outcome in result.outcomes
        for name, place in outcome.places.items()
    }
    for one in lost:
        if one.kind is not None:
            yield _compared(one, now[one.scenario])
        elif (finding := broken.get(one.id)) is not None:
            yield Told(one, Now.STILL, f"{finding.pointer} {finding.message}".strip())
        elif other := next((o for o in result.outcomes if o.rule.id == one.name and o.findings), None):
            finding = other.examples()[0].finding
            yield Told(one, Now.DIFFERENT, f"breaks the rule at another place: {finding.pointer} {finding.message}")
        else:
            yield Told(one, Now.FIXED if now[one.scenario].outcome in WELL else Now.UNKNOWN, now[one.scenario].detail)


def _compared(lost: Lost, now: ScenarioResult) -> Told:
    if now.outcome in WELL:
        return Told(lost, Now.FIXED)
    if now.outcome is not ScenarioOutcome.FAILED:
        return Told(lost, Now.UNKNOWN, now.detail)
    same = str(now.kind) == lost.kind
    return Told(lost, Now.STILL if same else Now.DIFFERENT, f"{now.kind}: {now.detail}")


def _failures(document: Mapping[str, Any]) -> Iterator[Lost]:
    for one in document["scenarios"]:
        if one["outcome"] == "failed":
            yield Lost(one["id"], one["id"], one["id"], one["kind"] or "")
    for rule in document["rules"]:
        found: dict[str, None] = {}
        for finding in rule["findings"]:
            name = finding.get("id")
            if name is not None and name not in found:
                found[name] = None
                yield Lost(name, rule["id"], finding["case"], None, finding["place"])
