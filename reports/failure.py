"""One failed rule told to a person: the requirement, what was expected, what came, where, and how to see it again."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, Final

from chatconform.core.failure import failure_at
from chatconform.reports.curl import command
from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Finding
    from chatconform.core.run_result import Target
    from chatconform.core.tally import Example, Outcome, Place
    from chatconform.reports.look import Look
    from chatconform.reports.redaction import Redaction

LABEL: Final = 13
MOST_PLACES: Final = 3
EXCERPT: Final = 240
MOST_RAISED: Final = 12
"""Lines of a traceback; the last ones say what was raised."""
LARGEST_COMMAND: Final = 4 * 1024
"""A longer command is no help on a terminal; the JSON report holds the request."""
FILE: Final = "FILE"
"""Stands for the report to replay from where there is none."""
NO_FILE: Final = f"{FILE}: what --report json={FILE} writes."
PLAIN: Final = 400
"""Bytes of a request that is quickly read."""
LONGEST: Final = 64 * 1024
"""Characters of an answer in which the place of a finding is looked for."""
NUMBER: Final = re.compile(r"\d+")
EVENT: Final = re.compile(r"/(\d+)(?:/|$)")


def lines(
    outcome: Outcome, target: Target, redaction: Redaction, look: Look, *, key: str, report: str | None = None
) -> Iterator[str]:
    """The lines below a failed rule's name.

    `key` names the variable that holds the API key, and `report` the file that keeps the exchanges, if there is one.
    """
    rule = outcome.rule

    def told(label: str, *texts: str) -> Iterator[str]:
        return look.told(label, *texts, width=LABEL)

    yield from told("requirement", f"{plain(rule.text, 600)} ({plain(rule.source)})")
    if not outcome.examples():
        return
    example = _plainest(next(place for place in outcome.places.values() if place.examples))
    findings = [one.finding for one in (example, *outcome.examples()[:MOST_PLACES])]
    yield from told("expected", *(plain(redaction.text(text), 400) for text in _expected(findings)))
    yield from told("actual", *_places(list(outcome.places.values()), redaction))
    if outcome.known is not None:
        yield from told("known", plain(outcome.known, 400))
    shown = redaction.exchange(example.exchange)
    yield from told("answer", *_answer(shown, example))
    if isinstance(raised := shown.about.get("raised"), str):  # by an app in this process
        last = raised.rstrip().splitlines()[-MOST_RAISED:]
        yield from look.labelled("raised", [plain(line, EXCERPT) for line in last], LABEL)
    curl = command(shown.request, target.url, key=key)
    if len(curl) <= LARGEST_COMMAND:
        yield from look.labelled("request", curl.split("\n"), LABEL)
    else:
        yield from told("request", f"{len(shown.request.body)} bytes; --report json=FILE keeps them")
    yield from look.labelled("more", [f"chatconform explain {rule.id}"], LABEL)
    yield from look.labelled("replay", again([failure_at(rule, name).id for name in outcome.places], report), LABEL)


def again(ids: Sequence[str], report: str | None) -> Iterator[str]:
    """The command that replays the first of some failures from a report, and the ids of others."""
    yield f"chatconform replay {quote(report) if report else FILE} {ids[0]}"
    if ids[1:]:
        yield f"or {', '.join(ids[1:MOST_PLACES])}"


def _places(places: list[Place], redaction: Redaction) -> Iterator[str]:
    """What is wrong, place by place: the plainest finding of each, and how many more there are like it."""
    for place in places[:MOST_PLACES]:
        finding = _plainest(place).finding
        where = f"{plain(redaction.text(finding.pointer))} " if finding.pointer else ""
        others = unlike(place, finding)
        yield f"{where}{plain(redaction.text(finding.message), 400)}{more(place, others)}"
        yield from (f"or {plain(redaction.text(text), 400)}" for text in others)
    if len(places) > MOST_PLACES:
        yield f"and in {len(places) - MOST_PLACES} more places"


def _expected(findings: Sequence[Finding]) -> Iterator[str]:
    """What was expected, without what in the same place differs by its numbers alone."""
    told = set()
    for finding in findings:
        kind = NUMBER.sub("0", finding.pointer), NUMBER.sub("0", finding.expected or "")
        if finding.expected and kind not in told:
            told.add(kind)
            yield finding.expected


def more(place: Place, others: Sequence[str]) -> str:
    """How many findings there are in a place beside the one that is told, and whether they are like it."""
    return f" (and {place.count - 1} more{'' if others else ' like it'})" if place.count > 1 else ""


def unlike(place: Place, told: Finding) -> list[str]:
    """The messages of findings in a place that say something else than one, and not only of other numbers."""
    said = {NUMBER.sub("0", example.finding.message): example.finding.message for example in place.examples}
    said.pop(NUMBER.sub("0", told.message), None)
    return list(said.values())


def _plainest(place: Place) -> Example:
    """The first example of a place whose request is quickly read, or else the one with the smallest."""
    sizes = [len(example.exchange.request.body) for example in place.examples]
    return place.examples[next((n for n, size in enumerate(sizes) if size <= PLAIN), sizes.index(min(sizes)))]


def _answer(exchange: Exchange, example: Example) -> Iterator[str]:
    """What came back, in short: of a stream the event that the finding points to."""
    response, failure = exchange.response, exchange.failure
    if response is not None:
        kind = plain(response.header("content-type") or "no content type", 80)
        text, pointer = response.body[:LONGEST].decode(errors="replace"), example.finding.pointer
        if exchange.is_stream and exchange.events:
            named = EVENT.match(example.finding.pointer)
            number = int(named[1]) if named is not None and len(named[1]) < 9 else 0
            number = number if number < len(exchange.events) else 0
            kind = f"{kind}, event {number} of {len(exchange.events)}"
            text = exchange.events[number].data[:LONGEST]
            pointer = pointer[named.end(1) :] if named is not None else ""
        yield f"{exchange.id}: status {response.status}, {kind}" + ("" if text else ", nothing in it")
        if text:
            yield plain(_from_near(text, pointer), EXCERPT)
    if failure is not None:
        yield f"{exchange.id}: {plain(failure.message)}" if response is None else plain(failure.message)


def _from_near(text: str, pointer: str) -> str:
    """A JSON text from shortly before the place that a finding points to, where its beginning would not show it."""
    if len(text) <= EXCERPT:
        return text
    from chatconform.reports.html_marks import locate  # only long answers need it

    span = locate(text, pointer)
    return text if span is None or span.start < EXCERPT * 3 // 4 else f"...{text[span.start - EXCERPT // 2 :]}"
