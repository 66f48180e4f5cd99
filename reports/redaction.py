"""What may be told of what went over the wire: the one place that takes secrets out.

Secret headers are known by their names. A key that a target sends back, in a body or in an error's message, is known by
its value: the values that a run was given are hidden wherever they stand in foreign text.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from chatconform.core.exchange import Exchange, Piece
from chatconform.core.secrets import HIDDEN, without_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chatconform.core.exchange import Request, Response

SHORTEST: Final = 4
"""A shorter value is no secret, and hiding it would hide half of every text."""
LONG: Final = 16
"""A value this long is hidden even within a word."""
BEGINNING: Final = 8
"""So many characters of a secret are one, too, before the `...` of a text that was cut off."""
PART: Final = 12
"""So many characters of a secret are one wherever they stand: what tells a value may cut it anywhere."""


class Redaction:
    """Takes the given secrets out of texts, JSON values, bytes and exchanges."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = sorted({s for secret in secrets for s in _spellings(secret)}, key=len, reverse=True)
        self._text = re.compile("|".join(map(_pattern, spellings))) if spellings else None
        self._bytes = re.compile(self._text.pattern.encode()) if self._text else None
        self._spellings = spellings
        self._name = re.compile(self._text.pattern, re.IGNORECASE) if self._text else None
        self._parts = sorted({s[i : i + PART] for s in spellings for i in range(len(s) - PART + 1)})

    def text(self, text: str) -> str:
        """A text with every secret in it, and what a cut left of one, replaced by `[redacted]`."""
        text = self._without_parts(self._text.sub(HIDDEN, text)) if self._text else text
        *cut, last = text.split("...")
        return "...".join([*map(self._without_beginning, cut), last]) if cut and self._spellings else text

    def value(self, value: Any) -> Any:
        """A JSON value with every secret in its strings, names of members included, replaced."""
        if self._text is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.value(key): self.value(item) for key, item in value.items()}
        return value

    def exchange(self, exchange: Exchange) -> Exchange:
        """An exchange as it may be told: secret headers without their values, known secrets nowhere in it."""
        failure, response = exchange.failure, exchange.response
        return Exchange(
            exchange.origin,
            self._request(exchange.request),
            None if response is None else self._response(response),
            None if failure is None else replace(failure, message=self.text(failure.message)),
            exchange.started,
            exchange.seconds,
            self._about(exchange.about),
        )

    def _without_parts(self, text: str) -> str:
        covered = _covered(text, self._parts)
        if not covered:
            return text
        told = (HIDDEN if at - 1 not in covered else "" for at in range(len(text)) if at in covered)
        return "".join(next(told) if at in covered else char for at, char in enumerate(text))

    def _without_beginning(self, text: str) -> str:
        """A text that was cut off, without the beginning of a secret that is left at its end."""
        for spelling in self._spellings:
            for length in range(min(len(spelling) - 1, len(text)), BEGINNING - 1, -1):
                if text.endswith(spelling[:length]):
                    return text[:-length] + HIDDEN
        return text

    def _about(self, about: Mapping[str, Any]) -> dict[str, Any]:
        redacted: dict[str, Any] = self.value(dict(about))
        return redacted

    def _request(self, request: Request) -> Request:
        return replace(
            request,
            target=self.text(request.target),
            headers=self._headers(request.headers),
            body=self._masked(request.body),
        )

    def _response(self, response: Response) -> Response:
        body = self._masked(response.body)
        pieces, start = [], 0
        for piece in response.pieces:
            pieces.append(Piece(piece.at, body[start : start + len(piece.data)]))
            start += len(piece.data)
        faults = tuple(map(self.text, response.wire_faults))
        headers = self._headers(response.headers)
        return replace(response, headers=headers, body=body, pieces=tuple(pieces), wire_faults=faults)

    def _headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple((self._named(name), self.text(without_secret(name, value))) for name, value in headers)

    def _named(self, name: str) -> str:
        """A header's name without secrets, in whatever case: servers and what stands before them change it."""
        return self.text(self._name.sub(HIDDEN, name)) if self._name else name

    def _masked(self, body: bytes) -> bytes:
        """A body with stars over all of every secret: its length stays, so that the arrival times still fit."""
        if self._bytes is None:
            return body
        masked = bytearray(self._bytes.sub(lambda match: b"*" * len(match[0]), body))
        for at in _covered(masked, [part.encode() for part in self._parts]):
            masked[at] = ord("*")
        return bytes(masked)


def _covered(text: str | bytearray, parts: Iterable[Any]) -> set[int]:
    """Where in a text any of the parts stands."""
    covered: set[int] = set()
    for part in parts:
        at = text.find(part)
        while at >= 0:
            covered.update(range(at, at + PART))
            at = text.find(part, at + 1)
    return covered


def _spellings(secret: str) -> set[str]:
    """A secret as it may be met, and the password of a Basic credential.

    That is: as it is, in a URL, in HTML, and in a JSON string, of which some writers escape slashes and others what
    HTML is written with.
    """
    if len(secret) < SHORTEST:
        return set()
    plain = {secret}
    try:
        password = base64.b64decode(secret, validate=True).decode("ascii").partition(":")[2]
        plain |= {password} if len(password) >= SHORTEST and password.isprintable() else set()
    except (binascii.Error, ValueError):
        pass
    return {form for text in plain for form in (quote(text, safe=""), html.escape(text), *_in_json(text))}


def _in_json(text: str) -> Iterator[str]:
    written = json.dumps(text)[1:-1]
    for spelling in (text, written):
        yield from (spelling, spelling.replace("/", "\\/"))
    yield re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", written)


def _pattern(spelling: str) -> str:
    """A short secret is hidden only where it stands alone: the key `test` must not make `latest` unreadable."""
    escaped = re.escape(spelling)
    return escaped if len(spelling) >= LONG else rf"(?<![A-Za-z0-9_-]){escaped}(?![A-Za-z0-9_-])"
