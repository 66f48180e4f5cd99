"""What rules read in a request: its tools, what it forces the model to do, its limits and its parts.

The law of this file: reading never raises, and what has a wrong shape is as if it were not there.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from chatconform.core.condition import Among
from chatconform.core.remembering import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, KeysView, Mapping

    from chatconform.core.exchange import Exchange


@cache
def gives(name: str) -> Among:
    """Tells of an exchange whether its request has a parameter, whatever its value."""
    return Among(_parameters, name)


def _parameters(exchange: Exchange) -> KeysView[str]:
    return exchange.asked.keys()


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def kept(value: Any, key: str) -> dict[str, Any]:
    """The object under a key; an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def count(value: Any) -> int | None:
    """A JSON integer; None for anything else, `true` included."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def functions(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The function tools that a request offers, by name: what stands under `function`."""
    return _tools(body, "function")


def custom_tools(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The custom tools that a request offers, by name: what stands under `custom`."""
    return _tools(body, "custom")


def offered(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The tools of both kinds that a request offers, by name."""
    return functions(body) | custom_tools(body)


def _tools(body: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return dict(_named_tools(body, kind)) if body.get("tools") else {}


def _named_tools(body: Mapping[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tools of a kind that have a name, in their order, with their names."""
    for tool in listed(body.get("tools")):
        if tool.get("type") == kind:
            held = kept(tool, kind)
            if isinstance(name := held.get("name"), str):
                yield name, held


def function_names(body: Mapping[str, Any]) -> list[str]:
    """The names of the function tools that a request offers, as often as they stand there."""
    return [name for name, _ in _named_tools(body, "function")]


@remembered
def offers(exchange: Exchange) -> Mapping[str, dict[str, Any]]:
    """The tools of both kinds that the request of an exchange offers, by name."""
    return offered(exchange.asked)


@remembered
def offers_tools(exchange: Exchange) -> bool:
    """Whether a request offers any tool with a name."""
    return bool(offers(exchange))


def legacy_functions(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The functions of the older form that a request offers, by name."""
    if not body.get("functions"):
        return {}
    return {one["name"]: one for one in listed(body.get("functions")) if isinstance(one.get("name"), str)}


def named(body: Mapping[str, Any]) -> str | None:
    """The name of the one tool that the model has to call; None where no one tool is forced."""
    match body.get("tool_choice"):
        case {"type": "function", "function": {"name": str(name)}} | {"type": "custom", "custom": {"name": str(name)}}:
            return name
    return None


def allowed(body: Mapping[str, Any]) -> frozenset[str] | None:
    """The names that an `allowed_tools` choice leaves; None where there is no such choice."""
    match body.get("tool_choice"):
        case {"type": "allowed_tools", "allowed_tools": {"tools": list(tools)}}:
            held = ((tool, kept(tool, "function"), kept(tool, "custom")) for tool in listed(tools))
            return frozenset(o["name"] for options in held for o in options if isinstance(o.get("name"), str))
    return None


def required(body: Mapping[str, Any]) -> bool:
    """Whether the model has to call some tool: `required`, also as the mode of `allowed_tools`."""
    match body.get("tool_choice"):
        case "required" | {"type": "allowed_tools", "allowed_tools": {"mode": "required"}}:
            return True
    return False


def forced(body: Mapping[str, Any]) -> bool:
    """Whether the model has to call a tool, named or not."""
    return (required(body) or named(body) is not None) and bool(offered(body))


def limit(body: Mapping[str, Any]) -> int | None:
    """The most tokens that a choice may have: the smaller of the two names; None where neither limits."""
    given = (count(body[key]) for key in ("max_completion_tokens", "max_tokens") if key in body)
    return min((value for value in given if value is not None and value > 0), default=None)


@remembered
def limited_to(exchange: Exchange) -> int | None:
    """The most tokens that the request of an exchange leaves to a choice; None where it limits nothing."""
    return limit(exchange.asked)


def limits_tokens(exchange: Exchange) -> bool:
    """Whether a request limits the tokens of a choice."""
    return limited_to(exchange) is not None


def parts(body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The content parts of all messages, with their JSON Pointers."""
    messages = body.get("messages")
    for number, message in enumerate(messages if isinstance(messages, list) else ()):
        content = message.get("content") if isinstance(message, dict) else None
        for place, part in enumerate(content if isinstance(content, list) else ()):
            if isinstance(part, dict):
                yield f"/messages/{number}/content/{place}", part


def has_part(body: Mapping[str, Any], kind: str) -> bool:
    """Whether any message holds a content part of a type."""
    return any(part.get("type") == kind for _, part in parts(body))


def answer_schema(body: Mapping[str, Any]) -> tuple[dict[str, Any], bool] | None:
    """The schema that the answer has to follow and whether strictly; None where none is asked for."""
    match body.get("response_format"):
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)} as form}:
            return schema, form.get("strict") is True
    return None


def wants_json(body: Mapping[str, Any]) -> bool:
    """Whether the answer has to be JSON, of a schema or not."""
    return kept(body, "response_format").get("type") in ("json_object", "json_schema")
