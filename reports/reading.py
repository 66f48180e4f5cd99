"""Results files read back: of each kind and each version that was ever published, or one sentence that says why not.

The law of this file: what it gives keeps to the published schema and is bounded in size and depth, whoever wrote it. A
minor version of the form only adds members that nothing requires, so the newest schema of a major version takes every
older document of it.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.reports.plain import plain
from chatconform.schemas.depth import is_deeper

if TYPE_CHECKING:
    from collections.abc import Mapping

MAJOR: Final = 1
"""The major version of the form that this kit writes, and the newest that it reads."""
LARGEST: Final = 256 * 1024 * 1024
"""Bytes; the kit's own reports hold at the most 32 MiB of bodies."""
DEEPEST: Final = 200
"""Levels; the kit's own reports nest a body's JSON only so far, and keep deeper ones as text."""
VERSION: Final = re.compile(r"(\d{1,6})\.(\d{1,6})")
HOW: Final = "give a file that --report json=FILE wrote"


class UnreadableResults(Exception):
    """What was given is no results file that can be read; the message is one sentence with the place and the remedy."""


class Kind(StrEnum):
    """What results are of."""

    SERVER = "server"
    CLIENT = "client"
    RECORDINGS = "recordings"


SCHEMAS: Final = {
    Kind.SERVER: "results.schema.json",
    Kind.CLIENT: "client_results.schema.json",
    Kind.RECORDINGS: "validation.schema.json",
}
MARKS: Final = {"target": Kind.SERVER, "client": Kind.CLIENT, "records": Kind.RECORDINGS}
"""The member that only results of each kind have."""


@dataclass(frozen=True, slots=True)
class Results:
    """A results file: where it came from, what it is of, and the document, which keeps to its kind's schema."""

    source: str
    kind: Kind
    document: Mapping[str, Any]


def read(path: str | Path) -> Results:
    """The results in a file, or (`-`) on stdin. Raises `UnreadableResults`."""
    source = "stdin" if str(path) == "-" else str(path)
    try:
        if source == "stdin":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(LARGEST + 1)
    except IsADirectoryError:
        files_in_it = f"{plain(source.rstrip('/'))}/*.json"
        raise UnreadableResults(f"{plain(source)} is a folder; name the files in it, as in {files_in_it}") from None
    except FileNotFoundError:
        raise UnreadableResults(f"there is no file {plain(source)}; {HOW}") from None
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise UnreadableResults(f"{plain(source)} cannot be read: {reason}") from None
    return parse(data, source)


def parse(data: bytes, source: str) -> Results:
    """The results in the bytes of a file; `source` is what errors call it. Raises `UnreadableResults`."""
    name = plain(source)
    document = _json(data, name)
    if not isinstance(document, dict):
        raise UnreadableResults(f"{name} is JSON, but no results of chatconform: it is no object; {HOW}")
    newer = _is_newer(document, name)
    kind = kind_of(document, name)
    if is_deeper(document, DEEPEST):
        raise UnreadableResults(f"{name} is nested deeper than {DEEPEST} levels, which no results are; {HOW}")
    _hold_to_schema(document, kind, name, newer)
    return Results(source, kind, document)


def kind_of(document: Mapping[str, Any], name: str = "the document") -> Kind:
    """What a document of the kit's is the results of. Raises `UnreadableResults` where it holds none."""
    for member, kind in MARKS.items():
        if member in document:
            return kind
    found = ", ".join(plain(key, 40) for key in list(document)[:5])
    raise UnreadableResults(f"{name} is JSON of chatconform, but no results: it holds {found}; {HOW}")


@lru_cache(maxsize=len(SCHEMAS))
def schema(kind: Kind) -> Mapping[str, Any]:
    """The published JSON Schema of one kind of results, self-contained."""
    found: dict[str, Any] = _schema_file(SCHEMAS[kind])
    if kind is Kind.CLIENT:  # it refers to the server's by that one's id
        found["$defs"]["server"] = _schema_file(SCHEMAS[Kind.SERVER])
    return found


def _schema_file(name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = orjson.loads((files("chatconform.reports") / name).read_bytes())
    return parsed


def _json(data: bytes, name: str) -> Any:
    """The JSON value of a file, with or without a byte order mark."""
    if len(data) > LARGEST:
        raise UnreadableResults(f"{name} is larger than {LARGEST >> 20} MiB, which no results are; {HOW}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # as some shells write what a command tells
        data = data.decode("utf-16", "replace").encode(errors="replace")
    data = data.removeprefix(b"\xef\xbb\xbf")
    start = data[:64].lstrip()
    if not start:
        raise UnreadableResults(f"{name} is empty: the run that should have written it did not come to its end; {HOW}")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as problem:
        raise UnreadableResults(_why_no_json(problem, data, start, name)) from None


def _why_no_json(problem: orjson.JSONDecodeError, data: bytes, start: bytes, name: str) -> str:
    if start.startswith(b"<"):
        return f"{name} is XML or HTML, not JSON; {HOW}"
    place = f"line {problem.lineno} column {problem.colno}"
    if "end of data" in str(problem) or _ends_within_a_character(data):
        last = data.count(b"\n") + 1
        return f"{name} is cut off at line {last}: its JSON does not end; copy or write it again"
    if "after document" in str(problem) and start.startswith((b"{", b"[")):
        told = "as recordings do, which `chatconform validate` reads"
        return f"{name} holds several JSON values, the second at {place}, {told}; {HOW}"
    if "depth limit" in str(problem):
        return f"{name} is nested deeper than {DEEPEST} levels, which no results are; {HOW}"
    if "UTF-8" in problem.msg:  # of which orjson tells no place
        return f"{name} is not JSON: it holds bytes that are no UTF-8; {HOW}"
    return f"{name} is not JSON: {problem.msg} at {place}; {HOW}"


def _ends_within_a_character(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as problem:
        return problem.reason == "unexpected end of data"
    return False


def _is_newer(document: Mapping[str, Any], name: str) -> bool:
    """Whether a document says that it is of a newer minor version; raises where it is not ours, or of a newer major."""
    tool = document.get("tool")
    maker = tool.get("name") if isinstance(tool, dict) else None
    told = document.get("schema_version")
    found = VERSION.fullmatch(told) if isinstance(told, str) else None
    if maker != "chatconform" or found is None:
        by = f"it says that {plain(maker, 60)} wrote it" if isinstance(maker, str) and maker != "chatconform" else ""
        lacks = "schema_version" if found is None else "tool"
        by = by or f"it has no {lacks} as they have"
        raise UnreadableResults(f"{name} is JSON, but no results of chatconform: {by}; {HOW}")
    if int(found[1]) > MAJOR:
        raise UnreadableResults(
            f"{name} is of version {told} of the results' form, written by {_writer(tool)}; this is chatconform "
            f"{version('chatconform')}, which reads up to {MAJOR}.x: upgrade it (pip install --upgrade chatconform)"
        )
    from chatconform.reports.json_report import SCHEMA_VERSION

    return int(found[2]) > int(SCHEMA_VERSION.partition(".")[2])


def _writer(tool: Any) -> str:
    told = tool.get("version")
    return f"chatconform {plain(told, 40)}" if isinstance(told, str) else "a newer chatconform"


def _hold_to_schema(document: Mapping[str, Any], kind: Kind, name: str, newer: bool) -> None:
    from chatconform.schemas import violations_of

    found = violations_of(schema(kind), document)
    if not found:
        return
    first = found[0]
    more = f" (and {len(found) - 1} more places)" if len(found) > 1 else ""
    remedy = (
        f"it is of a newer version, written by {_writer(document['tool'])}: upgrade chatconform"
        if newer
        else "it was changed after it was written; write it again"
    )
    where = plain(first.pointer, 100) or "its top level"
    raise UnreadableResults(f"{name} is no results of chatconform at {where}: {plain(first.message)}{more}; {remedy}")
