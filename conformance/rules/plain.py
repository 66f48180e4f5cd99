"""Plain requests and plain answers: what most traffic is, known at a glance, and about which most rules say nothing.

`plain.json` holds a schema for each. The law of this file: what is plain keeps every rule that names it as its
`kept_where`. What is not plain may keep them too; it is only looked at more closely.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.exchange import media_type
from chatconform.core.remembering import remembered

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.exchange import Exchange

    Headers = tuple[tuple[str, str], ...]


@cache
def schema(part: str) -> dict[str, Any]:
    """The schema of a plain `request` or `completion`; it is shared and not to be changed."""
    schemas: dict[str, dict[str, Any]] = orjson.loads((files("chatconform.rules") / "plain.json").read_bytes())
    return schemas[part]


@cache
def _verdict(part: str) -> Callable[[Any], bool]:
    from chatconform.schemas.validator import quick_verdict_of

    return quick_verdict_of(schema(part))


def is_plain(part: str, value: Any) -> bool:
    """Whether a value is a plain `request` or `completion`."""
    try:
        return _verdict(part)(value)
    except ValueError:  # it holds what the judge cannot read as it is
        return False


@remembered
def holds_plain_request(exchange: Exchange) -> bool:
    """Whether the request's body is plain: valid, nothing in it unset, foreign or without what it belongs to."""
    return is_plain("request", exchange.request.json)


@remembered
def asks_plainly(exchange: Exchange) -> bool:
    """Whether a plain body is posted as JSON to a path that is joined as it should be."""
    request = exchange.request
    return _has_plain_head(request.method, request.target, request.headers) and holds_plain_request(exchange)


@lru_cache(maxsize=64)
def _has_plain_head(method: str, target: str, headers: Headers) -> bool:
    usual = target in ("/v1/chat/completions", "/chat/completions")
    return method == "POST" and usual and media_type(headers) == "application/json"


@remembered
def answers_plainly(exchange: Exchange) -> bool:
    """Whether a whole success came, declared as JSON, that is a plain completion: one choice, valid, and well told."""
    response = exchange.response
    return (
        response is not None
        and exchange.failure is None
        and response.complete
        and not response.wire_faults
        and exchange.completion is not None
        and response.media_type == "application/json"
        and is_plain("completion", exchange.completion)
    )
