"""What people read of a validation: each broken rule with its places and first examples, and the counts last.

The law of this file: nothing that stands in a recording reaches the terminal unescaped or unbounded.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from chatconform.core.result import Verdict
from chatconform.core.rule import Level
from chatconform.reports.plain import plain
from chatconform.reports.terminal import BOLD, DIM, GREEN, RED, YELLOW, Detail

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
) -> str:
    """The report as text; `strict` counts a failed SHOULD."""
    return "\n".join(_Report(result, strict, detail, color, width).lines()) + "\n"


def place_of(example: Example) -> str:
    """Where a finding was made: file, line and JSON Pointer."""
    origin = example.exchange.origin
    return f"{origin.case}:{origin.step}:{example.finding.pointer}"


def sighting(rule: Rule, example: Example) -> str:
    """A finding in one line."""
    return f"{plain(place_of(example), 300)} {rule.level} {rule.id} {plain(example.finding.message, 300)}"


class _Report:
    def __init__(self, result: ValidationResult, strict: bool, detail: Detail, color: bool, width: int) -> None:
        self.result = result
        self.strict = strict
        self.detail = detail
        self.color = color
        self.width = width

    def lines(self) -> Iterator[str]:
        failed = [outcome for level in Level for outcome in self.result.failed(level)]
        for outcome in failed:
            yield from self._outcome(outcome)
        if self.detail is Detail.EVERYTHING:
            yield from self._every_rule()
        yield from self._remarks()
        if self.detail is not Detail.QUIET:
            yield from self._records()
        yield self._counts()

    def _outcome(self, outcome: Outcome) -> Iterator[str]:
        level = outcome.rule.level
        if self.detail is Detail.QUIET:
            if level is not Level.INFO:
                yield f"{self._headline(outcome)}  {outcome.findings:,}"
            return
        yield f"{self._headline(outcome)}  {_many(outcome.findings, 'finding')}"
        yield from self._wrapped(f"{plain(outcome.rule.text, 600)} ({plain(outcome.rule.source)})", "  ", "  ")
        most = len(outcome.places) if self.detail is Detail.EVERYTHING else 1 if level is Level.INFO else MOST_PLACES
        for place in list(outcome.places.values())[:most]:
            yield from self._place(place)
        shown = sum(place.count for place in list(outcome.places.values())[:most])
        if outcome.findings > shown:
            yield self._paint(DIM, f"  and {outcome.findings - shown:,} more elsewhere")
        yield ""

    def _place(self, place: Place) -> Iterator[str]:
        first = place.examples[0]
        count = f"{place.count:,} x " if place.count > 1 else ""
        where = plain(place.pointer, 200) or "the whole record"
        yield f"  {count}{self._paint(BOLD, where)}"
        for example in place.examples:
            yield f"    {plain(place_of(example), 400)}  {plain(example.finding.message, 300)}"
        if first.excerpt and first.excerpt not in first.finding.message:
            yield self._paint(DIM, f"      {plain(first.excerpt, EXCERPT)}")

    def _headline(self, outcome: Outcome) -> str:
        level = outcome.rule.level
        if level is Level.INFO:
            return f"{self._paint(DIM, 'INFO')}  {self._paint(BOLD, outcome.rule.id)}"
        paint = RED if level is Level.MUST or (self.strict and level is Level.SHOULD) else YELLOW
        return f"{self._paint(f'{BOLD};{paint}', f'FAIL {level}')}  {self._paint(BOLD, outcome.rule.id)}"

    def _every_rule(self) -> Iterator[str]:
        for outcome in self.result.outcomes:
            if outcome.verdict is not Verdict.FAILED:
                why = f" ({plain(outcome.reasons[0])})" if outcome.reasons else ""
                paint = GREEN if outcome.verdict is Verdict.PASSED else DIM
                word = self._paint(paint, f"{outcome.verdict.upper():<13}")
                yield f"{word} {outcome.rule.level:<6} {outcome.rule.id}  {outcome.judged:,} judged{why}"
        yield ""

    def _remarks(self) -> Iterator[str]:
        remarks = [*(f"{text}." for text in self.result.missing)]
        if self.detail is not Detail.QUIET:
            remarks += self.result.notes
        if self.result.cut_short:
            remarks.append(f"The validation was cut short: {self.result.cut_short}.")
        for outcome in self.result.outcomes:
            if outcome.kit_fault:
                remarks.append(f"A fault of chatconform's own in {outcome.rule.id}: {outcome.reasons[-1]}.")
        if not any(outcome.judged for outcome in self.result.outcomes):
            remarks.append("Nothing was judged.")
        for text in remarks:
            for line in self._wrapped(plain(text, 1000), "", ""):
                yield self._paint(YELLOW, line)
        if remarks:
            yield ""

    def _records(self) -> Iterator[str]:
        if self.result.records:
            told = ", ".join(f"{count:,} {name}" for name, count in sorted(self.result.records.items(), key=_by_count))
            yield from self._wrapped(f"Read: {told}.", "", "")

    def _counts(self) -> str:
        result = self.result
        status = result.exit_status(strict=self.strict)
        word = {0: "PASSED", 1: "FAILED"}.get(status, "NOT CONCLUSIVE")
        paint = {0: GREEN, 1: RED}.get(status, YELLOW)
        counts = [
            f"{sum(outcome.findings for outcome in found):,} {level}"
            for level in Level
            if (found := result.failed(level))
        ]
        findings = f"findings: {', '.join(counts)}" if counts else "no findings"
        files = f" in {_many(result.files, 'file')}" if result.files else ""
        rate = result.size / result.seconds / 1e6 if result.seconds else 0.0
        pace = f" ({rate:,.0f} MB/s)" if result.files else ""
        return (
            f"{self._paint(f'{BOLD};{paint}', word)}  {_many(sum(result.records.values()), 'record')}{files}: "
            f"{findings}; {result.size / 1e6:,.1f} MB in {result.seconds:.1f} s{pace}"
        )

    def _wrapped(self, text: str, first: str, later: str) -> Iterator[str]:
        yield from textwrap.wrap(
            text, max(40, self.width), initial_indent=first, subsequent_indent=later, break_on_hyphens=False
        )

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
