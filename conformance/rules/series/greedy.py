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
    temperature 0: both answers are one and the same piece repeated, whatever the token is.
    """
    said = [(form, text(form.exchange)) for form in of(series, "biased")]
    told = [(form, words) for form, words in said if words]
    if len(told) < len(said) or len(told) < ENOUGH or any(REPLACEMENT in words for _, words in told):
        yield Inconclusive("the token that was forced shows no text")
        return
    for form, words in told:
        if not repeats_a_piece(words):
            pointer = choices(form.exchange)[0].place("content")
            yield Finding(pointer, f"is {tell(words)}", "one piece of text, repeated", form.number)
            return
    (_, one), (form, other), *_ = told
    if not one.startswith(other) and not other.startswith(one):
        pointer = choices(form.exchange)[0].place("content")
        yield Finding(pointer, f"is {tell(other)}", f"the piece of the other prompt: {tell(one)}", form.number)


def repeats_a_piece(words: str) -> bool:
    """Whether a text is one piece again and again, whatever was cut or trimmed at its ends."""
    return any(words[size:] == words[:-size] for size in range(1, len(words) // 2 + 1)) or len(words) == 1
