"""What becomes of a prompt that is longer than the context window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import count, kept
from chatconform.rules.response.errors import told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange

ENDLESS: Final = 1_000_000
"""Characters from which on a prompt is meant to fit into no window."""
CODES: Final = ("context_length_exceeded", "string_above_max_length")


def _counted(series: Sequence[Exchange]) -> list[tuple[int, int]]:
    """The exchanges that tell how long their prompt is, with that length."""
    lengths = ((number, count(exchange.about.get("prompt_characters"))) for number, exchange in enumerate(series))
    return [(number, length) for number, length in lengths if length is not None]


def _asks_too_much(series: Sequence[Exchange]) -> bool:
    return any(length >= ENDLESS for _, length in _counted(series))


def _prompt_tokens(exchange: Exchange) -> int | None:
    return count(kept(exchange.answer, "usage").get("prompt_tokens"))


@rule(
    "series.context.prompts-are-not-cut",
    Level.SHOULD,
    on=Part.SERIES,
    source="the API's error codes: context_length_exceeded",
    when=_asks_too_much,
)
def prompts_are_not_cut(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A prompt that is longer than the context window is refused, never cut in silence.

    Whoever is answered believes that all was read: a summary of the last chapter is taken for one of the book. Judged
    on a prompt of eight million characters: where it is answered, its `prompt_tokens` have grown with its length, by
    the measure of two short ones.
    """
    known = [(length, tokens) for n, length in _counted(series) if (tokens := _prompt_tokens(series[n])) is not None]
    small = sorted((length, tokens) for length, tokens in known if length < ENDLESS)
    for number, length in _counted(series):
        exchange = series[number]
        if length < ENDLESS or not exchange.succeeded:
            continue
        tokens = _prompt_tokens(exchange)
        if tokens is None or len(small) < 2 or small[-1][0] == small[0][0]:
            yield Inconclusive("without `usage` nobody can tell whether all of the prompt was read")
            continue
        (short, few), (longer, more) = small[0], small[-1]
        expected = more + (more - few) * (length - longer) // (longer - short)
        if tokens * 2 < expected:
            shown = f"{tokens} prompt tokens for {length} characters, where {longer} took {more}"
            yield Finding("/usage/prompt_tokens", shown, f"about {expected}, or a 400", number)


@rule(
    "series.context.overflow-is-named",
    Level.SHOULD,
    on=Part.SERIES,
    source="the API's error codes: context_length_exceeded",
    when=_asks_too_much,
)
def overflow_is_named(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A prompt longer than the context window is refused with status 400 and the code `context_length_exceeded`.

    Agents shorten their history on this code and ask again; without it they give up. Judged on a prompt of eight
    million characters; one that is refused for its bytes (413), or answered, says nothing here.
    """
    for number, length in _counted(series):
        exchange = series[number]
        if length < ENDLESS:
            continue
        error = told(exchange)
        code = (error or {}).get("code")
        if not exchange.refused:
            yield Inconclusive("the prompt was not refused")
        elif exchange.status == 413:
            yield Inconclusive("the request was refused for its size before anybody counted its tokens")
        elif exchange.status != 400:
            yield Finding("", f"status {exchange.status}", "status 400", number)
        elif error is not None and (code is None or isinstance(code, str)) and code not in CODES:
            yield Finding("/error/code", f"is {tell(code)}", '"context_length_exceeded"', number)
