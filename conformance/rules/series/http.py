"""That the same request is answered alike however it is put into HTTP, and that a connection serves many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.response.status import says
from chatconform.rules.scope import asks_chat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chatconform.core.exchange import Exchange

    Said = Iterator[Finding | Inconclusive]


def _variants(series: Sequence[Exchange], kind: str) -> list[int]:
    """The exchanges in which a request was put in another way, by what was changed.

    Several changes at once speak of each of them where the request was answered, and of none where it was not.
    """
    told = [
        (number, exchange, str(exchange.about.get("variant", "")).split()) for number, exchange in enumerate(series)
    ]
    return [number for number, exchange, kinds in told if kind in kinds and (len(kinds) == 1 or exchange.succeeded)]


def _has(kind: str) -> Callable[[Sequence[Exchange]], bool]:
    return lambda series: bool(_variants(series, kind)) and bool(_variants(series, "none"))


def _succeed_alike(series: Sequence[Exchange], kind: str, how: Callable[[Exchange], str]) -> Said:
    """What is put in another way is answered as the plain request is; `how` tells the way."""
    plain = series[_variants(series, "none")[0]]
    if not plain.succeeded:
        yield Inconclusive(f"the target does not answer the plain request (status {plain.status})")
        return
    for number in _variants(series, kind):
        exchange = series[number]
        if exchange.status is not None and not exchange.succeeded and exchange.status < 500:
            yield Finding("", f"{says(exchange)}, {how(exchange)}", f"status {plain.status}, as without", number)


@rule(
    "series.http.unknown-headers-change-nothing",
    Level.MUST,
    on=Part.SERIES,
    source="RFC 9110 section 5.1; the headers that official SDKs send",
    when=_has("headers"),
)
def unknown_headers_change_nothing(series: Sequence[Exchange]) -> Said:
    """Headers that a server does not know never change the outcome.

    The official SDKs send a dozen of their own with every request, tracing adds more. Judged on the same request with
    and without them.
    """
    yield from _succeed_alike(series, "headers", lambda _: "with the headers that SDKs and tracers add")


@rule(
    "series.http.media-type-parameters-change-nothing",
    Level.MUST,
    on=Part.SERIES,
    source="RFC 9110 section 8.3.1",
    when=_has("media-type"),
)
def media_type_parameters_change_nothing(series: Sequence[Exchange]) -> Said:
    """`application/json` is accepted with parameters and in any case.

    Many HTTP libraries add `charset=utf-8` by themselves. Judged on the same request under another spelling of its
    media type.
    """
    yield from _succeed_alike(series, "media-type", lambda one: f"with {tell(one.request.header('content-type'))}")


@rule(
    "series.http.chunked-bodies-are-read",
    Level.SHOULD,
    on=Part.SERIES,
    source="RFC 9112 section 7.1",
    when=_has("chunked"),
)
def chunked_bodies_are_read(series: Sequence[Exchange]) -> Said:
    """A request may come with `Transfer-Encoding: chunked`.

    Clients that write the body as they make it, and some proxies, send no length. Judged on the same request in chunks
    of a few bytes.
    """
    yield from _succeed_alike(series, "chunked", lambda _: "with a chunked body")


@rule(
    "series.http.accept-does-not-stop-a-stream",
    Level.MUST,
    on=Part.SERIES,
    source="the requests of official SDKs, which accept application/json",
    when=lambda series: bool(_variants(series, "accept-json")) and bool(_variants(series, "accept-any")),
)
def accept_does_not_stop_a_stream(series: Sequence[Exchange]) -> Said:
    """`stream` alone decides about a stream: one comes also to a client that says `Accept: application/json`.

    The official SDKs always say so. Judged on the same request with that header and with `*/*`.
    """
    open_minded = series[_variants(series, "accept-any")[0]]
    if not open_minded.is_stream:
        yield Inconclusive("the target does not stream to a client that accepts anything")
        return
    for number in _variants(series, "accept-json"):
        exchange = series[number]
        if not exchange.is_stream and (exchange.status or 500) < 500:
            yield Finding("", f"{says(exchange)}, and no stream", "a stream, as for Accept: */*", number)


@rule(
    "series.http.open-servers-take-any-key",
    Level.MUST,
    on=Part.SERIES,
    source="the official SDKs, which cannot send no key",
    when=lambda series: all(any(e.about.get("key") == key for e in series) for key in ("missing", "wrong")),
)
def open_servers_take_any_key(series: Sequence[Exchange]) -> Said:
    """A server that wants no key takes any.

    The SDKs refuse to start without a key, so users of local servers give them a made-up one. Judged on a request
    without a key and on one with random letters for a key; a target that we have a key for may know keys.
    """
    keyed = any(not e.about.get("key") and e.request.header("authorization") is not None for e in series)
    missing = next(exchange for exchange in series if exchange.about.get("key") == "missing")
    if not missing.succeeded:
        yield Inconclusive("the target wants a key")
        return
    for number, exchange in enumerate(series):
        if exchange.about.get("key") != "wrong" or exchange.succeeded or (exchange.status or 500) >= 500:
            continue
        if keyed and exchange.status in (401, 403):
            yield Inconclusive("the target knows keys, and answers without one as well")
        else:
            yield Finding("", f"{says(exchange)}, with a made-up key", f"status {missing.status}, as without", number)


KINDS = ("an answer", "an error", "a stream")


def _kind(exchange: Exchange) -> str:
    return "a stream" if exchange.is_stream else "an answer" if exchange.succeeded else "an error"


def _follow_ups(series: Sequence[Exchange]) -> list[tuple[int, str, bool]]:
    """Each exchange after which the connection could have served the next, its kind, and whether it did."""
    found: list[tuple[int, str, bool]] = []
    for number in range(len(series) - 1):
        exchange, after = series[number], series[number + 1]
        match exchange.about.get("connection"), after.about.get("connection"):
            case {"number": one}, {"number": two, "uses": uses} if asks_chat(exchange) and exchange.failure is None:
                found.append((number, _kind(exchange), one == two or uses > 0))
    return found


@rule(
    "series.http.connections-are-reused",
    Level.SHOULD,
    on=Part.SERIES,
    source="RFC 9112 section 9.3",
    when=lambda series: any(exchange.about.get("variant") for exchange in series) and len(_follow_ups(series)) > 2,
)
def connections_are_reused(series: Sequence[Exchange]) -> Said:
    """A connection serves the next request, also after an error and after a stream.

    Agents send hundreds of requests; a connection and a TLS handshake for each costs more than many an answer. Judged
    on a row of requests: the server does not say `Connection: close`, and does not close either.
    """
    for kind in KINDS:
        after = [(number, reused) for number, of, reused in _follow_ups(series) if of == kind]
        closing = [n for n, _ in after if "close" in (_connection(series[n]) or "").lower()]
        if closing:
            yield Finding("", f"connection: close after {kind}", "a connection that stays open", closing[0])
        elif len(after) > 1 and not any(reused for _, reused in after):
            yield Finding("", f"the connection was closed after {kind}", "a connection that stays open", after[0][0])


def _connection(exchange: Exchange) -> str | None:
    return exchange.response.header("connection") if exchange.response is not None else None


@rule(
    "series.http.allowed-origins-are-told-again",
    Level.INFO,
    on=Part.SERIES,
    source="WHATWG Fetch section 4.10",
    when=lambda series: any(e.request.method == "OPTIONS" for e in series) and bool(_from_browsers(series)),
)
def allowed_origins_are_told_again(series: Sequence[Exchange]) -> Said:
    """Where a preflight allows an origin, the answer to the request itself allows it as well.

    The browser holds the answer back otherwise, after it was paid for. Judged on a preflight and on a request with the
    same `Origin`.
    """
    allowed = any(e.request.method == "OPTIONS" and e.succeeded and _allows(e) for e in series)
    if not allowed:
        yield Inconclusive("the target allows no origin")
        return
    for number in _from_browsers(series):
        if series[number].succeeded and not _allows(series[number]):
            yield Finding("", "no access-control-allow-origin", "the origin, as in the preflight", number)


def _from_browsers(series: Sequence[Exchange]) -> list[int]:
    return [n for n, e in enumerate(series) if e.request.method == "POST" and e.request.header("origin") is not None]


def _allows(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.response.header("access-control-allow-origin") is not None
