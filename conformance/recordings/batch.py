"""Input and output files of the batch API, paired by `custom_id` where both are given.

The law of this file: of a request only where it lies in its file is remembered, or where that is packed a packed copy,
so that pairing large files takes little memory.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import orjson

from chatconform.core.exchange import Exchange, Origin, Request, Response, written_of
from chatconform.core.json_text import NOT_JSON, parse
from chatconform.recordings.kinds import REQUEST, RESPONSE, type_of
from chatconform.recordings.record import LARGEST, Body, LeftOut, Recorded, Wrong
from chatconform.recordings.remote import is_remote
from chatconform.recordings.requirements import FORM
from chatconform.recordings.source import DamagedError, open_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.recordings.record import Record

ENDPOINT: Final = "/v1/chat/completions"
MOST_NAMES: Final = 1_000_000
"""Requests whose places are remembered; the API takes 50,000 a file."""
JSON_TYPE: Final = (("content-type", "application/json"),)


class Pairs:
    """Finds the requests of batches by their names."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = tuple(paths)
        self._places: dict[str, tuple[str, int] | bytes] = {}
        self._read = False

    def find(self, name: str) -> dict[str, Any] | None:
        """The line of the request of that name; None where none of the files has it."""
        if not self._read:
            self._read = True
            for path in self._paths:
                self._remember(path)
        match self._places.get(name):
            case None:
                return None
            case (path, offset):
                line = _line_at(path, offset)
            case packed:
                line = zlib.decompress(packed)
        value = parse(line)
        return value if is_request(value) else None

    def _remember(self, path: str) -> None:
        """Notes where each request of a file lies; of one that is packed or elsewhere the request itself."""
        try:
            with open_source(path) as source:
                offset = 0
                while (line := source.stream.readline(LARGEST)) and len(self._places) < MOST_NAMES:
                    value = parse(line) if b'"custom_id"' in line else NOT_JSON
                    if is_request(value):
                        at_hand = source.packed is None and not is_remote(path)
                        place = (path, offset) if at_hand else zlib.compress(line, 1)
                        self._places.setdefault(str(value["custom_id"]), place)
                    offset += len(line)
        except (OSError, DamagedError):
            return  # whoever judges the file tells it


def _line_at(path: str, offset: int) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            file.seek(offset)
            return file.readline(LARGEST)
    except OSError:
        return b""


def is_request(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether an object is a line of a batch's input file."""
    return isinstance(value, dict) and "custom_id" in value and "body" in value


def records(value: dict[str, Any], line: int, name: str, pairs: Pairs | None) -> Iterator[Record]:
    """What a line of a batch holds: a request, or an answer with the request that it belongs to."""
    from chatconform.schemas import violations

    kind = "BatchRequest" if is_request(value) else "BatchResult"
    wrong = violations(kind, value)
    for one in wrong:
        yield Wrong(line, FORM, one.message, one.pointer)
    if kind == "BatchRequest":
        if value.get("url", ENDPOINT) != ENDPOINT and not str(value.get("url")).endswith("/chat/completions"):
            yield LeftOut(
                line, f"requests to {value['url']}" if isinstance(value.get("url"), str) else "other requests"
            )
        elif isinstance(value["body"], dict):
            yield Body(line, REQUEST, value["body"], "/body")
        return
    response = value.get("response")
    if wrong or not isinstance(response, dict):
        if not wrong:
            yield LeftOut(line, "requests of batches that were not made")
        return
    yield from _answer(value, response, line, name, pairs)


def _answer(
    value: dict[str, Any], response: dict[str, Any], line: int, name: str, pairs: Pairs | None
) -> Iterator[Record]:
    asked = pairs.find(str(value["custom_id"])) if pairs is not None else None
    body = response["body"]
    if asked is None or not isinstance(asked["body"], dict):
        kind = type_of(body) or (RESPONSE if response["status_code"] < 300 else None)
        if isinstance(body, dict) and body.get("object") not in (None, "chat.completion", "error"):
            yield LeftOut(line, f"answers of other endpoints ({str(body['object'])[:40]})")
        elif kind is not None:
            yield Body(line, kind, body, "/response/body")
        else:
            yield Wrong(line, FORM, "has an answer that is neither a completion nor an error object", "/response/body")
        return
    target = asked.get("url") if isinstance(asked.get("url"), str) else ENDPOINT
    if not str(target).endswith("/chat/completions"):
        yield LeftOut(line, f"answers of {target}")
        return
    exchange = Exchange(
        Origin(name, line),
        written_of(Request("POST", str(target), JSON_TYPE, orjson.dumps(asked["body"])), asked["body"]),
        written_of(Response(response["status_code"], JSON_TYPE, orjson.dumps(body)), body),
    )
    yield Recorded(line, exchange, headers=False)
