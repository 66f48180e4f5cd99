"""The report that people read: a summary by area, each failure with its evidence, capabilities, and the counts last.

The law of this file: nothing that a target sent reaches the terminal unescaped or unbounded.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from chatconform.core.baseline import fresh, is_excused
from chatconform.core.result import Verdict
from chatconform.core.rule import Level
from chatconform.core.run_result import Support
from chatconform.reports import baseline_text, failure
from chatconform.reports.look import BOLD, DIM, GREEN, RED, YELLOW, Detail, Look, many, words
from chatconform.reports.plain import plain
from chatconform.reports.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.core.run_result import RunResult
    from chatconform.core.tally import Outcome

REPORT_IT: Final = "please report it"
"""How the reason of the kit's own fault ends."""
UNBROKEN: Final = "\0"
"""Stands for a blank at which no line may be broken."""


def render(
    result: RunResult,
    *,
    strict: bool = False,
    detail: Detail = Detail.USUAL,
    color: bool = False,
    width: int = 100,
    key: str = "OPENAI_API_KEY",
    report: str | None = None,
) -> str:
    """The report as text; `strict` counts a failed SHOULD, `key` names the variable that commands take the key from.

    `report` is the file that keeps the exchanges to replay, if there is one.
    """
    return "\n".join(_Report(result, strict, Look(detail, color, width), key, report).lines()) + "\n"


class _Report:
    def __init__(self, result: RunResult, strict: bool, look: Look, key: str, report: str | None) -> None:
        self.result = result
        self.strict = strict
        self.look = look
        self.key = key
        self.report = report
        self.redaction = Redaction(result.secrets)

    def lines(self) -> Iterator[str]:
        failed = [one for level in Level for one in fresh(self.result.failed(level), self.result.baseline)]
        if self.look.detail is Detail.QUIET:
            yield from (self._headline(outcome) for outcome in failed if outcome.rule.level is not Level.INFO)
        else:
            target = self.result.target
            model = f", model {plain(self.redaction.text(target.model))}" if target.model else ""
            yield self.look.paint(BOLD, f"{plain(target.url)}{model}")
            yield ""
            yield from self._areas()
            if self.look.detail is Detail.EVERYTHING:
                yield from self._every_rule()
            yield from self._failures(failed)
        yield from baseline_text.lines(self.result.baseline, self.look, strict=self.strict)
        if self.look.detail is not Detail.QUIET:
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
            yield self.look.paint(GREEN, "All rules passed in")
            yield from self._by_first_word(passed)
        mixed = {area: count for area, count in counts.items() if area not in passed}
        if passed and mixed:
            yield ""
        if mixed:
            yield from self.look.table(mixed, tuple(Verdict), bad=Verdict.FAILED)

    def _by_first_word(self, areas: Mapping[str, int]) -> Iterator[str]:
        told: dict[str, list[str]] = {}
        for area, count in areas.items():
            first, _, rest = area.partition(".")
            told.setdefault(first, []).append(f"{rest}{UNBROKEN}{count}")
        label = max(len(first) for first in told) + 5
        for first, texts in told.items():
            lines = self.look.wrapped(", ".join(texts), room=label)
            for number, line in enumerate(lines):
                yield f"{'' if number else f'  {first}':<{label}}{line.replace(UNBROKEN, ' ')}"

    def _every_rule(self) -> Iterator[str]:
        yield ""
        for outcome in self.result.outcomes:
            told = outcome.verdict in {Verdict.UNSUPPORTED, Verdict.INCONCLUSIVE} and outcome.reasons
            why = f" ({plain(self.redaction.text(outcome.reasons[0]))})" if told else ""
            shade = baseline_text.Shade.XFAIL if is_excused(outcome, self.result.baseline) else outcome.verdict
            yield f"{self.look.mark(shade)} {outcome.rule.level:<6} {outcome.rule.id}{why}"

    def _failures(self, failed: list[Outcome]) -> Iterator[str]:
        """MUST and SHOULD in full; what is only worth knowing in a line each."""
        only_told = [o for o in failed if o.rule.level is Level.INFO and self.look.detail < Detail.EVERYTHING]
        for outcome in failed:
            if outcome not in only_told:
                yield ""
                yield self._headline(outcome)
                yield from failure.lines(
                    outcome, self.result.target, self.redaction, self.look, key=self.key, report=self.report
                )
        if len(only_told) < len(failed) and self.report is None:
            yield ""
            yield self.look.paint(DIM, failure.NO_FILE)
        if only_told:
            yield ""
            yield "Worth knowing, and no breach (INFO):"
        for outcome in only_told:
            finding = next(iter(outcome.examples())).finding
            where = f"{plain(finding.pointer)} " if finding.pointer else ""
            told = f"{outcome.rule.id}: {where}{plain(self.redaction.text(finding.message))}"
            yield from self.look.wrapped(told, "  ", "    ")

    def _headline(self, outcome: Outcome) -> str:
        level = outcome.rule.level
        counts = level is Level.MUST or (self.strict and level is Level.SHOULD)
        return self.look.headline("FAIL", level, outcome.rule.id, counts=counts)

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
            yield from self.look.wrapped(f"{shown}: {why}", "  ", "    ")

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
            if self.look.detail is Detail.EVERYTHING:
                texts = [
                    f"{one.capability.name}: {one.capability.title}{f' [{one.exchange}]' if one.exchange else ''}"
                    for one in told
                ]
            else:
                texts = [", ".join(one.capability.name for one in told)] if told else []
            lines = [line for text in texts or ["-"] for line in self.look.wrapped(text, room=len(label))]
            for number, line in enumerate(lines):
                yield (" " * len(label) if number else self.look.paint(paint, label)) + line

    def _remarks(self) -> Iterator[str]:
        remarks = [(note, DIM) for note in self.result.notes] if self.look.detail is not Detail.QUIET else []
        if self.result.cut_short:
            remarks.append((f"The run was cut short: {self.result.cut_short}.", f"{BOLD};{YELLOW}"))
        remarks += [(text, f"{BOLD};{YELLOW}") for text in self._own_faults()]
        if not any(outcome.judged for outcome in self.result.outcomes):
            remarks.append(("Nothing was judged.", f"{BOLD};{YELLOW}"))
        if remarks or self.look.detail is not Detail.QUIET:
            yield ""
        for text, paint in dict(remarks).items():
            for line in self.look.wrapped(plain(self.redaction.text(text), 1000)):
                yield self.look.paint(paint, line)

    def _own_faults(self) -> Iterator[str]:
        for outcome in self.result.outcomes:
            if outcome.kit_fault:
                reason = next((reason for reason in outcome.reasons if reason.endswith(REPORT_IT)), REPORT_IT)
                yield f"A fault in the rule {outcome.rule.id} itself, and not of the target: {reason}."

    def _counts(self) -> str:
        result = self.result
        status = result.exit_status(strict=self.strict)
        levels = [(level, len(fresh(result.failed(level), result.baseline))) for level in Level]
        known = sum(is_excused(outcome, result.baseline) for outcome in result.failed())
        failed = ", ".join(f"{count} {level}" for level, count in levels if count)
        failed = ", ".join(filter(None, [failed, f"{known} known" if known else ""]))
        should = fresh(result.failed(Level.SHOULD), result.baseline)
        failed += "; only --strict counts a SHOULD" if status == 0 and should else ""
        summary = result.summary
        told = [verdict for verdict in Verdict if summary[verdict] or verdict is Verdict.PASSED]
        counts = [f"{summary[verdict]} {words(verdict)}" for verdict in told]
        if failed:
            counts = [f"{text} ({failed})" if text.endswith(" failed") else text for text in counts]
        return self.look.ending(
            status,
            f"{many(len(result.outcomes), 'rule')}: {', '.join(counts)}{baseline_text.stale(result.baseline)}; "
            f"{many(result.requests, 'request')} in {result.seconds:.1f} s, seed {result.seed}",
        )
