"""What becomes of requests that are written in an odd way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.condition import every
from chatconform.core.json_text import NOT_JSON
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.sse import BOM
from chatconform.rules.asking import count, kept
from chatconform.rules.plain import asks_plainly
from chatconform.rules.reading import choices
from chatconform.rules.refusing import answers
from chatconform.rules.response.status import says
from chatconform.rules.scope import asks_chat, knows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange


def _sends_no_json(exchange: Exchange) -> bool:
    return exchange.request.json is NOT_JSON


def _is_no_utf_8(exchange: Exchange) -> bool:
    if not asks_chat(exchange):
        return False
    try:
        exchange.request.body.decode()
    except UnicodeDecodeError:
        return exchange.request.header("content-encoding") is None
    return False


@rule(
    "response.odd.broken-text-is-refused",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="RFC 8259 section 8.1",
    when=every(_sends_no_json, _is_no_utf_8),
    idle_where=asks_plainly,
)
def broken_text_is_refused(exchange: Exchange) -> Iterator[Finding]:
    """A body that is not UTF-8 is refused.

    The text was broken on its way, or is in another encoding; what the model would be given is not what the caller
    wrote. Judged on bodies with bytes that are no UTF-8.
    """
    if answers(exchange):
        yield Finding("", f"status {exchange.status} for a body that is not UTF-8", "status 400")


@rule(
    "response.odd.byte-order-marks-are-skipped-or-refused",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="RFC 8259 section 8.1",
    when=every(
        _sends_no_json,
        lambda exchange: asks_chat(exchange) and exchange.request.body.startswith(BOM),
    ),
    idle_where=asks_plainly,
)
def byte_order_marks_are_skipped_or_refused(exchange: Exchange) -> Iterator[Finding]:
    """A body that begins with a byte order mark is read without it, or refused with status 400.

    Some editors and shells put one there, and nobody sees it. Judged on a request with the mark.
    """
    if not exchange.succeeded and exchange.status != 400 and (exchange.status or 0) < 500:
        yield Finding("", says(exchange), "an answer, or status 400")


@rule(
    "response.odd.last-of-double-keys-counts",
    Level.INFO,
    on=Part.ANSWER,
    source="RFC 8259 section 4",
    when=knows("last_limit"),
)
def last_of_double_keys_counts(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """Where a key stands twice in a request, the last one counts, or the request is refused.

    Nearly every parser keeps the last; a gateway and a server that differ in this see two requests in one. Judged on a
    request with two limits of tokens, by how many tokens came.
    """
    first, last = count(exchange.about.get("first_limit")), count(exchange.about.get("last_limit"))
    used = count(kept(exchange.answer, "usage").get("completion_tokens"))
    cut = any(choice.finish == "length" for choice in choices(exchange))
    if used is None or first is None or last is None or used > last or (used <= first and not cut):
        yield Inconclusive("the answer does not show which of the two limits counted")
    elif used <= first:
        yield Finding("", f"the first limit, {first}, counted", f"the last, {last}, or a 400")
