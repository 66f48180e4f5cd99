"""Where an answer ends that has a stop sequence, and why it says that it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import STOP
from chatconform.rules.reading import choices, whole
from chatconform.rules.response.finish import REASONS, sequences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange


def _text(exchange: Exchange) -> str:
    return next((choice.content or "" for choice in choices(exchange)), "").strip()


def _groups(series: Sequence[Exchange]) -> tuple[list[tuple[int, Exchange]], list[str]] | None:
    """The whole answers to a request with a stop sequence, and the texts of the same request without it."""
    whole_ones = [(n, e) for n, e in enumerate(series) if e.about.get("stops") and whole(e) and not e.is_stream]
    stopped = [(n, e) for n, e in whole_ones if e.about["stops"] == "with"]
    if not stopped:
        return None
    asked = {**stopped[0][1].asked, "stop": None}
    plain = [_text(e) for _, e in whole_ones if e.about["stops"] == "without" and {**e.asked, "stop": None} == asked]
    return (stopped, plain) if plain else None


def _before(text: str, exchange: Exchange) -> str:
    """What stands in a text before the first of an exchange's stop sequences."""
    found = [text.index(one) for one in sequences(exchange) if one in text]
    return text[: min(found, default=len(text))].strip()


@rule(
    "series.stops.text-ends-before-the-sequence",
    Level.MUST,
    on=Part.SERIES,
    source="StopConfiguration",
    when=lambda series: _groups(series) is not None,
    needs=STOP,
)
def text_ends_before_the_sequence(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """With a stop sequence the text is all that stood before the sequence without it, wherever tokens begin and end.

    A server that looks for whole tokens cuts too early or too late. Judged with a sequence out of the target's own
    answer at temperature 0, where it repeats both answers; blanks at the ends do not count.
    """
    stopped, texts = _groups(series) or ([], [])
    said = {_text(exchange) for _, exchange in stopped}
    plain, (number, first) = texts[0], stopped[0]
    expected = _before(plain, first)
    if expected in said or any(one in text for one in sequences(first) for text in said):
        return
    if len(set(texts)) > 1 or len(said) > 1 or len(stopped) < 2 or len(texts) < 2:
        yield Inconclusive("the target does not repeat itself")
        return
    shown = f"is {tell(_text(first))} for the stop sequence {tell(sequences(first)[0])} of {tell(plain)}"
    yield Finding("/choices/0/message/content", shown, tell(expected), number)


@rule(
    "series.stops.finish-is-stop",
    Level.MUST,
    on=Part.SERIES,
    source="CreateChatCompletionResponse.choices.finish_reason",
    when=lambda series: _groups(series) is not None,
    needs=STOP,
)
def finish_is_stop(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """An answer that came to a stop sequence ends with `stop`.

    A program that is told `length` asks for the rest, and gets what it did not want. Judged with a sequence out of the
    target's own answer, where the text ends just before it; words that are no finish reasons are told by another rule.
    """
    stopped, texts = _groups(series) or ([], [])
    seen = False
    for number, exchange in stopped:
        if _text(exchange) != _before(texts[0], exchange):
            continue
        seen = True
        finish = choices(exchange)[0].finish
        if finish != "stop" and finish in REASONS:
            shown = f"is {tell(finish)} where the text ends before {tell(sequences(exchange)[0])}"
            yield Finding("/choices/0/finish_reason", shown, '"stop"', number)
    if not seen:
        yield Inconclusive("the target did not come to the stop sequence again")
