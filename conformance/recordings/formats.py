"""Which forms of files there are, and how one is known: one module a form, imported when a file has it."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Final

from chatconform.core.json_text import NOT_JSON, parse
from chatconform.core.sse import BOM, begins_stream
from chatconform.recordings.source import HEAD, foreign, open_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.recordings.record import Record
    from chatconform.recordings.source import Source

FORMATS: Final = {
    "jsonl": "JSON Lines of bodies, exchanges, gateway logs or batches",
    "json": "one JSON text: a body, an exchange, or an array of them",
    "har": "an HTTP archive",
    "cassette": "a cassette of VCR or pytest-recording, in YAML or JSON",
    "sse": "a dump of server-sent events",
}
MODULES: Final = {"jsonl": "jsonl", "json": "document", "har": "har", "cassette": "cassette", "sse": "streams"}
ARCHIVE: Final = re.compile(rb'\s*\{\s*"log"\s*:\s*\{')
JSON_CASSETTE: Final = re.compile(rb'\s*\{\s*("version"\s*:\s*\d+\s*,\s*)?"(http_)?interactions"\s*:\s*\[')
YAML_CASSETTE: Final = re.compile(rb"^(http_)?interactions:", re.MULTILINE)
LINES_SEEN: Final = 20


class UnknownFormError(Exception):
    """Says that nothing tells which form a file has, and what it looks like."""


def form_of(source: Source) -> str:
    """The form of a file, by its first bytes. Raises `UnknownFormError` for one that has none of the known forms."""
    head = source.head.removeprefix(BOM)
    if kind := foreign(head):
        raise UnknownFormError(f"is {kind}, which is not read")
    if ARCHIVE.match(head):
        return "har"
    if JSON_CASSETTE.match(head):
        return "cassette"
    text = head.lstrip()
    if not text:
        return "jsonl"
    if text.startswith((b"{", b"[")):
        return "jsonl" if _is_lines(text, whole=len(source.head) < HEAD) else "json"
    if YAML_CASSETTE.search(head):
        return "cassette"
    if begins_stream(head):
        return "sse"
    if any(_is_value(line) for line in head.split(b"\n")[:LINES_SEEN]):
        return "jsonl"
    raise UnknownFormError("is in no form that is known; --format says which it is")


def is_recording(path: str) -> bool:
    """Whether a file can be opened and has one of the known forms."""
    try:
        with open_source(path) as source:
            form_of(source)
    except (OSError, UnknownFormError):
        return False
    return True


def read(source: Source, form: str) -> Iterator[Record]:
    """What the records of a file are, for one of the forms."""
    found: Iterator[Record] = import_module(f"chatconform.recordings.{MODULES[form]}").read(source)
    return found


def _is_lines(text: bytes, *, whole: bool) -> bool:
    """Whether a text is JSON Lines: its first line, or another one, is an object by itself."""
    first, newline, rest = text.partition(b"\n")
    if not newline:
        return not text.startswith(b"[") or (whole and parse(first) is NOT_JSON)
    if text.startswith(b"[") and not rest.strip():
        return False
    return any(_is_value(line) for line in text.split(b"\n")[:LINES_SEEN])


def _is_value(line: bytes) -> bool:
    return line.startswith((b"{", b"[")) and line.rstrip()[-1:] in (b"}", b"]") and parse(line) is not NOT_JSON
