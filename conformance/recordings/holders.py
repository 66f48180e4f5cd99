"""JSON objects that hold exchanges: the kit's own form, lines of batches, and what gateways log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.recording import from_json
from chatconform.recordings import batch, gateways
from chatconform.recordings.kinds import EXAMPLE, type_of
from chatconform.recordings.record import Body, Recorded, Wrong
from chatconform.recordings.requirements import FORM, KNOWN
from chatconform.schemas import violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.recordings.batch import Pairs
    from chatconform.recordings.record import Record

UNKNOWN: Final = "is in no form that is known"


def records(value: Any, line: int, name: str, pairs: Pairs | None = None) -> Iterator[Record]:
    """What a JSON value, as a parser made it, holds that is no body of a type that looking tells.

    `name` is that of the file, `pairs` finds the requests of a batch by their names.
    """
    if isinstance(value, list) and value and all(isinstance(one, dict) and "role" in one for one in value):
        yield Body(line, EXAMPLE, {"messages": value}, "/messages")
    elif isinstance(value, list) and value and all(type_of(one) for one in value):
        for number, one in enumerate(value):
            yield Body(line, str(type_of(one)), one, f"/{number}")
    elif not isinstance(value, dict):
        yield Wrong(line, KNOWN, UNKNOWN)
    elif isinstance(value.get("custom_id"), str) or ("custom_id" in value and ("body" in value or "response" in value)):
        yield from batch.records(value, line, name, pairs)
    elif is_own_form(value):
        yield from _own(value, line, name)
    else:
        yield from gateways.records(value, line, name)


def is_own_form(value: dict[str, Any]) -> bool:
    """Whether an object is an exchange in the kit's own form, or is meant to be."""
    request, response = value.get("request"), value.get("response")
    if not isinstance(request, dict) or request.keys().isdisjoint({"json", "text", "base64"}):
        return "request" in value and isinstance(value.get("failure"), dict)
    if not isinstance(response, dict):
        return True
    return not response.keys().isdisjoint({"json", "text", "base64", "headers", "status"}) and "body" not in response


def _own(value: dict[str, Any], line: int, name: str) -> Iterator[Record]:
    wrong = violations("RecordedExchange", value)
    if wrong:
        for one in wrong:
            yield Wrong(line, FORM, one.message, one.pointer)
        return
    try:
        exchange = from_json({**value, "case": name, "step": line, "seed": None}, parsed=True)
    except ValueError as problem:
        yield Wrong(line, FORM, str(problem))
        return
    yield Recorded(line, exchange, "headers" in (value.get("response") or {}))
