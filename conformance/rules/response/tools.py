"""Whether the model was made to call what the request says: none, any, the named, the allowed, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules import asking
from chatconform.rules.capabilities import (
    ALLOWED_TOOLS,
    CUSTOM_TOOLS,
    LEGACY_FUNCTIONS,
    PARALLEL_TOOL_CALLS_OFF,
    TOOL_CHOICE_NAMED,
    TOOL_CHOICE_NONE,
    TOOL_CHOICE_REQUIRED,
)
from chatconform.rules.reading import Call, Choice, calls, choices, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHOOSES: Final = asking.gives("tool_choice")


@rule(
    "response.tools.none-is-kept",
    Level.MUST,
    on=Part.ANSWER,
    source="ChatCompletionToolChoiceOption: none",
    when=every(_CHOOSES, asking.offers_tools, lambda exchange: exchange.asked["tool_choice"] == "none"),
    needs=TOOL_CHOICE_NONE,
)
def none_is_kept(exchange: Exchange) -> Iterator[Finding]:
    """With `tool_choice` none the answer calls no tool.

    Agents say none for the last turn, to get words: a call there is run by nobody, and the user sees an empty answer.
    Judged on every answer to a request that offers tools and says none.
    """
    for call in calls(exchange):
        yield Finding(call.place(), f"calls {tell(call.name)}", expected="text, and no call")


@rule(
    "response.tools.required-is-kept",
    Level.MUST,
    on=Part.ANSWER,
    source="ChatCompletionToolChoiceOption: required",
    when=every(_CHOOSES, asking.offers_tools, lambda exchange: exchange.asked["tool_choice"] == "required"),
    needs=TOOL_CHOICE_REQUIRED,
)
def required_is_kept(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """With `tool_choice` required every choice calls at least one tool.

    Programs that say required read `tool_calls[0]` without looking. It is a matter of constrained decoding and not of
    the model: text where a call was required was never constrained. A server that cannot do it answers with an error.
    Judged on every answer to such a request; a choice that a limit or a filter cut before its call is inconclusive.
    """
    for choice in choices(exchange):
        if not choice.hints_at_calls:
            yield _uncalled(choice, "calls no tool", "at least one call")


@rule(
    "response.tools.named-is-kept",
    Level.MUST,
    on=Part.ANSWER,
    source="ChatCompletionNamedToolChoice; ChatCompletionNamedToolChoiceCustom",
    when=every(_CHOOSES, lambda exchange: asking.named(exchange.asked) in asking.offers(exchange)),
    needs=TOOL_CHOICE_NAMED,
)
def named_is_kept(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A `tool_choice` that names a tool gets a call of exactly that tool.

    Structured extraction in many frameworks is nothing but a named tool: they read the arguments of the call without
    looking at its name. Judged on every answer to such a request, among tools that differ in their names alone.
    """
    name = asking.named(exchange.asked)
    for choice in choices(exchange):
        if not choice.hints_at_calls:
            yield _uncalled(choice, "calls no tool", f"a call of {tell(name)}")
        for call in choice.calls:
            if call.name is not None and call.name != name:
                yield Finding(_name_place(call), f"calls {tell(call.name)}", expected=tell(name))


@rule(
    "response.tools.allowed-are-kept",
    Level.INFO,
    on=Part.ANSWER,
    source="ChatCompletionAllowedToolsChoice",
    when=every(
        _CHOOSES,
        lambda exchange: bool(asking.allowed(exchange.asked)),
        lambda exchange: bool(calls(exchange)) or asking.required(exchange.asked),
    ),
    needs=ALLOWED_TOOLS,
)
def allowed_are_kept(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """With a `tool_choice` of `allowed_tools` no other tool is called, and with the mode required one of them is.

    Agents keep their list of tools the same for the prompt cache and narrow it by this choice. Judged on answers that
    call a tool, or have to; a server that does not know the choice answers with an error.
    """
    names = asking.allowed(exchange.asked) or frozenset()
    expected = " or ".join(sorted(map(tell, names)))
    for choice in choices(exchange):
        if asking.required(exchange.asked) and not choice.hints_at_calls:
            yield _uncalled(choice, "calls no tool", f"a call of {expected}")
    for call in calls(exchange):
        if call.name is not None and call.name not in names:
            yield Finding(_name_place(call), f"calls {tell(call.name)}", expected=expected)


@rule(
    "response.tools.parallel-off-is-kept",
    Level.SHOULD,
    on=Part.ANSWER,
    source="ParallelToolCalls",
    when=every(
        asking.gives("parallel_tool_calls"),
        lambda exchange: exchange.asked["parallel_tool_calls"] is False and bool(calls(exchange)),
    ),
    needs=PARALLEL_TOOL_CALLS_OFF,
)
def parallel_off_is_kept(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """With `parallel_tool_calls` false a choice calls one tool at the most.

    Programs whose tools depend on each other switch it off, and lose the second call. One call alone says nothing: it
    counts where the case has seen several for the same request without the switch.
    """
    several = [choice for choice in choices(exchange) if len(choice.calls) > 1]
    for choice in several:
        yield Finding(choice.calls[1].place(), f"is one of {len(choice.calls)} calls", expected="one call at the most")
    if not several and not exchange.about.get("several_calls_without"):
        yield Inconclusive("the model does not call several tools where it may")


@rule(
    "response.tools.names-are-offered",
    Level.SHOULD,
    on=Part.ANSWER,
    source="ChatCompletionMessageToolCall.function.name",
    when=every(
        asking.offers_tools,
        lambda exchange: bool(calls(exchange)) and asking.named(exchange.asked) is None,
    ),
)
def names_are_offered(exchange: Exchange) -> Iterator[Finding]:
    """A call names a tool that the request offers, and is of its kind.

    A program looks the name up and has nothing to run. A model may make a name up where decoding is free; a server can
    keep it from that. Judged on every answer with calls; a named `tool_choice` has a rule of its own.
    """
    functions, customs = asking.functions(exchange.asked), asking.custom_tools(exchange.asked)
    allowed = asking.allowed(exchange.asked)
    for call in calls(exchange):
        if call.name is None or (allowed and call.name not in allowed):
            continue
        if call.name not in functions and call.name not in customs:
            some = ", ".join(map(tell, [*functions, *customs][:5]))
            yield Finding(_name_place(call), f"calls {tell(call.name)}, which was not offered", expected=some)
        elif call.name not in (functions if call.kind == "function" else customs):
            other = "custom" if call.kind == "function" else "function"
            yield Finding(call.place(), f"calls the {other} tool {tell(call.name)} as a {call.kind}", expected=other)


@rule(
    "response.tools.none-come-unoffered",
    Level.SHOULD,
    on=Part.ANSWER,
    source="CreateChatCompletionRequest.tools",
    when=lambda exchange: (
        "messages" in exchange.asked and not exchange.asked.get("tools") and not exchange.asked.get("functions")
    ),
)
def none_come_unoffered(exchange: Exchange) -> Iterator[Finding]:
    """An answer to a request without tools calls no tool.

    Programs without tools take the text, and there is none. It happens where a server reads the model's words for calls
    whether or not anything was offered. Judged on every answer to a request with neither tools nor functions.
    """
    for call in calls(exchange):
        yield Finding(call.place(), f"calls {tell(call.name)}, and no tools were offered", expected="text")


@rule(
    "response.tools.custom-tools-are-called-as-such",
    Level.INFO,
    on=Part.ANSWER,
    source="CustomToolChatCompletions; ChatCompletionMessageCustomToolCall",
    when=every(_CHOOSES, lambda exchange: asking.named(exchange.asked) in asking.custom_tools(exchange.asked)),
    needs=CUSTOM_TOOLS,
)
def custom_tools_are_called_as_such(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A custom tool is called by a call of the type `custom`, with its free text under `input`.

    A call of the type `function` hands a program JSON where it waits for text. Judged on answers to requests that name
    a custom tool; a server that does not know custom tools answers with an error.
    """
    for call in calls(exchange):
        if call.kind == "function":
            yield Finding(call.place("type"), "is a function call", expected='a call of the type "custom"')
    if not calls(exchange):
        yield Inconclusive("no tool was called")


@rule(
    "response.tools.legacy-functions-are-called",
    Level.INFO,
    on=Part.ANSWER,
    source="CreateChatCompletionRequest.functions; ChatCompletionResponseMessage.function_call",
    when=every(
        asking.gives("function_call"),
        lambda exchange: isinstance(exchange.asked["function_call"], dict),
        lambda exchange: bool(asking.legacy_functions(exchange.asked)),
    ),
    needs=LEGACY_FUNCTIONS,
)
def legacy_functions_are_called(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A `function_call` that names a function of the older form gets it called under `function_call`.

    Programs older than `tools` read nothing else. A server that has dropped the older form answers with an error, and
    does not ignore it. Judged on answers to requests that name such a function.
    """
    name = asking.kept(exchange.asked, "function_call").get("name")
    for choice in choices(exchange):
        match choice.message:
            case {"function_call": {"name": str(called)}}:
                if called != name:
                    place = choice.place("function_call")
                    yield Finding(f"{place}/name", f"calls {tell(called)}", expected=tell(name))
                elif choice.finish not in ("function_call", "stop", "length", "content_filter"):
                    yield Finding(choice.end(), f"is {tell(choice.finish)}", expected='"function_call" or "stop"')
            case _:
                yield _uncalled(choice, "calls no function under `function_call`", f"a call of {tell(name)}")


def _uncalled(choice: Choice, found: str, expected: str) -> Finding | Inconclusive:
    """What to say of a choice without a call that had to make one."""
    if choice.refusal is not None:
        return Inconclusive("the model refused")
    if not choice.ended or not whole(choice.exchange):
        return Inconclusive(f"the answer ended ({tell(choice.finish)}) before anything was called")
    text = f" and says {tell(choice.content, 40)}" if choice.content else ""
    return Finding(choice.end(), f"{found}{text}", expected=expected)


def _name_place(call: Call) -> str:
    return call.place("custom" if call.kind == "custom" else "function", "name")
