"""A specimen told to a person: what was asked, what came back, and what the rule says of it."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Final

from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Rule
    from chatconform.rules.specimens import Specimen

MOST_EXCHANGES: Final = 4
MOST_LINES: Final = 8
MOST_OF_A_LINE: Final = 800
"""What is longer is cut: an example is to be taken in at a glance."""


def told(specimen: Specimen, rule: Rule, width: int) -> Iterator[str]:
    """The lines that tell a specimen of a rule."""
    if specimen.note:
        yield from textwrap.wrap(f"({plain(specimen.note, MOST_OF_A_LINE)})", width)
    several = len(specimen.exchanges) > 1
    for number, exchange in enumerate(specimen.exchanges[:MOST_EXCHANGES], 1):
        for position, line in enumerate(_exchange(exchange, width - 3)):
            yield (f"{f'{number}.' if position == 0 else '':<3}" if several else "") + line
    if len(specimen.exchanges) > MOST_EXCHANGES:
        yield f"... and {len(specimen.exchanges) - MOST_EXCHANGES} more"
    for result in specimen.results(rule):
        for finding in result.findings[:1]:
            where = f"in exchange {finding.exchange + 1}, " if several else ""
            place = f"{plain(finding.pointer)} " if finding.pointer else ""
            wanted = f" (expected: {plain(finding.expected)})" if finding.expected else ""
            yield from textwrap.wrap(f"=> {where}{place}{plain(finding.message, 400)}{wanted}", width)


def _exchange(exchange: Exchange, width: int) -> Iterator[str]:
    request, response = exchange.request, exchange.response
    yield from _lines(f"{request.method} {request.target}", request.body, width)
    if response is not None:
        yield from _lines(f"{response.status} {response.media_type or 'without a type'}", response.body, width)
    if exchange.failure is not None:
        yield f"{exchange.failure.kind}: {plain(exchange.failure.message)}"


def _lines(head: str, body: bytes, width: int) -> Iterator[str]:
    """A head line, and the lines of a body that are not blank, each bounded and wrapped."""
    yield plain(head)
    lines = [line for line in body[:65_536].decode(errors="backslashreplace").splitlines() if line.strip()]
    for line in lines[:MOST_LINES]:
        shown = plain(_spaced(line), MOST_OF_A_LINE)
        yield from textwrap.wrap(shown, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    if len(lines) > MOST_LINES:
        yield f"  ... and {len(lines) - MOST_LINES} more lines"


def _spaced(line: str) -> str:
    """A line whose JSON, if it is some, has the blanks at which it can be wrapped."""
    field = "data: " if line.startswith("data: ") else ""
    try:
        return field + json.dumps(json.loads(line.removeprefix(field)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return line
