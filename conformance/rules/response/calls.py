"""The form of a tool call: its id, its type, its arguments, and the finish that tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.json_text import NOT_JSON, parse
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules import asking
from chatconform.rules.capabilities import STRICT_TOOLS
from chatconform.rules.conforming import departures
from chatconform.rules.plain import answers_plainly
from chatconform.rules.reading import Call, calls, choices

if TYPE_CHECKING:
    from collections.abc import Iterator


def _has_calls(exchange: Exchange) -> bool:
    return bool(calls(exchange))


def _calls_with_text(exchange: Exchange) -> bool:
    return any(isinstance(call.arguments, str) and _is_finished(call) for call in calls(exchange))


_HAS_ARGUMENT_TEXT: Final = every(_has_calls, _calls_with_text)


def _is_finished(call: Call) -> bool:
    """Whether a call is whole: a limit or a filter may cut it anywhere, and a broken stream too."""
    return call.choice.ended


@rule(
    "response.calls.match-their-type",
    Level.MUST,
    on=Part.COMPLETION,
    source="ChatCompletionMessageToolCalls",
    when=lambda exchange: any(choice.message.get("tool_calls") for choice in choices(exchange)),
    kept_where=answers_plainly,
)
def match_their_type(exchange: Exchange) -> Iterator[Finding]:
    """`tool_calls` is a list of calls, each with its id, its type, and a name with arguments or input.

    Typed clients fail on the first that is otherwise, and untyped ones run nothing or crash on a missing name. Judged
    on every completion with calls; ids, types and the form of arguments have rules of their own.
    """
    from chatconform.schemas import violations

    for choice in choices(exchange):
        for violation in violations("ChatCompletionMessageToolCalls", _mended(choice.message.get("tool_calls"))):
            yield Finding(f"{choice.place('tool_calls')}{violation.pointer}", violation.message)


def _mended(found: Any) -> Any:
    """Tool calls in which everything is in order that a rule of its own speaks about."""
    if not isinstance(found, list):
        return [] if found is None else found
    return [_mended_call(call) if isinstance(call, dict) else call for call in found]


def _mended_call(call: dict[str, Any]) -> dict[str, Any]:
    kind = "custom" if call.get("type") != "function" and "custom" in call else "function"
    mended = {**call, "id": "call", "type": kind}
    if isinstance(call.get("function"), dict) and call["function"].get("arguments") is not None:
        mended["function"] = {**call["function"], "arguments": "{}"}
    return mended


@rule(
    "response.calls.have-ids",
    Level.MUST,
    on=Part.COMPLETION,
    source="ChatCompletionMessageToolCall.id",
    when=_has_calls,
    kept_where=answers_plainly,
)
def have_ids(exchange: Exchange) -> Iterator[Finding]:
    """Every call has an `id` that is a string and not empty.

    The result of the call goes back under that id; without one the next request is refused. Judged on every completion
    with calls.
    """
    for call in calls(exchange):
        name = call.value.get("id")
        if not isinstance(name, str) or not name:
            found = f"is {tell(name)}" if "id" in call.value else "is missing"
            yield Finding(call.place("id"), found, expected="a string that is not empty")


@rule(
    "response.calls.ids-are-unique",
    Level.MUST,
    on=Part.ANSWER,
    source="ChatCompletionMessageToolCall.id",
    when=every(_has_calls, lambda exchange: any(len(choice.calls) > 1 for choice in choices(exchange))),
)
def ids_are_unique(exchange: Exchange) -> Iterator[Finding]:
    """The calls of one message have different ids.

    Clients keep results by id: with one id for two calls, one result answers both and the other is lost. Judged on
    every message with several calls.
    """
    for choice in choices(exchange):
        seen: set[str] = set()
        for call in choice.calls:
            name = call.value.get("id")
            if isinstance(name, str) and name:
                if name in seen:
                    yield Finding(
                        call.place("id"), f"{tell(name)} is another call's id too", expected="an id of its own"
                    )
                seen.add(name)


@rule(
    "response.calls.have-types",
    Level.MUST,
    on=Part.COMPLETION,
    source="ChatCompletionMessageToolCall.type; ChatCompletionMessageCustomToolCall.type",
    when=_has_calls,
    kept_where=answers_plainly,
)
def have_types(exchange: Exchange) -> Iterator[Finding]:
    """Every call has a `type`: `function`, or `custom` for a custom tool.

    Clients switch on it, and refuse the message in the next request without it. Judged on every completion with calls.
    """
    for call in calls(exchange):
        kind = call.value.get("type")
        if kind not in ("function", "custom"):
            found = f"is {tell(kind)}" if "type" in call.value else "is missing"
            yield Finding(call.place("type"), found, expected='"function"')


@rule(
    "response.calls.arguments-are-a-string",
    Level.MUST,
    on=Part.COMPLETION,
    source="ChatCompletionMessageToolCall.function.arguments",
    when=every(_has_calls, lambda exchange: any(call.arguments is not None for call in calls(exchange))),
    kept_where=answers_plainly,
)
def arguments_are_a_string(exchange: Exchange) -> Iterator[Finding]:
    """The `arguments` of a call are a string, not the object that the string stands for.

    Clients hand it to a JSON parser, which fails on an object, and send the call back, which servers then refuse.
    Judged on every completion with function calls.
    """
    for call in calls(exchange):
        if call.arguments is not None and not isinstance(call.arguments, str):
            found = f"is {tell(call.arguments)}"
            yield Finding(call.place("function", "arguments"), found, expected="the same as JSON text in a string")


@rule(
    "response.calls.arguments-are-encoded-once",
    Level.MUST,
    on=Part.ANSWER,
    source="ChatCompletionMessageToolCall.function.arguments",
    when=_HAS_ARGUMENT_TEXT,
)
def arguments_are_encoded_once(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """The string under `arguments` is the JSON text of an object, not the JSON text of a string that holds it.

    Encoded twice, a client's parser gives a string where it looks for keys. Judged on every call that is whole; that a
    model writes what is no JSON at all is its own affair, unless the tool is strict.
    """
    for call in calls(exchange):
        if not isinstance(call.arguments, str) or not _is_finished(call) or not call.arguments.strip():
            continue
        if _is_encoded_twice(call):
            place = call.place("function", "arguments")
            yield Finding(place, f"is {tell(call.arguments)}, a string in a string", expected="an object's JSON text")
        elif parse(call.arguments) is NOT_JSON:
            yield Inconclusive("the model wrote arguments that are no JSON")


def _is_encoded_twice(call: Call) -> bool:
    value = parse(call.arguments) if isinstance(call.arguments, str) else None
    return isinstance(value, str) and isinstance(parse(value), dict)


@rule(
    "response.calls.arguments-are-never-empty",
    Level.MUST,
    on=Part.ANSWER,
    source="ChatCompletionMessageToolCall.function.arguments",
    when=_HAS_ARGUMENT_TEXT,
    kept_where=answers_plainly,
)
def arguments_are_never_empty(exchange: Exchange) -> Iterator[Finding]:
    """A call without arguments has `{}` as its arguments, not the empty string.

    The empty string is no JSON: a client's parser raises on it, in most frameworks for every call of a tool without
    parameters. Judged on every call that is whole; a tool without parameters provokes it.
    """
    for call in calls(exchange):
        if isinstance(call.arguments, str) and not call.arguments.strip() and _is_finished(call):
            yield Finding(call.place("function", "arguments"), f"is {tell(call.arguments)}", expected='"{}"')


@rule(
    "response.calls.strict-arguments-conform",
    Level.SHOULD,
    on=Part.ANSWER,
    source="FunctionObject.strict",
    when=every(_has_calls, lambda exchange: any(_strict_schema(call) is not None for call in calls(exchange))),
    needs=STRICT_TOOLS,
)
def strict_arguments_conform(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """The arguments of a strict tool are what its `parameters` say.

    Programs that ask for strict do not check again. It is decoding that makes it true, so that a schema that leaves one
    single value proves it with any model. Judged on every call of a strict tool that is whole; several calls at once
    are inconclusive unless `parallel_tool_calls` is false, since strict is documented for single calls.
    """
    single = exchange.asked.get("parallel_tool_calls") is False
    for call in calls(exchange):
        schema = _strict_schema(call)
        if schema is None or not isinstance(call.arguments, str) or not call.arguments.strip():
            continue
        if _is_encoded_twice(call):
            continue
        if len(call.choice.calls) > 1 and not single:
            yield Inconclusive("strict is documented for one call at a time, and several came")
            continue
        place = call.place("function", "arguments")
        value = parse(call.arguments)
        if value is NOT_JSON:
            yield Finding(place, f"is {tell(call.arguments)}, which is no JSON", expected="arguments by the schema")
            continue
        found = departures(schema, value)
        if found is None:
            yield Inconclusive("the schema of the tool's parameters is one that cannot be used")
        for departure in found or ():
            where = f"at {departure.pointer} " if departure.pointer else ""
            yield Finding(place, f"{where}{departure.message}", expected="arguments by the schema")


def _strict_schema(call: Call) -> dict[str, Any] | None:
    """The schema that the arguments of a whole call have to follow; None where its tool is not strict."""
    tool = asking.functions(call.choice.exchange.asked).get(call.name or "", {})
    schema = tool.get("parameters", {})
    return schema if tool.get("strict") is True and isinstance(schema, dict) and _is_finished(call) else None


@rule(
    "response.calls.finish-tells-of-them",
    Level.SHOULD,
    on=Part.COMPLETION,
    source="CreateChatCompletionResponse.choices.finish_reason",
    when=lambda exchange: _has_calls(exchange) or any(choice.finish == "tool_calls" for choice in choices(exchange)),
)
def finish_tells_of_them(exchange: Exchange) -> Iterator[Finding]:
    """A choice that calls tools ends with `tool_calls`, and only such a choice does.

    Loops of agents go on by that word: with `stop` the call is never run, with `tool_calls` and no call they turn for
    ever. Judged on every completion with calls; a named `tool_choice` may end with `stop`, and whatever was cut with
    `length` or `content_filter`.
    """
    named = asking.named(exchange.asked) is not None
    for choice in choices(exchange):
        if choice.finish == "tool_calls" and not choice.hints_at_calls:
            if asking.forced(exchange.asked):
                continue
            yield Finding(choice.end(), 'is "tool_calls", and nothing is called', expected='"stop"')
        elif choice.calls and isinstance(choice.finish, str):
            fits = {"tool_calls", "length", "content_filter"} | ({"stop"} if named else set())
            if choice.finish not in fits:
                yield Finding(choice.end(), f"is {tell(choice.finish)}, and tools are called", expected='"tool_calls"')
