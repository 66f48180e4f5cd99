"""A file that is one JSON text: a body, an exchange, or an array of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.json_text import NOT_JSON, parse, problem
from chatconform.recordings.elements import BrokenError, elements
from chatconform.recordings.record import LARGEST, Lines, Wrong
from chatconform.recordings.requirements import BOUNDED, JSON, UTF_8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.recordings.record import Record
    from chatconform.recordings.source import Source


def read(source: Source) -> Iterator[Record]:
    """Gives the value, or the elements of an array one by one."""
    if source.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        yield from _array(source)
        return
    text = source.stream.read(LARGEST + 1)
    if len(text) > LARGEST:
        yield Wrong(1, BOUNDED, f"is one value of more than {LARGEST // 1_000_000} MB")
        return
    before = len(text) - len(text.lstrip())
    yield Lines(1 + text[:before].count(b"\n"), [text.strip()])


def _array(source: Source) -> Iterator[Record]:
    found = False
    try:
        for line, text in elements(source.stream, ()):
            found = True
            yield Lines(line, [text])
    except BrokenError as broken:
        yield Wrong(broken.line, JSON, str(broken))
        return
    if not found:
        yield Lines(1, [source.head.strip()])


def told(text: bytes) -> tuple[str, object] | None:
    """Why a text is no JSON: the requirement that it breaks with a message; None where it is JSON."""
    if parse(text) is not NOT_JSON:
        return None
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start} is no UTF-8", UTF_8
    return str(problem(text)), JSON
