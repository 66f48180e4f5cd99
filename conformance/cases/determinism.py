"""Chance: what a seed, another seed and a bias make of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.case import case
from chatconform.rules.series.forms import text
from chatconform.rules.series.greedy import repeats_a_piece

if TYPE_CHECKING:
    from chatconform.core.case import Asking, Situation

TOKENS: Final = ("1000", "300")
"""Ids that are a piece of text in most vocabularies; the second is for very small ones."""


@case("determinism.seeds", exercises=["series.seeds"], most=7)
def seeds(situation: Situation) -> Asking:
    """The same seed twice and another, at temperature 1; where that does not tell, again, and at temperature 0."""
    words = "Invent a name for a ship, and say what it carries."
    first, *others = situation.random.sample(range(1, 1_000_000), 3)
    same = situation.chat(words, most=24, temperature=1, seed=first).tagged(form="same-seed")
    exchange = yield same
    if exchange.refused:
        return
    said = text(exchange)
    again = yield same
    for seed in others:
        other = yield situation.chat(words, most=24, temperature=1, seed=seed).tagged(form="other-seed")
        if text(other) != said:
            break
    if text(again) != said:
        yield same
        for _ in range(2):
            yield situation.chat(words, most=24, temperature=0, seed=first).tagged(form="greedy")


@case("determinism.bias", exercises=["series.greedy.biased-token-takes-over"], most=3)
def bias(situation: Situation) -> Asking:
    """One token forced by a bias of 100 at temperature 0, for two unlike prompts."""
    prompts = ("Tell me about the sea.", "What is 12 times 12?")
    for token in TOKENS:
        forced: dict[str, Any] = {"most": 8, "temperature": 0, "logit_bias": {token: 100}}
        exchange = yield situation.chat(prompts[0], **forced).tagged(form="biased")
        if exchange.succeeded and repeats_a_piece(text(exchange)):
            yield situation.chat(prompts[1], **forced).tagged(form="biased")
            return
