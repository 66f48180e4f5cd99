"""What is answered beside the endpoint: to other methods, on other paths, and to browsers that ask beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.exchange import Exchange
from chatconform.core.json_text import NOT_JSON
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.plain import asks_plainly
from chatconform.rules.response.errors import told
from chatconform.rules.scope import is_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER_METHODS: Final = frozenset({"GET", "PUT", "PATCH", "DELETE"})
IDENTITY: Final = frozenset({401, 403})


def _is_other_method(exchange: Exchange) -> bool:
    return exchange.request.method in OTHER_METHODS and is_endpoint(exchange)


def _is_unknown_path(exchange: Exchange) -> bool:
    return bool(exchange.about.get("unknown_path"))


def _is_list(exchange: Exchange) -> bool:
    """Whether it is the list of stored completions, which a `GET` may ask for."""
    return exchange.request.method == "GET" and (exchange.completion or {}).get("object") == "list"


@rule(
    "response.paths.other-methods-are-refused",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="RFC 9110 section 15.5.6",
    when=_is_other_method,
    idle_where=asks_plainly,
)
def other_methods_are_refused(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """Only `POST` makes a completion: other methods are answered with 405 or 404.

    A wrong method is a mistake in a client's set-up, and 405 says so; a 500 sends its author looking in the wrong
    place. Judged on `GET` (which may also be the list of stored completions), `PUT`, `PATCH` and `DELETE`.
    """
    if exchange.status in IDENTITY:
        yield Inconclusive(f"the target refuses the caller (status {exchange.status}) before it looks at the method")
    elif exchange.status not in (404, 405) and not _is_list(exchange):
        yield Finding("", f"status {exchange.status} to {exchange.request.method}", "status 405 or 404")


@rule(
    "response.paths.unknown-paths-are-not-found",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="RFC 9110 section 15.5.5",
    when=_is_unknown_path,
)
def unknown_paths_are_not_found(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A path that does not exist is answered with 404.

    A base URL with one `/v1` too many is the commonest mistake in setting up a client. Judged on a misspelt path, and
    on the path with the `v1` doubled.
    """
    if exchange.status in IDENTITY:
        yield Inconclusive(f"the target refuses the caller (status {exchange.status}) before it looks at the path")
    elif exchange.status not in (404, 405) and "error" not in (exchange.completion or {}):
        yield Finding("", f"status {exchange.status} on {tell(exchange.request.target)}", "status 404")


@rule(
    "response.paths.refusals-are-told-in-json",
    Level.SHOULD,
    on=Part.ERROR,
    source="ErrorResponse",
    when=lambda exchange: _is_other_method(exchange) or _is_unknown_path(exchange),
)
def refusals_are_told_in_json(exchange: Exchange) -> Iterator[Finding]:
    """A wrong method or path is told by the same error object as any other error, not by HTML or an empty body.

    It is the first answer that a wrongly set up client gets, and should be the clearest. Judged on the errors to other
    methods and on paths that do not exist.
    """
    response = exchange.response
    if told(exchange) is not None or response is None or not response.complete:
        return
    if not response.body.strip():
        shown = "an empty body"
    elif response.json is NOT_JSON:
        shown = f"a body that is not JSON: {tell(response.body[:100].decode(errors='replace'))}"
    else:
        shown = f"no error object: {tell(response.json)}"
    yield Finding("", f"status {exchange.status} with {shown}", '{"error": {"message": ..., ...}}')


def _names(value: str | None) -> set[str]:
    return {name.strip().lower() for name in (value or "").split(",") if name.strip()}


@rule(
    "response.paths.preflights-are-answered-clearly",
    Level.INFO,
    on=Part.RESPONSE,
    source="WHATWG Fetch section 4.8",
    when=lambda exchange: exchange.request.method == "OPTIONS" and is_endpoint(exchange),
    idle_where=asks_plainly,
)
def preflights_are_answered_clearly(exchange: Exchange) -> Iterator[Finding]:
    """A browser that asks beforehand whether it may send is allowed all of what clients send, or simply not allowed.

    A preflight carries no key, so a 401 to it locks every browser out; so does an allowance that leaves out a header of
    the SDKs. Judged on an `OPTIONS` with the headers that an SDK in a browser asks for.
    """
    response = exchange.response
    if response is None:
        return
    status = response.status
    if status in (400, 401, 405) or status >= 500:
        yield Finding("", f"status {status} to a preflight", "2xx that allows it, or 2xx, 403 or 404 that does not")
        return
    if status >= 300 or response.header("access-control-allow-origin") is None:
        return
    asked = _names(exchange.request.header("access-control-request-headers"))
    allowed = _names(response.header("access-control-allow-headers"))
    # The wildcard stands for every header but this one.
    left_out = asked - allowed if "*" not in allowed else asked & {"authorization"} - allowed
    if left_out:
        yield Finding("", f"allows the origin, and not the headers {tell(sorted(left_out))}", "all that were asked for")
