"""The body of a completion as a whole: strict JSON of the published type, with an id, a time and a model."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.json_text import NOT_JSON, problem, repeated_keys
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import gives
from chatconform.rules.plain import answers_plainly
from chatconform.rules.scope import claims_completion
from chatconform.schemas import is_valid, violations

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY: Final = 86_400
OLDEST: Final = 1_420_070_400
"""The first second of 2015: where the time of the exchange is not known, no completion can be older."""
NEWEST: Final = 4_102_444_800
"""The first second of 2100."""
KEY: Final = re.compile(rb'"\s*:')
TYPE: Final = "CreateChatCompletionResponse"
OPTIONAL: Final = frozenset({"system_fingerprint", "service_tier", "metadata", "moderation"})


@rule(
    "response.body.is-strict-json",
    Level.MUST,
    on=Part.RESPONSE,
    source="RFC 8259",
    when=claims_completion,
    kept_where=answers_plainly,
)
def is_strict_json(exchange: Exchange) -> Iterator[Finding]:
    """The body of a success is one JSON text in UTF-8, without NaN, lone surrogates or a byte order mark.

    Most parsers refuse the whole answer for one such byte; NaN and Infinity come from log probabilities, lone
    surrogates from tokens cut inside a character. Judged on every success that is not a stream.
    """
    response = exchange.response
    if response is None or response.json is not NOT_JSON:
        return
    if not response.body.strip():
        yield Finding("", f"status {response.status} with an empty body", expected="a completion")
    else:
        start = tell(response.body[:60].decode(errors="replace"))
        yield Finding("", f"{problem(response.body)}; the body begins {start}", expected="strict JSON")


@rule(
    "response.body.keys-are-not-repeated",
    Level.MUST,
    on=Part.COMPLETION,
    source="RFC 8259 section 4",
    when=claims_completion,
)
def keys_are_not_repeated(exchange: Exchange) -> Iterator[Finding]:
    """No object in the body of a success has a key twice.

    Parsers differ in which of the two they keep, and some refuse the text. Judged on every success that is not a
    stream.
    """
    response = exchange.response
    if response is None or response.json is NOT_JSON or response.is_compact:
        return
    try:
        written = orjson.dumps(response.json)
    except orjson.JSONEncodeError:  # nested more deeply than a writer goes
        written = b""
    # A text with as many keys as its value has repeats none; the slow reading is for the others alone.
    if len(KEY.findall(response.body)) != len(KEY.findall(written)):
        for key in repeated_keys(response.body):
            yield Finding("", f"the key {tell(key)} stands twice in one object", expected="each key once")


@rule(
    "response.body.matches-its-type",
    Level.MUST,
    on=Part.RESPONSE,
    source="CreateChatCompletionResponse",
    when=claims_completion,
    kept_where=answers_plainly,
)
def matches_its_type(exchange: Exchange) -> Iterator[Finding]:
    """The body of a success is what the published type says: its required keys, and their types.

    Typed clients (Rust, Go, Swift, Kotlin, Java) are generated from that type and fail on the first key that is missing
    or of another type. Judged on every success that is not a stream; what other rules look at more closely is left to
    them.
    """
    value = exchange.response.json if exchange.response is not None else NOT_JSON
    if value is NOT_JSON:
        return
    if not isinstance(value, dict):
        yield Finding("", f"is {tell(value)}", expected="a completion object")
        return
    if is_valid(TYPE, value) or "choices" not in value:
        return
    for violation in violations(TYPE, without_what_others_tell(value)):
        yield Finding(violation.pointer, violation.message)


def without_what_others_tell(completion: dict[str, Any]) -> dict[str, Any]:
    """A completion in which everything is in order that a rule of its own speaks about."""
    body = {key: value for key, value in completion.items() if key not in OPTIONAL}
    body["created"] = 0
    if not isinstance(body.get("usage"), dict):
        body.pop("usage", None)
    else:
        body["usage"] = {key: value for key, value in body["usage"].items() if not key.endswith("_details")}
    if isinstance(body["choices"], list):
        body["choices"] = [_mended(choice) for choice in body["choices"]]
    return body


def _mended(choice: Any) -> Any:
    if not isinstance(choice, dict):
        return choice
    choice = {**choice, "logprobs": None, "finish_reason": "stop"}
    message = choice.get("message")
    if isinstance(message, dict):
        kept = {key: value for key, value in message.items() if key not in ("annotations", "audio", "tool_calls")}
        choice["message"] = {**kept, "role": "assistant", "content": None, "refusal": kept.get("refusal")}
        if message.get("function_call") is None:
            choice["message"].pop("function_call", None)
    elif message is None and "delta" in choice:
        choice["message"] = {"role": "assistant", "content": None, "refusal": None}
    return choice


def _was_made_in_our_age(exchange: Exchange) -> bool:
    """Whether a plain completion tells its time as an integer, where nobody knows the time of the exchange better."""
    return exchange.started is None and type((exchange.completion or {}).get("created")) is int


def carrier(exchange: Exchange) -> tuple[str, dict[str, Any]] | None:
    """The object that names the answer, with its pointer: the completion, or the first chunk of a stream."""
    if exchange.completion is not None:
        return "", exchange.completion
    return next(((f"/{i}", chunk) for i, chunk in enumerate(exchange.chunks) if isinstance(chunk, dict)), None)


@rule(
    "response.body.id-is-not-empty",
    Level.SHOULD,
    on=Part.COMPLETION,
    source="CreateChatCompletionResponse.id",
    when=claims_completion,
    kept_where=answers_plainly,
)
def id_is_not_empty(exchange: Exchange) -> Iterator[Finding]:
    """The `id` of a completion is not empty.

    Logs, traces and feedback refer to an answer by it. Judged on every completion whose `id` is a string.
    """
    match exchange.completion:
        case {"id": str(name)} if not name.strip():
            yield Finding("/id", f"is {tell(name)}", expected="a name of its own for each answer")


@rule(
    "response.body.created-is-in-unix-seconds",
    Level.MUST,
    on=Part.ANSWER,
    source="CreateChatCompletionResponse.created",
    when=lambda exchange: carrier(exchange) is not None and "choices" in (carrier(exchange) or ("", {}))[1],
    kept_where=every(answers_plainly, _was_made_in_our_age),
)
def created_is_in_unix_seconds(exchange: Exchange) -> Iterator[Finding]:
    """`created` is the time of the answer as a whole number of Unix seconds.

    Clients turn it into a date: milliseconds lie in the year 57000, an uptime in 1970, and a typed client fails on a
    fraction or a string. Judged on every completion and on the first chunk of every stream: the time is within a day of
    the exchange, by our clock or by the server's own `Date`.
    """
    pointer, body = carrier(exchange) or ("", {})
    created = body.get("created")
    if "created" not in body:
        yield Finding(pointer, "lacks `created`", expected="Unix seconds")
    elif not isinstance(created, int) or isinstance(created, bool):
        yield Finding(f"{pointer}/created", f"is {tell(created)}", expected="Unix seconds, as an integer")
    elif not any(low <= created <= high for low, high in _times(exchange)):
        yield Finding(f"{pointer}/created", f"is {tell(created)}, {_unit(created)}", expected="Unix seconds of now")


def _times(exchange: Exchange) -> list[tuple[float, float]]:
    """The spans of time that an answer may have been made in."""
    if exchange.started is None:
        return [(OLDEST, NEWEST)]
    spans = [(exchange.started - DAY, exchange.started + DAY)]
    date = exchange.response.header("date") if exchange.response is not None else None
    try:
        clock = parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, TypeError, OverflowError):
        clock = None
    return spans if clock is None else [*spans, (clock - DAY, clock + DAY)]


def _unit(created: int) -> str:
    if OLDEST * 1_000 <= created <= NEWEST * 1_000:
        return "which looks like milliseconds"
    if OLDEST * 1_000_000 <= created <= NEWEST * 1_000_000_000:
        return "which looks like micro- or nanoseconds"
    return "which is not about now"


@rule(
    "response.body.model-is-named",
    Level.SHOULD,
    on=Part.COMPLETION,
    source="CreateChatCompletionResponse.model",
    when=claims_completion,
    kept_where=answers_plainly,
)
def model_is_named(exchange: Exchange) -> Iterator[Finding]:
    """The `model` of a completion is not empty.

    Costs are computed and answers compared by it. Judged on every completion whose `model` is a string.
    """
    match exchange.completion:
        case {"model": str(name)} if not name.strip():
            yield Finding("/model", f"is {tell(name)}", expected="the model that answered")


@rule(
    "response.body.model-is-the-one-asked-for",
    Level.INFO,
    on=Part.ANSWER,
    source="CreateChatCompletionResponse.model",
    when=every(
        gives("model"), lambda exchange: bool(exchange.asked["model"]) and "unknown_model" not in exchange.about
    ),
)
def model_is_the_one_asked_for(exchange: Exchange) -> Iterator[Finding]:
    """The `model` of an answer is the one that was asked for, or a closer name of it.

    A name that has nothing to do with the request's may be an alias, or another model than the caller pays for. Judged
    on every answer: one of the two names contains the other, upper and lower case alike.
    """
    asked, named = exchange.asked.get("model"), (exchange.answer or {}).get("model")
    if isinstance(asked, str) and isinstance(named, str) and named.strip():
        ours, theirs = asked.lower(), named.lower()
        if ours not in theirs and theirs not in ours:
            pointer, _ = carrier(exchange) or ("", {})
            yield Finding(f"{pointer}/model", f"is {tell(named)}", expected=f"{tell(asked)}, or a closer name of it")
