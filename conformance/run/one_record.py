"""One record of a recording, found by its line and judged alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.json_text import NOT_JSON, parse
from chatconform.core.recording import to_json
from chatconform.recordings import formats
from chatconform.recordings.formats import UnknownFormError, form_of
from chatconform.recordings.paths import find
from chatconform.recordings.record import Body, Lines, Recorded, Wrong
from chatconform.recordings.source import DamagedError, open_source
from chatconform.reports.redaction import Redaction
from chatconform.run.judging import Bench
from chatconform.run.reach import CannotCheckError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.tally import Outcome
    from chatconform.recordings.record import Record
    from chatconform.run.judging import Wish

MOST_SHOWN: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class OneRecord:
    """A record: its file and line, its text for people, and what the rules that it exercises came to."""

    file: str
    line: int
    text: str
    outcomes: tuple[Outcome, ...]


def one_record(names: Sequence[str], place: str, wish: Wish, form: str | None = None) -> OneRecord:
    """The record that begins at a place, a line or `FILE:LINE`. Raises `CannotCheckError` where there is none."""
    file, _, number = place.rpartition(":")
    files = find([file] if file else names).files
    if not number.isdecimal() or len(number) > 15:
        raise CannotCheckError(f"--explain wants a line, or FILE:LINE, not {place!r}")
    if len(files) != 1:
        raise CannotCheckError("--explain wants one file: name it, as in --explain FILE:LINE")
    line, bench = int(number), None
    try:
        with open_source(files[0]) as source:
            found = list(_at(formats.read(source, form or form_of(source)), line))
            bench = Bench(wish, source.name)
    except (OSError, UnknownFormError, DamagedError) as problem:
        raise CannotCheckError(f"{files[0]}: {problem}") from None
    if not found:
        raise CannotCheckError(f"{files[0]}: no record begins on line {line}")
    for record in found:
        bench.take(record)
    return OneRecord(source.name, line, _text(found), tuple(bench.take_off().tally.outcomes.values()))


def _at(records: Iterator[Record], line: int) -> Iterator[Record]:
    """The records of a line; of a stream, those of the stream that the line is in."""
    for record in records:
        if isinstance(record, Lines):
            if record.first <= line < record.first + len(record.lines):
                yield Lines(line, [record.lines[line - record.first]])
                return
        elif isinstance(record, Recorded) and record.stretches is not None:
            if record.line <= line <= max(record.stretches.lines, default=0):
                yield record
                return
        elif record.line == line:
            yield record
        elif record.line > line:
            return


def _text(records: Sequence[Record]) -> str:
    """What stands there, as JSON for people; secret headers without their values."""
    shown: Any = None
    for record in records:
        match record:
            case Lines(_, [text]):
                shown = parse(text)
                if shown is NOT_JSON:
                    return text[:MOST_SHOWN].decode(errors="replace")
            case Body(_, _, value, _):
                shown = value
            case Recorded():
                shown = to_json(Redaction().exchange(record.exchange))
            case Wrong() if shown is None:
                return record.excerpt or ""
    try:
        return orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()[:MOST_SHOWN]
    except TypeError:  # nested more deeply than a writer goes
        return str(shown)[:MOST_SHOWN]
