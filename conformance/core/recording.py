"""The kit's own recording form: one exchange as one JSON object, and back.

The law of this file: what is written is read back as the same exchange; bodies stand as text wherever they are UTF-8,
and as JSON wherever they are exactly what a compact writer makes of it, so that people can read and write them.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.exchange import (
    EVENT_STREAM,
    Exchange,
    Failure,
    Message,
    Origin,
    Piece,
    Request,
    Response,
    read_as,
)
from chatconform.core.sse import begins_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

JSON_TYPE = ("content-type", "application/json")
OBJECT: Final = ("an object", (dict,))
LIST: Final = ("a list", (list,))
TEXT: Final = ("a string", (str,))
INTEGER: Final = ("an integer", (int,))
NUMBER: Final = ("a number", (int, float))
TRUTH: Final = ("true or false", (bool,))


def to_json(exchange: Exchange) -> dict[str, Any]:
    """The exchange as a JSON object; keys whose value is not known are left out. Nothing is redacted here."""
    request, response, failure = exchange.request, exchange.response, exchange.failure
    record: dict[str, Any] = {
        "case": exchange.origin.case,
        "step": exchange.origin.step,
        "seed": exchange.origin.seed,
        "about": dict(exchange.about) or None,
        "started": exchange.started,
        "seconds": exchange.seconds,
        "request": {
            "method": request.method,
            "target": request.target,
            "headers": [list(pair) for pair in request.headers],
            **_written(request.body),
        },
    }
    if response is not None:
        known = {
            "arrivals": [[round(piece.at, 6), len(piece.data)] for piece in response.pieces] or None,
            "complete": None if response.complete else False,
            "wire_faults": list(response.wire_faults) or None,
        }
        record["response"] = {
            "status": response.status,
            "headers": [list(pair) for pair in response.headers],
            **_written(response.body),
            **{key: value for key, value in known.items() if value is not None},
        }
    if failure is not None:
        record["failure"] = {"kind": failure.kind, "message": failure.message}
    return {key: value for key, value in record.items() if value is not None}


def from_json(record: Mapping[str, Any], case: str = "recording", *, parsed: bool = False) -> Exchange:
    """The exchange that a JSON object records.

    Everything but the bodies may be left out: the method is then POST, the target `/v1/chat/completions`, the status
    200, and the content type that of the body. Where the record was `parsed` by a JSON parser, its bodies are taken
    over as they are. Raises `ValueError` with what is wrong for an object that is none.
    """
    request, response, failure = _get(record, "request", OBJECT), None, None
    if record.get("response") is not None:
        response = _response(_get(record, "response", OBJECT), parsed)
    if record.get("failure") is not None:
        told = _get(record, "failure", OBJECT)
        failure = Failure(_get(told, "kind", TEXT), _get(told, "message", TEXT, ""))
    return Exchange(
        origin=Origin(
            _get(record, "case", TEXT, case), _get(record, "step", INTEGER, 0), _get(record, "seed", INTEGER, None)
        ),
        request=_known(
            Request(
                _get(request, "method", TEXT, "POST"),
                _get(request, "target", TEXT, "/v1/chat/completions"),
                _headers(request, JSON_TYPE),
                _read(request),
            ),
            request,
            parsed,
        ),
        response=response,
        failure=failure,
        started=_get(record, "started", NUMBER, None),
        seconds=_get(record, "seconds", NUMBER, None),
        about=_get(record, "about", OBJECT, {}),
    )


def _response(record: Mapping[str, Any], parsed: bool) -> Response:
    body = _read(record)
    is_stream = "json" not in record and begins_stream(body)
    response = Response(
        _get(record, "status", INTEGER, 200),
        _headers(record, ("content-type", EVENT_STREAM) if is_stream else JSON_TYPE),
        body,
        tuple(_pieces(_get(record, "arrivals", LIST, ()), body)),
        _get(record, "complete", TRUTH, True),
        tuple(str(fault) for fault in _get(record, "wire_faults", LIST, ())),
    )
    return _known(response, record, parsed)


def _known(message: Message, record: Mapping[str, Any], parsed: bool) -> Message:
    """A message whose body need not be read where its record holds it as a parsed value."""
    return read_as(message, record["json"]) if parsed and "json" in record else message


def _pieces(arrivals: Iterable[Any], body: bytes) -> Iterator[Piece]:
    start = 0
    for arrival in arrivals:
        match arrival:
            case [int() | float() as at, int(length)] if length >= 0:
                yield Piece(at, body[start : start + length])
                start += length
            case _:
                raise ValueError("this is no recorded exchange: `arrivals` holds pairs of a time and a length")


def _get(record: Mapping[str, Any], key: str, kind: tuple[str, tuple[type, ...]], default: Any = ...) -> Any:
    """What stands under a key, which has to be of a kind; null is as absent where that has a default."""
    if default is not ... and key not in record:
        return default
    name, types = kind
    value = record.get(key) if isinstance(record, dict) else None
    if value is None and default is not ...:
        return default
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise ValueError(f"this is no recorded exchange: `{key}` is {name}")
    return value


def _headers(record: Mapping[str, Any], usual: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    if "headers" not in record:
        return (usual,)
    pairs = _get(record, "headers", LIST)
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise ValueError("this is no recorded exchange: `headers` holds pairs of a name and a value")
    return tuple((str(name), str(value)) for name, value in pairs)


def _written(body: bytes) -> dict[str, Any]:
    """A body as `json`, `text` or `base64`."""
    if not body:
        return {}
    try:
        value = orjson.loads(body)
        if orjson.dumps(value) == body:
            return {"json": value}
    except (orjson.JSONDecodeError, TypeError):  # no JSON, or nested more deeply than a writer goes
        pass
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _read(record: Mapping[str, Any]) -> bytes:
    if "json" in record:
        try:
            return orjson.dumps(record["json"])
        except TypeError as error:  # it nests more deeply than a writer goes
            raise ValueError(f"this is no recorded exchange: `json` cannot be written ({error})") from None
    if "base64" in record:
        return base64.b64decode(_get(record, "base64", TEXT), validate=True)
    text: str = _get(record, "text", TEXT, "")
    return text.encode("utf-8", "surrogatepass")
