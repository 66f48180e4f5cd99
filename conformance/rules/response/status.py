"""What the status says: a fault of the caller's is a 4xx, before anything else is sent, and a success is one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.json_text import NOT_JSON
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import gives
from chatconform.rules.plain import answers_plainly, asks_plainly
from chatconform.rules.refusing import answers
from chatconform.rules.response.errors import told
from chatconform.rules.scope import asks_chat, claims_completion, is_steady, knows
from chatconform.rules.validity import faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_READ: Final = 1_000_000
LEADING_ZEROS: Final = re.compile(r"(?<=[:,\[\s])([-+]?)0+(?=\d)")


def says(exchange: Exchange) -> str:
    """The status and, where an error object tells more, its message: for a sentence."""
    message = (told(exchange) or {}).get("message")
    return f"status {exchange.status}" + (f", {tell(message)}" if isinstance(message, str) else "")


@rule(
    "response.status.input-is-never-a-server-error",
    Level.MUST,
    on=Part.RESPONSE,
    source="RFC 9110 section 15.6",
    when=asks_chat,
    kept_where=answers_plainly,
)
def input_is_never_a_server_error(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """No content of a request alone makes the server fail: what it cannot take is a 4xx.

    Clients retry a 5xx, so a request that can never succeed is sent again and again; and a caller who is told that the
    server is broken does not look for the fault in the request. Judged on every request that the kit sends, hostile
    ones included, once it failed each time that it was sent. In recordings what may as well be overload or a gateway
    (502, 503, 504, ...) says nothing.
    """
    status = exchange.status or 0
    if status >= 500 and not is_steady(exchange):
        yield Inconclusive(f"status {status} may come from load or from what stands before the server")
    elif status >= 500:
        yield Finding("", says(exchange), expected="a 4xx with an error object, or an answer")


@rule(
    "response.status.success-carries-no-error",
    Level.MUST,
    on=Part.COMPLETION,
    source="CreateChatCompletionResponse",
    when=claims_completion,
    kept_where=answers_plainly,
)
def success_carries_no_error(exchange: Exchange) -> Iterator[Finding]:
    """A request that failed never has the status of a success.

    The SDKs raise on the status alone: an error sent with 200 becomes an object whose `choices` is None, and fails
    far from its cause. Judged on every success: it has `choices`, and no `error` that is not null.
    """
    body = exchange.completion or {}
    if body.get("error") is not None:
        yield Finding(
            "/error", f"status {exchange.status} with the error {tell(body['error'])}", expected="a 4xx or 5xx"
        )
    elif "choices" not in body:
        yield Finding(
            "", f"status {exchange.status} without `choices`: {tell(body)}", expected="a completion, or an error"
        )


@rule(
    "response.status.a-refused-stream-is-no-stream",
    Level.MUST,
    on=Part.RESPONSE,
    source="the official SDKs, which decide by the status whether to read a stream",
    when=every(gives("stream"), lambda exchange: exchange.asked["stream"] is True, asks_chat),
)
def a_refused_stream_is_no_stream(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """With `stream` true, an error known before the first token has a status of its own, not 200 and a stream.

    Clients retry, back off and report by the status; inside a stream that began with 200 the same error is retried by
    nobody, and a stream of no bytes at all looks like an empty answer. Judged on every request for a stream: no stream
    begins with an error, and none is empty. Where comments kept the connection alive first, the error may have come
    late.
    """
    if not exchange.succeeded or exchange.response is None or exchange.failure is not None:
        return
    if not exchange.response.body.strip():
        yield Finding(
            "", f"status {exchange.status} with an empty body", expected="a stream, or an error with its status"
        )
    elif isinstance(first := next(iter(exchange.chunks), None), dict) and first.get("error") is not None:
        waited = any(block.before == 0 for block in exchange.transcript.dataless)
        if waited and not faults_of(exchange):
            yield Inconclusive("the stream was kept alive before its error, which may have come late")
        else:
            expected = "an error body with the status of its cause"
            yield Finding("/0/error", f"status {exchange.status} and a stream of {tell(first)}", expected=expected)


def _reads_as(body: bytes) -> Any:
    """What the most lenient reader makes of a body: `NOT_JSON` only where nobody could take it for JSON.

    NaN, byte order marks, lone surrogates, bytes that are no UTF-8 and leading zeros are read: what becomes of those
    is the subject of other rules.
    """
    text = body.decode(errors="replace").removeprefix("\ufeff")
    for candidate in (text, LEADING_ZEROS.sub(r"\1", text)):
        try:
            return json.loads(candidate, strict=False, parse_int=float)
        except json.JSONDecodeError:
            continue
        except RecursionError:
            return {}
    return NOT_JSON


def _is_malformed(exchange: Exchange) -> bool:
    """Whether the endpoint was sent, as JSON, a body that is none or that is no object."""
    request = exchange.request
    if exchange.asked or not asks_chat(exchange) or isinstance(request.json, dict) or len(request.body) > MOST_READ:
        return False
    declared = (request.header("content-type") or "").partition(";")[0].strip().lower()
    coded = request.header("content-encoding") or "identity"
    return declared == "application/json" and coded == "identity" and not isinstance(_reads_as(request.body), dict)


@rule(
    "response.status.malformed-json-is-refused",
    Level.MUST,
    on=Part.RESPONSE,
    source="RFC 8259; CreateChatCompletionRequest",
    when=_is_malformed,
    idle_where=asks_plainly,
)
def malformed_json_is_refused(exchange: Exchange) -> Iterator[Finding]:
    """A body that is no JSON, or no JSON object, is refused.

    A server that answers it answers something that nobody asked. Judged on bodies that no reader could take for a JSON
    object: nothing at all, a cut object, a list, a bare string.
    """
    if answers(exchange):
        told_body = tell(exchange.request.body[:60].decode(errors="replace"))
        yield Finding(
            "", f"status {exchange.status} for the body {told_body}", expected="status 400 with an error object"
        )


@rule(
    "response.status.malformed-json-is-a-bad-request",
    Level.SHOULD,
    on=Part.ERROR,
    source="RFC 9110 section 15.5.1",
    when=lambda exchange: exchange.refused and _is_malformed(exchange),
    idle_where=asks_plainly,
)
def malformed_json_is_a_bad_request(exchange: Exchange) -> Iterator[Finding]:
    """A body that is no JSON object is refused with status 400.

    400 is what the API answers, and what clients tell as the caller's own mistake. Judged on refused bodies that no
    reader could take for a JSON object.
    """
    if exchange.status != 400:
        yield Finding("", says(exchange), expected="status 400")


def _is_another(code: Any, *wanted: str) -> bool:
    """Whether a code is none of the wanted ones; what is no code at all is told by another rule."""
    return (code is None or isinstance(code, str)) and code not in wanted


def _names_an_unknown_model(exchange: Exchange) -> bool:
    return bool(exchange.about["unknown_model"]) and asks_chat(exchange)


@rule(
    "response.status.unknown-model-is-not-found",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="the API's error codes: model_not_found",
    when=every(knows("unknown_model"), _names_an_unknown_model),
)
def unknown_model_is_not_found(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A model that does not exist is told by status 404 (or 400) and the code `model_not_found`.

    Routers fall back to another model by this code, and a user with a typing error in the model's name needs to be
    told just that. Judged on a request for a model of a random name; a server that answers it all the same says
    nothing here.
    """
    error = told(exchange)
    code = (error or {}).get("code")
    if exchange.succeeded:
        yield Inconclusive("the target answers whatever the model's name is")
    elif exchange.refused and exchange.status not in (400, 404):
        yield Finding("", says(exchange), expected="status 404 or 400")
    elif exchange.refused and error is not None and _is_another(code, "model_not_found"):
        yield Finding("/error/code", f"is {tell(code)}", expected='"model_not_found"')


@rule(
    "response.status.unknown-model-is-not-answered",
    Level.INFO,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.model",
    when=every(knows("unknown_model"), _names_an_unknown_model),
)
def unknown_model_is_not_answered(exchange: Exchange) -> Iterator[Finding]:
    """A request for a model that does not exist is not answered by another one.

    Servers of a single model often ignore the name, which is handy until somebody compares two models with it. Judged
    on a request for a model of a random name.
    """
    if answers(exchange):
        yield Finding("", f"answered with status {exchange.status}", expected="status 404")
