"""Faults in how errors are told, and with which status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.reference.faults.fault import fault
from chatconform.reference.faults.making import Body, on_errors, on_refusals, on_replies
from chatconform.reference.refusal import Refusal

if TYPE_CHECKING:
    from chatconform.reference.pipeline import Incoming, Reply

SHAPE = "response.errors.body-is-an-error-object"
KEYS = "response.errors.error-has-all-keys"
TYPES = "response.errors.keys-have-their-types"
MODEL = "response.status.unknown-model-is-not-found"


@on_errors(SHAPE, also=("response.paths.refusals-are-told-in-json",))
def error_under_detail(refusal: Refusal, body: Body) -> Any:
    """Tells errors as `{"detail": ...}`."""
    return {"detail": refusal.message}


@on_errors(SHAPE, also=("response.paths.refusals-are-told-in-json",))
def error_is_a_string(refusal: Refusal, body: Body) -> Any:
    """Tells errors as `{"error": "..."}`."""
    return {"error": refusal.message}


@on_errors(SHAPE, also=("response.paths.refusals-are-told-in-json",))
def error_at_the_top_level(refusal: Refusal, body: Body) -> Any:
    """Tells errors without `error` around them."""
    return {"object": "error", **body["error"]}


@on_replies(SHAPE, also=("response.http.json-is-declared", "response.paths.refusals-are-told-in-json"))
def error_is_html(incoming: Incoming, reply: Reply) -> Reply:
    """Tells errors as a page of HTML."""
    if reply.status < 400:
        return reply
    page = b"<html><body><h1>Bad Request</h1></body></html>"
    headers = tuple(pair for pair in reply.headers if pair[0] != "content-type")
    return replace(reply, headers=(*headers, ("content-type", "text/html")), body=page)


@on_replies(SHAPE, also=("response.paths.refusals-are-told-in-json",))
def error_is_empty(incoming: Incoming, reply: Reply) -> Reply:
    """Tells errors by the status alone, with an empty body."""
    return replace(reply, body=b"") if reply.status >= 400 else reply


@on_errors(KEYS)
def error_without_param(refusal: Refusal, body: Body) -> Any:
    """Leaves `param` out of errors."""
    del body["error"]["param"]
    return body


@on_errors(KEYS)
def error_leaves_null_out(refusal: Refusal, body: Body) -> Any:
    """Leaves out of errors what is null."""
    return {"error": {key: value for key, value in body["error"].items() if value is not None}}


@on_errors("response.errors.code-is-a-string-or-null")
def error_code_is_the_status(refusal: Refusal, body: Body) -> Any:
    """Repeats the status as the error's code."""
    body["error"]["code"] = refusal.status
    return body


@on_errors(TYPES)
def error_message_is_a_list(refusal: Refusal, body: Body) -> Any:
    """Tells the message of an error as a list."""
    body["error"]["message"] = [{"loc": ["body"], "msg": refusal.message}]
    return body


@on_errors(TYPES)
def error_without_a_type(refusal: Refusal, body: Body) -> Any:
    """Gives null as the type of every error."""
    body["error"]["type"] = None
    return body


@on_errors("response.errors.message-says-something")
def error_message_is_empty(refusal: Refusal, body: Body) -> Any:
    """Says nothing in the message of an error."""
    body["error"]["message"] = ""
    return body


@on_errors("response.errors.null-is-not-a-word")
def error_writes_none(refusal: Refusal, body: Body) -> Any:
    """Writes the word None where an error has nothing to say."""
    return {"error": {key: "None" if value is None else value for key, value in body["error"].items()}}


@on_errors("response.errors.message-gives-nothing-away")
def error_shows_a_trace(refusal: Refusal, body: Body) -> Any:
    """Shows a stack trace in the message of an error."""
    trace = 'Traceback (most recent call last):\n  File "/srv/app/server.py", line 41, in handle'
    body["error"]["message"] = f"{trace}\nValueError: {refusal.message}"
    return body


@on_replies("response.errors.text-is-utf-8", also=(SHAPE, "response.paths.refusals-are-told-in-json"))
def error_is_latin_1(incoming: Incoming, reply: Reply) -> Reply:
    """Writes errors in Latin-1."""
    if reply.status < 400:
        return reply
    told = orjson.loads(reply.body)
    told["error"]["message"] = "Ungültige Anfrage: " + str(told["error"]["message"])
    return replace(reply, body=orjson.dumps(told).decode().encode("latin-1", "replace"))


@on_refusals("response.status.input-is-never-a-server-error", also=(MODEL, "response.status.malformed-json-*"))
def input_fails_the_server(refusal: Refusal, status: int, body: Body) -> tuple[int, Any]:
    """Answers bad requests with status 500."""
    return (500 if status == 400 else status), body


@on_refusals("response.status.success-carries-no-error", also=(MODEL, "response.status.malformed-json-is-refused"))
def error_with_status_200(refusal: Refusal, status: int, body: Body) -> tuple[int, Any]:
    """Answers bad requests with status 200 and the error."""
    return (200 if status in (400, 404) else status), body


@on_replies("response.status.a-refused-stream-is-no-stream")
def refused_streams_begin(incoming: Incoming, reply: Reply) -> Reply:
    """Refuses a stream within the stream, with status 200."""
    if reply.status < 400 or not isinstance(incoming.asked, dict) or not incoming.asked.get("stream"):
        return reply
    return _begun(reply, [b"data: " + reply.body + b"\n\n", b"data: [DONE]\n\n"])


@on_replies("response.status.a-refused-stream-is-no-stream")
def refused_streams_are_empty(incoming: Incoming, reply: Reply) -> Reply:
    """Refuses a stream by an empty one, with status 200."""
    if reply.status < 400 or not isinstance(incoming.asked, dict) or not incoming.asked.get("stream"):
        return reply
    return _begun(reply, [])


def _begun(reply: Reply, events: list[bytes]) -> Reply:
    """A reply as a stream that begins with status 200."""
    kept = tuple(pair for pair in reply.headers if pair[0] != "content-type")
    headers = (*kept, ("content-type", "text/event-stream"), ("cache-control", "no-cache"))
    return replace(reply, status=200, headers=headers, events=events)


@fault("parse", "response.status.malformed-json-is-refused", also=("response.odd.*",))
def malformed_json_is_answered(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Answers a body that is no JSON object as if it were a small request."""

    def faulty(body: bytes) -> Any:
        try:
            asked = parse(body)
        except Refusal:
            asked = None
        usual = {"model": "chatconform-reference", "messages": [{"role": "user", "content": "?"}], "max_tokens": 8}
        return asked if isinstance(asked, dict) else usual

    return faulty


@on_refusals("response.status.malformed-json-is-a-bad-request", also=("response.odd.*",))
def malformed_json_is_unprocessable(refusal: Refusal, status: int, body: Body) -> tuple[int, Any]:
    """Refuses a body that is no JSON with status 422."""
    return (422 if refusal.code in ("invalid_json", "invalid_type") and refusal.param is None else status), body


@on_refusals(MODEL)
def unknown_model_is_unprocessable(refusal: Refusal, status: int, body: Body) -> tuple[int, Any]:
    """Refuses an unknown model with status 422."""
    return (422 if refusal.code == "model_not_found" else status), body


@on_refusals(MODEL)
def unknown_model_has_no_code(refusal: Refusal, status: int, body: Body) -> tuple[int, Any]:
    """Refuses an unknown model without the code that says so."""
    if refusal.code == "model_not_found":
        body["error"]["code"] = None
    return status, body


@fault("validate", "response.status.unknown-model-is-not-answered")
def unknown_model_is_answered(validate: Callable[[Any], None]) -> Callable[[Any], None]:
    """Answers whatever the name of the model is."""

    def faulty(body: Any) -> None:
        known = isinstance(body, dict) and isinstance(body.get("model"), str)
        validate({**body, "model": "chatconform-reference"} if known else body)

    return faulty
