"""Rules: what must hold of an exchange, each one function in one place.

The law of this file: a rule's check is a pure function that yields what it found and never raises. Its id is an
address: `response.usage.total-is-the-sum` is `total_is_the_sum` in `rules/response/usage.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from importlib import import_module
from inspect import getdoc
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chatconform.core.capability import Capability
    from chatconform.core.exchange import Exchange


class Level(StrEnum):
    """How much a breach weighs: MUST decides the exit status, SHOULD does with `--strict`, INFO is only told."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    INFO = "INFO"


class Part(StrEnum):
    """The part of an exchange that a rule is about; the rule is silent on exchanges that lack it."""

    EXCHANGE = "exchange"
    """Anything, a failure to answer included."""
    REQUEST = "request"
    """A request whose body is a JSON object."""
    RESPONSE = "response"
    """A response of any status."""
    ERROR = "error"
    """A response that is not a success (status 400 and up)."""
    OVERLOAD = "overload"
    """A response that says `not now` (429 or 503): the only part of it that a run against a server judges."""
    COMPLETION = "completion"
    """A success whose body is one JSON object."""
    STREAM = "stream"
    """A success that is a stream of events."""
    ANSWER = "answer"
    """A completion, whole or assembled from its stream: `exchange.answer`."""
    SERIES = "series"
    """The exchanges of one case, judged together."""
    RECORD = "record"
    """One record of a file, such as a body by itself: no exchange has it."""

    def of(self, exchange: Exchange) -> bool:
        """Whether an exchange has this part."""
        return all(condition(exchange) for condition in self.conditions)

    @property
    def conditions(self) -> tuple[Callable[[Exchange], bool], ...]:
        """What has to hold of an exchange that has this part: nothing where every exchange has it."""
        condition = _PRESENT.get(self)
        return () if condition is None else (condition,)


_PRESENT: Final[Mapping[Part, Callable[[Exchange], bool]]] = {
    Part.REQUEST: lambda exchange: isinstance(exchange.request.json, dict),
    Part.RESPONSE: lambda exchange: exchange.response is not None,
    Part.ERROR: lambda exchange: exchange.status is not None and exchange.status >= 400,
    Part.OVERLOAD: lambda exchange: exchange.status in {429, 503},
    Part.COMPLETION: lambda exchange: exchange.completion is not None,
    Part.STREAM: lambda exchange: exchange.is_stream,
    Part.ANSWER: lambda exchange: exchange.answer is not None,
    Part.RECORD: lambda _: False,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: the JSON Pointer of the place, what is wrong there in one line, and what was expected instead.

    The pointer is into the JSON body; in a stream its first token is the index of the event, as in
    `/3/choices/0/delta/role`. It is empty for the whole, and `exchange` picks one of a series by its index.
    """

    pointer: str
    message: str
    expected: str | None = None
    exchange: int = 0


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """A check yields this where what it needs did not happen, with the reason: the model had the choice."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement: where it comes from, what it is about, and the function that checks it."""

    id: str
    level: Level
    on: Part
    source: str
    text: str
    """The requirement in one sentence: the first line of the check's docstring."""
    why: str
    """What breaks where it is not kept and how it is tested: the rest of the docstring."""
    check: Callable[[Any], Iterator[Finding | Inconclusive]]
    when: Callable[[Any], bool] | None = None
    """Whether an exchange (or a series) that has the part exercises this rule; None for always."""
    needs: Capability | None = None
    """A target that refuses this capability with a proper error is not judged by this rule: unsupported."""
    published: Level | None = None
    """The level for a target that promises everything as published, where it is another one than `level`."""
    kept_where: Callable[[Any], bool] | None = None
    """What shows at once, for many rules alike, that an exchange keeps this rule if it exercises it."""
    idle_where: Callable[[Any], bool] | None = None
    """What shows at once, for many rules alike, that an exchange does not exercise this rule.

    Either only saves asking the rule itself, which says the same; None where nothing shows it.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """How a rule goes to another process: by where its check stands, as the functions in it cannot be sent."""
        home = import_module(self.check.__module__)
        if isinstance(getattr(home, self.check.__name__, None), Rule):
            return _standing_in, (self.check.__module__, self.check.__name__, self.level)
        return Rule, tuple(getattr(self, each.name) for each in fields(self))

    def applies_to(self, subject: Exchange | Sequence[Exchange]) -> bool:
        """Whether an exchange, or for a series rule a series, exercises this rule."""
        if self.on is not Part.SERIES and not self.on.of(subject):  # type: ignore[arg-type]  # not a series: an exchange
            return False
        return self.when is None or self.when(subject)


def _standing_in(module: str, name: str, level: Level) -> Rule:
    """The rule of that name in a module, at a level."""
    found: Rule = getattr(import_module(module), name)
    return found if found.level is level else replace(found, level=level)


def rule(
    id: str,  # the field's own name
    level: Level,
    *,
    on: Part,
    source: str,
    when: Callable[[Any], bool] | None = None,
    needs: Capability | None = None,
    published: Level | None = None,
    kept_where: Callable[[Any], bool] | None = None,
    idle_where: Callable[[Any], bool] | None = None,
) -> Callable[[Callable[[Any], Iterator[Finding | Inconclusive]]], Rule]:
    """Makes a rule of a check: a generator function of an exchange (or, `on=Part.SERIES`, of a sequence of them)."""

    def make(check: Callable[[Any], Iterator[Finding | Inconclusive]]) -> Rule:
        text, _, why = (getdoc(check) or "").partition("\n")
        return Rule(
            id, level, on, source, text.strip(), why.strip(), check, when, needs, published, kept_where, idle_where
        )

    return make
