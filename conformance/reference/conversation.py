"""What must fit together in a request: calls and their results, choices and their tools, schemas and the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.reference.refusal import invalid, unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_SCHEMA: Final = 1_000_000


def check_messages(body: Mapping[str, Any]) -> None:
    """Raises a `Refusal` where a tool's result follows no call, or a call is left without its result."""
    open_calls: set[str] = set()
    caller = 0
    for number, message in enumerate(body["messages"]):
        where = f"messages[{number}]"
        if message["role"] == "tool":
            identity = message["tool_call_id"]
            if identity not in open_calls:
                problem = "A message of role `tool` must answer a call of the assistant message before it"
                raise invalid(f"{where}.tool_call_id", f"{problem}; none has the id {identity[:80]!r}.")
            open_calls.discard(identity)
            continue
        if open_calls:
            raise _unanswered(caller, open_calls)
        calls = message.get("tool_calls")
        if message["role"] == "assistant" and calls is not None:
            if not calls and message.get("content") is None:
                raise invalid(f"{where}.tool_calls", "An assistant message needs content or calls.", "empty_array")
            open_calls = {call["id"] for call in calls}
            caller = number
            if len(open_calls) < len(calls):
                raise invalid(f"{where}.tool_calls", "Calls of one message must have different ids.")
    if open_calls:
        raise _unanswered(caller, open_calls)


def _unanswered(number: int, calls: set[str]) -> Exception:
    missing = ", ".join(repr(call[:80]) for call in sorted(calls)[:3])
    message = "The calls of an assistant message must each be answered by a message of role `tool`"
    return invalid(f"messages[{number}].tool_calls", f"{message}; missing: {missing}.")


def name_of(tool: Mapping[str, Any]) -> str:
    """The name of a tool of either kind, or of a choice of one."""
    return str(tool[tool["type"]]["name"])


def check_tools(body: Mapping[str, Any]) -> None:
    """Raises a `Refusal` where the choice of a tool and the tools that there are do not fit together."""
    tools = body.get("tools") or []
    choice = body.get("tool_choice")
    if not tools:
        if body.get("parallel_tool_calls") is not None and "tools" not in body:
            raise invalid("parallel_tool_calls", "`parallel_tool_calls` is only allowed with `tools`.")
        if choice not in (None, "none", "auto"):
            raise invalid("tool_choice", "`tool_choice` is only allowed with `tools`.")
        return
    names = {(tool["type"], name_of(tool)) for tool in tools}
    match choice:
        case {"type": "allowed_tools", "allowed_tools": {"tools": list(allowed)}}:
            if not allowed:
                raise invalid("tool_choice.allowed_tools.tools", "No tool is allowed.", "empty_array")
            for number, tool in enumerate(allowed):
                if _named(tool) not in names:
                    raise invalid(f"tool_choice.allowed_tools.tools[{number}]", "This is none of the tools.")
        case {"type": "function" | "custom"} if (wanted := _named(choice)) not in names:
            raise invalid("tool_choice", f"No tool of that kind has the name {wanted[1][:80] if wanted else None!r}.")
    for number, tool in enumerate(tools):
        match tool:
            case {"type": "function", "function": {"parameters": dict(parameters), **function}}:
                check_schema(parameters, f"tools[{number}].function.parameters", strict=function.get("strict") is True)
            case {"type": "custom", "custom": {"format": {"type": "grammar", "grammar": grammar}}}:
                _check_grammar(grammar, f"tools[{number}].custom.format.grammar")


def _named(tool: Any) -> tuple[str, str] | None:
    match tool:
        case {"type": "function", "function": {"name": str(name)}}:
            return "function", name
        case {"type": "custom", "custom": {"name": str(name)}}:
            return "custom", name
    return None


def _check_grammar(grammar: Mapping[str, Any], where: str) -> None:
    from random import Random

    from chatconform.reference.patterns import PatternError, matching

    if grammar["syntax"] != "regex":
        raise unsupported(f"{where}.syntax", "A grammar in Lark's syntax")
    try:
        matching(grammar["definition"], Random(0))
    except PatternError as error:
        raise invalid(f"{where}.definition", f"This is no regular expression that can be kept: {error}.") from None


def check_functions(body: Mapping[str, Any]) -> None:
    """Raises a `Refusal` where legacy functions and the choice of one do not fit together."""
    functions, choice = body.get("functions"), body.get("function_call")
    if functions and body.get("tools"):
        raise invalid("functions", "`functions` and `tools` do not go together.")
    if choice is not None and not functions:
        raise invalid("function_call", "`function_call` is only allowed with `functions`.")
    if isinstance(choice, dict) and choice["name"] not in {function["name"] for function in functions or ()}:
        raise invalid("function_call", f"No function has the name {choice['name'][:80]!r}.")
    for number, function in enumerate(functions or ()):
        if "parameters" in function:
            check_schema(function["parameters"], f"functions[{number}].parameters", strict=False)


def check_response_format(body: Mapping[str, Any]) -> None:
    """Raises a `Refusal` for a schema by which no answer can be made."""
    match body.get("response_format"):
        case {"type": "json_schema", "json_schema": {"schema": schema}}:
            check_schema(schema, "response_format.json_schema.schema", strict=True)
        case {"type": "json_schema", "json_schema": dict(form)} if form.keys() & {"type", "properties", "anyOf"}:
            raise invalid("response_format.json_schema.schema", "The schema stands beside `schema`, not under it.")


def check_schema(schema: Any, where: str, *, strict: bool) -> None:
    """Raises a `Refusal` for what is no JSON Schema and, if strict, for one of which no instance can be made."""
    from random import Random

    from chatconform.reference.instances import instance
    from chatconform.reference.subschemas import Unmakeable
    from chatconform.schemas import UnusableSchema, violations_of

    if len(orjson.dumps(schema)) > LARGEST_SCHEMA:
        raise invalid(where, f"A schema has at most {LARGEST_SCHEMA} bytes.", "invalid_json_schema")
    try:
        if strict:
            instance(schema, Random(0))
        else:
            violations_of(schema, None)
    except (Unmakeable, UnusableSchema) as error:
        raise invalid(where, f"This schema cannot be kept: {error}.", "invalid_json_schema") from None
