"""Recordings judged: files looked into, shared out in pieces, and what the pieces come to put together.

The law of this file: what was learnt is never lost. An interrupt, a file that cannot be read or a process that dies
ends or shortens the validation, which then says so and holds everything up to there.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.tally import Tally
from chatconform.core.validation_result import ValidationResult
from chatconform.recordings.formats import FORMATS
from chatconform.recordings.paths import find
from chatconform.rules.plugins import plugins
from chatconform.run.baselines import opened
from chatconform.run.jobs import CutShortError, shares
from chatconform.run.judging import (
    Bench,
    Judged,
    Wish,
    check_patterns,
    judge_value,
    requirements,
    rules_on_exchanges,
)
from chatconform.run.pieces import plan, unreadable
from chatconform.run.profiles import check_profile
from chatconform.run.reach import CannotCheckError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from chatconform.core.baseline import Baseline
    from chatconform.core.rule import Rule
    from chatconform.core.tally import Example, Place
    from chatconform.run.pieces import Piece, Plan, Share

LOCAL, RAY = "local", "ray"
SHARED: Final = 2
"""Jobs for which files are cut in pieces; how many more there are makes no difference to the pieces."""
INTERRUPTED: Final = "the validation was interrupted"
MOST_TOLD: Final = 10
"""Kinds of records that were left out, told by their names."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a validation is: bytes read of all (None where that is not known), records, findings, and the seconds."""

    done: int
    size: int | None
    records: int
    findings: int
    seconds: float


def validate_files(
    names: Sequence[str],
    *,
    type: str | None = None,  # the word that the command line has for it
    form: str | None = None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    profile: str = "compatible",
    lint: bool = False,
    jobs: int = 1,
    engine: str = LOCAL,
    most: int | None = None,
    progress: Callable[[Reading], None] | None = None,
    found: Callable[[Rule, Example], None] | None = None,
) -> ValidationResult:
    """Judges the records in files, folders and globs (`-` is stdin).

    `type` names the type of bodies and `form` the form of the files, where looking does not tell. `engine` is `local`,
    with so many processes (`jobs`), or `ray`: a cluster. `most` ends the validation after so many findings. `progress`
    is called now and then, `found` with the first finding of each place.

    Raises `CannotCheckError` for a profile, a form or a type that there is not, and `UnknownIdError` for a pattern that
    matches no rule. An interrupt is no exception: the result is then cut short.
    """
    wish = wish_of(type, only, skip, profile, lint)
    if form is not None and form not in FORMATS:
        raise CannotCheckError(f"there is no format {form!r}; the formats are {', '.join(FORMATS)}")
    if engine == RAY:
        from chatconform.run.engine_ray import check_ray  # what it needs takes a while, and few use it

        check_ray()
    elif engine != LOCAL:
        raise CannotCheckError(f"there is no engine {engine!r}; the engines are {LOCAL} and {RAY}")
    begun = perf_counter()
    where = find(names)
    planned = plan(where.files, where.named, form, jobs if engine == LOCAL else SHARED)
    total = _Total(wish, found)
    for path, why in planned.unread:
        total.add(unreadable(path, why, wish))
    done, cut_short, told = 0, None, 0.0
    try:
        with closing(_judged(planned, wish, jobs, engine)) as coming:
            for piece, share in coming:
                total.add_share(piece, share)
                done += share.done
                now = perf_counter() - begun
                if progress is not None and now - told > 0.1:
                    told = now
                    progress(Reading(done, planned.size, total.records, total.findings, now))
                if most is not None and total.findings >= most:
                    cut_short = f"it ended after {total.findings:,} findings, as --max-findings says"
                    break
    except KeyboardInterrupt:
        cut_short = INTERRUPTED
    except CutShortError as problem:
        cut_short = str(problem)
    return total.result(
        files=len(where.files),
        seconds=perf_counter() - begun,
        missing=(*where.missing, *planned.missing),
        notes=(*planned.notes, *_grown(planned)),
        cut_short=cut_short,
    )


def _judged(planned: Plan, wish: Wish, jobs: int, engine: str) -> Generator[tuple[Piece, Share]]:
    """The shares of all pieces with their pieces, in order, as an engine judges them."""
    if engine == RAY:
        from chatconform.run import engine_ray

        return engine_ray.shares(planned.pieces, wish, planned.batches)
    return shares(planned.pieces, wish, planned.batches, jobs)


def validate(
    records: Any,
    *,
    type: str | None = None,  # the word that the command line has for it
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    profile: str = "compatible",
    lint: bool = False,
    baseline: Baseline | str | Path | None = None,
) -> ValidationResult:
    """Judges records: JSON values, lines of JSON, exchanges in the kit's own form or as `Exchange`, in any mixture.

    Each is judged by what it is, as `chatconform validate` does with lines of a file; a `Path` is read as a file. In
    the result the place of a finding is the record's number, counted from 1. `baseline` names the failures that are
    known, and so do not count.

    Raises `CannotCheckError` for a profile or a type that there is not, `UnknownIdError` for a pattern that matches no
    rule, and `BaselineError` for a baseline that cannot be read.
    """
    known = opened(baseline) if baseline is not None else None
    wish = wish_of(type, only, skip, profile, lint)
    begun = perf_counter()
    if isinstance(records, Path):
        records = [records]
    if isinstance(records, str | bytes | dict):
        raise TypeError("validate takes an iterable of records; for one record write validate([record])")
    total = _Total(wish, None)
    paths: list[str] = []
    bench = Bench(wish, "records")
    for number, record in enumerate(records, 1):
        if isinstance(record, Path):
            paths.append(str(record))
        else:
            judge_value(bench, record, number)
    total.add(bench.take_off())
    where = find(paths)
    planned = plan(where.files, where.named, None)
    for path, why in planned.unread:
        total.add(unreadable(path, why, wish))
    for piece, share in shares(planned.pieces, wish, planned.batches, 1):
        total.add_share(piece, share)
    missing = (*where.missing, *planned.missing)
    result = total.result(files=len(paths), seconds=perf_counter() - begun, missing=missing, notes=planned.notes)
    return result if known is None else known.applied(result)


def wish_of(type: str | None, only: Sequence[str], skip: Sequence[str], profile: str, lint: bool) -> Wish:
    """A wish that can be met. Raises `CannotCheckError` or `UnknownIdError`."""
    from chatconform.schemas import UnknownType
    from chatconform.schemas.registry import uri

    check_profile(profile)
    try:
        if type is not None:
            uri(type)
    except UnknownType as problem:
        raise CannotCheckError(str(problem)) from None
    wish = Wish(tuple(only), tuple(skip), profile, type, lint, tuple(plugin.name for plugin in plugins()))
    check_patterns(wish)
    return wish


class _Total:
    """What all pieces come to, put together in their order."""

    def __init__(self, wish: Wish, found: Callable[[Rule, Example], None] | None) -> None:
        self._wish = wish
        self._found = found
        self._sum = Judged(Tally(()))
        self._piece: Piece | None = None
        self._before = 0
        self._lines = 0
        self._told: set[tuple[str, str]] = set()
        self.findings = 0

    def add_share(self, piece: Piece, share: Share) -> None:
        """Takes in the next share of a piece; its lines are counted on from the pieces of the same file before it."""
        if piece is not self._piece:
            same_file = self._piece is not None and self._piece.path == piece.path
            self._before = self._before + self._lines if same_file else 0
            self._piece, self._lines = piece, 0
        self._lines = max(self._lines, share.judged.lines)
        self.add(share.judged.moved(self._before))

    def add(self, judged: Judged) -> None:
        """Takes in what stands for itself."""
        self.findings += judged.findings
        for outcome in judged.tally.outcomes.values() if self._found is not None else ():
            for place in outcome.places.values():
                self._tell(outcome.rule, place)
        self._sum.merge(judged)

    def _tell(self, rule: Rule, place: Place) -> None:
        if self._found is not None and place.examples and (rule.id, place.pointer) not in self._told:
            self._told.add((rule.id, place.pointer))
            self._found(rule, place.examples[0])

    @property
    def records(self) -> int:
        """How many records were judged."""
        return self._sum.records.total()

    def result(
        self,
        *,
        files: int,
        seconds: float,
        missing: Sequence[str] = (),
        notes: Sequence[str] = (),
        cut_short: str | None = None,
    ) -> ValidationResult:
        """The result, with an outcome for each rule that was exercised, in the order of the rules."""
        outcomes = self._sum.tally.outcomes
        order: list[Rule] = list(requirements(self._wish).values())
        if not outcomes.keys() <= requirements(self._wish).keys():
            order += rules_on_exchanges(self._wish)
        told = (f"Left out: {count:,} {what}." for what, count in self._sum.left_out.most_common(MOST_TOLD))
        return ValidationResult(
            outcomes=tuple(outcomes[rule.id] for rule in order if rule.id in outcomes),
            files=files,
            records=dict(self._sum.records),
            size=self._sum.size,
            seconds=seconds,
            notes=(*notes, *told),
            missing=tuple(missing),
            cut_short=cut_short,
        )


def _grown(planned: Plan) -> list[str]:
    """A note for each file that is longer now than when it was looked into."""
    ends = {piece.path: piece.offset + piece.length for piece in planned.pieces if piece.length is not None}
    grown = [path for path, end in ends.items() if Path(path).exists() and Path(path).stat().st_size > end]
    return [f"{path} grew while it was read; what came later was not judged." for path in grown]
