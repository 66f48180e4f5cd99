"""How long and how much: a target is hostile until proven otherwise, so everything that it sends is bounded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait.

    `connect` for the name, the connection and the TLS handshake together; `first_byte` for the first byte of the
    answer once the request is sent; `idle` between two bytes, either way; `total` for the whole exchange; `after_done`
    for the end of a stream once it has said `[DONE]`.
    """

    connect: float = 10.0
    first_byte: float = 60.0
    idle: float = 60.0
    total: float = 240.0
    after_done: float = 3.0

    @classmethod
    def of(cls, seconds: float) -> Timeouts:
        """Timeouts around one number, the longest silence that is waited out; the whole may take four times as long."""
        return cls(min(10.0, seconds), seconds, seconds, 4 * seconds, min(3.0, seconds))


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes to read of a head and of a body (codings undone), pieces of a body, and blocks of a stream of events.

    What goes beyond is cut off. Of a body that was cut off so, `evidence` bytes are kept, or all that was read.
    """

    head: int = 256 * 1024
    body: int = 64 * 1024 * 1024
    pieces: int = 250_000
    blocks: int = 1_000_000
    evidence: int | None = None


class WireError(Exception):
    """Why an exchange did not go to its end; becomes a `Failure` of the same kind and message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
