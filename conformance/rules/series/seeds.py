"""What a seed does: the same one repeats an answer, another one varies it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import SEED
from chatconform.rules.reading import choices
from chatconform.rules.series.forms import has, of, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.rules.series.forms import Form

SOURCE: Final = "CreateChatCompletionRequest.seed"
ENOUGH: Final = 3
"""So many answers, none like another, show that nothing was repeated; so many alike that nothing varied."""


@rule("series.seeds.same-seed-repeats", Level.SHOULD, on=Part.SERIES, source=SOURCE, needs=SEED, when=has("same-seed"))
def same_seed_repeats(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The same request with the same `seed` gets the same answer.

    Tests and evaluations are repeated by it, as well as a server can. Judged on the same request twice at temperature
    1, and once more where the answers differ, by answers that name the same `system_fingerprint`; a target that does
    not repeat itself at temperature 0 either is inconclusive.
    """
    same = of(series, "same-seed")
    alike = [form for form in same if _fingerprint(form) == _fingerprint(same[0])]
    said = [text(form.exchange) for form in alike]
    if len(said) < ENOUGH - 1:
        yield Inconclusive("the target's configuration changed between the requests, or it did not answer them all")
    elif not any(said):
        yield Inconclusive("the model said nothing")
    elif len(set(said)) > 1:
        greedy = [text(form.exchange) for form in of(series, "greedy")]
        if len(greedy) < ENOUGH - 1 or len(set(greedy)) > 1:
            rate = f"{len(set(greedy))} different answers to {len(greedy)} requests"
            yield Inconclusive(f"the target does not repeat itself at temperature 0 either: {rate}")
        else:
            form = next(form for form, words in zip(alike, said, strict=True) if words != said[0])
            pointer = choices(form.exchange)[0].place("content")
            message = f"is {tell(text(form.exchange), 60)} with the same seed"
            yield Finding(pointer, message, tell(said[0], 60), form.number)


@rule(
    "series.seeds.other-seeds-vary",
    Level.INFO,
    on=Part.SERIES,
    source=SOURCE,
    needs=SEED,
    when=has("same-seed", "other-seed"),
)
def other_seeds_vary(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """Other seeds give other answers at temperature 1.

    A server that has one seed for everyone gives the same draft however often it is asked for another. Judged on one
    request with two seeds, and with a third where both give the same; a model so sure of its words that all are alike
    is told as well.
    """
    forms = [*of(series, "same-seed")[:1], *of(series, "other-seed")]
    said = [text(form.exchange) for form in forms]
    if not all(said):
        yield Inconclusive("the model said nothing")
    elif len(set(said)) == 1 and len(said) < ENOUGH:
        yield Inconclusive("too few seeds were answered")
    elif len(set(said)) == 1:
        pointer = choices(forms[-1].exchange)[0].place("content")
        message = f"is {tell(said[0], 60)} with each of {len(said)} seeds"
        yield Finding(pointer, message, "answers that vary", forms[-1].number)


def _fingerprint(form: Form) -> str | None:
    told = (form.exchange.answer or {}).get("system_fingerprint")
    return told if isinstance(told, str) else None
