"""What people read of a client's run: counts by area, each failure with what was expected, and the counts last.

The law of this file: nothing that a client or its adapter said reaches the terminal unescaped or unbounded.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Final

from chatconform.core.likeness import RequestLikeness
from chatconform.core.rule import Level
from chatconform.core.scenario import Grade
from chatconform.core.scenario_result import ScenarioOutcome
from chatconform.reports.plain import plain
from chatconform.reports.terminal import BOLD, DIM, GREEN, RED, YELLOW, Detail

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
LABEL: Final = 12


def render(
    result: ClientRunResult,
    *,
    strict: bool = False,
    detail: Detail = Detail.USUAL,
    color: bool = False,
    width: int = 100,
) -> str:
    """The report as text; `strict` counts a failed `should` and `policy`."""
    return "\n".join(_Report(result, strict, detail, color, width).lines()) + "\n"


class _Report:
    def __init__(self, result: ClientRunResult, strict: bool, detail: Detail, color: bool, width: int) -> None:
        self.result = result
        self.strict = strict
        self.detail = detail
        self.color = color
        self.width = width

    def lines(self) -> Iterator[str]:
        failed = [one for grade in Grade for one in self.result.failed(grade)]
        broken = [outcome for outcome in self.result.outcomes if outcome.findings]
        if self.detail is Detail.QUIET:
            yield from (self._headline(one) for one in failed)
            yield from (self._rule_headline(outcome) for outcome in broken)
        else:
            yield self._paint(BOLD, f"{plain(self.result.client)} {plain(self.result.version)}".rstrip())
            yield ""
            yield from self._areas()
            if self.detail is Detail.EVERYTHING:
                yield from self._every_scenario()
            for one in failed:
                yield ""
                yield self._headline(one)
                yield from self._told("scenario", one.scenario.purpose)
                yield from self._told(str(one.kind), one.detail)
                if one.request_detail:
                    yield from self._told("request", one.request_detail)
            for outcome in broken:
                yield ""
                yield self._rule_headline(outcome)
                yield from self._rule_findings(outcome)
            yield from self._lossy()
            yield from self._requests()
        if self.result.cut_short:
            yield ""
            yield from self._wrapped(f"The run was cut short: {plain(self.result.cut_short, 1000)}.", "", "")
        if self.detail is not Detail.QUIET:
            yield ""
        yield self._counts()

    def _areas(self) -> Iterator[str]:
        counts: dict[str, Counter[ScenarioOutcome]] = {}
        for one in self.result.scenarios:
            counts.setdefault(one.scenario.id.partition(".")[0], Counter())[one.outcome] += 1
        yield self._paint(DIM, " " * 14 + "".join(f"{outcome:>13}" for outcome in ScenarioOutcome))
        for area, count in counts.items():
            cells = "".join(self._cell(count[outcome], outcome) for outcome in ScenarioOutcome)
            yield f"{AREAS.get(area, area):<14}{cells}"

    def _cell(self, count: int, outcome: ScenarioOutcome) -> str:
        text = f"{count or '.':>13}"
        if not count:
            return self._paint(DIM, text)
        return self._paint(RED, text) if outcome is ScenarioOutcome.FAILED else text

    def _every_scenario(self) -> Iterator[str]:
        yield ""
        for one in self.result.scenarios:
            paint = {ScenarioOutcome.PASSED: GREEN, ScenarioOutcome.FAILED: RED}.get(one.outcome, DIM)
            yield f"{self._paint(paint, f'{one.outcome.upper():<12}')} {one.scenario.grade:<8} {one.scenario.id}"

    def _headline(self, one: ScenarioResult) -> str:
        counted = {Grade.MUST, *((Grade.SHOULD, Grade.POLICY) if self.strict else ())}
        paint = RED if one.scenario.grade in counted else YELLOW
        return f"{self._paint(f'{BOLD};{paint}', f'FAIL {one.scenario.grade}')}  {self._paint(BOLD, one.scenario.id)}"

    def _rule_headline(self, outcome: Outcome) -> str:
        level = outcome.rule.level
        paint = RED if level is Level.MUST or (self.strict and level is Level.SHOULD) else YELLOW
        return f"{self._paint(f'{BOLD};{paint}', f'FAIL {level}')}  {self._paint(BOLD, outcome.rule.id)}"

    def _rule_findings(self, outcome: Outcome) -> Iterator[str]:
        yield from self._told("requirement", f"{outcome.rule.text} ({outcome.rule.source})")
        for place in list(outcome.places.values())[:3]:
            example = place.examples[0]
            more = f" (and {place.count - 1} more like it)" if place.count > 1 else ""
            where = f"{example.finding.pointer} " if example.finding.pointer else ""
            yield from self._told("sent", f"{where}{example.finding.message}{more}, in {example.exchange.origin.case}")

    def _lossy(self) -> Iterator[str]:
        """What was reshaped without another meaning, a line each."""
        lossy = [one for one in self.result.scenarios if one.outcome is ScenarioOutcome.LOSSY]
        if lossy:
            yield ""
            yield "Reshaped without another meaning:"
        for one in lossy:
            yield f"  {one.scenario.id}: {plain(one.detail, self.width - len(one.scenario.id) - 4)}"

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
        word = {0: "PASSED", 1: "FAILED"}.get(status, "NOT CONCLUSIVE")
        paint = {0: GREEN, 1: RED}.get(status, YELLOW)
        levels = ", ".join(f"{len(result.failed(grade))} {grade}" for grade in Grade if result.failed(grade))
        counts = ", ".join(
            f"{count} {outcome}" + (f" ({levels})" if outcome is ScenarioOutcome.FAILED else "")
            for outcome, count in result.summary.items()
            if count or outcome is ScenarioOutcome.PASSED
        )
        restarts = f", {result.restarts} restarts" if result.restarts else ""
        told = f"{len(result.scenarios)} scenarios: {counts}; {result.requests} requests in {result.seconds:.1f} s"
        return f"{self._paint(f'{BOLD};{paint}', word)}  {told}{restarts}"

    def _told(self, label: str, text: str) -> Iterator[str]:
        for number, line in enumerate(self._wrapped(plain(text, 800), "", "", LABEL + 3)):
            name = "" if number else label
            yield f"  {self._paint(DIM, f'{name:<{LABEL}}')} {line}"

    def _wrapped(self, text: str, first: str, later: str, room: int = 0) -> Iterator[str]:
        width = max(40, self.width - room)
        lines = textwrap.wrap(text, width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
        yield from lines or [first]

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text
