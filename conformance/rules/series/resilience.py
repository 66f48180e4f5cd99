"""That oddities of a request do not change more than they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import count, kept
from chatconform.rules.response.status import says

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange

    Said = Iterator[Finding | Inconclusive]


@rule(
    "series.resilience.blanks-change-nothing",
    Level.SHOULD,
    on=Part.SERIES,
    source="RFC 8259 section 2",
    when=lambda series: any(exchange.about.get("blanks") is True for exchange in series),
)
def blanks_change_nothing(series: Sequence[Exchange]) -> Said:
    """Blanks and line ends around and between the values of a body change nothing.

    People write requests in files, and shells add a line end. Judged on a request with them, and where that is refused
    on the same one without.
    """
    plain = next((exchange for exchange in series if exchange.about.get("blanks") is False), None)
    for number, exchange in enumerate(series):
        if exchange.about.get("blanks") is not True or not exchange.refused or "last_limit" in exchange.about:
            continue  # where a key stood twice as well, that may be the reason
        if plain is None or not plain.succeeded:
            status = "it was not asked" if plain is None else f"status {plain.status}"
            yield Inconclusive(f"the target does not answer the plain request ({status})")
        else:
            yield Finding("", f"{says(exchange)}, with blanks", f"status {plain.status}, as without", number)


@rule(
    "series.resilience.template-markup-is-text",
    Level.INFO,
    on=Part.SERIES,
    source="the practice of tokenizers that do not parse special tokens in user text",
    when=lambda series: len(_marked(series)) > 1,
)
def template_markup_is_text(series: Sequence[Exchange]) -> Said:
    """Words that a chat template uses to mark turns are plain text where a user writes them.

    Otherwise a user ends the turn and writes the next one in the name of the system. Judged by how many prompt tokens
    such a word costs: one token each shows that it was read as the template's own.
    """
    told = [(n, count(kept(series[n].answer, "usage").get("prompt_tokens"))) for n in _marked(series)]
    plain = next((tokens for n, tokens in told if series[n].about["markup"] == 0), None)
    if not plain or sum(tokens is not None for _, tokens in told) < 2:
        yield Inconclusive("without `usage` nobody can tell how the words were read")
        return
    for number, tokens in told:
        repeated = series[number].about["markup"]
        if tokens and repeated and tokens - plain <= repeated:
            shown = f"{repeated} times {tell(series[number].about.get('word'))} took {tokens - plain} prompt tokens"
            yield Finding("", shown, "several tokens each, as any such text", number)


def _marked(series: Sequence[Exchange]) -> list[int]:
    return [n for n, exchange in enumerate(series) if count(exchange.about.get("markup")) is not None]
