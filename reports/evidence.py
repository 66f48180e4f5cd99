"""The exchanges that findings refer to, as records: redacted, and bounded whatever the target sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.exchange import Exchange
from chatconform.core.recording import to_json
from chatconform.schemas.depth import is_deeper

if TYPE_CHECKING:
    from chatconform.reports.redaction import Redaction

MOST_REQUEST: Final = 1024 * 1024
MOST_RESPONSE: Final = 256 * 1024
MOST_ALTOGETHER: Final = 32 * 1024 * 1024
"""Bytes of bodies that a report keeps; once it is full, further bodies are cut to a few kilobytes."""
MOST_WHEN_FULL: Final = 4 * 1024
MOST_ARRIVALS: Final = 10_000
MOST_HEADERS: Final = 200
DEEPEST: Final = 100
"""Levels of a body that stands inside a report as JSON: writers go only so deep."""


class Evidence:
    """Collects exchanges; `records` holds each as a record in the kit's own form, by the exchange's id."""

    def __init__(self, redaction: Redaction) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self._redaction = redaction
        self._room = MOST_ALTOGETHER

    def keep(self, exchange: Exchange) -> str:
        """Takes an exchange in, once; gives its id."""
        if exchange.id not in self.records:
            self.records[exchange.id] = self._record(self._redaction.exchange(exchange))
        return exchange.id

    def _record(self, exchange: Exchange) -> dict[str, Any]:
        request, response = exchange.request, exchange.response
        cuts = {"request": len(request.body)}
        request = replace(request, body=self._cut(request.body, MOST_REQUEST))
        if response is not None:
            cuts["response"] = len(response.body)
            body = self._cut(response.body, MOST_RESPONSE)
            timed = len(body) == len(response.body) and len(response.pieces) <= MOST_ARRIVALS
            pieces = response.pieces if timed else ()
            response = replace(response, body=body, pieces=pieces, headers=response.headers[:MOST_HEADERS])
        record = to_json(
            Exchange(
                exchange.origin,
                request,
                response,
                exchange.failure,
                exchange.started,
                exchange.seconds,
                exchange.about,
            )
        )
        kept = {"request": request.body, "response": response.body if response is not None else b""}
        for part, length in cuts.items():
            if length > len(kept[part]):
                record[part]["cut_from"] = length
            if "json" in record[part] and is_deeper(record[part]["json"], DEEPEST):
                del record[part]["json"]
                record[part]["text"] = kept[part].decode()
        return record

    def _cut(self, body: bytes, most: int) -> bytes:
        if len(body) > most or len(body) > self._room:
            end = min(most, max(self._room, MOST_WHEN_FULL), len(body))
            while 0 < end < len(body) and body[end] & 0xC0 == 0x80:
                end -= 1  # not within a character: what was text stays text
            body = body[:end]
        self._room = max(0, self._room - len(body))
        return body
