"""How like two things are: the completion that a client holds and the one that was sent; a request and what was asked.

The law of this file: pure, and fair. What clients are known to reshape without loss (null for an empty text, arguments
written anew) is told as lossy; only another meaning is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from chatconform.core.json_text import NOT_JSON, parse
from chatconform.core.telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SAME_FINISH = {
    "tool-calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_calls": "tool_calls",
    "content-filter": "content_filter",
}
MESSAGE_FIELDS = {
    "role": "role",
    "content": "content",
    "refusal": "refusal",
    "audio": "audio",
    "annotations": "annotations",
    "reasoning": "reasoning_content",
}
USAGE_DETAILS = ("prompt_tokens_details", "completion_tokens_details")
USAGE_NUMBERS = ("prompt_tokens", "completion_tokens", "total_tokens")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where what came out is not what was sent."""

    pointer: str
    message: str
    lossy: bool = False
    """Reshaped without another meaning."""


def compare(sent: Mapping[str, Any], held: Any, fields: frozenset[str]) -> Iterator[Difference]:
    """Where a completion that a client holds differs from the one that was sent, in the fields that it reports."""
    if not isinstance(held, dict):
        yield Difference("", f"is {tell(held)}, no completion")
        return
    for name in ("id", "created", "model"):
        if name in fields and held.get(name) != sent.get(name):
            yield Difference(f"/{name}", f"is {tell(held.get(name))}, sent was {tell(sent.get(name))}")
    if "usage" in fields:
        yield from _usage(sent.get("usage"), held.get("usage"))
    choices = held.get("choices")
    ours = {choice["index"]: choice for choice in sent.get("choices") or ()}
    theirs = {
        choice.get("index", place): choice
        for place, choice in enumerate(choices if isinstance(choices, list) else ())
        if isinstance(choice, dict) and isinstance(choice.get("index", place), int)
    }
    for index, choice in ours.items():
        if index not in theirs:
            yield Difference(f"/choices/{index}", "is missing")
        else:
            yield from _choice(f"/choices/{index}", choice, theirs[index], fields)
    for index in theirs.keys() - ours.keys():
        yield Difference(f"/choices/{index}", "was never sent")


def _usage(sent: Any, held: Any) -> Iterator[Difference]:
    if sent is None:
        if held is not None:
            zeros = isinstance(held, dict) and not any(held.get(name) for name in USAGE_NUMBERS)
            yield Difference("/usage", f"is {tell(held)}, none was sent", lossy=zeros)
        return
    for name in USAGE_NUMBERS:
        value = held.get(name) if isinstance(held, dict) else None
        if value != sent.get(name):
            yield Difference(f"/usage/{name}", f"is {tell(value)}, sent was {tell(sent.get(name))}")
    for name in USAGE_DETAILS:
        told = held.get(name) if isinstance(held, dict) else None
        for key, value in (sent.get(name) or {}).items():
            got = told.get(key) if isinstance(told, dict) else None
            if got != value:  # many keep the totals only; another number is another matter
                yield Difference(f"/usage/{name}/{key}", f"is {tell(got)}, sent was {tell(value)}", lossy=got is None)


def _choice(at: str, sent: Mapping[str, Any], held: Mapping[str, Any], fields: frozenset[str]) -> Iterator[Difference]:
    if "finish_reason" in fields:
        yield from _finish(f"{at}/finish_reason", sent.get("finish_reason"), held.get("finish_reason"))
    if "logprobs" in fields and held.get("logprobs") != sent.get("logprobs"):
        yield Difference(f"{at}/logprobs", f"is {tell(held.get('logprobs'))}, sent was {tell(sent.get('logprobs'))}")
    ours, theirs = sent["message"], held.get("message")
    if not isinstance(theirs, dict):
        yield Difference(f"{at}/message", f"is {tell(theirs)}, no message")
        return
    for field, key in MESSAGE_FIELDS.items():
        if field in fields and theirs.get(key) != ours.get(key):
            empty = not theirs.get(key) and not ours.get(key)
            told = f"is {tell(theirs.get(key))}, sent was {tell(ours.get(key))}"
            yield Difference(f"{at}/message/{key}", told, lossy=empty)
    if "tool_calls" in fields:
        yield from _calls(f"{at}/message/tool_calls", ours.get("tool_calls"), theirs.get("tool_calls"), fields)
    if "function_call" in fields:
        yield from _function(f"{at}/message/function_call", ours.get("function_call"), theirs.get("function_call"))


def _finish(at: str, sent: Any, held: Any) -> Iterator[Difference]:
    if held != sent:
        known = sent in {"stop", "length", "tool_calls", "content_filter", "function_call", None}
        lossy = not known or (sent is not None and SAME_FINISH.get(str(held)) == sent)
        yield Difference(at, f"is {tell(held)}, sent was {tell(sent)}", lossy=lossy)


def _calls(at: str, sent: Any, held: Any, fields: frozenset[str]) -> Iterator[Difference]:
    ours = sent or []
    theirs = [call for call in held if isinstance(call, dict)] if isinstance(held, list) else []
    if len(ours) != len(theirs):
        yield Difference(at, f"holds {len(theirs)} calls, sent were {len(ours)}")
        return
    if "tool_ids" in fields:
        order = [call.get("id") for call in ours]
        got = [call.get("id") for call in theirs]
        if sorted(map(str, order)) != sorted(map(str, got)):
            yield Difference(at, f"has the ids {tell(got)}, sent were {tell(order)}")
            return
        if order != got:
            yield Difference(at, f"come in the order {tell(got)}, sent were {tell(order)}", lossy=True)
            theirs.sort(key=lambda call: order.index(call.get("id")))
    for number, (call, other) in enumerate(zip(ours, theirs, strict=True)):
        kind = call.get("type", "function")
        text = "arguments" if kind == "function" else "input"
        body, other_body = call.get(kind, {}), other.get(kind)
        if not isinstance(other_body, dict):
            yield Difference(f"{at}/{number}/{kind}", f"is {tell(other_body)}, no call of type {kind}")
            continue
        yield from _called(f"{at}/{number}/{kind}", body, other_body, text)


def _function(at: str, sent: Any, held: Any) -> Iterator[Difference]:
    if sent is None or held is None:
        if sent != held:
            yield Difference(at, f"is {tell(held)}, sent was {tell(sent)}")
    elif isinstance(held, dict):
        yield from _called(at, sent, held, "arguments")
    else:
        yield Difference(at, f"is {tell(held)}, no call")


def _called(at: str, sent: Mapping[str, Any], held: Mapping[str, Any], text: str) -> Iterator[Difference]:
    if held.get("name") != sent.get("name"):
        yield Difference(f"{at}/name", f"is {tell(held.get('name'))}, sent was {tell(sent.get('name'))}")
    ours, theirs = sent.get(text), held.get(text)
    if ours != theirs:
        told = f"is {tell(theirs)}, sent was {tell(ours)}"
        yield Difference(f"{at}/{text}", told, lossy=text == "arguments" and _same_arguments(ours, theirs))


def _same_arguments(ours: Any, theirs: Any) -> bool:
    """Whether two argument texts mean the same; none at all and an empty object do."""
    left = parse(ours) if ours else {}
    right = parse(theirs) if isinstance(theirs, str) and theirs else theirs or {}
    return left is not NOT_JSON and left == right


class RequestLikeness(StrEnum):
    """How like a request that a client sent is to the one that it was told to send."""

    EQUAL = "equal"
    RESHAPED = "re-shaped"
    """Another writing of the same meaning."""
    AUGMENTED = "augmented"
    """All that was asked, and more."""
    CHANGED = "changed"
    """Something is missing or has another meaning."""
    INVALID = "invalid"
    """Not what the endpoint allows."""


def request_likeness(asked: Mapping[str, Any], sent: Any) -> tuple[RequestLikeness, str]:
    """How like a request is to what was asked, and where it differs in one line (empty where equal)."""
    if not isinstance(sent, dict):
        return RequestLikeness.INVALID, f"the body is {tell(sent)}, no JSON object"
    if sent == asked:
        return RequestLikeness.EQUAL, ""
    ours, theirs = canonical(asked), canonical(sent)
    if ours == theirs:
        return RequestLikeness.RESHAPED, _first_difference("", dict(asked), sent)
    missing = [key for key in ours if key not in theirs]
    changed = [key for key in ours if key in theirs and theirs[key] != ours[key]]
    added = [key for key in theirs if key not in ours]
    if missing or changed:
        told = [f"{key} is left out" for key in missing]
        told += [_first_difference(f"/{key}", ours[key], theirs[key]) for key in changed]
        told += [f"{key} is added" for key in added]
        return RequestLikeness.CHANGED, "; ".join(told)
    return RequestLikeness.AUGMENTED, "; ".join(f"{key} is added: {tell(theirs[key])}" for key in added)


def canonical(request: Mapping[str, Any]) -> dict[str, Any]:
    """A request in one writing: what says nothing left out, one text part as a text, one stop sequence as a list."""
    plain = {key: value for key, value in request.items() if value is not None}
    if plain.get("stream") is False:
        del plain["stream"]
    if isinstance(plain.get("stop"), str):
        plain["stop"] = [plain["stop"]]
    if isinstance(plain.get("messages"), list):
        plain["messages"] = [_plain_message(message) for message in plain["messages"]]
    return plain


def _plain_message(message: Any) -> Any:
    if not isinstance(message, dict):
        return message
    plain = {key: value for key, value in message.items() if value is not None and value != []}
    match plain.get("content"):
        case [{"type": "text", "text": text, **rest}] if not rest:
            plain["content"] = text
        case "" if plain.get("tool_calls"):
            del plain["content"]
    if isinstance(plain.get("tool_calls"), list):
        plain["tool_calls"] = [_plain_call(call) for call in plain["tool_calls"]]
    return plain


def _plain_call(call: Any) -> Any:
    """A call in the history with its arguments read, so that only their meaning counts."""
    match call:
        case {"function": {"arguments": str(text)} as function} if (value := parse(text)) is not NOT_JSON:
            return {**call, "function": {**function, "arguments": value}}
        case _:
            return call


def _first_difference(at: str, ours: Any, theirs: Any) -> str:
    """The first place where two values differ, in one line."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            if key not in theirs:
                return f"{at}/{key} is left out"
            if key not in ours:
                return f"{at}/{key} is added: {tell(theirs[key])}"
            if ours[key] != theirs[key]:
                return _first_difference(f"{at}/{key}", ours[key], theirs[key])
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        place = next((number, pair) for number, pair in pairs if pair[0] != pair[1])
        return _first_difference(f"{at}/{place[0]}", *place[1])
    return f"{at} is {tell(theirs)}, asked was {tell(ours)}"
