"""That the usage of the same request is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import count, kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange


@rule(
    "series.usage.prompt-tokens-repeat",
    Level.SHOULD,
    on=Part.SERIES,
    source="CompletionUsage.prompt_tokens",
    when=lambda series: sum(exchange.about.get("same") is not None for exchange in series) > 1,
)
def prompt_tokens_repeat(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The same messages cost the same `prompt_tokens`, however often, streamed or not, for one choice or several.

    Callers plan their context by it, and bills are checked with it; a cache may make a prompt cheaper, not shorter.
    Judged on the same messages sent several times.
    """
    told = [
        (number, tokens)
        for number, exchange in enumerate(series)
        if exchange.about.get("same") is not None
        and (tokens := count(kept(exchange.answer, "usage").get("prompt_tokens")))
    ]
    if len(told) < 2:
        yield Inconclusive("fewer than two answers to the same messages told their usage")
        return
    first = told[0][1]
    for number, tokens in told:
        if tokens != first:
            asked = series[number].asked
            how = "streamed" if asked.get("stream") else f"n={tell(asked['n'])}" if asked.get("n") else "once more"
            yield Finding("", f"{tell(tokens)} prompt tokens {how}", f"{tell(first)}, as at first", number)
            return
