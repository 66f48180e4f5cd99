"""What HTTP adds to an answer: its media type, its framing, and headers that programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.condition import every
from chatconform.core.exchange import EVENT_STREAM, Exchange, Response
from chatconform.core.json_text import NOT_JSON
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import gives
from chatconform.rules.capabilities import STREAM
from chatconform.rules.plain import answers_plainly, asks_plainly
from chatconform.rules.scope import asks_chat, is_steady, sends_header

if TYPE_CHECKING:
    from collections.abc import Iterator

UNANSWERED: Final = frozenset({"closed", "reset", "malformed"})
SILENT: Final = frozenset({"first-byte-timeout", "idle-timeout", "total-timeout"})
LARGE: Final = 1_000_000


def _is_large(exchange: Exchange) -> bool:
    """Whether a request has megabytes, as its case says or as it shows."""
    return bool(exchange.about.get("large")) or len(exchange.request.body) > LARGE


def _was_awaited(exchange: Exchange) -> bool:
    """Whether the answer was waited for: a case may leave before."""
    return "left_after" not in exchange.about


def _is_no_stream(exchange: Exchange) -> bool:
    return not exchange.is_stream


def _is_json_type(response: Response) -> bool:
    kind = response.media_type or ""
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


@rule(
    "response.http.every-request-is-answered",
    Level.MUST,
    on=Part.EXCHANGE,
    source="RFC 9110 section 3.4",
    when=every(asks_chat, _was_awaited, lambda exchange: not _is_large(exchange)),
    kept_where=answers_plainly,
)
def every_request_is_answered(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """Every request is answered: no connection ends, and no answer stays away, because of what it says.

    A client that is answered by nothing tries again, and takes down one worker after the other. Judged on every request
    below a megabyte, hostile ones included, once it came to nothing each time; a slow target is given time.
    """
    failure = exchange.failure
    if failure is None or exchange.response is not None:
        return
    if exchange.origin.seed is None or failure.kind not in UNANSWERED | SILENT:
        yield Inconclusive(f"no answer came: {failure.message or failure.kind}")
    else:
        yield Finding(
            "", f"no answer came: {failure.message or failure.kind}", "an answer, or an error with its status"
        )


@rule(
    "response.http.body-is-complete",
    Level.MUST,
    on=Part.RESPONSE,
    source="RFC 9112 section 6.3",
    when=every(asks_chat, _is_no_stream, _was_awaited),
    kept_where=answers_plainly,
)
def body_is_complete(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """The body of an answer is as long as its framing says, and comes to its end.

    Clients raise on a body that breaks off, after the tokens were paid for. Judged on every answer that is no stream.
    """
    failure = exchange.failure
    if failure is None:
        if exchange.response is not None and not exchange.response.complete:
            yield Inconclusive("the recording does not hold the whole body")
    elif failure.kind in UNANSWERED or (failure.kind in SILENT and exchange.origin.seed is not None):
        yield Finding("", f"the body was cut: {failure.message or failure.kind}", "a whole body")
    else:
        yield Inconclusive(f"the body was not read to its end: {failure.message or failure.kind}")


@rule(
    "response.http.framing-is-sound",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="RFC 9112",
    kept_where=answers_plainly,
)
def framing_is_sound(exchange: Exchange) -> Iterator[Finding]:
    """The head of a response keeps to the grammar of HTTP: CRLF, one way of framing, no folded headers.

    Lenient clients read it all the same; proxies and strict clients refuse it, or read another length, which is how
    requests are smuggled. Judged on the raw bytes of every response.
    """
    for fault in exchange.response.wire_faults if exchange.response is not None else ():
        yield Finding("", fault, "the grammar of RFC 9112")


@rule(
    "response.http.json-is-declared",
    Level.MUST,
    on=Part.RESPONSE,
    source="the responses of createChatCompletion: application/json",
    when=every(asks_chat, _is_no_stream),
    kept_where=answers_plainly,
)
def json_is_declared(exchange: Exchange) -> Iterator[Finding]:
    """A body that is JSON has the media type `application/json`, whether it is a completion or an error.

    The official Node SDK hands out a plain string where the header says otherwise, and its callers find no `choices` in
    it. Judged on every JSON body.
    """
    response = exchange.response
    if response is not None and response.json is not NOT_JSON and not _is_json_type(response):
        yield Finding("", f"content-type is {tell(response.header('content-type'))}", '"application/json"')


@rule(
    "response.http.stream-is-declared",
    Level.MUST,
    on=Part.STREAM,
    source="the responses of createChatCompletion: text/event-stream",
    needs=STREAM,
)
def stream_is_declared(exchange: Exchange) -> Iterator[Finding]:
    """A stream of events has the media type `text/event-stream`.

    Clients choose their parser by it, and proxies decide by it whether they may hold a body back. Judged on every
    stream.
    """
    response = exchange.response
    if response is not None and response.media_type != EVENT_STREAM:
        yield Finding("", f"content-type is {tell(response.header('content-type'))}", f'"{EVENT_STREAM}"')


@rule(
    "response.http.stream-comes-when-asked",
    Level.MUST,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.stream",
    when=every(
        gives("stream"),
        lambda exchange: exchange.succeeded and asks_chat(exchange) and exchange.asked["stream"] is True,
    ),
    needs=STREAM,
)
def stream_comes_when_asked(exchange: Exchange) -> Iterator[Finding]:
    """A request with `stream` true is answered by a stream.

    Clients wait for events and find none in a completion: the answer is empty to them. Judged on every success of such
    a request, whatever `Accept` said: the official SDKs say `application/json`.
    """
    body = exchange.completion
    if body is not None and body.get("error") is None and exchange.response is not None:
        kind = tell(exchange.response.header("content-type"))
        yield Finding("", f"a body of {kind} for stream=true", f'"{EVENT_STREAM}", or a 400 that names `stream`')


@rule(
    "response.http.no-stream-comes-unasked",
    Level.MUST,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.stream",
    when=every(asks_chat, lambda exchange: exchange.succeeded and exchange.asked.get("stream") in (None, False)),
    kept_where=answers_plainly,
)
def no_stream_comes_unasked(exchange: Exchange) -> Iterator[Finding]:
    """A request without `stream`, or with false or null, is answered by one JSON body.

    Clients parse the whole body as JSON and fail at its first `data:`. Judged on every success of such a request.
    """
    if exchange.is_stream and exchange.asked:
        yield Finding("", f"a stream for stream={tell(exchange.asked.get('stream'))}", "one JSON body")


@rule(
    "response.http.coding-was-accepted",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="RFC 9110 section 12.5.3",
    when=sends_header("accept-encoding"),
)
def coding_was_accepted(exchange: Exchange) -> Iterator[Finding]:
    """A body is compressed only for a client that accepts it.

    A client that did not ask cannot read it; and a compressed stream waits in the compressor until there is enough of
    it. Judged on every response by what the request accepted.
    """
    response = exchange.response
    coding = (response.header("content-encoding") or "identity").strip().lower() if response is not None else "identity"
    accepted = {
        part.partition(";")[0].strip().lower() for part in (exchange.request.header("accept-encoding") or "").split(",")
    }
    if coding not in ("", "identity") and coding not in accepted and "*" not in accepted:
        yield Finding(
            "", f"content-encoding is {tell(coding)} for accept-encoding {tell(sorted(accepted))}", "identity"
        )


@rule(
    "response.http.streams-are-not-cached",
    Level.INFO,
    on=Part.STREAM,
    source="the practice of server-sent events",
)
def streams_are_not_cached(exchange: Exchange) -> Iterator[Finding]:
    """A stream says `Cache-Control: no-cache` (or `no-store`), so that nothing on the way holds it back.

    Some proxies and load balancers buffer what does not. Judged on every stream.
    """
    control = exchange.response.header("cache-control") if exchange.response is not None else None
    if not {"no-cache", "no-store", "private"} & {part.strip().lower() for part in (control or "").split(",")}:
        yield Finding("", f"cache-control is {tell(control)}", '"no-cache"')


@rule(
    "response.http.large-bodies-are-answered",
    Level.SHOULD,
    on=Part.EXCHANGE,
    source="RFC 9110 section 15.5.14",
    when=every(_is_large, asks_chat),
    kept_where=answers_plainly,
)
def large_bodies_are_answered(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A request of several megabytes is processed, or refused with 413 or 400: the connection is not just cut.

    Pictures and sound come as base64 in the body; a client whose connection is reset takes it for a network fault and
    sends the megabytes again. Judged on requests above a megabyte.
    """
    failure = exchange.failure
    if failure is None or exchange.response is not None:
        return
    if failure.kind in UNANSWERED:
        yield Finding("", f"{len(exchange.request.body)} bytes: {failure.message or failure.kind}", "413 or an answer")
    else:
        yield Inconclusive(f"no answer came: {failure.message or failure.kind}")


@rule(
    "response.http.no-redirect",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="RFC 9110 section 15.4",
    when=lambda exchange: exchange.request.method == "POST",
    kept_where=answers_plainly,
)
def no_redirect(exchange: Exchange) -> Iterator[Finding]:
    """A `POST` is not redirected in a way that turns it into a `GET`.

    Clients follow 301, 302 and 303 without the body, and then report that the method is wrong. 307 and 308 keep it.
    Judged on every `POST`, also to the path with a slash at its end.
    """
    if exchange.status in (301, 302, 303):
        where = exchange.response.header("location") if exchange.response is not None else None
        yield Finding("", f"status {exchange.status} to {tell(where)}", "an answer, 404, or 307 or 308")


@rule(
    "response.http.request-id-is-told",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="the x-request-id header, which official SDKs hand to callers",
    when=every(asks_chat, is_steady),
)
def request_id_is_told(exchange: Exchange) -> Iterator[Finding]:
    """Every response has an `x-request-id`.

    It is what a user is asked for who reports a problem, and the SDKs put it into every exception. Judged on every
    response, errors included.
    """
    name = exchange.response.header("x-request-id") if exchange.response is not None else None
    if name is None or not name.strip():
        yield Finding("", f"x-request-id is {tell(name)}", "an id of its own for each response")


@rule(
    "response.http.other-media-types-are-refused-or-read",
    Level.INFO,
    on=Part.RESPONSE,
    source="RFC 9110 section 15.5.16",
    when=every(asks_chat, lambda exchange: not _says_json(exchange)),
    idle_where=asks_plainly,
)
def other_media_types_are_refused_or_read(exchange: Exchange) -> Iterator[Finding]:
    """A request whose media type is not `application/json` is refused with 415 or 400, or read as JSON all the same.

    Scripts forget the header, and are helped by either. Judged on a request that says `text/plain`.
    """
    if not exchange.succeeded and exchange.status not in (400, 415, 422) and (exchange.status or 0) < 500:
        yield Finding("", f"status {exchange.status}", "415, 400, or an answer")


def _says_json(exchange: Exchange) -> bool:
    kind = (exchange.request.header("content-type") or "").partition(";")[0].strip().lower()
    return kind == "application/json"
