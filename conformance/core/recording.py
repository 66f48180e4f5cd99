"""The kit's own recording form: one exchange as one JSON object, and back.

The law of this file: what is written is read back as the same exchange; bodies stand as text wherever they are UTF-8,
and as JSON wherever they are exactly what a compact writer makes of it, so that people can read and write them.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.exchange import EVENT_STREAM, Exchange, Failure, Origin, Piece, Request, Response
from chatconform.core.sse import begins_stream

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON_TYPE = ("content-type", "application/json")


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
        record["response"] = {
            "status": response.status,
            "headers": [list(pair) for pair in response.headers],
            **_written(response.body),
            "arrivals": [[round(piece.at, 6), len(piece.data)] for piece in response.pieces] or None,
            "complete": None if response.complete else False,
            "wire_faults": list(response.wire_faults) or None,
        }
        record["response"] = {key: value for key, value in record["response"].items() if value is not None}
    if failure is not None:
        record["failure"] = {"kind": failure.kind, "message": failure.message}
    return {key: value for key, value in record.items() if value is not None}


def from_json(record: Mapping[str, Any], case: str = "recording") -> Exchange:
    """The exchange that a JSON object records.

    Everything but the bodies may be left out: the method is then POST, the target `/v1/chat/completions`, the status
    200, and the content type that of the body. Raises `ValueError` with what is wrong for an object that is none.
    """
    try:
        request, response, failure = record["request"], record.get("response"), record.get("failure")
        return Exchange(
            origin=Origin(record.get("case", case), record.get("step", 0), record.get("seed")),
            request=Request(
                request.get("method", "POST"),
                request.get("target", "/v1/chat/completions"),
                _headers(request, JSON_TYPE),
                _read(request),
            ),
            response=None if response is None else _response(response),
            failure=None if failure is None else Failure(failure["kind"], failure.get("message", "")),
            started=record.get("started"),
            seconds=record.get("seconds"),
            about=record.get("about", {}),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no recorded exchange: {type(error).__name__} {error}") from None


def _response(record: Mapping[str, Any]) -> Response:
    body = _read(record)
    is_stream = "json" not in record and begins_stream(body)
    pieces, start = [], 0
    for at, length in record.get("arrivals", ()):
        pieces.append(Piece(at, body[start : start + length]))
        start += length
    return Response(
        record.get("status", 200),
        _headers(record, ("content-type", EVENT_STREAM) if is_stream else JSON_TYPE),
        body,
        tuple(pieces),
        record.get("complete", True),
        tuple(record.get("wire_faults", ())),
    )


def _headers(record: Mapping[str, Any], usual: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    if "headers" not in record:
        return (usual,)
    return tuple((str(name), str(value)) for name, value in record["headers"])


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
        return orjson.dumps(record["json"])
    if "base64" in record:
        return base64.b64decode(record["base64"], validate=True)
    return str(record.get("text", "")).encode("utf-8", "surrogatepass")
