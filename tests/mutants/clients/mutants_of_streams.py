"""Faults in reading streams: lines, events, and where they end."""
# ruff: noqa: ARG002 (a fault is given what the right way is given, and most look at a part of it)

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from mutant import caught_by
from right_client import Client
from right_http import Answer, ConnectionLost, Reader
from right_stream import ToldError


@caught_by("st.utf8-split")
class TextPerPiece(Client):
    """Each piece of the body is made text by itself."""

    def lines(self, pieces: Iterable[bytes]) -> Iterator[str]:
        return super().lines(piece.decode(errors="replace").encode() for piece in pieces)


@caught_by("st.utf8-split", "st.no-charset-utf8", "st.bom", "st.raw-u2028")
class LatinByDefault(Client):
    """Text without a charset is read as ISO-8859-1."""

    def streamed(self, answer: Answer) -> Iterator[dict[str, Any]]:
        if "charset" not in answer.headers.get("content-type", ""):
            answer.pieces = (piece.decode("latin-1").encode() for piece in answer.pieces)
        return super().streamed(answer)


@caught_by("st.byte-split", "st.utf8-split", "st.cr-only-byte")
class LinesPerChunk(Client):
    """Each chunk of the body is taken for whole lines."""

    def one_chunk(self, reader: Reader, size: int) -> Iterator[bytes]:
        return iter([b"".join(super().one_chunk(reader, size))])

    def lines(self, pieces: Iterable[bytes]) -> Iterator[str]:
        for piece in pieces:
            yield from super().lines([piece + b"\n" if not piece.endswith((b"\n", b"\r")) else piece])


@caught_by("st.cr-only", "st.cr-only-byte", "st.mixed-eol")
class CrIsNoEnd(Client):
    """A lone CR does not end a line."""

    def lines(self, pieces: Iterable[bytes]) -> Iterator[str]:
        for line in lf_only(pieces):
            yield self.text(line.removesuffix(b"\r").removeprefix(b"\xef\xbb\xbf"))


@caught_by("st.crlf", "st.crlf-split", "st.cr-only", "st.cr-only-byte", "st.mixed-eol")
class LfOnly(Client):
    """Only LF ends a line, and a CR before it belongs to the line."""

    def lines(self, pieces: Iterable[bytes]) -> Iterator[str]:
        for line in lf_only(pieces):
            yield self.text(line.removeprefix(b"\xef\xbb\xbf"))


def lf_only(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines that end with LF alone."""
    held = b""
    for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        yield from lines


@caught_by("st.raw-u2028")
class SplitLines(Client):
    """Lines are split as `str.splitlines` splits them."""

    def lines(self, pieces: Iterable[bytes]) -> Iterator[str]:
        for line in super().lines(pieces):
            yield from line.splitlines() or [""]


@caught_by("st.bom")
class MarkKept(Client):
    """A byte order mark is kept at the head of the first line."""

    def lines(self, pieces: Iterable[bytes]) -> Iterator[str]:
        return super().lines(chain([b"\n"], pieces))


@caught_by("st.no-space")
class SpaceRequired(Client):
    """A field counts only where a space follows its colon."""

    def events(self, lines: Iterable[str]) -> Iterator[str]:
        return super().events(line for line in lines if not line or ": " in line[:8])


@caught_by("st.comments", "st.comment-inside-event")
class CommentsRead(Client):
    """A comment is taken for data."""

    def is_data(self, name: str) -> bool:
        return name in {"data", ""}


@caught_by("st.multiline-data")
class LastLineOnly(Client):
    """Of an event with several lines of data only the last counts."""

    def events(self, lines: Iterable[str]) -> Iterator[str]:
        return (data.rpartition("\n")[2] for data in super().events(lines))


@caught_by("st.event-named")
class NamedEventsDropped(Client):
    """Events with a name of their own are passed over."""

    def events(self, lines: Iterable[str]) -> Iterator[str]:
        kept: list[str] = []
        for line in lines:
            kept.append(line)
            if not line:
                named = any(one.startswith("event:") and one != "event: message" for one in kept)
                yield from super().events([] if named else kept)
                kept = []


@caught_by("st.sse-retry-only", "st.sse-id-only")
class EmptyBlocksRead(Client):
    """A block without data is taken for an event with empty data."""

    def events(self, lines: Iterable[str]) -> Iterator[str]:
        kept: list[str] = []
        for line in lines:
            kept.append(line)
            if not line:
                fields = [one for one in kept if one and not one.startswith(":")]
                yield from [*super().events(kept)] or (["{"] if fields else [])
                kept = []


@caught_by("st.done-no-newline", "st.missing-done")
class DoneRequired(Client):
    """A stream that ends without `[DONE]` is an error, finished or not."""

    def check_end(self, finished: bool) -> None:
        super().check_end(False)


@caught_by("st.done-spaces")
class DoneExact(Client):
    """`[DONE]` is known only in its usual writing."""

    def is_end(self, data: str) -> bool:
        return data == "[DONE]"


@caught_by("st.text-mentions-error")
class DoneAnywhere(Client):
    """The words `[DONE]` end the stream wherever they stand."""

    def is_end(self, data: str) -> bool:
        return "[DONE]" in data


@caught_by("st.text-mentions-error", "st.error-null")
class ErrorAnywhere(Client):
    """A chunk that has the word error in it is taken for one."""

    def chunks(self, events: Iterable[str]) -> Iterator[dict[str, Any]]:
        def checked() -> Iterator[str]:
            for data in events:
                if "error" in data:
                    raise ToldError(data)
                yield data

        return super().chunks(checked())


@caught_by(
    "f.stream-error-object",
    "f.stream-error-first",
    "f.stream-error-event",
    "f.stream-error-with-choices",
    "f.stream-error-string",
)
class ErrorsSwallowed(Client):
    """An error in a stream ends it in silence."""

    def chunks(self, events: Iterable[str]) -> Iterator[dict[str, Any]]:
        try:
            yield from super().chunks(events)
        except ToldError:
            return


@caught_by("f.stream-bad-json")
class BadEventsSkipped(Client):
    """An event that is no JSON is passed over."""

    def chunks(self, events: Iterable[str]) -> Iterator[dict[str, Any]]:
        return super().chunks(data for data in events if self.is_end(data) or is_json(data))


def is_json(data: str) -> bool:
    """Whether a text is JSON."""
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


@caught_by("f.stream-cl-short", "f.stream-clean-eof", "st.json-response")
class EndIsStop(Client):
    """A stream that just ends is told as finished."""

    def check_end(self, finished: bool) -> None:
        pass

    def closed(self, choice: dict[str, Any]) -> dict[str, Any]:
        return super().closed({**choice, "finish_reason": choice["finish_reason"] or "stop"})


@caught_by("f.stream-cut", "f.stream-rst", "f.stream-cut-mid-event")
class LossIsStop(Client):
    """A connection that is lost within a stream is told as its end."""

    def chunks(self, events: Iterable[str]) -> Iterator[dict[str, Any]]:
        try:
            yield from super().chunks(events)
        except ConnectionLost:
            yield {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
