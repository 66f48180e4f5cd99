"""What stands in the way of judging an answer.

The law of this room: a target is judged by what it answers steadily, never by its bad moments.

- *Not now* (429, 503, 529) is asked again, as long and as patiently as the target wants within bounds, and with fewer
  requests at once. If it stays so the answer is not judged, but by rules about just this (`Part.OVERLOAD`).
- *Broken* (any other 5xx; a connection that ends, resets or fails before the answer is whole) is asked again. An answer
  that then comes is the one that is judged. If the breakage repeats it is *suspect*: it may be the request's doing,
  which is the worst that a server can do, or the target's bad day. So at the end of the run, with nothing else in
  flight, a plain request is made, which must be answered, and then the suspect one once more. Only what breaks every
  time is judged. If the target was seen to waver (the same request broken once and answered another time) it is asked
  as often as it takes for chance to be ruled out, or not judged.
- *Silent* (a timeout) is suspect at once, and judged only if a plain request is answered many times faster than that.
  A target whose answers break the same way from the first plain one on does so as a rule, and is judged at once.
- *Absent* (no connection) is waited for a few seconds; then the run ends and says what was sent last.

Whatever is not judged leaves the rules that its case is made for inconclusive, with the reason.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from chatconform.core.exchange import DONE

if TYPE_CHECKING:
    from chatconform.core.exchange import Exchange

BUSY: Final = frozenset({429, 503, 529})
SILENT_KINDS: Final = frozenset({"first-byte-timeout", "idle-timeout", "total-timeout"})
ABSENT_KINDS: Final = frozenset({"refused", "unresolved", "connect-timeout"})
DEFINITE_KINDS: Final = frozenset({"malformed", "too-large"})


class Trouble(StrEnum):
    """Why an answer cannot be judged as it stands."""

    NOT_NOW = "not now"
    BROKEN = "broken"
    SILENT = "silent"
    ABSENT = "absent"


def trouble(exchange: Exchange, breaks: str | None = None) -> Trouble | None:
    """What stands in the way of judging an exchange; None where it is steady evidence.

    What is no HTTP, or too much of it, is the target's own doing, and so is a stream that says `[DONE]` and hangs.
    `breaks` is the kind of failure in which every answer of the target ends.
    """
    if exchange.failure is None:
        if exchange.status is None or exchange.status < 500:
            return Trouble.NOT_NOW if exchange.status in BUSY else None
        return Trouble.NOT_NOW if exchange.status in BUSY else Trouble.BROKEN
    kind = exchange.failure.kind
    if kind in DEFINITE_KINDS or (kind == breaks and exchange.succeeded):
        return None
    if kind in ABSENT_KINDS:
        return Trouble.ABSENT
    if kind in SILENT_KINDS:
        return None if any(event.data == DONE for event in exchange.events) else Trouble.SILENT
    return Trouble.BROKEN


def told(exchange: Exchange) -> str:
    """What came of an exchange, as the end of a sentence that begins with "the target"."""
    if exchange.failure is not None:
        return f"gave no whole answer ({exchange.failure.message})"
    return f"answered with status {exchange.status}"


def wait_asked_for(exchange: Exchange) -> float | None:
    """The seconds that an answer asks to wait in `Retry-After` or `retry-after-ms`; None where it does not say."""
    if exchange.response is None:
        return None
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = (exchange.response.header(name) or "").strip()
        if value.isascii() and value.replace(".", "", 1).isdigit():
            return float(value[:12]) / unit
    return None
