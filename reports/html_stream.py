"""A stream as a page shows it: its blocks as they came, byte for byte and with their times, and a time line of them.

The law of this file: a block is what stands between blank lines, whether or not it dispatches an event; so a reader
sees comments, blocks without data and an unfinished end as the client met them. Numbers are those of the events, as
rules count them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from markupsafe import Markup

from chatconform.core.sse import BOM
from chatconform.reports.html_marks import Span, as_text, locate, markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BLOCK: Final = re.compile(rb"[\r\n]*+((?:[^\r\n]++(?:\r\n|\r|\n)?+)++)((?:\r\n|\r|\n)*+)")
"""Lines that are not empty, and the empty ones after them."""
DATA: Final = re.compile(rb"(?:\A|[\r\n])data(?::|[\r\n]|\Z)")
EVENT: Final = re.compile(r"/(\d{1,9})(?=/|$)")
OVERHEAD: Final = 120
"""Characters of markup around a block."""
EMPTY: Final = Markup("")
WIDTH: Final = 1000
"""Of the time line, in units of its own."""
TICK: Final = 4
"""What comes closer together than that is one tick."""


class Block(NamedTuple):
    """One block of a stream as it came; `event` is its number where it dispatches one."""

    event: int | None
    at: float | None
    raw: bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block with its markup; or, where `omitted` is not 0, so many blocks of so many bytes that are not shown."""

    label: str = ""
    at: str = ""
    text: Markup = EMPTY
    marked: bool = False
    omitted: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class TimeLine:
    """When the blocks came, from the beginning of the exchange to the last byte: places on a line, and in words."""

    ticks: tuple[int, ...]
    marked: tuple[int, ...]
    first: str
    last: str
    told: str


@dataclass(frozen=True, slots=True)
class ShownStream:
    """A stream: its blocks, how many events and bytes it had, and its time line where the times are known."""

    blocks: tuple[ShownBlock, ...]
    events: int
    size: int
    time_line: TimeLine | None
    notes: tuple[str, ...]


def shown_stream(
    raw: bytes, arrivals: Sequence[Sequence[Any]], pointers: Sequence[str], cut_from: int | None, room: int
) -> ShownStream:
    """A stream's bytes with what the pointers name marked; `arrivals` are pairs of a time and a number of bytes."""
    blocks = list(_blocks(raw, arrivals))
    marked = _marked(blocks, pointers)
    chosen = _chosen(blocks, list(marked), room)
    shown: list[ShownBlock] = []
    told_to = 0
    for number in (*sorted(chosen), len(blocks)):
        if gap := blocks[told_to:number]:
            shown.append(ShownBlock(omitted=len(gap), size=sum(len(block.raw) for block in gap)))
        if number < len(blocks):
            block, told_to = blocks[number], number + 1
            text = as_text(block.raw).removesuffix("\n\n")  # as most blocks end; any other end is shown
            told = markup(text, _spans(block, marked.get(number, [])), room=room)[0]
            shown.append(ShownBlock(_label(block), _time(block.at), told, number in marked))
    notes = []
    if cut_from is not None:
        notes.append(f"The report kept the first {len(raw):,} of {cut_from:,} bytes.")
    events = sum(block.event is not None for block in blocks)
    size = len(raw) if cut_from is None else cut_from
    return ShownStream(tuple(shown), events, size, _time_line(blocks, marked), tuple(notes))


def _blocks(raw: bytes, arrivals: Sequence[Sequence[Any]]) -> Iterator[Block]:
    ends = list(accumulate(int(length) for _, length in arrivals))
    times = [float(at) for at, _ in arrivals]
    number = -1
    for found in BLOCK.finditer(raw):
        lines, blank = found.groups()
        if found.start() == 0:
            lines = lines.removeprefix(BOM)
        dispatches = bool(blank) and (lines.startswith(b"data:") or DATA.search(lines) is not None)
        number += dispatches
        piece = bisect_right(ends, found.end() - 1)
        at = times[piece] if piece < len(times) else None
        yield Block(number if dispatches else None, at, found[0], bool(blank))


def _marked(blocks: Sequence[Block], pointers: Sequence[str]) -> dict[int, list[str]]:
    """The blocks that pointers name by the number of their event, with what follows it in each pointer."""
    where = {block.event: number for number, block in enumerate(blocks) if block.event is not None}
    marked: dict[int, list[str]] = {}
    for pointer in pointers:
        named = EVENT.match(pointer)
        if named is not None and (number := where.get(int(named[1]))) is not None:
            marked.setdefault(number, []).append(pointer[named.end() :])
    return marked


def _chosen(blocks: Sequence[Block], marked: Sequence[int], room: int) -> set[int]:
    """The blocks to show: marks, ends and what is around the marks first, then as many as there is room for."""
    last = len(blocks) - 1
    wanted = [*marked[:20], 0, last, *(number + by for by in (-1, 1, -2, 2) for number in marked[:20]), 1, last - 1]
    chosen: set[int] = set()
    for number in (*wanted, *range(len(blocks))):
        if number in chosen or not 0 <= number <= last:
            continue
        room -= len(blocks[number].raw) + OVERHEAD
        if room < 0 and chosen:
            break
        chosen.add(number)
    return chosen


def _spans(block: Block, rests: Sequence[str]) -> list[Span]:
    """What to mark in a block: what the rest of each pointer names in its data, or all its data."""
    if not rests:
        return []
    text = as_text(block.raw)
    begin = text.find("data:")
    begin = len(text) - len(text[begin + 5 :].lstrip(" ")) if begin >= 0 else 0
    end = len(text.rstrip("\r\n"))
    data = text[begin:end]
    found = [locate(data, rest) for rest in rests]
    return [Span(begin, end) if span is None else Span(span.start + begin, span.end + begin) for span in found]


def _label(block: Block) -> str:
    if not block.whole:
        return "unfinished"
    return f"event {block.event}" if block.event is not None else "no event"


def _time(at: float | None) -> str:
    if at is None:
        return ""
    return f"{at * 1000:,.1f} ms" if at < 10 else f"{at:,.2f} s"


def _time_line(blocks: Sequence[Block], marked: dict[int, list[str]]) -> TimeLine | None:
    times = [block.at for block in blocks if block.at is not None]
    if len(times) < 2 or (span := max(times)) <= 0:
        return None
    there = [at for number in marked if (at := blocks[number].at) is not None]
    marked_ticks = {round(at / span * WIDTH / TICK) * TICK for at in there}
    ticks = {round(at / span * WIDTH / TICK) * TICK for at in set(times)} - marked_ticks
    first, last = _time(min(times)), _time(span)
    marks = ", ".join(_time(at) for at in there)
    told = f"{len(times)} blocks came between {first} and {last} after the request began"
    if marks:
        told += f"; what is marked came at {marks[:200]}"
    return TimeLine(tuple(sorted(ticks)), tuple(sorted(marked_ticks)), first, last, told)
