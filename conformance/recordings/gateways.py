"""What gateways log: one JSON object for a request and its answer, under names that differ from one to the next.

Read are the standard logging payload of LiteLLM and logs of the form that most others share: the request and the answer
under a name for each, whole or with method, status and headers around a body, as JSON or as JSON in a string.

The law of this file: what a log does not hold is not made up. Where only messages and parameters were logged, the
request is put together of them; headers are known only where they stand there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from chatconform.core.exchange import EVENT_STREAM, Exchange, Message, Origin, Request, Response, written_of
from chatconform.core.json_text import NOT_JSON, parse
from chatconform.core.sse import begins_stream
from chatconform.recordings.kinds import CHUNK, ERROR, REQUEST, RESPONSE, type_of
from chatconform.recordings.record import Body, LeftOut, Recorded, Wrong
from chatconform.recordings.requirements import FORM, KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.recordings.record import Record

ENDPOINT: Final = "/v1/chat/completions"
ASKED: Final = ("request", "request_body", "requestBody", "req", "input", "proxy_server_request")
ANSWERED: Final = ("response", "response_body", "responseBody", "res", "output")
BODIES: Final = ("body", "json", "data", "content", "text", "payload")
STATUSES: Final = ("status", "status_code", "statusCode", "response_status", "responseStatus", "http_status")
PATHS: Final = ("url", "uri", "path", "target", "endpoint", "request_path", "requestPath", "request_url")
CHAT_CALLS: Final = frozenset({"completion", "acompletion", "completions", "chat", "chat.completions"})


def records(value: Mapping[str, Any], line: int, name: str) -> Iterator[Record]:
    """What an object that a gateway logged holds."""
    standard = value.get("standard_logging_object")
    if isinstance(standard, dict):
        value = standard
    call = value.get("call_type")
    if isinstance(call, str):
        if call not in CHAT_CALLS:
            yield LeftOut(line, f"calls of the type {call[:40]}")
        else:
            yield from _litellm(value, line, name)
        return
    asked, answered = _first(value, ASKED), _first(value, ANSWERED)
    path = _path(value, asked[1])
    if path is not None and not path.endswith("/chat/completions"):
        yield LeftOut(line, f"requests to {path[:80]}")
        return
    request, answer = _body(asked[1]), _body(answered[1])
    if not isinstance(_value(request), dict) or "messages" not in _value(request):
        if type_of(_value(answer)) in (RESPONSE, ERROR, CHUNK):
            yield Body(line, str(type_of(_value(answer))), _value(answer), _pointer(answered[0], answered[1], answer))
        else:
            yield Wrong(line, KNOWN, "holds no request and no answer in a form that is known")
        return
    if answer is None or answer == "":
        yield Body(line, REQUEST, _value(request), _pointer(asked[0], asked[1], request))
        return
    status = _status(value, answered[1])
    is_error = type_of(_value(answer)) == ERROR
    if status is None and is_error:
        yield Body(line, REQUEST, _value(request), _pointer(asked[0], asked[1], request))
        yield Body(line, ERROR, _value(answer), _pointer(answered[0], answered[1], answer))
        return
    if status is not None and not 100 <= status <= 999:
        yield Wrong(line, FORM, "has an answer whose status is no number between 100 and 999")
        return
    headers = _headers(answered[1], "headers") or _headers(value, "response_headers")
    yield _exchange(
        Origin(name, line),
        path or ENDPOINT,
        request,
        answer,
        status or 200,
        headers,
    )


def _litellm(value: Mapping[str, Any], line: int, name: str) -> Iterator[Record]:
    """A standard logging payload: messages and parameters apart, and the answer."""
    parameters = value.get("model_parameters")
    kept = parameters if isinstance(parameters, dict) else {}
    known = {key: one for key, one in kept.items() if key not in ("extra_body", "extra_headers", "max_retries", "user")}
    request = {"model": value.get("model"), "messages": value.get("messages"), **known}
    if value.get("stream") is True:
        request.pop("stream", None)  # the answer is logged whole, as if no stream had been asked for
        request.pop("stream_options", None)
    answer = _body(value.get("response"))
    if not isinstance(request["messages"], list):
        if type_of(_value(answer)) is not None:
            yield Body(line, str(type_of(_value(answer))), _value(answer), "/response")
        else:
            yield LeftOut(line, "calls whose messages were not logged")
    elif value.get("status") == "failure" or not isinstance(_value(answer), dict) or not _value(answer):
        yield Body(line, REQUEST, request, "")
    else:
        yield _exchange(Origin(name, line), ENDPOINT, request, answer, 200, None, _litellm_time(value))


def _litellm_time(value: Mapping[str, Any]) -> float | None:
    began = value.get("startTime")
    return float(began) if isinstance(began, int | float) and not isinstance(began, bool) else None


def _exchange(
    origin: Origin,
    path: str,
    request: Any,
    answer: Any,
    status: int,
    headers: tuple[tuple[str, str], ...] | None,
    started: float | None = None,
) -> Recorded:
    body = _bytes(answer)
    kind = EVENT_STREAM if not isinstance(answer, dict) and begins_stream(body) else "application/json"
    exchange = Exchange(
        origin,
        _carrying(Request("POST", path, (("content-type", "application/json"),), _bytes(request)), request),
        _carrying(Response(status, headers or (("content-type", kind),), body), answer),
        started=started,
    )
    return Recorded(origin.step, exchange, headers is not None)


def _carrying(message: Message, body: Any) -> Message:
    return message if isinstance(body, str) else written_of(message, body)


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, Any]:
    return next(((name, value[name]) for name in names if value.get(name) is not None), (names[0], None))


def _body(value: Any) -> Any:
    """The body in what stands under the name of a request or an answer: the value, or what it has around its body."""
    if isinstance(value, dict) and "messages" not in value and "choices" not in value and "error" not in value:
        for name in BODIES:
            if isinstance(value.get(name), dict | str):
                return value[name]
    return value


def _value(body: Any) -> Any:
    """A body as a JSON value."""
    if isinstance(body, str):
        found = parse(body)
        return None if found is NOT_JSON else found
    return body


def _bytes(body: Any) -> bytes:
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else orjson.dumps(body)


def _pointer(name: str, around: Any, body: Any) -> str:
    if body is around or not isinstance(around, dict):
        return f"/{name}"
    return next((f"/{name}/{inner}" for inner in BODIES if around.get(inner) is body), f"/{name}")


def _path(value: Mapping[str, Any], asked: Any) -> str | None:
    """The path that was asked, where the log tells one."""
    for where in (asked, value):
        for name in PATHS if isinstance(where, Mapping) else ():
            text = where.get(name)
            if isinstance(text, str) and "/" in text:
                try:
                    return urlsplit(text).path or None
                except ValueError:
                    return None
    return None


def _status(value: Mapping[str, Any], answered: Any) -> int | None:
    """The status that the log tells; None where it tells none."""
    for where in (answered, value):
        for name in STATUSES if isinstance(where, Mapping) else ():
            status = where.get(name)
            if isinstance(status, str) and status.isdecimal() and len(status) < 9:
                status = int(status)
            if isinstance(status, int) and not isinstance(status, bool):
                return status
    return None


def _headers(value: Any, name: str) -> tuple[tuple[str, str], ...] | None:
    """Headers as an object or as pairs; None where there are none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(found, dict):
        pairs = [
            (key, one) for key, all_of in found.items() for one in (all_of if isinstance(all_of, list) else [all_of])
        ]
    elif isinstance(found, list):
        pairs = [(pair[0], pair[1]) for pair in found if isinstance(pair, list) and len(pair) == 2]
    else:
        return None
    return tuple((str(key), str(one)) for key, one in pairs) or None


def time_of(text: Any) -> float | None:
    """A time in ISO 8601 as Unix seconds; None for what is none."""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None
