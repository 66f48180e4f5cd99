"""The report that people read: a summary by area, each failure with its evidence, capabilities, and the counts last.

The law of this file: nothing that a target sent reaches the terminal unescaped or unbounded.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from chatconform.core.result import Verdict
from chatconform.core.rule import Level
from chatconform.core.run_result import Support
from chatconform.reports import failure
from chatconform.reports.plain import plain
from chatconform.reports.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.core.run_result import RunResult
    from chatconform.core.tally import Outcome

COLUMNS: Final = (
    (Verdict.PASSED, "passed"),
    (Verdict.FAILED, "failed"),
    (Verdict.UNSUPPORTED, "unsupported"),
    (Verdict.INCONCLUSIVE, "inconclusive"),
    (Verdict.NOT_EXERCISED, "not exercised"),
)
WORDS: Final = {
    Verdict.PASSED: "PASS",
    Verdict.FAILED: "FAIL",
    Verdict.UNSUPPORTED: "UNSUPPORTED",
    Verdict.INCONCLUSIVE: "INCONCLUSIVE",
    Verdict.NOT_EXERCISED: "NOT EXERCISED",
}
REPORT_IT: Final = "please report it"
"""How the reason of the kit's own fault ends."""
UNBROKEN: Final = "\0"
"""Stands for a blank at which no line may be broken."""
BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"


class Detail(IntEnum):
    """How much is told."""

    QUIET = 0
    """One line for each failure, and the counts."""
    USUAL = 1
    EVERYTHING = 2
    """Every rule, INFO in full, and the exchange that shows each capability."""


def render(
    result: RunResult,
    *,
    strict: bool = False,
    detail: Detail = Detail.USUAL,
    color: bool = False,
    width: int = 100,
    key: str = "OPENAI_API_KEY",
) -> str:
    """The report as text; `strict` counts a failed SHOULD, `key` names the variable that commands take the key from."""
    return "\n".join(_Report(result, strict, detail, color, width, key).lines()) + "\n"


class _Report:
    def __init__(self, result: RunResult, strict: bool, detail: Detail, color: bool, width: int, key: str) -> None:
        self.result = result
        self.strict = strict
        self.detail = detail
        self.color = color
        self.width = width
        self.key = key
        self.redaction = Redaction(result.secrets)

    def lines(self) -> Iterator[str]:
        failed = [outcome for level in Level for outcome in self.result.failed(level)]
        if self.detail is Detail.QUIET:
            yield from (self._headline(outcome) for outcome in failed if outcome.rule.level is not Level.INFO)
        else:
            target = self.result.target
            model = f", model {plain(self.redaction.text(target.model))}" if target.model else ""
            yield self._paint(BOLD, f"{plain(target.url)}{model}")
            yield ""
            yield from self._areas()
            if self.detail is Detail.EVERYTHING:
                yield from self._every_rule()
            yield from self._failures(failed)
            yield from self._unjudged()
            yield from self._capabilities()
        yield from self._remarks()
        yield self._counts()

    def _areas(self) -> Iterator[str]:
        """How many rules of each area came to which verdict; areas in which all passed share a paragraph."""
        counts: dict[str, Counter[Verdict]] = {}
        for outcome in self.result.outcomes:
            counts.setdefault(outcome.rule.id.rpartition(".")[0], Counter())[outcome.verdict] += 1
        passed = {area: count.total() for area, count in counts.items() if set(count) == {Verdict.PASSED}}
        if passed:
            yield self._paint(GREEN, "All rules passed in")
            yield from self._by_first_word(passed)
        mixed = {area: count for area, count in counts.items() if area not in passed}
        if not mixed:
            return
        if passed:
            yield ""
        names = max(len(name) for name in mixed)
        yield self._paint(DIM, " " * names + "".join(f"  {name:>{len(name)}}" for _, name in COLUMNS))
        for area, count in mixed.items():
            cells = "".join(f"  {self._cell(count[verdict], verdict, len(name))}" for verdict, name in COLUMNS)
            yield f"{area:<{names}}{cells}"

    def _by_first_word(self, areas: Mapping[str, int]) -> Iterator[str]:
        told: dict[str, list[str]] = {}
        for area, count in areas.items():
            first, _, rest = area.partition(".")
            told.setdefault(first, []).append(f"{rest}{UNBROKEN}{count}")
        label = max(len(first) for first in told) + 5
        for first, texts in told.items():
            lines = self._wrapped(", ".join(texts), "", "", label)
            for number, line in enumerate(lines):
                yield f"{'' if number else f'  {first}':<{label}}{line.replace(UNBROKEN, ' ')}"

    def _cell(self, count: int, verdict: Verdict, width: int) -> str:
        text = f"{count or '.':>{width}}"
        if not count:
            return self._paint(DIM, text)
        return self._paint(RED, text) if verdict is Verdict.FAILED else text

    def _every_rule(self) -> Iterator[str]:
        yield ""
        for outcome in self.result.outcomes:
            word = WORDS[outcome.verdict]
            told = outcome.verdict in {Verdict.UNSUPPORTED, Verdict.INCONCLUSIVE} and outcome.reasons
            why = f" ({plain(self.redaction.text(outcome.reasons[0]))})" if told else ""
            paint = {Verdict.PASSED: GREEN, Verdict.FAILED: RED}.get(outcome.verdict, DIM)
            yield f"{self._paint(paint, f'{word:<13}')} {outcome.rule.level:<6} {outcome.rule.id}{why}"

    def _failures(self, failed: list[Outcome]) -> Iterator[str]:
        """MUST and SHOULD in full; what is only worth knowing in a line each."""
        only_told = [o for o in failed if o.rule.level is Level.INFO and self.detail < Detail.EVERYTHING]
        for outcome in failed:
            if outcome not in only_told:
                yield ""
                yield self._headline(outcome)
                yield from failure.lines(
                    outcome,
                    self.result.target,
                    self.redaction,
                    width=self.width,
                    key=self.key,
                    dim=lambda text: self._paint(DIM, text),
                )
        if only_told:
            yield ""
            yield "Worth knowing, and no breach (INFO):"
        for outcome in only_told:
            finding = next(iter(outcome.examples())).finding
            where = f"{plain(finding.pointer)} " if finding.pointer else ""
            yield f"  {outcome.rule.id}: {where}{plain(self.redaction.text(finding.message))}"

    def _headline(self, outcome: Outcome) -> str:
        level = outcome.rule.level
        paint = RED if level is Level.MUST or (self.strict and level is Level.SHOULD) else YELLOW
        return f"{self._paint(f'{BOLD};{paint}', f'FAIL {level}')}  {self._paint(BOLD, outcome.rule.id)}"

    def _unjudged(self) -> Iterator[str]:
        """What could not be judged, and why; what no exchange exercised only where everything is told."""
        reasons: dict[str, list[str]] = {}
        for outcome in self.result.outcomes:
            if outcome.verdict is Verdict.INCONCLUSIVE and not outcome.kit_fault:
                why = outcome.reasons[0] if outcome.reasons else "the model did not do it"
                reasons.setdefault(plain(self.redaction.text(why)), []).append(outcome.rule.id)
        if reasons:
            yield ""
            yield "Could not be judged:"
        for why, ids in reasons.items():
            shown = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
            yield from self._wrapped(f"{shown}: {why}", "  ", "    ")

    def _capabilities(self) -> Iterator[str]:
        """The three-way table, and what nothing showed."""
        if not self.result.capabilities:
            return
        yield ""
        yield "Capabilities"
        for support in Support:
            told = [one for one in self.result.capabilities if one.support is support]
            paint = RED if support is Support.IGNORED and told else DIM
            label = f"  {support:<11}"
            if self.detail is Detail.EVERYTHING:
                texts = [
                    f"{one.capability.name}: {one.capability.title}{f' [{one.exchange}]' if one.exchange else ''}"
                    for one in told
                ]
            else:
                texts = [", ".join(one.capability.name for one in told)] if told else []
            lines = [line for text in texts or ["-"] for line in self._wrapped(text, "", "", len(label))]
            for number, line in enumerate(lines):
                yield (" " * len(label) if number else self._paint(paint, label)) + line

    def _remarks(self) -> Iterator[str]:
        remarks = [(note, DIM) for note in self.result.notes] if self.detail is not Detail.QUIET else []
        if self.result.cut_short:
            remarks.append((f"The run was cut short: {self.result.cut_short}.", f"{BOLD};{YELLOW}"))
        remarks += [(text, f"{BOLD};{YELLOW}") for text in self._own_faults()]
        if not any(outcome.judged for outcome in self.result.outcomes):
            remarks.append(("Nothing was judged.", f"{BOLD};{YELLOW}"))
        if remarks or self.detail is not Detail.QUIET:
            yield ""
        for text, paint in dict(remarks).items():
            for line in self._wrapped(plain(self.redaction.text(text), 1000), "", ""):
                yield self._paint(paint, line)

    def _own_faults(self) -> Iterator[str]:
        for outcome in self.result.outcomes:
            if outcome.kit_fault:
                reason = next((reason for reason in outcome.reasons if reason.endswith(REPORT_IT)), REPORT_IT)
                yield f"A fault of chatconform's own in {outcome.rule.id}: {reason}."

    def _counts(self) -> str:
        result = self.result
        status = result.exit_status(strict=self.strict)
        word = {0: "PASSED", 1: "FAILED"}.get(status, "NOT CONCLUSIVE")
        paint = {0: GREEN, 1: RED}.get(status, YELLOW)
        levels = [(level, len(result.failed(level))) for level in Level]
        failed = ", ".join(f"{count} {level}" for level, count in levels if count)
        failed += "; only --strict counts a SHOULD" if status == 0 and result.failed(Level.SHOULD) else ""
        summary = result.summary
        counts = [f"{summary[verdict]} {name}" for verdict, name in COLUMNS if summary[verdict] or name == "passed"]
        if failed:
            counts = [f"{text} ({failed})" if text.endswith(" failed") else text for text in counts]
        return (
            f"{self._paint(f'{BOLD};{paint}', word)}  {_many(len(result.outcomes), 'rule')}: {', '.join(counts)}; "
            f"{_many(result.requests, 'request')} in {result.seconds:.1f} s, seed {result.seed}"
        )

    def _wrapped(self, text: str, first: str, later: str, room: int = 0) -> Iterator[str]:
        """A text in lines, with indents, that leave some room."""
        width = max(40, self.width - room)
        lines = textwrap.wrap(text, width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
        yield from lines or [first]

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
