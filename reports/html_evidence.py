"""An exchange as a page shows it: request, answer, events on a time line, and the part that a finding is about marked.

The law of this file: it takes records as reports hold them, whole, cut, odd or hostile, and never raises. What it gives
is bounded by the room that each body gets.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.recording import from_json
from chatconform.core.sse import begins_stream
from chatconform.reports.curl import command
from chatconform.reports.html_marks import Span, as_text, clipped, locate, markup
from chatconform.reports.html_stream import ShownStream, shown_stream
from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from markupsafe import Markup

LONGEST_HEADER: Final = 400
HEADER_MARKUP: Final = 20
NO_UTF_8: Final = re.compile("[\udc80-\udcff]")
LONGEST_COMMAND: Final = 6 * 1024
ENDS: Final = {
    "keep": "The connection was kept open.",
    "close": "Then the connection was closed.",
    "reset": "Then the connection was reset.",
    "hold": "Then nothing more came, and the connection stayed open.",
}
STATUS: Final = re.compile(r"\bstatus (\d{3})\b")
HEADER_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+|connection|location|allow|vary", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Header:
    """One header line."""

    name: str
    value: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Body:
    """A body as markup, how large it was on the wire, and what a reader must know of how it is shown."""

    text: Markup
    size: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response."""

    first_line: str
    first_line_marked: bool
    headers: tuple[Header, ...]
    more_headers: int
    body: Body | None
    stream: ShownStream | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Write:
    """What was written to a connection at once; or, without a text, a pause."""

    label: str
    text: Markup | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a client was answered, write by write, how many writes are not shown, and how it ended."""

    writes: tuple[Write, ...]
    left_out: int
    end: str


@dataclass(frozen=True, slots=True)
class ShownExchange:
    """An exchange; without a response where none came."""

    id: str
    took: str | None
    request: Message
    response: Message | None
    failure: str | None
    curl: str | None
    answered: Answered | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """What a finding points to: a place in the request's body or in the answer, and what is said of it."""

    pointer: str
    message: str
    in_request: bool


def shown_exchange(name: str, record: Mapping[str, Any], spots: Sequence[Spot], url: str, room: int) -> ShownExchange:
    """The exchange of a record with these spots marked; bodies get so much room, and `url` is where it was sent."""
    request, response, failure = record["request"], record.get("response"), record.get("failure")
    asked = [spot for spot in spots if spot.in_request]
    got = [spot for spot in spots if not spot.in_request]
    said = {int(found) for spot in spots for found in STATUS.findall(spot.message)}
    seconds = record.get("seconds")
    return ShownExchange(
        id=name,
        took=f"{seconds:,.3f} s" if seconds is not None else None,
        request=Message(
            f"{plain(request['method'], 40)} {plain(request['target'], 400)}",
            False,
            *_headers(request, [], room),
            _body(request, asked, room),
        ),
        response=None if response is None else _response(response, got, room, said),
        failure=f"{failure['kind']}: {plain(failure['message'], 400)}" if failure else None,
        curl=_curl(record, url) if url else None,
        answered=_answered(record["answered"], room) if "answered" in record else None,
    )


def _answered(answered: Mapping[str, Any], room: int) -> Answered:
    writes: list[Write] = []
    left_out = answered["left_out"]
    for step in answered["writes"]:
        if "pause" in step:
            writes.append(Write(f"pause of {step['pause']:g} s", None))
        elif room > 0:
            text = markup(as_text(_raw(step)), room=room)[0]
            writes.append(Write(f"{step.get('cut_from', len(_raw(step))):,} bytes", text))
            room -= len(text)
        else:
            left_out += 1
    return Answered(tuple(writes), left_out, ENDS[answered["end"]])


def _response(response: Mapping[str, Any], spots: Sequence[Spot], room: int, said: Collection[int]) -> Message:
    words = [word.lower() for spot in spots for word in HEADER_WORD.findall(spot.message)]
    notes = []
    if response.get("complete") is False:
        notes.append("The answer ended before its HTTP framing said so.")
    notes += [f"On the wire: {plain(fault, 200)}." for fault in response.get("wire_faults", [])[:10]]
    raw = _raw(response)
    stream = body = None
    if raw and begins_stream(raw) and response["status"] < 300:
        pointers = tuple(spot.pointer for spot in spots)
        stream = shown_stream(raw, response.get("arrivals", ()), pointers, response.get("cut_from"), room)
    else:
        body = _body(response, spots, room)
    first = f"HTTP status {response['status']}"
    return Message(first, response["status"] in said, *_headers(response, words, room), body, stream, tuple(notes))


def _headers(message: Mapping[str, Any], words: Sequence[str], room: int) -> tuple[tuple[Header, ...], int]:
    """As many headers as there is room for, those that are marked first of all; and how many are left out."""
    pairs = message["headers"]
    room = max(600, room // 4)
    longest = min(LONGEST_HEADER, room // 3)
    marked = {number for number, (name, _) in enumerate(pairs) if name.lower() in words}
    shown: dict[int, Header] = {}
    for number in sorted(range(len(pairs)), key=lambda number: number not in marked):
        name, value = pairs[number]
        header = Header(clipped(name, 80), clipped(value, longest), number in marked)
        room -= HEADER_MARKUP + len(escape(header.name + header.value))
        if room < 0:
            break
        shown[number] = header
    return tuple(shown[number] for number in sorted(shown)), len(pairs) - len(shown)


def _body(message: Mapping[str, Any], spots: Sequence[Spot], room: int) -> Body | None:
    raw = _raw(message)
    if not raw:
        return None
    notes = []
    if "json" in message:
        text = json.dumps(message["json"], indent=2, ensure_ascii=False)
        notes.append("Laid out for reading; on the wire there is no space between tokens.")
    else:
        text = as_text(raw)
    if NO_UTF_8.search(text):
        notes.append("Bytes that are no UTF-8 are shown as \\x and two digits.")
    told, omitted = markup(text, _spans(text, spots), room=room)
    if omitted:
        notes.append(f"{omitted:,} of {len(text):,} characters are not shown here.")
    size = message.get("cut_from", len(raw))
    if "cut_from" in message:
        notes.append(f"The report kept the first {len(raw):,} of {size:,} bytes.")
    return Body(told, size, tuple(notes))


def _spans(text: str, spots: Sequence[Spot]) -> list[Span]:
    """What to mark: what the pointers name, and where a text that is meant to be JSON stops being it."""
    spans = [span for spot in spots if (span := locate(text, spot.pointer)) is not None]
    if not spans and any(not spot.pointer for spot in spots) and text.lstrip()[:1] in ("{", "["):
        try:
            json.loads(text, strict=True, parse_constant=_no_constant)
        except json.JSONDecodeError as problem:
            spans.append(Span(problem.pos, problem.pos + 1))
        except _NoConstantError as problem:
            spans += [Span(found.start(), found.end()) for found in re.finditer(re.escape(str(problem)), text)]
        except (ValueError, RecursionError):
            pass
    return spans


class _NoConstantError(Exception):
    """NaN or an infinity, which JSON does not know."""


def _no_constant(name: str) -> None:
    raise _NoConstantError(name)


def _raw(message: Mapping[str, Any]) -> bytes:
    """A body's bytes, as well as the record keeps them."""
    if "json" in message:
        return json.dumps(message["json"], separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    if "base64" in message:
        try:
            return base64.b64decode(message["base64"], validate=True)
        except ValueError:  # no base64, or not even ASCII
            return b""
    text: str = message.get("text", "")
    return text.encode("utf-8", "surrogatepass")


def _curl(record: Mapping[str, Any], url: str) -> str | None:
    """The command that sends the request again; None where the report does not hold all of it, or it is too long."""
    if "cut_from" in record["request"]:
        return None
    try:
        told = command(from_json({"request": record["request"]}).request, url)
    except ValueError:
        return None
    return told if len(told) <= LONGEST_COMMAND else None
