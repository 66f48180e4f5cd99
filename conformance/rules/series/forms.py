"""The same request in several forms: what rules compare, and when a difference is the form's and not the model's.

The law of this file: a difference counts only where each form repeats itself. Where it does not, the target is not
repeatable, and a comparison says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatconform.core.telling import tell
from chatconform.rules.reading import choices, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from chatconform.core.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Form:
    """One whole answer of a series, and its place in it."""

    number: int
    exchange: Exchange


def of(series: Sequence[Exchange], form: str) -> list[Form]:
    """The exchanges that a case asked in a form, where all of the answer arrived."""
    found = enumerate(series)
    return [Form(number, exchange) for number, exchange in found if is_form(exchange, form) and whole(exchange)]


def is_form(exchange: Exchange, form: str) -> bool:
    """Whether a case asked an exchange in a form."""
    return exchange.about.get("form") == form


def has(*forms: str) -> Callable[[Sequence[Exchange]], bool]:
    """Whether a series holds whole answers in all of these forms."""
    return lambda series: all(of(series, form) for form in forms)


def texts(exchange: Exchange) -> tuple[str, ...]:
    """The text of each choice, a refusal's too; blanks at its ends, which some servers trim, are left out."""
    return tuple(((choice.content or "") + (choice.refusal or "")).strip() for choice in choices(exchange))


def text(exchange: Exchange) -> str:
    """The text of the first choice; empty where there is none."""
    return next(iter(texts(exchange)), "")


def finishes(exchange: Exchange) -> tuple[str, ...]:
    """Why each choice ended; what is no string is told as JSON."""
    found = (choice.finish for choice in choices(exchange))
    return tuple(finish if isinstance(finish, str) else tell(finish) for finish in found)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one reading of two forms came to.

    `differ` where each form was asked more than once and repeats itself, and the two are not the same; `unsure` tells
    why nothing can be said where they are not the same and that is not so. Neither where an answer of one form equals
    one of the other.
    """

    left: Form
    right: Form
    differ: bool
    unsure: str | None


def compare(left: Sequence[Form], right: Sequence[Form], read: Callable[[Exchange], Hashable]) -> Comparison:
    """Compares two forms by a reading of their exchanges; neither may be empty."""
    ours = [read(form.exchange) for form in left]
    theirs = [read(form.exchange) for form in right]
    if set(ours) & set(theirs):
        return Comparison(left[0], right[0], False, None)
    if len(set(ours)) > 1 or len(set(theirs)) > 1:
        kinds, asked = len({*ours, *theirs}), len(ours) + len(theirs)
        reason = f"the target does not repeat itself: {kinds} different answers to {asked} requests for the likeliest"
        return Comparison(left[0], right[0], False, reason)
    if len(ours) < 2 or len(theirs) < 2:
        return Comparison(left[0], right[0], False, "the forms differ, and each was asked too seldom to tell why")
    return Comparison(left[0], right[0], True, None)
