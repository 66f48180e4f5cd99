"""What people read of a validation: each broken rule with its places and first examples, and the counts last.

The law of this file: nothing that stands in a recording reaches the terminal unescaped or unbounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.baseline import fresh, is_excused
from chatconform.core.failure import weighs
from chatconform.core.result import Verdict
from chatconform.core.rule import Level
from chatconform.reports import baseline_text
from chatconform.reports.look import BOLD, DIM, YELLOW, Detail, Look, many
from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.rule import Rule
    from chatconform.core.tally import Example, Outcome, Place
    from chatconform.core.validation_result import ValidationResult

MOST_PLACES: Final = 5
EXCERPT: Final = 160


def render(
    result: ValidationResult,
    *,
    strict: bool = False,
    detail: Detail = Detail.USUAL,
    color: bool = False,
    width: int = 100,
    report: str | None = None,  # noqa: ARG001  # what was recorded by others is not replayed
) -> str:
    """The report as text; `strict` counts a failed SHOULD."""
    return "\n".join(_Report(result, strict, Look(detail, color, width)).lines()) + "\n"


def place_of(example: Example) -> str:
    """Where a finding was made: file, line and JSON Pointer."""
    origin = example.exchange.origin
    return f"{origin.case}:{origin.step}:{example.finding.pointer}"


def sighting(rule: Rule, example: Example) -> str:
    """A finding in one line."""
    return f"{plain(place_of(example), 300)} {rule.level} {rule.id} {plain(example.finding.message, 300)}"


class _Report:
    def __init__(self, result: ValidationResult, strict: bool, look: Look) -> None:
        self.result = result
        self.strict = strict
        self.look = look

    def lines(self) -> Iterator[str]:
        failed = [one for level in Level for one in fresh(self.result.failed(level), self.result.baseline)]
        for outcome in failed:
            yield from self._outcome(outcome)
        if self.look.detail is Detail.EVERYTHING:
            yield from self._every_rule()
        known = list(baseline_text.lines(self.result.baseline, self.look, strict=self.strict))
        yield from [*known[1:], ""] if known and not known[0] else known
        yield from self._remarks()
        if self.look.detail is not Detail.QUIET:
            yield from self._records()
        yield self._counts()

    def _outcome(self, outcome: Outcome) -> Iterator[str]:
        level = outcome.rule.level
        if self.look.detail is Detail.QUIET:
            if level is not Level.INFO:
                yield f"{self._headline(outcome)}  {outcome.findings:,}"
            return
        yield f"{self._headline(outcome)}  {many(outcome.findings, 'finding')}"
        yield from self.look.wrapped(f"{plain(outcome.rule.text, 600)} ({plain(outcome.rule.source)})", "  ", "  ")
        places = list(outcome.places.values())
        if self.look.detail is not Detail.EVERYTHING:
            places = places[: 1 if level is Level.INFO else MOST_PLACES]
        for place in places:
            yield from self._place(place)
        shown = sum(place.count for place in places)
        if outcome.findings > shown:
            yield self.look.paint(DIM, f"  and {outcome.findings - shown:,} more elsewhere")
        yield self.look.paint(DIM, f"  more: chatconform explain {outcome.rule.id}")
        yield ""

    def _place(self, place: Place) -> Iterator[str]:
        first = place.examples[0]
        count = f"{place.count:,} x " if place.count > 1 else ""
        where = plain(place.pointer, 200) or "the whole record"
        yield f"  {count}{self.look.paint(BOLD, where)}"
        for example in place.examples:
            yield f"    {plain(place_of(example), 400)}  {plain(example.finding.message, 300)}"
        if first.excerpt and first.excerpt not in first.finding.message:
            yield self.look.paint(DIM, f"      {plain(first.excerpt, EXCERPT)}")

    def _headline(self, outcome: Outcome) -> str:
        level = outcome.rule.level
        if level is Level.INFO:
            return f"{self.look.paint(DIM, 'INFO')}  {self.look.paint(BOLD, outcome.rule.id)}"
        return self.look.headline("FAIL", level, outcome.rule.id, counts=weighs(level, strict=self.strict))

    def _every_rule(self) -> Iterator[str]:
        for outcome in self.result.outcomes:
            excused = is_excused(outcome, self.result.baseline)
            if outcome.verdict is not Verdict.FAILED or excused:
                why = f" ({plain(outcome.reasons[0])})" if outcome.reasons else ""
                told = f"{outcome.rule.level:<6} {outcome.rule.id}  {outcome.judged:,} judged{why}"
                yield f"{self.look.mark(baseline_text.Shade.XFAIL if excused else outcome.verdict)} {told}"
        yield ""

    def _remarks(self) -> Iterator[str]:
        remarks = [*(f"{text}." for text in self.result.missing)]
        if self.look.detail is not Detail.QUIET:
            remarks += self.result.notes
        if self.result.cut_short:
            remarks.append(f"The validation was cut short: {self.result.cut_short}.")
        for outcome in self.result.outcomes:
            if outcome.kit_fault:
                remarks.append(f"A fault in the rule {outcome.rule.id} itself: {outcome.reasons[-1]}.")
        if not any(outcome.judged for outcome in self.result.outcomes):
            remarks.append("Nothing was judged.")
        for text in remarks:
            for line in self.look.wrapped(plain(text, 1000)):
                yield self.look.paint(YELLOW, line)
        if remarks:
            yield ""

    def _records(self) -> Iterator[str]:
        if self.result.records:
            read = sorted(self.result.records.items(), key=_by_count)
            told = ", ".join("1 exchange" if one == ("exchanges", 1) else f"{one[1]:,} {one[0]}" for one in read)
            yield from self.look.wrapped(f"Read: {told}.")

    def _counts(self) -> str:
        result = self.result
        status = result.exit_status(strict=self.strict)
        counts = [
            f"{sum(outcome.findings for outcome in found):,} {level}"
            for level in Level
            if (found := fresh(result.failed(level), result.baseline))
        ]
        known = sum(one.findings for one in result.failed()) - sum(
            one.findings for one in fresh(result.failed(), result.baseline)
        )
        counts += [f"{known:,} known"] if known else []
        findings = f"findings: {', '.join(counts)}" if counts else "no findings"
        findings += baseline_text.stale(result.baseline)
        files = f" in {many(result.files, 'file')}" if result.files else ""
        rate = result.size / result.seconds / 1e6 if result.seconds else 0.0
        pace = f" ({rate:,.0f} MB/s)" if result.files else ""
        return self.look.ending(
            status,
            f"{many(sum(result.records.values()), 'record')}{files}: {findings}; "
            f"{result.size / 1e6:,.1f} MB in {result.seconds:.1f} s{pace}",
        )


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
