"""How a client sends: method, path, and the headers that go with a JSON body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.json_text import NOT_JSON, problem
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.plain import asks_plainly
from chatconform.rules.scope import path, sends_header

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION_TWICE: Final = re.compile(r"/(v\d+)/\1/")


def _sends_chat(exchange: Exchange) -> bool:
    """Whether a body was sent towards the endpoint, whatever else is wrong about it."""
    return "chat/completions" in path(exchange) and bool(exchange.request.body)


@rule(
    "request.http.body-is-json",
    Level.MUST,
    on=Part.EXCHANGE,
    source="RFC 8259",
    when=_sends_chat,
    kept_where=asks_plainly,
)
def body_is_json(exchange: Exchange) -> Iterator[Finding]:
    """The body of a request is one JSON object, without NaN, Infinity, lone surrogates or a byte order mark.

    Servers refuse anything else before they look at it. NaN and Infinity come from computed settings, lone surrogates
    from texts that were cut by length. Judged on every body that is sent to the endpoint.
    """
    value = exchange.request.json
    if value is NOT_JSON:
        yield Finding("", f"{problem(exchange.request.body)}", expected="strict JSON")
    elif not isinstance(value, dict):
        yield Finding("", f"is {tell(value)}", expected="an object")


@rule(
    "request.http.content-type-is-json",
    Level.MUST,
    on=Part.REQUEST,
    source="the published request body: application/json",
    when=every(_sends_chat, lambda exchange: bool(exchange.request.headers)),
    kept_where=asks_plainly,
)
def content_type_is_json(exchange: Exchange) -> Iterator[Finding]:
    """A request says `Content-Type: application/json`.

    Frameworks read the body of another type as text, or as a form, and answer that fields are missing. Judged on every
    request whose headers are known.
    """
    declared = exchange.request.header("content-type")
    if (declared or "").partition(";")[0].strip().lower() != "application/json":
        yield Finding("", f"content-type is {tell(declared)}", expected='"application/json"')


@rule(
    "request.http.method-is-post",
    Level.MUST,
    on=Part.REQUEST,
    source="createChatCompletion: POST /chat/completions",
    when=_sends_chat,
    kept_where=asks_plainly,
)
def method_is_post(exchange: Exchange) -> Iterator[Finding]:
    """A completion is asked for with POST.

    Judged on every request with a body that is sent to the endpoint.
    """
    if exchange.request.method != "POST":
        yield Finding("", f"the method is {tell(exchange.request.method)}", expected='"POST"')


@rule(
    "request.http.path-is-joined-once",
    Level.MUST,
    on=Part.REQUEST,
    source="createChatCompletion: POST /chat/completions",
    when=_sends_chat,
    kept_where=asks_plainly,
)
def path_is_joined_once(exchange: Exchange) -> Iterator[Finding]:
    """The base URL and the path are joined without a double slash, and without the version twice.

    `//chat` and `/v1/v1/chat` come from a base URL that ends in a slash or already has the version; most servers answer
    404. Judged on every request that is sent to the endpoint.
    """
    found = path(exchange)
    if "//" in found.partition("://")[2 if "://" in found else 0]:
        yield Finding("", f"the path is {tell(found)}", expected="single slashes")
    elif VERSION_TWICE.search(found):
        yield Finding("", f"the path is {tell(found)}", expected="the version once")


@rule(
    "request.http.key-is-a-bearer",
    Level.SHOULD,
    on=Part.REQUEST,
    source="the published security scheme: HTTP bearer",
    when=every(sends_header("authorization"), _sends_chat),
)
def key_is_a_bearer(exchange: Exchange) -> Iterator[Finding]:
    """A key in `Authorization` is sent as `Bearer`.

    Servers look for that word and answer 401 without it. Judged on every request with that header; the key itself is
    not looked at and never told.
    """
    scheme, space, key = (exchange.request.header("authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        found = f"the scheme is {tell(scheme)}" if space else "there is no scheme before the key"
        yield Finding("", f"authorization: {found}", expected='"Bearer" and the key')
    elif not key.strip():
        yield Finding("", "authorization: there is no key after Bearer", expected='"Bearer" and the key')
