"""From records to a tally: the one place where recordings are judged, whoever reads them and on whichever machine.

The law of this file: pure. The same records and the same wish give the same tally, and tallies of neighbouring pieces,
merged in order, give the tally of the whole: lines are counted from the piece's own first, and moved when it is merged.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.exchange import Exchange, Origin, Request
from chatconform.core.naming import chosen, matches
from chatconform.core.panel import Exercised, Panel
from chatconform.core.remembering import forget
from chatconform.core.result import Result, Verdict
from chatconform.core.rule import Finding, Part
from chatconform.core.secrets import secret_of
from chatconform.core.sse import BOM
from chatconform.core.tally import Example, Tally
from chatconform.core.telling import tell
from chatconform.recordings import holders
from chatconform.recordings.kinds import type_of
from chatconform.recordings.lint import lint
from chatconform.recordings.record import Body, LeftOut, Lines, Recorded, Wrong
from chatconform.recordings.requirements import READING, of_type, record_rules
from chatconform.reports.redaction import Redaction
from chatconform.run.excerpts import EXCERPT, of_body, of_exchange, unthinned, why_unread
from chatconform.run.profiles import leveled
from chatconform.run.unknown import without_headers, without_request
from chatconform.schemas import is_valid
from chatconform.schemas.validator import explained, quick_verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatconform.core.rule import Rule
    from chatconform.recordings.batch import Pairs
    from chatconform.recordings.record import Record

EXCHANGES: Final = "exchanges"
NOWHERE: Final = Request("", "")


@dataclass(frozen=True, slots=True)
class Wish:
    """What records are judged by: rules, the profile of their levels, the type of bodies, and whether to lint.

    `plugins` names what brings further rules, so that processes that judge some of the records load them, too.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    profile: str = "compatible"
    type: str | None = None
    lint: bool = False
    plugins: tuple[str, ...] = ()


@lru_cache(maxsize=8)
def requirements(wish: Wish) -> dict[str, Rule]:
    """The requirements on records that a wish is about, by their ids.

    What stands in the way of reading is told whatever was chosen, unless it is skipped.
    """
    return {
        rule.id: rule
        for rule in record_rules()
        if (not wish.only or rule in READING or _named(rule, wish.only)) and not _named(rule, wish.skip)
    }


@lru_cache(maxsize=8)
def rules_on_exchanges(wish: Wish) -> tuple[Rule, ...]:
    """The rules on exchanges that a wish is about, at the levels of its profile."""
    from chatconform.rules.catalogue import rules  # where no exchange is met it is not needed, and it holds much
    from chatconform.rules.plugins import load

    for name in wish.plugins:
        load(name)
    return tuple(
        leveled(rule, wish.profile)
        for rule in rules()
        if rule.on is not Part.SERIES and (not wish.only or _named(rule, wish.only)) and not _named(rule, wish.skip)
    )


@lru_cache(maxsize=8)
def _by_id(wish: Wish) -> dict[str, Rule]:
    return {rule.id: rule for rule in rules_on_exchanges(wish)}


def check_patterns(wish: Wish) -> None:
    """Raises `UnknownIdError` for a pattern that matches no rule."""
    if wish.only or wish.skip:
        from chatconform.rules.catalogue import rules

        chosen((*record_rules(), *rules()), wish.only, wish.skip, "rule")


def _named(rule: Rule, patterns: Sequence[str]) -> bool:
    return any(matches(rule.id, pattern) for pattern in patterns)


@dataclass
class Judged:
    """What a piece of a recording came to: the tally, and how many records of each kind, lines and bytes there were."""

    tally: Tally
    records: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    size: int = 0

    @property
    def findings(self) -> int:
        """How many findings there are."""
        return sum(outcome.findings for outcome in self.tally.outcomes.values())

    def moved(self, lines: int) -> Judged:
        """The same piece, with so many lines before it in its file."""
        if lines:
            for outcome in self.tally.outcomes.values():
                for place in outcome.places.values():
                    place.examples = [_moved(example, lines) for example in place.examples]
        return self

    def merge(self, other: Judged) -> None:
        """Takes another piece in, as if it had come after this one."""
        self.tally.merge(other.tally)
        self.records += other.records
        self.left_out += other.left_out
        self.lines += other.lines
        self.size += other.size


def _moved(example: Example, lines: int) -> Example:
    origin = example.exchange.origin
    return replace(example, exchange=Exchange(Origin(origin.case, origin.step + lines), NOWHERE))


class Bench:
    """Judges records one after the other; `take_off` gives what they came to since it was asked last."""

    def __init__(self, wish: Wish, name: str, pairs: Pairs | None = None) -> None:
        self._wish = wish
        self._name = name
        self._pairs = pairs
        self._rules = requirements(wish)
        self._kept: Counter[str] = Counter()
        self._exercised: Counter[Exercised] = Counter()
        self._broke: Counter[str] = Counter()
        self._verdicts: dict[str, Callable[[Any], bool]] = {}
        self._now = Judged(Tally(()))
        self.line = 1
        """The line of the record that was taken last."""

    @cached_property
    def _panels(self) -> dict[tuple[bool, bool, bool], Panel]:
        return _panels(self._wish)  # only once there is an exchange: bodies need none of these rules

    def take_off(self) -> Judged:
        """What was judged since the last time."""
        now, self._now = self._now, Judged(Tally(()))
        for exercised, times in self._exercised.items():
            for rule_id in exercised.ids:
                self._kept[rule_id] += times
        self._exercised.clear()
        for verdict, counted in ((Verdict.PASSED, self._kept), (Verdict.FAILED, self._broke)):
            for rule_id, count in counted.items():
                if not count:
                    continue
                rule = self._rules.get(rule_id) or _by_id(self._wish)[rule_id]
                counts = now.tally.outcome(rule).counts
                counts[verdict] = counts.get(verdict, 0) + count
            counted.clear()
        return now

    def take(self, record: Record) -> None:
        """Judges one record, or many lines."""
        if not isinstance(record, Lines):
            self.line = self._now.lines = record.line
        match record:
            case Lines(first, lines):
                self._lines(first, lines)
            case Body(line, name, value, pointer):
                self._body(line, name, value, pointer)
            case Recorded():
                self._exchange(record)
            case Wrong(line, rule, message, pointer, excerpt):
                self._found(rule, line, Finding(pointer, message), excerpt)
            case LeftOut(_, what):
                self._now.left_out[what] += 1

    def _lines(self, first: int, lines: Sequence[bytes]) -> None:
        loads, forced, kept, counts = orjson.loads, self._wish.type, Counter[str](), Counter[str]()
        verdicts = self._verdicts
        number = first - 1
        for line in lines:
            number += 1
            try:
                value = loads(line)
            except orjson.JSONDecodeError:
                value = self._mended(number, line)
                if value is None:
                    continue
            name = forced or type_of(value)
            if name is None:
                for record in holders.records(value, number, self._name, self._pairs):
                    self.take(record)
            else:
                try:
                    valid = verdicts[name](value)
                except (KeyError, ValueError):  # the first of its type, or one that is odd
                    verdicts[name] = quick_verdict(name)
                    valid = is_valid(name, value)
                if valid:
                    kept[name] += 1
                else:
                    counts[name] += 1
                    self._explain(number, name, value, "", len(line))
            if self._wish.lint:
                for rule, finding in lint(line):
                    self._found(rule, number, finding, None)
        for name, count in kept.items():
            self._keeps(of_type(name), count)
            counts[name] += count
        self._now.records += counts
        self.line = self._now.lines = number

    def take_value(self, value: Any, number: int) -> None:
        """Judges one JSON value as a line that holds it."""
        self.line = number
        name = self._wish.type or type_of(value)
        if name is not None:
            self._body(number, name, value, "")
            return
        with suppress(TypeError):  # readers take what a parser makes; what cannot be written they tell themselves
            value = orjson.loads(orjson.dumps(value))
        for record in holders.records(value, number, self._name, self._pairs):
            self.take(record)

    def _mended(self, number: int, line: bytes) -> Any:
        """The value of a line that is JSON but for a byte order mark; None, and told why, for any other."""
        text = line.strip()
        if not text:
            return None
        if number == 1 and text.startswith(BOM):
            text = text.removeprefix(BOM)
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            rule, message = why_unread(text, error)
        self._found(rule, number, Finding("", message), tell(text[:EXCERPT].decode(errors="replace"), EXCERPT))
        return None

    def _body(self, line: int, name: str, value: Any, pointer: str) -> None:
        name = self._wish.type or name
        self._now.records[name] += 1
        if is_valid(name, value):
            self._keeps(of_type(name), 1)
        else:
            self._explain(line, name, value, pointer)

    def _explain(self, line: int, name: str, value: Any, pointer: str, size: int | None = None) -> None:
        """Tells what is wrong with a body."""
        rule = of_type(name)
        if rule.id not in self._rules:
            return
        for violation in explained(name, value, size):
            told = partial(of_body, pointer, violation, value)
            self._note(rule, line, pointer + violation.pointer, violation.message, told)
        self._broke[rule.id] += 1

    def _exchange(self, record: Recorded) -> None:
        exchange = record.exchange
        if exchange.started is not None and not record.headers:
            # Without the server's own date its clock cannot be told from ours.
            exchange = replace(exchange, started=None)
        self._now.records[EXCHANGES] += 1
        found, others = self._panels[_knows(record)].judge(exchange)
        for exercised in found:
            self._exercised[exercised] += 1
        for result in others:
            if any(result.rule.id in exercised.ids for exercised in found):
                self._kept[result.rule.id] -= 1
            self._result(record, result)
        forget(exchange)  # nobody looks for cycles meanwhile, and millions of exchanges would stay

    def _result(self, record: Recorded, result: Result) -> None:
        self._now.tally.add([replace(result, findings=())])
        secrets = [secret_of(*pair) for pair in record.exchange.request.headers]
        redaction = Redaction([secret for secret in secrets if secret])
        for finding in result.findings:
            line, placed = unthinned(record, finding)
            placed = replace(placed, message=redaction.text(placed.message))
            told = partial(of_exchange, placed, record.exchange, result.rule, finding.pointer, redaction)
            self._note(result.rule, line, placed.pointer, placed.message, told)

    def _keeps(self, rule: Rule, count: int) -> None:
        if rule.id in self._rules:
            self._kept[rule.id] += count

    def _found(self, rule: Rule, line: int, finding: Finding, excerpt: str | None) -> None:
        if rule.id in self._rules:
            self._note(rule, line, finding.pointer, finding.message, lambda: (finding, excerpt))
            self._broke[rule.id] += 1

    def _note(
        self, rule: Rule, line: int, pointer: str, message: str, told: Callable[[], tuple[Finding, str | None]]
    ) -> None:
        """Counts a finding; what is told of it is made for the few that are kept."""

        def example() -> Example:
            finding, excerpt = told()
            return Example(finding, Exchange(Origin(self._name, line), NOWHERE), excerpt)

        self._now.tally.note(rule, pointer, message, example)


def judge_value(bench: Bench, value: Any, number: int) -> None:
    """Judges one record as a program holds it: an exchange, a line of JSON, or a JSON value. Raises `TypeError`."""
    match value:
        case Exchange():
            bench.take(Recorded(number, value))
        case bytes() | bytearray():
            bench.take(Lines(number, [bytes(value)]))
        case str():
            bench.take(Lines(number, [value.encode("utf-8", "surrogatepass")]))
        case _:
            bench.take_value(value, number)


@lru_cache(maxsize=8)
def _panels(wish: Wish) -> dict[tuple[bool, bool, bool], Panel]:
    """The rules on exchanges, by what is known of one: the request, that there was an answer, and its headers."""
    every = rules_on_exchanges(wish)
    about_requests = [rule for rule in every if rule.id.startswith("request.")]
    return {
        (request, answer, headers): Panel(
            [
                rule
                for rule in (every if answer else about_requests)
                if (request or not without_request(rule)) and (headers or not without_headers(rule))
            ]
        )
        for request in (False, True)
        for answer in (False, True)
        for headers in (False, True)
    }


def _knows(record: Recorded) -> tuple[bool, bool, bool]:
    exchange = record.exchange
    answered = exchange.response is not None or exchange.failure is not None
    return record.request, answered, record.headers
