"""Faults in HTTP: methods, paths, keys, headers, and the framing of answers that are no streams."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.reference.faults.fault import fault
from chatconform.reference.faults.making import (
    Body,
    on_admission,
    on_completion,
    on_refusals,
    on_replies,
    on_text,
)
from chatconform.reference.pipeline import Hangup
from chatconform.reference.refusal import Refusal, invalid

if TYPE_CHECKING:
    from chatconform.reference.pipeline import Admit, Finish, Incoming, Parse, Reply, Validate, Wire

TELLING = "response.paths.refusals-are-told-in-json"
METHODS = "response.paths.other-methods-are-refused"
PATHS = "response.paths.unknown-paths-are-not-found"
PREFLIGHT = "response.paths.preflights-are-answered-clearly"
MISSING_KEY = "response.keys.missing-key-is-unauthorized"
WRONG_KEY = "response.keys.wrong-key-is-unauthorized"
LARGE = 1_000_000


def _with(reply: Reply, **headers: str) -> Reply:
    """A reply with other headers of these names; an empty one is taken away."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = tuple(pair for pair in reply.headers if pair[0] not in named)
    return replace(reply, headers=(*kept, *((name, value) for name, value in named.items() if value)))


@on_refusals("response.http.every-request-is-answered", also=("response.*", "series.*"))
def bad_requests_are_hung_up_on(refusal: Refusal, status: int, body: Body) -> tuple[int, Any]:
    """Ends the connection of a bad request without an answer."""
    if status == 400:
        raise Hangup(reset=True)
    return status, body


@fault(
    "wire",
    "response.http.body-is-complete",
    also=(
        "response.errors.*",
        "response.paths.refusals-are-told-in-json",
    ),
)
def body_is_shorter_than_told(wire: Wire) -> Wire:
    """Ends the connection of an error before its body is as long as was told."""

    def faulty(pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in wire(pieces):
            if piece.startswith(b"HTTP/1.1 4"):
                yield piece[:-20]
                raise Hangup
            yield piece

    return faulty


@fault("wire", "response.http.framing-is-sound")
def heads_end_in_line_feeds(wire: Wire) -> Wire:
    """Ends the lines of heads with LF alone."""

    def faulty(pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in wire(pieces):
            head, end, body = piece.partition(b"\r\n\r\n")
            yield head.replace(b"\r\n", b"\n") + b"\n\n" + body if head.startswith(b"HTTP/") and end else piece

    return faulty


@on_replies("response.http.json-is-declared")
def json_is_declared_as_text(incoming: Incoming, reply: Reply) -> Reply:
    """Declares JSON as plain text."""
    return _with(reply, content_type="text/plain") if reply.body else reply


@on_replies("response.http.stream-is-declared")
def stream_is_declared_as_json(incoming: Incoming, reply: Reply) -> Reply:
    """Declares streams as JSON."""
    return _with(reply, content_type="application/json") if reply.events is not None else reply


@fault("validate", "response.http.stream-comes-when-asked", also=("series.*", "response.*"))
def stream_is_ignored(validate: Validate) -> Validate:
    """Never streams."""

    def faulty(body: Any) -> None:
        validate(body)
        body.pop("stream", None)

    return faulty


@fault("validate", "response.http.no-stream-comes-unasked", also=("series.*", "response.*", "stream.*"))
def stream_comes_unasked(validate: Validate) -> Validate:
    """Streams unless `stream` is false in so many letters."""

    def faulty(body: Any) -> None:
        validate(body)
        if body.get("stream") is not False:
            body["stream"] = True

    return faulty


@on_replies("response.http.coding-was-accepted")
def body_is_compressed_unasked(incoming: Incoming, reply: Reply) -> Reply:
    """Compresses bodies for clients that did not accept it."""
    if not reply.generated or reply.events is not None:
        return reply
    return _with(replace(reply, body=gzip.compress(reply.body)), content_encoding="gzip")


@on_replies("response.http.streams-are-not-cached")
def stream_may_be_cached(incoming: Incoming, reply: Reply) -> Reply:
    """Lets caches keep streams."""
    return _with(reply, cache_control="public, max-age=60") if reply.events is not None else reply


@on_text("response.http.large-bodies-are-answered", also=("series.context.*", "response.http.every-request-*"))
def large_bodies_are_hung_up_on(parse: Parse, body: bytes) -> Any:
    """Ends the connection of a request of more than a megabyte."""
    if len(body) > LARGE:
        raise Hangup(reset=True)
    return parse(body)


@on_admission("response.http.no-redirect")
def slash_is_redirected(admit: Admit, incoming: Incoming) -> None:
    """Redirects a path that ends with a slash."""
    if incoming.path.endswith("/"):
        raise Refusal(301, "It moved.", headers={"location": incoming.path.rstrip("/")})
    admit(incoming)


@on_replies("response.http.request-id-is-told")
def request_id_is_not_told(incoming: Incoming, reply: Reply) -> Reply:
    """Gives responses no id."""
    return _with(reply, x_request_id="")


@on_replies("series.identity.request-ids-differ")
def request_id_is_always_the_same(incoming: Incoming, reply: Reply) -> Reply:
    """Gives every response the same id."""
    return _with(reply, x_request_id="req_0")


@on_completion("series.identity.ids-differ", "series.isolation.streams-have-their-own-ids", streams=True)
def id_is_always_the_same(body: Body, completion: Body) -> None:
    """Gives every answer the same id."""
    completion["id"] = "chatcmpl-0"


@on_refusals("response.http.other-media-types-are-refused-or-read")
def other_media_types_are_not_acceptable(refusal: Refusal, status: int, body: Body) -> tuple[int, Any]:
    """Refuses other media types with status 406."""
    return (406 if status == 415 else status), body


@on_admission(MISSING_KEY)
def missing_key_is_a_bad_request(admit: Admit, incoming: Incoming) -> None:
    """Refuses a request without a key with status 400."""
    try:
        admit(incoming)
    except Refusal as refusal:
        if refusal.status == 401 and refusal.code is None:
            refusal.status = 400
        raise


@on_admission(WRONG_KEY)
def wrong_key_is_forbidden(admit: Admit, incoming: Incoming) -> None:
    """Refuses a wrong key with status 403."""
    try:
        admit(incoming)
    except Refusal as refusal:
        if refusal.code == "invalid_api_key":
            refusal.status = 403
        raise


@on_admission("series.http.open-servers-take-any-key")
def open_server_knows_keys(admit: Admit, incoming: Incoming) -> None:
    """Wants no key, and refuses those that it does not know."""
    if len(incoming.header("authorization") or "") > 40:
        raise Refusal(401, "The API key is not correct.", code="invalid_api_key")
    admit(incoming)


def _overload(finish: Finish, status: int, after: str) -> Finish:
    """A finish that turns every seventh request away."""
    numbers = count(1)

    def faulty(incoming: Incoming, reply: Reply) -> Reply:
        if not reply.generated or next(numbers) % 7:
            return finish(incoming, reply)
        told = {
            "message": "Too many requests.",
            "type": "rate_limit_error",
            "param": None,
            "code": "rate_limit_exceeded",
        }
        headers = (("content-type", "application/json"), ("retry-after", after))
        return finish(
            incoming, replace(reply, status=status, headers=headers, body=orjson.dumps({"error": told}), events=None)
        )

    return faulty


@fault("finish", "response.limits.retry-after-is-in-seconds", also=("series.*", "response.*", "stream.*"))
def retry_after_is_a_fraction(finish: Finish) -> Finish:
    """Asks now and then to come again after a fraction of a second."""
    return _overload(finish, 429, "0.05")


@on_replies("response.limits.rates-can-be-read")
def rates_are_below_zero(incoming: Incoming, reply: Reply) -> Reply:
    """Tells that -1 requests are left."""
    return _with(reply, x_ratelimit_remaining_requests="-1")


@on_admission(METHODS, also=(TELLING, "response.errors.*"))
def other_methods_are_implemented_nowhere(admit: Admit, incoming: Incoming) -> None:
    """Answers other methods with status 418."""
    try:
        admit(incoming)
    except Refusal as refusal:
        if refusal.status == 405:
            refusal.status = 418
        raise


@on_admission(
    PATHS,
    also=(METHODS,),
)
def unknown_paths_are_bad_requests(admit: Admit, incoming: Incoming) -> None:
    """Answers unknown paths with status 400."""
    try:
        admit(incoming)
    except Refusal as refusal:
        if refusal.code == "unknown_url":
            refusal.status = 400
        raise


@on_replies(TELLING)
def wrong_paths_are_told_in_html(incoming: Incoming, reply: Reply) -> Reply:
    """Tells of wrong methods and paths by a page of HTML."""
    if reply.status not in (404, 405) or incoming.asked is not None:
        return reply
    return _with(replace(reply, body=b"<html><body>Not Found</body></html>"), content_type="text/html")


@on_replies(PREFLIGHT)
def preflight_allows_half(incoming: Incoming, reply: Reply) -> Reply:
    """Allows browsers some of the headers that they ask for."""
    return _with(reply, access_control_allow_headers="content-type") if incoming.method == "OPTIONS" else reply


@on_replies("series.http.allowed-origins-are-told-again")
def origin_is_told_once(incoming: Incoming, reply: Reply) -> Reply:
    """Allows an origin beforehand and not with the answer."""
    return reply if incoming.method == "OPTIONS" else _with(reply, access_control_allow_origin="")


@on_admission("series.http.unknown-headers-change-nothing")
def unknown_headers_are_refused(admit: Admit, incoming: Incoming) -> None:
    """Refuses requests with a header that it does not know."""
    if incoming.header("openai-beta") or incoming.header("traceparent"):
        raise invalid(None, "There is a header that is not known.")
    admit(incoming)


@on_admission("series.http.media-type-parameters-change-nothing")
def media_type_parameters_are_refused(admit: Admit, incoming: Incoming) -> None:
    """Takes JSON only as `application/json`, to the letter."""
    if incoming.method == "POST" and ";" in (incoming.header("content-type") or ""):
        raise Refusal(415, "Send `application/json`.", code="unsupported_media_type")
    admit(incoming)


@on_admission("series.http.chunked-bodies-are-read")
def chunked_bodies_are_refused(admit: Admit, incoming: Incoming) -> None:
    """Wants to be told the length of a body."""
    if incoming.header("transfer-encoding"):
        raise Refusal(411, "Tell the length of the body.", code="length_required")
    admit(incoming)


@on_replies(
    "series.http.accept-does-not-stop-a-stream",
    also=(
        "response.acceptance.*",
        "series.*",
    ),
)
def accept_stops_a_stream(incoming: Incoming, reply: Reply) -> Reply:
    """Streams only to clients that say that they accept events."""
    if reply.events is None or incoming.header("accept") != "application/json":
        return reply
    told = {"message": "Accept text/event-stream.", "type": "invalid_request_error", "param": None, "code": None}
    body = orjson.dumps({"error": told})
    return _with(replace(reply, status=406, events=None, body=body), content_type="application/json")


@on_replies("series.http.connections-are-reused")
def connections_end_after_each_answer(incoming: Incoming, reply: Reply) -> Reply:
    """Ends the connection after every answer."""
    return _with(reply, connection="close")
