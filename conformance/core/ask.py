"""What a case asks: one HTTP request, described so that any part of it can also be wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.exchange import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

CHAT: Final = "/chat/completions"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to send.

    `body` is a JSON value, or bytes that are sent as they are, or None for no body. `headers` are added to the usual
    ones (a value of None takes a usual one away). `path` is below the base URL. `about` is handed on to
    `Exchange.about`. `chunked` sends the body with `Transfer-Encoding: chunked`, a chunk for each of that many bytes.
    `leave_after` ends the connection after that many events of a streamed answer. With `once` the first answer counts,
    whatever it is: a refusal for the moment (429, 503) is then what the case wants to see, and is not asked again.
    `leave_within` ends the connection after that many seconds if the answer is not whole by then.
    """

    body: Any = None
    method: str = "POST"
    path: str = CHAT
    headers: Mapping[str, str | None] = field(default_factory=lambda: EMPTY)
    about: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    chunked: int | None = None
    leave_after: int | None = None
    once: bool = False
    leave_within: float | None = None

    @property
    def payload(self) -> bytes:
        """The bytes of the body."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)

    def tagged(self, **about: Any) -> Ask:
        """The same request, with more known about it."""
        return replace(self, about={**self.about, **about})
