"""The likeliest answer, at temperature 0: what a limit and a bias do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import LOGIT_BIAS
from chatconform.rules.reading import choices
from chatconform.rules.series.forms import has, of, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.rules.series.forms import Form

REPLACEMENT = "\ufffd"
ENOUGH = 2
"""So many equal answers show that a target repeats itself."""


@rule(
    "series.greedy.shorter-answer-is-a-prefix",
    Level.SHOULD,
    on=Part.SERIES,
    when=has("whole", "shorter"),
    source="CreateChatCompletionRequest.max_completion_tokens",
)
def shorter_answer_is_a_prefix(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """At temperature 0 an answer with a lower limit of tokens is the beginning of the one with a higher limit.

    The limit only ends an answer; where it changes what is said, text was decoded wrongly at its end or the temperature
    is not kept. Judged on the same request with a limit and with half of it, where the target repeats itself.
    """
    wholes, shorter = of(series, "whole"), of(series, "shorter")
    whole, short = text(wholes[0].exchange), [text(form.exchange).rstrip(REPLACEMENT) for form in shorter]
    same = [text(form.exchange) for form in (*wholes, *of(series, "streamed"))]
    if not whole or not any(short):
        yield Inconclusive("the model said nothing")
    elif not any(whole.startswith(one) for one in short):
        if same.count(whole) < max(ENOUGH, len(same)) or len(short) < ENOUGH or len(set(short)) > 1:
            yield Inconclusive("the target was not seen to repeat itself at temperature 0")
        else:
            number = shorter[0].number
            pointer = choices(shorter[0].exchange)[0].place("content")
            yield Finding(pointer, f"is {tell(short[0], 60)}", f"the beginning of {tell(whole, 60)}", number)


@rule(
    "series.greedy.biased-token-takes-over",
    Level.SHOULD,
    on=Part.SERIES,
    needs=LOGIT_BIAS,
    when=has("biased"),
    source="CreateChatCompletionRequest.logit_bias",
)
def biased_token_takes_over(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A `logit_bias` of 100 on one token makes the answer that token again and again.

    Callers ban or force words by it; one that has no effect is accepted and ignored. Judged on two unlike prompts at
    temperature 0: both answers are one and the same piece repeated, whatever the token is. Another token is tried where
    the first shows nothing.
    """
    tried: dict[str, list[Form]] = {}
    for form in of(series, "biased"):
        tried.setdefault(tell(form.exchange.asked.get("logit_bias")), []).append(form)
    for forms in tried.values():
        said = [text(form.exchange) for form in forms]
        if len(said) >= ENOUGH and all(map(_shows_a_piece, said)) and _are_alike(said):
            return
    last = [form for forms in tried.values() for form in forms if text(form.exchange)]
    if len(last) < ENOUGH or any(REPLACEMENT in text(form.exchange) for form in last):
        yield Inconclusive("the tokens that were forced show no text")
        return
    told = next((form for form in last if not repeats_a_piece(text(form.exchange))), last[-1])
    pointer = choices(told.exchange)[0].place("content")
    yield Finding(pointer, f"is {tell(text(told.exchange))}", "one piece of text, repeated", told.number)


def _shows_a_piece(words: str) -> bool:
    return REPLACEMENT not in words and repeats_a_piece(words)


def _are_alike(said: Sequence[str]) -> bool:
    """Whether texts are one piece repeated, cut anywhere."""
    longest = max(said, key=len)
    return all(longest.startswith(words) for words in said)


def repeats_a_piece(words: str) -> bool:
    """Whether a text is one piece again and again, whatever was cut or trimmed at its ends."""
    return any(words[size:] == words[:-size] for size in range(1, len(words) // 2 + 1)) or len(words) == 1
