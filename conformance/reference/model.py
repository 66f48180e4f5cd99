"""The reference model: which tokens come next and how likely, out of nothing but a digest of the conversation.

The law of this file: the same context, sampling and choice give the same tokens; a lower limit gives fewer of the same
tokens; at temperature 0 neither the seed nor the choice matters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING, Final

from chatconform.reference.tokens import END, ids, piece, spelt
from chatconform.reference.words import SENTENCES, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MASKED: Final = -9999.0
"""The log probability of what cannot come, as the published type has it."""
UNLIKELY: Final = -30.0
"""How a token that the sentence has no place for is rated before any bias."""
EMPTY: Final[Mapping[int, float]] = {}


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen, as the request's parameters of the same names say."""

    temperature: float = 1.0
    top_p: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=lambda: EMPTY)
    seed: int = 0

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is always taken."""
        return self.temperature == 0 or self.top_p == 0


@dataclass(frozen=True, slots=True)
class Token:
    """A token of an answer: its text, how likely it was, and what else could have come, likeliest first."""

    text: str
    logprob: float = 0.0
    others: tuple[tuple[str, float], ...] = ()


def random_for(context: bytes, sampling: Sampling, choice: int) -> Random:
    """The source of chance of one choice; the same for every choice and seed where there is none, at temperature 0."""
    start = b"greedy" if sampling.greedy else f"{sampling.seed}:{choice}".encode()
    return Random(int.from_bytes(blake2b(context + start, digest_size=16).digest(), "big"))


def written(context: bytes, sampling: Sampling, choice: int, sentences: int, top: int | None) -> Iterator[Token]:
    """The tokens of a text of so many sentences; it ends by itself if it may.

    Each is told with how likely it was and the `top` likeliest, unless `top` is None.
    """
    chance = random_for(context, sampling, choice)
    counts: dict[int, int] = {}
    raised = {token: bias for token, bias in sampling.logit_bias.items() if bias > 0}
    last = position = sentence = place = 0
    form = _form(context, sentence)
    while True:
        rated = _rated(context, position, last, form[place], first=position == 0)
        if place == 0 and sentence >= sentences:
            rated[END] = 20.0
        _weigh(rated, sampling, raised, counts)
        if max(rated.values()) < UNLIKELY:
            rated[_unbiased(context, position, sampling)] = UNLIKELY
        chosen = _choose(rated, sampling, chance)
        if chosen == END:
            return
        yield Token(piece(chosen)) if top is None else _told(chosen, rated, top)
        counts[chosen] = counts.get(chosen, 0) + 1
        last, position, place = chosen, position + 1, place + 1
        if place == len(form):
            sentence, place = sentence + 1, 0
            form = _form(context, sentence)


def forced(texts: list[str], top: int) -> Iterator[Token]:
    """Tokens that had to come as they are: certain, with everything else masked."""
    for position, text in enumerate(texts):
        others = [(text, 0.0)] if top else []
        yield Token(text, 0.0, _filled(others, top, position))


def _form(context: bytes, sentence: int) -> tuple[str, ...]:
    return SENTENCES[blake2b(context + b"form%d" % sentence, digest_size=1).digest()[0] % len(SENTENCES)]


@cache
def _candidates(kind: str, first: bool) -> tuple[int, ...]:
    return tuple(ids()[spelt(kind, word, first=first)] for word in WORDS[kind])


def _rated(context: bytes, position: int, last: int, kind: str, *, first: bool) -> dict[int, float]:
    """What the model thinks of each word that has its place here."""
    candidates = _candidates(kind, first)
    digest = blake2b(context + b"%d:%d" % (position, last), digest_size=len(candidates)).digest()
    return {token: byte / -48 for token, byte in zip(candidates, digest, strict=True)}


def _weigh(rated: dict[int, float], sampling: Sampling, raised: Mapping[int, float], counts: Mapping[int, int]) -> None:
    """Brings the bias and the penalties to the ratings; `raised` are the tokens that the bias makes likelier."""
    if sampling.logit_bias:
        for token in rated:
            rated[token] += sampling.logit_bias.get(token, 0.0)
        rated.update({token: UNLIKELY + bias for token, bias in raised.items() if token not in rated})
    if counts and (sampling.frequency_penalty or sampling.presence_penalty):
        for token in rated.keys() & counts.keys():
            rated[token] -= sampling.frequency_penalty * counts[token] + sampling.presence_penalty


def _unbiased(context: bytes, position: int, sampling: Sampling) -> int:
    """A token to write where every word that has its place here is banned."""
    token = int.from_bytes(blake2b(context + b"%d" % position, digest_size=4).digest(), "big") % END
    while token in sampling.logit_bias:
        token = (token + 1) % END
    return token


def _choose(rated: dict[int, float], sampling: Sampling, chance: Random) -> int:
    if sampling.greedy:
        return max(rated, key=rated.__getitem__)
    highest = max(rated.values())
    weights = {token: math.exp((rating - highest) / sampling.temperature) for token, rating in rated.items()}
    if sampling.top_p < 1:
        weights = _nucleus(weights, sampling.top_p)
    at = chance.random() * sum(weights.values())
    for token, weight in weights.items():
        at -= weight
        if at < 0:
            return token
    return token


def _nucleus(weights: dict[int, float], share: float) -> dict[int, float]:
    """The likeliest tokens that together have this share of the probability."""
    kept: dict[int, float] = {}
    left = share * sum(weights.values())
    for token in sorted(weights, key=weights.__getitem__, reverse=True):
        kept[token] = weights[token]
        left -= weights[token]
        if left <= 0:
            break
    return kept


def _told(chosen: int, rated: dict[int, float], top: int) -> Token:
    highest = max(rated.values())
    whole = highest + math.log(sum(math.exp(rating - highest) for rating in rated.values()))
    likeliest = sorted(rated, key=lambda token: (-rated[token], token))[:top] if top else []
    others = [(piece(token), _logprob(rated[token] - whole)) for token in likeliest]
    return Token(piece(chosen), _logprob(rated[chosen] - whole), _filled(others, top, chosen))


def _filled(others: list[tuple[str, float]], top: int, start: int) -> tuple[tuple[str, float], ...]:
    """As many alternatives as are asked for: after those that can come, some that cannot."""
    held = {text for text, _ in others}
    while len(others) < top:
        start += 1
        if (other := piece(start % END)) not in held:
            others.append((other, MASKED))
    return tuple(others)


def _logprob(value: float) -> float:
    return round(min(0.0, max(MASKED, value)), 8) + 0.0
