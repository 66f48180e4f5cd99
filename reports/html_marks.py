"""Texts of a page with the offending part marked: found by JSON Pointer, cut around it, every byte made visible.

The law of this file: what it gives is markup that shows its text and does nothing else, and its length is bounded by
the room it was given, whatever the text holds.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from chatconform.reports.plain import escaped, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SPACE: Final = re.compile(r"[ \t\n\r]*")
ESCAPES: Final = {"~1": "/", "~0": "~"}
PLAIN_RUN: Final = re.compile(r"[ -%'-;=?-~\n\t]+")
BYTES: Final = range(0xDC80, 0xDD00)
"""How `surrogateescape` spells the bytes that are no UTF-8."""
DEEPEST: Final = 100
"""Levels that a pointer is followed through: each costs reading the value once more."""
CONTEXT: Final = 600
"""Characters kept on either side of what is marked, where a text is cut."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, from its first character to the one after its last."""

    start: int
    end: int


def as_text(body: bytes) -> str:
    """Bytes as text; those that are no UTF-8 as half surrogate pairs, which `markup` tells as the bytes they are."""
    return body.decode("utf-8", "surrogateescape")


def locate(text: str, pointer: str) -> Span | None:
    """Where the value that a JSON Pointer names stands in a JSON text, or what is nearest to it and holds its place.

    None where the text is no JSON, and where only the whole is left: to mark everything is to mark nothing.
    """
    if pointer.count("/") > DEEPEST:
        return None
    tokens = [re.sub("~[01]", lambda found: ESCAPES[found[0]], token) for token in pointer.split("/")[1:]]
    try:
        at = _after_space(text, 0)
        found = None
        for token in tokens:
            at = _member(text, at, token) if text[at] == "{" else _item(text, at, token) if text[at] == "[" else -1
            if at < 0:
                break
            found = Span(at, _end_of_value(text, at))
    except (ValueError, IndexError, RecursionError):
        return None
    return found


def _member(text: str, at: int, name: str) -> int:
    """Where the value of an object's last member of that name begins, or -1."""
    found = -1
    at = _after_space(text, at + 1)
    while text[at] != "}":
        key, at = _value(text, at)
        at = _after_space(text, _after_space(text, at) + 1)
        if key == name:
            found = at
        at = _next(text, _end_of_value(text, at))
    return found


def _item(text: str, at: int, index: str) -> int:
    """Where an item of an array begins, or -1."""
    if not index.isdecimal() or len(index) > 9:
        return -1
    at = _after_space(text, at + 1)
    for _ in range(int(index)):
        if text[at] == "]":
            return -1
        at = _next(text, _end_of_value(text, at))
    return -1 if text[at] == "]" else at


def _next(text: str, at: int) -> int:
    """Where what follows a value begins: the next one, or the closing bracket."""
    at = _after_space(text, at)
    return _after_space(text, at + 1) if text[at] == "," else at


def _value(text: str, at: int) -> tuple[Any, int]:
    return _DECODER.raw_decode(text, at)


def _end_of_value(text: str, at: int) -> int:
    return _value(text, at)[1]


def _after_space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


_DECODER: Final = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)
"""Numbers stay text: one of a million digits would take its time."""


def markup(text: str, spans: Iterable[Span] = (), *, room: int) -> tuple[Markup, int]:
    """A text as the markup inside a `pre`, with these parts of it marked; and how many characters were left out.

    At the most `room` characters of markup or so: of a longer text the beginning and what surrounds the first marks.
    """
    marked = [span for span in _apart(spans) if span.start < len(text)][:20]
    pieces: list[str] = []
    left, shown_to, omitted = room, 0, 0
    for start, end in _windows(len(text), marked, room):
        if start > shown_to:
            omitted += start - shown_to
            pieces.append(_gap(start - shown_to))
        at = start
        for cut in _cuts(start, end, marked):
            piece, used = _within(text[at:cut], left)
            is_marked = any(span.start <= at < span.end for span in marked)
            pieces.append(f"<mark>{piece}</mark>" if is_marked and piece else piece)
            left -= len(piece)
            at += used
            if used < cut - (at - used):
                break
        shown_to = at
        if at < end:
            break
    if shown_to < len(text):
        omitted += len(text) - shown_to
        pieces.append(_gap(len(text) - shown_to))
    told = "".join(pieces)
    return Markup(f"\n{told}" if told.startswith("\n") else told), omitted  # a `pre` drops its first line end


def clipped(text: str, room: int) -> str:
    """A text on one printable line, cut so that it takes no more than so many characters of markup."""
    told = plain(text, room)
    if len(escape(told)) <= room:
        return told
    used = 0
    for at, char in enumerate(told):
        used += len(escape(char))
        if used > room - len("..."):
            return f"{told[:at]}..."
    return told


def _windows(length: int, marked: list[Span], room: int) -> list[tuple[int, int]]:
    """The parts of a text to show: all of it, or its beginning and what surrounds the marks."""
    if length <= room:
        return [(0, length)]
    wanted = [(0, min(length, max(CONTEXT, room // (2 if marked else 1))))]
    for span in marked:
        start, end = max(0, span.start - CONTEXT), min(length, min(span.end, span.start + room // 4) + CONTEXT)
        if start <= wanted[-1][1]:
            wanted[-1] = (wanted[-1][0], max(end, wanted[-1][1]))
        else:
            wanted.append((start, end))
    return wanted


def _cuts(start: int, end: int, marked: list[Span]) -> list[int]:
    """The places within a part of a text at which a mark begins or ends, and its end."""
    edges = {edge for span in marked for edge in (span.start, span.end) if start < edge < end}
    return [*sorted(edges), end]


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those within or across another left out."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if span.end > span.start and (not kept or span.start >= kept[-1].end):
            kept.append(span)
    return kept


def _gap(count: int) -> str:
    return f'<span class="gap">… {count:,} more not shown …</span>'


def _within(text: str, room: int) -> tuple[str, int]:
    """As much of a text as there is room for, as markup, and how many characters that took."""
    told: list[str] = []
    at = 0
    for piece in _pieces(text):
        source, shown = piece
        if room < len(shown):
            if source == shown:
                told.append(shown[: max(0, room)])
                at += max(0, room)
            break
        told.append(shown)
        room -= len(shown)
        at += len(source)
    return "".join(told), at


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """A text in runs that stand for themselves and single characters that do not, each with its markup."""
    at = 0
    while at < len(text):
        if run := PLAIN_RUN.match(text, at):
            yield run[0], run[0]
            at = run.end()
        else:
            yield text[at], _shown(text[at])
            at += 1


def _shown(char: str) -> str:
    if char.isprintable():
        return escape(char, quote=False)
    if ord(char) in BYTES:
        return f'<i class="bad">\\x{ord(char) - 0xDC00:02x}</i>'
    return f"<i>{escaped(char)}</i>"
