"""Failures: what a run says is wrong, each by the id of its rule or scenario and its place.

The law of this file: what fails in the same way has the same name in every run, whatever the number of times and the
indexes of lists. A baseline names failures so, and so does who replays them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from chatconform.core.result import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chatconform.core.rule import Level, Rule
    from chatconform.core.scenario import Grade
    from chatconform.core.tally import Outcome

WHOLE: Final = "whole"
"""How the empty pointer is written: the finding is about the whole body, or about what is no body."""
CUT_SHORT: Final = "the run was cut short"
GENERATED: Final = "fuzz."
"""How the ids of cases and scenarios begin that generated requests and streams come from."""
LONGEST_PLACE: Final = 300
SHORT: Final = 8
ALWAYS: Final = frozenset({"MUST", "must"})
IF_STRICT: Final = frozenset({"SHOULD", "should", "policy"})


def weighs(level: str, *, strict: bool) -> bool:
    """Whether a failure of this level decides the exit status."""
    return level in ALWAYS or (strict and level in IF_STRICT)


def spelled(pointer: str) -> str:
    """A place as one word: the pointer with blanks, `#`, `%` and what does not print in the escapes of a URL.

    The empty pointer is `whole`; of one that is too long to be read the end is told by a digest.
    """
    word = "".join(
        char if char.isprintable() and char not in " #%" else quote(char, safe="", errors="surrogatepass")
        for char in pointer
    )
    if len(word) > LONGEST_PLACE:
        word = f"{word[: LONGEST_PLACE - SHORT - 3].rstrip('%')}...{_digest(pointer)}"
    return word or WHOLE


def failure_id(name: str, place: str | None) -> str:
    """The short id of a rule's failure at a place (as `spelled` gives it), the same in every run."""
    return _digest(f"{name} {place or '*'}")


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is wrong: a rule broken at a place, or a scenario that failed."""

    name: str
    """The id of the rule or scenario."""
    level: Level | Grade
    place: str | None = None
    """As `spelled` gives it; None for a scenario, and for what a rule found beyond the places that are kept."""
    generated: bool = field(default=False, compare=False)
    """Whether nothing but generated requests or streams shows it."""

    @property
    def id(self) -> str:
        """What replays it: a scenario's own id, of a rule's failure a short digest of rule and place."""
        return self.name if str(self.level).islower() else failure_id(self.name, self.place)


@dataclass(frozen=True)
class Sight:
    """What a run saw, as a baseline needs it."""

    command: str
    """What made the run: `check`, `client` or `validate`."""
    failures: tuple[Failure, ...] = ()
    judged: Mapping[str, Level | Grade] = field(default_factory=dict)
    """What was looked at so that no failure means that there is none, by id."""
    unjudged: Mapping[str, str] = field(default_factory=dict)
    """What was chosen and not looked at so, and why."""
    fuzzed: bool = False
    """Whether anything was generated."""


def failure_at(rule: Rule, pointer: str) -> Failure:
    """The failure of a rule at one of the places of its outcome."""
    return Failure(rule.id, rule.level, spelled(pointer))


def failures_of(outcomes: Iterable[Outcome], *, fuzzed: bool = False) -> Iterator[Failure]:
    """Each place at which a rule was broken, and one more where there were more places than are kept.

    `fuzzed` says that cases may be generated ones.
    """
    for outcome in outcomes:
        if outcome.verdict is not Verdict.FAILED:
            continue
        rule = outcome.rule
        for pointer, place in outcome.places.items():
            generated = fuzzed and all(one.exchange.origin.case.startswith(GENERATED) for one in place.examples)
            yield Failure(rule.id, rule.level, spelled(pointer), generated)
        if outcome.findings > sum(place.count for place in outcome.places.values()) or not outcome.places:
            yield Failure(rule.id, rule.level)


def sight(
    command: str,
    outcomes: Iterable[Outcome],
    *,
    unsure: str | None = None,
    in_part: bool = False,
    fuzzed: bool = False,
) -> Sight:
    """What a run over rules saw. `unsure` tells why what it did not find says nothing, such as that it was cut short.

    `in_part` says that not all cases were played, so that a broken rule may break elsewhere too.
    """
    outcomes = tuple(outcomes)
    judged: dict[str, Level | Grade] = {}
    unjudged: dict[str, str] = {}
    for outcome in outcomes:
        verdict, name = outcome.verdict, outcome.rule.id
        if verdict not in {Verdict.PASSED, Verdict.FAILED}:
            unjudged[name] = verdict.replace("_", " ")
        elif unsure is not None:
            unjudged[name] = unsure
        elif outcome.kit_fault:
            unjudged[name] = "the rule's own check broke"
        elif in_part and verdict is Verdict.FAILED:
            unjudged[name] = "not all cases were played"
        else:
            judged[name] = outcome.rule.level
    return Sight(command, tuple(failures_of(outcomes, fuzzed=fuzzed)), judged, unjudged, fuzzed)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SHORT]
