"""What people read of a client's run: counts by area, each failure with what was expected, and the counts last.

The law of this file: nothing that a client or its adapter said reaches the terminal unescaped or unbounded.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from chatconform.core.baseline import fresh
from chatconform.core.failure import failure_at, weighs
from chatconform.core.likeness import RequestLikeness
from chatconform.core.scenario import Grade
from chatconform.core.scenario_result import ScenarioOutcome
from chatconform.reports import baseline_text
from chatconform.reports.failure import NO_FILE, again, more, unlike
from chatconform.reports.look import BOLD, DIM, Detail, Look, many
from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.scenario_result import ClientRunResult, ScenarioResult
    from chatconform.core.tally import Outcome

AREAS: Final = {
    "ns": "not streamed",
    "st": "streamed",
    "f": "faults",
    "rq": "requests",
    "fuzz": "generated",
}
LABEL: Final = 13


def render(
    result: ClientRunResult,
    *,
    strict: bool = False,
    detail: Detail = Detail.USUAL,
    color: bool = False,
    width: int = 100,
    report: str | None = None,
) -> str:
    """The report as text; `strict` counts a failed `should` and `policy`.

    `report` is the file that replays the run, if there is one.
    """
    return "\n".join(_Report(result, strict, Look(detail, color, width), report).lines()) + "\n"


class _Report:
    def __init__(self, result: ClientRunResult, strict: bool, look: Look, report: str | None) -> None:
        self.result = result
        self.strict = strict
        self.look = look
        self.report = report

    def lines(self) -> Iterator[str]:
        failed = [one for grade in Grade for one in self.result.failed(grade) if not self._is_known(one)]
        broken = fresh((outcome for outcome in self.result.outcomes if outcome.findings), self.result.baseline)
        if self.look.detail is Detail.QUIET:
            yield from (self._headline(one) for one in failed)
            yield from (self._rule_headline(outcome) for outcome in broken)
        else:
            yield self.look.paint(BOLD, f"{plain(self.result.client)} {plain(self.result.version)}".rstrip())
            yield ""
            yield from self._areas()
            if self.look.detail is Detail.EVERYTHING:
                yield from self._every_scenario()
            for one in failed:
                yield ""
                yield self._headline(one)
                yield from self._told("scenario", one.scenario.purpose)
                yield from self._told(str(one.kind), one.detail)
                if one.request_detail:
                    yield from self._told("request", one.request_detail)
                yield from self._replay([one.scenario.id])
            for outcome in broken:
                yield ""
                yield self._rule_headline(outcome)
                yield from self._rule_findings(outcome)
            if (failed or broken) and self.report is None:
                yield ""
                yield self.look.paint(DIM, NO_FILE)
        yield from baseline_text.lines(self.result.baseline, self.look, strict=self.strict)
        if self.look.detail is not Detail.QUIET:
            yield from self._lossy()
            yield from self._requests()
        if self.result.cut_short:
            yield ""
            yield from self.look.wrapped(f"The run was cut short: {plain(self.result.cut_short, 1000)}.")
        if self.look.detail is not Detail.QUIET:
            yield ""
        yield self._counts()

    def _areas(self) -> Iterator[str]:
        counts: dict[str, Counter[ScenarioOutcome]] = {}
        for one in self.result.scenarios:
            area = one.scenario.id.partition(".")[0]
            counts.setdefault(AREAS.get(area, area), Counter())[one.outcome] += 1
        yield from self.look.table(counts, tuple(ScenarioOutcome), bad=ScenarioOutcome.FAILED)

    def _every_scenario(self) -> Iterator[str]:
        yield ""
        for one in self.result.scenarios:
            shade = baseline_text.Shade.XFAIL if self._is_known(one) else one.outcome
            yield f"{self.look.mark(shade)} {one.scenario.grade:<8} {one.scenario.id}"

    def _is_known(self, one: ScenarioResult) -> bool:
        baseline = self.result.baseline
        return baseline is not None and one.failure is not None and baseline.entry(one.failure) is not None

    def _replay(self, ids: list[str]) -> Iterator[str]:
        return self.look.labelled("replay", again(ids, self.report), LABEL)

    def _headline(self, one: ScenarioResult) -> str:
        grade = one.scenario.grade
        return self.look.headline("FAIL", grade, one.scenario.id, counts=weighs(grade, strict=self.strict))

    def _rule_headline(self, outcome: Outcome) -> str:
        level = outcome.rule.level
        return self.look.headline("FAIL", level, outcome.rule.id, counts=weighs(level, strict=self.strict))

    def _rule_findings(self, outcome: Outcome) -> Iterator[str]:
        yield from self._told("requirement", f"{outcome.rule.text} ({outcome.rule.source})")
        for place in list(outcome.places.values())[:3]:
            example = place.examples[0]
            others = unlike(place, example.finding)
            where = f"{example.finding.pointer} " if example.finding.pointer else ""
            told = f"{where}{example.finding.message}{more(place, others)}, in {example.exchange.origin.case}"
            yield from self._told("sent", told, *(f"or {text}" for text in others))
        yield from self._replay([failure_at(outcome.rule, name).id for name in outcome.places])

    def _lossy(self) -> Iterator[str]:
        """What was reshaped without another meaning, a line each."""
        lossy = [one for one in self.result.scenarios if one.outcome is ScenarioOutcome.LOSSY]
        if lossy:
            yield ""
            yield "Reshaped without another meaning:"
        for one in lossy:
            yield f"  {one.scenario.id}: {plain(one.detail, self.look.width - len(one.scenario.id) - 4)}"

    def _requests(self) -> Iterator[str]:
        """How like the requests were to what was asked."""
        counts = Counter(likeness for one in self.result.scenarios for likeness in one.requests)
        if counts:
            yield ""
            told = ", ".join(f"{counts[likeness]} {likeness}" for likeness in RequestLikeness if counts[likeness])
            yield f"Requests, beside what was asked: {told}"

    def _counts(self) -> str:
        result = self.result
        status = result.exit_status(strict=self.strict)
        failed = Counter("known" if self._is_known(one) else one.scenario.grade for one in result.failed())
        levels = ", ".join(f"{failed[word]} {word}" for word in (*Grade, "known") if failed[word])
        counts = ", ".join(
            f"{count} {outcome}" + (f" ({levels})" if outcome is ScenarioOutcome.FAILED else "")
            for outcome, count in result.summary.items()
            if count or outcome is ScenarioOutcome.PASSED
        )
        counts += baseline_text.stale(result.baseline)
        told = f"{many(len(result.scenarios), 'scenario')}: {counts}; {many(result.requests, 'request')}"
        restarts = f", {many(result.restarts, 'restart')}" if result.restarts else ""
        return self.look.ending(status, f"{told} in {result.seconds:.1f} s, seed {result.seed}{restarts}")

    def _told(self, label: str, text: str) -> Iterator[str]:
        return self.look.told(label, plain(text, 800), width=LABEL)
