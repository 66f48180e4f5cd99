"""How it shows in an answer whether the target did what it was asked for.

The law of this file: each function says True where the effect shows, False where it is missing for certain, and None
where the model had the choice, or where one exchange alone does not tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.core.json_text import NOT_JSON, parse
from chatconform.rules import asking
from chatconform.rules.conforming import conforms
from chatconform.rules.reading import calls, choices, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.exchange import Exchange
    from chatconform.rules.reading import Call


def never_shows(_: Exchange) -> bool | None:
    """What an exchange alone never shows."""
    return None


def _came_to_its_end(exchange: Exchange) -> bool:
    """Whether the model ended every choice by itself and refused none: what is missing then will not come."""
    found = choices(exchange)
    return whole(exchange) and all(choice.ended and choice.refusal is None for choice in found)


def _shows(exchange: Exchange, effect: bool) -> bool | None:
    """Honoured where the effect shows, ignored where the model ended by itself without it."""
    return True if effect else (False if _came_to_its_end(exchange) else None)


def streams(exchange: Exchange) -> bool | None:
    return exchange.is_stream


def tells_usage(exchange: Exchange) -> bool | None:
    told = any(isinstance(chunk, dict) and isinstance(chunk.get("usage"), dict) for chunk in exchange.chunks)
    return True if told else (False if whole(exchange) else None)


def gives_n(exchange: Exchange) -> bool | None:
    indexes = {choice.value.get("index") for choice in choices(exchange) if type(choice.value.get("index")) is int}
    return True if len(indexes) == exchange.asked.get("n") else (False if whole(exchange) else None)


def stops(exchange: Exchange) -> bool | None:
    stop = exchange.asked.get("stop")
    sequences = [stop] if isinstance(stop, str) else [one for one in stop or () if isinstance(one, str)]
    texts = [choice.content or "" for choice in choices(exchange)]
    return False if any(one and one in text for one in sequences for text in texts) else None


def limits(exchange: Exchange) -> bool | None:
    most, found = asking.limit(exchange.asked), choices(exchange)
    used = asking.count(asking.kept(exchange.answer, "usage").get("completion_tokens"))
    if most is not None and used is not None and used > most * max(1, len(found)):
        return False
    return True if any(choice.finish == "length" for choice in found) else None


def _entries(exchange: Exchange) -> list[dict[str, Any]]:
    """The log probabilities of all choices, token by token."""
    held = (asking.kept(choice.value, "logprobs") for choice in choices(exchange))
    return [entry for logprobs in held for entry in asking.listed(logprobs.get("content"))]


def tells_logprobs(exchange: Exchange) -> bool | None:
    texts = any(choice.content for choice in choices(exchange))
    return True if _entries(exchange) else (False if texts and whole(exchange) else None)


def tells_top_logprobs(exchange: Exchange) -> bool | None:
    entries = _entries(exchange)
    if any(asking.listed(entry.get("top_logprobs")) for entry in entries):
        return True
    return False if entries else tells_logprobs(exchange)


def biases(exchange: Exchange) -> bool | None:
    """A single token at +100 drowns out every other: the text is then one piece again and again."""
    bias = exchange.asked.get("logit_bias")
    texts = [text for choice in choices(exchange) if (text := (choice.content or "").strip())]
    if not texts or not isinstance(bias, dict) or list(bias.values()) != [100] or "\ufffd" in texts[0]:
        return None
    return all(_repeats(text) for text in texts) if len(texts[0]) > 1 else None


def _repeats(text: str) -> bool:
    """Whether a text is one piece repeated, whatever stands cut or trimmed at its ends."""
    return any(text[size:] == text[:-size] for size in range(1, len(text) // 2 + 1))


def calls_tools(exchange: Exchange) -> bool | None:
    found = calls(exchange)
    return _shows(exchange, bool(found)) if found or asking.forced(exchange.asked) else None


def calls_as_required(exchange: Exchange) -> bool | None:
    return _shows(exchange, bool(calls(exchange)))


def calls_the_named(exchange: Exchange) -> bool | None:
    name, found = asking.named(exchange.asked), calls(exchange)
    return all(call.name == name for call in found) if found else _shows(exchange, False)


def calls_none(exchange: Exchange) -> bool | None:
    return False if calls(exchange) else None


def calls_one_at_a_time(exchange: Exchange) -> bool | None:
    return False if any(len(choice.calls) > 1 for choice in choices(exchange)) else None


def calls_the_allowed(exchange: Exchange) -> bool | None:
    names, found = asking.allowed(exchange.asked) or frozenset(), calls(exchange)
    if found and names:
        return all(call.name in names for call in found)
    return _shows(exchange, False) if asking.required(exchange.asked) and not found else None


def calls_custom_tools(exchange: Exchange) -> bool | None:
    if any(call.kind == "custom" for call in calls(exchange)):
        return True
    named = asking.named(exchange.asked) in asking.custom_tools(exchange.asked)
    only = asking.required(exchange.asked) and not asking.functions(exchange.asked)
    return _shows(exchange, False) if named or only else None


def follows_strict_tools(exchange: Exchange) -> bool | None:
    tools = asking.functions(exchange.asked)
    strict = [call for call in calls(exchange) if call.choice.ended and tools.get(call.name or "", {}).get("strict")]
    told = [_arguments_conform(call, tools[call.name or ""].get("parameters", {})) for call in strict]
    return False if False in told else (True if True in told else None)


def _arguments_conform(call: Call, schema: Any) -> bool | None:
    value = parse(call.arguments) if isinstance(call.arguments, str) else NOT_JSON
    return value is not NOT_JSON and (conforms(schema, value) if isinstance(schema, dict) else None)


def calls_legacy_functions(exchange: Exchange) -> bool | None:
    called = any(isinstance(choice.message.get("function_call"), dict) for choice in choices(exchange))
    forced = isinstance(exchange.asked.get("function_call"), dict)
    return _shows(exchange, called) if called or forced else None


def _answers(exchange: Exchange) -> list[Any]:
    """The JSON value of each text that the model ended by itself, or `NOT_JSON`."""
    ended = (choice for choice in choices(exchange) if choice.finish == "stop" and choice.refusal is None)
    return [parse(choice.content) for choice in ended if choice.content]


def answers_an_object(exchange: Exchange) -> bool | None:
    values = _answers(exchange)
    return all(isinstance(value, dict) for value in values) if values else None


def follows_the_schema(exchange: Exchange) -> bool | None:
    schema, strict = asking.answer_schema(exchange.asked) or ({}, False)
    told = [value is not NOT_JSON and conforms(schema, value) for value in _answers(exchange)]
    if False in told:
        return False if strict else None
    return True if True in told else None


def counts_the_part(exchange: Exchange) -> bool | None:
    """A case tells how many prompt tokens the same request has without the part: with it there must be more."""
    without = asking.count(exchange.about.get("prompt_tokens_without"))
    used = asking.count(asking.kept(exchange.answer, "usage").get("prompt_tokens"))
    return None if without is None or used is None else used > without


def speaks(exchange: Exchange) -> bool | None:
    return _shows(exchange, any(isinstance(choice.message.get("audio"), dict) for choice in choices(exchange)))


def counts_tokens(exchange: Exchange, *keys: str) -> bool | None:
    """Honoured where the usage counts tokens of such a kind."""
    details = asking.kept(asking.kept(exchange.answer, "usage"), "completion_tokens_details")
    return True if any((asking.count(details.get(key)) or 0) > 0 for key in keys) else None


def echoes(key: str) -> Callable[[Exchange], bool | None]:
    """Honoured where the answer tells the same as the request under a key."""

    def echoed(exchange: Exchange) -> bool | None:
        return True if (exchange.answer or {}).get(key) == exchange.asked.get(key) else None

    return echoed


def cites(exchange: Exchange) -> bool | None:
    return True if any(asking.listed(choice.message.get("annotations")) for choice in choices(exchange)) else None


def moderates(exchange: Exchange) -> bool | None:
    return True if isinstance((exchange.answer or {}).get("moderation"), dict) else None
