"""What a server holds back while a stop sequence may be coming: all of it, and no longer than it has to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import STOP, STREAM
from chatconform.rules.reading import choices
from chatconform.rules.series.forms import finishes, has, of, text
from chatconform.rules.series.parity import lost_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.rules.series.forms import Form

SOURCE: Final = "StopConfiguration"
FORMS: Final = {"streamed": "whole", "held": "whole", "held-shorter": "shorter", "stopped": "whole"}
"""The forms that are streamed, and the form that tells what each of them is to say."""


@rule(
    "series.hold-back.no-part-of-a-stop-is-streamed",
    Level.MUST,
    on=Part.SERIES,
    source=SOURCE,
    needs=STOP,
    when=has("whole", "stopped"),
)
def no_part_of_a_stop_is_streamed(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """No part of a stop sequence is streamed, wherever the borders of tokens fall in it.

    What was streamed cannot be taken back: a sequence that spans tokens has to be held back until it is known whether
    it is one. Judged with a sequence out of the target's own text at temperature 0, across a border between two pieces:
    the stream says what stood before it, no more.
    """
    whole = text(of(series, "whole")[0].exchange)
    for form in of(series, "stopped"):
        stop = _stop(form.exchange)
        before, said = _due(whole, form), text(form.exchange)
        if not stop or stop not in whole or stop in said or finishes(form.exchange) != ("stop",):
            yield Inconclusive("the target did not come to the stop sequence again")
        elif said.startswith(before) and (part := said[len(before) :].strip()) and stop.strip().startswith(part):
            pointer = choices(form.exchange)[0].place("content")
            message = f"the text ends with {tell(part)}, the beginning of the stop sequence {tell(stop)}"
            yield Finding(pointer, message, f"an end after {tell(before[-20:])}", form.number)
        elif said != before and not lost_end(before, said):
            yield Inconclusive("the target does not repeat itself")


@rule(
    "series.hold-back.text-is-released",
    Level.MUST,
    on=Part.SERIES,
    source=SOURCE,
    needs=STREAM,
    when=lambda series: any(has("whole", *pair)(series) for pair in FORMS.items()),
)
def text_is_released(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """Text that was held back is streamed before the answer ends.

    The end of an answer is lost where a server waits for a stop sequence, or for the rest of a character, that never
    comes. Judged on streams of the same text as a whole answer: as it is, with a stop sequence that begins as the text
    ends, and up to a stop sequence; only where the target repeats itself.
    """
    wholes = of(series, "whole")
    whole = text(wholes[0].exchange)
    seen = [text(form.exchange) for form in (*wholes, *of(series, "streamed"))]
    repeats = all(text(form.exchange) == whole for form in wholes) and seen.count(whole) > 1
    for name, source in FORMS.items():
        streams, sources = of(series, name), of(series, source)
        said = {text(form.exchange) for form in streams}
        told = whole if source == "whole" else text(sources[-1].exchange) if sources else ""
        if not streams or not all(lost_end(_due(told, form), text(form.exchange)) for form in streams):
            continue
        if len(streams) < 2 or len(said) > 1 or not repeats:
            yield Inconclusive("an end is missing, and the target was not seen to repeat itself")
            continue
        first, due = streams[0], _due(told, streams[0])
        message = f"the stream ends without {tell(due[len(text(first.exchange)) :], 40)}"
        yield Finding(choices(first.exchange)[0].end(), message, f"text that ends in {tell(due[-40:])}", first.number)


def _due(whole: str, form: Form) -> str:
    """What a stream is to say: the whole text, or what stands before the stop sequence."""
    stop = _stop(form.exchange)
    return whole.partition(stop)[0].strip() if stop and stop in whole else whole


def _stop(exchange: Exchange) -> str:
    """The stop sequence of a request; empty where it has none, or several."""
    stop = exchange.asked.get("stop")
    only = stop[0] if isinstance(stop, list) and len(stop) == 1 else stop
    return only if isinstance(only, str) else ""
