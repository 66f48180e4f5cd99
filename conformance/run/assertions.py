"""Assertions for anybody's tests: one body, stream or conversation, and every breach in the message.

The law of this file: an assertion fails for what the rules call a MUST, and with `strict` for a SHOULD; its message
tells of each breach where it is, what is there, what was expected and which rule says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.exchange import DONE, EVENT_STREAM, Exchange, Origin, Request, Response
from chatconform.core.rule import Level
from chatconform.core.sse import begins_stream
from chatconform.recordings.record import Recorded
from chatconform.reports.plain import plain
from chatconform.run.judging import Bench
from chatconform.run.recordings import wish_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatconform.core.tally import Example, Outcome

ENDPOINT: Final = "/v1/chat/completions"
JSON_TYPE: Final = (("content-type", "application/json"),)
STREAM_TYPE: Final = (("content-type", EVENT_STREAM),)
MOST: Final = 20
"""Breaches that a message tells."""


def assert_request(request: Any, *, profile: str = "compatible", strict: bool = False) -> None:
    """Asserts that a request body is valid by its schema and keeps every rule on requests.

    Takes a dict, its JSON text, or an object with `model_dump` (as the models of SDKs have). Raises `AssertionError`
    with each breach, and `TypeError` for what is no JSON.
    """
    value = _value(request)
    bench = Bench(wish_of(None, (), (), profile, False), "request")
    bench.take(Recorded(1, Exchange(Origin("request", 1), Request("POST", ENDPOINT, JSON_TYPE, orjson.dumps(value)))))
    _raise("the request", bench, strict)


def assert_response(response: Any, request: Any = None, *, profile: str = "compatible", strict: bool = False) -> None:
    """Asserts that a completion keeps every rule on answers; with the request, those that compare the two as well.

    Takes what `assert_request` takes. Raises `AssertionError` with each breach, and `TypeError` for what is no JSON.
    """
    body = orjson.dumps(_value(response))
    _judge("the response", Response(200, JSON_TYPE, body), request, profile, strict)


def assert_stream(stream: Any, request: Any = None, *, profile: str = "compatible", strict: bool = False) -> None:
    """Asserts that a stream keeps every rule on streams; with the request, those that compare the two as well.

    Takes the bytes or the text of a stream as they came, or its chunks: dicts, JSON texts or objects with `model_dump`,
    with or without a `[DONE]` at the end. Raises `AssertionError` with each breach, and `TypeError` for what is no
    JSON.
    """
    body = _stream(stream)
    _judge("the stream", Response(200, STREAM_TYPE, body), request, profile, strict)


def assert_conversation(messages: Iterable[Any], *, profile: str = "compatible", strict: bool = False) -> None:
    """Asserts that messages are valid by their schemas, and that together they make a conversation.

    Every tool message answers a call, every call is answered before the conversation goes on. Takes the messages as
    dicts or objects with `model_dump`. Raises `AssertionError` with each breach, and `TypeError` for what is no JSON.
    """
    value = [_value(message) for message in messages]
    bench = Bench(wish_of(None, (), (), profile, False), "messages")
    asked = orjson.dumps({"model": "any", "messages": value})
    bench.take(Recorded(1, Exchange(Origin("messages", 1), Request("POST", ENDPOINT, JSON_TYPE, asked))))
    _raise("the conversation", bench, strict)


def _judge(what: str, response: Response, request: Any, profile: str, strict: bool) -> None:
    bench = Bench(wish_of(None, (), (), profile, False), what)
    body = orjson.dumps(_value(request)) if request is not None else b""
    exchange = Exchange(Origin(what, 1), Request("POST", ENDPOINT, JSON_TYPE, body), response)
    bench.take(Recorded(1, exchange, headers=False, request=request is not None))
    _raise(what, bench, strict)


def _value(given: Any) -> Any:
    """A JSON value of what was given."""
    if hasattr(given, "model_dump"):
        given = given.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(given, str | bytes | bytearray):
        try:
            return orjson.loads(given)
        except orjson.JSONDecodeError as problem:
            raise TypeError(f"this is no JSON: {problem}") from None
    try:
        orjson.dumps(given)
    except TypeError as problem:
        raise TypeError(f"this is no JSON value: {problem}") from None
    return given


def _stream(given: Any) -> bytes:
    if isinstance(given, bytes | bytearray):
        return bytes(given)
    if isinstance(given, str):
        return given.encode("utf-8", "surrogatepass")
    blocks = []
    for event in given:
        if isinstance(event, bytes | str) and begins_stream(event if isinstance(event, bytes) else event.encode()):
            raise TypeError("assert_stream takes a stream's bytes as one value, or its chunks; join the pieces first")
        blocks.append(DONE.encode() if event in (DONE, DONE.encode()) else orjson.dumps(_value(event)))
    if blocks[-1:] != [DONE.encode()]:
        blocks.append(DONE.encode())
    return b"".join(b"data: " + block + b"\n\n" for block in blocks)


def _raise(what: str, bench: Bench, strict: bool) -> None:
    """Raises `AssertionError` where a breach counts."""
    __tracebackhide__ = True
    judged = bench.take_off()
    counted = {Level.MUST, Level.SHOULD} if strict else {Level.MUST}
    told = [
        line
        for outcome in judged.tally.outcomes.values()
        if outcome.rule.level in counted and outcome.findings
        for example in outcome.examples()
        for line in _lines(outcome, example)
    ]
    if told:
        count = sum(o.findings for o in judged.tally.outcomes.values() if o.rule.level in counted)
        more = [f"  and {len(told) - MOST} more lines"] if len(told) > MOST else []
        breaches = "1 breach" if count == 1 else f"{count} breaches"
        raise AssertionError("\n".join([f"{what} does not conform: {breaches}", *told[:MOST], *more]))


def _lines(outcome: Outcome, example: Example) -> list[str]:
    finding = example.finding
    expected = f" (expected {plain(finding.expected, 200)})" if finding.expected else ""
    where = plain(finding.pointer, 200) or "(the whole)"
    return [f"  {where} {plain(finding.message, 300)}{expected} [{outcome.rule.level} {outcome.rule.id}]"]
