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
    written_of,
)
from chatconform.core.json_text import is_compact, parse
from chatconform.core.sse import begins_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

JSON_TYPE = ("content-type", "application/json")
Kind = tuple[str, tuple[type, ...]]
OBJECT: Final[Kind] = ("an object", (dict,))
LIST: Final[Kind] = ("a list", (list,))
TEXT: Final[Kind] = ("a string", (str,))
INTEGER: Final[Kind] = ("an integer", (int,))
NUMBER: Final[Kind] = ("a number", (int, float))
TRUTH: Final[Kind] = ("true or false", (bool,))
IN_RECORDS: Final = {
    "case": TEXT,
    "step": INTEGER,
    "seed": INTEGER,
    "about": OBJECT,
    "started": NUMBER,
    "seconds": NUMBER,
    "request": OBJECT,
    "response": OBJECT,
    "failure": OBJECT,
}
IN_REQUESTS: Final = {"method": TEXT, "target": TEXT, "headers": LIST}
IN_RESPONSES: Final = {"status": INTEGER, "headers": LIST, "arrivals": LIST, "complete": TRUTH, "wire_faults": LIST}
IN_FAILURES: Final = {"kind": TEXT, "message": TEXT}
IN_BODIES: Final = {"text": TEXT, "base64": TEXT}


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
    told = _told(record, IN_RECORDS)
    response, failure = told.get("response"), None
    if "failure" in told:
        known = _told(told["failure"], IN_FAILURES)
        failure = Failure(_needed(known, "kind", TEXT), known.get("message", ""))
    return Exchange(
        origin=Origin(told.get("case", case), told.get("step", 0), told.get("seed")),
        request=_request(_needed(told, "request", OBJECT), parsed),
        response=None if response is None else _response(response, parsed),
        failure=failure,
        started=told.get("started"),
        seconds=told.get("seconds"),
        about=told.get("about", {}),
    )


def _request(record: dict[str, Any], parsed: bool) -> Request:
    told = _told(record, IN_REQUESTS)
    request = Request(
        told.get("method", "POST"), told.get("target", "/v1/chat/completions"), _headers(told, JSON_TYPE), _read(record)
    )
    return _known(request, record, parsed)


def _response(record: dict[str, Any], parsed: bool) -> Response:
    told, body = _told(record, IN_RESPONSES), _read(record)
    is_stream = "json" not in record and begins_stream(body)
    response = Response(
        told.get("status", 200),
        _headers(told, ("content-type", EVENT_STREAM) if is_stream else JSON_TYPE),
        body,
        tuple(_pieces(told["arrivals"], body)) if "arrivals" in told else (),
        told.get("complete", True),
        tuple(map(str, told.get("wire_faults", ()))),
    )
    return _known(response, record, parsed)


def _known(message: Message, record: Mapping[str, Any], parsed: bool) -> Message:
    """A message whose body need not be read where its record holds it as a parsed value."""
    return written_of(message, record["json"]) if parsed and "json" in record else message


def _pieces(arrivals: Iterable[Any], body: bytes) -> Iterator[Piece]:
    start = 0
    for arrival in arrivals:
        match arrival:
            case [int() | float() as at, int(length)] if length >= 0:
                yield Piece(at, body[start : start + length])
                start += length
            case _:
                raise ValueError("this is no recorded exchange: `arrivals` holds pairs of a time and a length")


def _told(record: Any, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """What a record tells under keys that are known, each of its kind; what is null is as if it were absent."""
    if not isinstance(record, dict):
        return {}
    told = {}
    for key, value in record.items():
        if value is None or key not in kinds:
            continue
        name, types = kinds[key]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ValueError(f"this is no recorded exchange: `{key}` is {name}")
        told[key] = value
    return told


def _needed(told: Mapping[str, Any], key: str, kind: Kind) -> Any:
    if key not in told:
        raise ValueError(f"this is no recorded exchange: `{key}` is {kind[0]}")
    return told[key]


def _headers(told: Mapping[str, Any], usual: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    if "headers" not in told:
        return (usual,)
    pairs = told["headers"]
    headers = [(str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list) and len(pair) == 2]
    if len(headers) != len(pairs):
        raise ValueError("this is no recorded exchange: `headers` holds pairs of a name and a value")
    return tuple(headers)


def _written(body: bytes) -> dict[str, Any]:
    """A body as `json`, `text` or `base64`."""
    if not body:
        return {}
    value = parse(body)
    if is_compact(body, value):
        return {"json": value}
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
    told = _told(record, IN_BODIES)
    if "base64" in record:
        return base64.b64decode(_needed(told, "base64", TEXT), validate=True)
    text: str = told.get("text", "")
    return text.encode("utf-8", "surrogatepass")
