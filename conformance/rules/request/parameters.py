"""The parameters that a client sends: of the published type, in pairs that belong together, and none for nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.remembering import remembered
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import function_names, gives, legacy_functions, listed, offers, offers_tools
from chatconform.rules.plain import asks_plainly
from chatconform.rules.scope import asks_chat
from chatconform.rules.validity import REQUEST, Kind, faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ELSEWHERE: Final = frozenset(
    {
        Kind.ORPHAN,
        Kind.UNANSWERED,
        Kind.TOOL_NAME,
        Kind.TOP_LOGPROBS,
        Kind.STREAM_OPTIONS,
        Kind.NO_TOOLS,
        Kind.NO_STOP,
        Kind.IMAGE,
        Kind.AUDIO,
        Kind.FILE,
    }
)
"""Faults that another rule on requests speaks of, or that are about more than the type."""
EMPTY_MEANS_NOTHING: Final = ("tools", "functions", "stop", "metadata", "logit_bias", "modalities")


def _is_told_elsewhere(kind: Kind, pointer: str) -> bool:
    """Whether another rule tells of a fault: by its kind, or as one of a call in the history."""
    return kind in ELSEWHERE or (kind is Kind.MESSAGE and "/tool_calls" in pointer)


@rule(
    "request.parameters.match-their-type",
    Level.MUST,
    on=Part.REQUEST,
    source=REQUEST,
    when=asks_chat,
    kept_where=asks_plainly,
)
def match_their_type(exchange: Exchange) -> Iterator[Finding]:
    """A request is what the published type says: its required fields, and the types, bounds and values of all.

    What one server lets pass the next one refuses. Judged on every request; pairs, names and conversations have rules
    of their own, and fields that are not published are no breach.
    """
    for fault in faults_of(exchange):
        if not _is_told_elsewhere(fault.kind, fault.pointer):
            yield Finding(fault.pointer, fault.message)


@rule(
    "request.parameters.media-are-readable",
    Level.MUST,
    on=Part.REQUEST,
    source="ChatCompletionRequestUserMessageContentPart",
    when=asks_chat,
    kept_where=asks_plainly,
)
def media_are_readable(exchange: Exchange) -> Iterator[Finding]:
    """Images and sound in a request are real: base64 that can be read, or an address that can exist.

    Judged on every request, as far as the bytes and the address tell by themselves.
    """
    for fault in faults_of(exchange):
        if fault.kind in (Kind.IMAGE, Kind.AUDIO):
            yield Finding(fault.pointer, fault.message)


@rule(
    "request.parameters.pairs-are-whole",
    Level.SHOULD,
    on=Part.REQUEST,
    source="CreateChatCompletionRequest.stream_options, top_logprobs, tool_choice, parallel_tool_calls",
    when=asks_chat,
    kept_where=asks_plainly,
)
def pairs_are_whole(exchange: Exchange) -> Iterator[Finding]:
    """A parameter that needs another one does not come alone.

    `stream_options` without `stream`, `top_logprobs` without `logprobs`, `tool_choice` or `parallel_tool_calls` without
    `tools`, `function_call` without `functions`: strict servers refuse each. Judged on every request.
    """
    for fault in faults_of(exchange):
        if fault.kind in (Kind.STREAM_OPTIONS, Kind.TOP_LOGPROBS, Kind.NO_TOOLS):
            yield Finding(fault.pointer, fault.message)
    told = {fault.pointer for fault in faults_of(exchange)}
    for name, needs in (("tool_choice", "tools"), ("parallel_tool_calls", "tools"), ("function_call", "functions")):
        if exchange.asked.get(name) is not None and not exchange.asked.get(needs) and f"/{name}" not in told:
            yield Finding(f"/{name}", f"is {tell(exchange.asked[name])}, and no {needs} are offered", expected=needs)


@rule(
    "request.parameters.one-limit",
    Level.SHOULD,
    on=Part.REQUEST,
    source="CreateChatCompletionRequest.max_completion_tokens; CreateChatCompletionRequest.max_tokens",
    when=every(gives("max_tokens"), lambda exchange: exchange.asked["max_tokens"] is not None),
)
def one_limit(exchange: Exchange) -> Iterator[Finding]:
    """A request limits its tokens by one of the two names, not by both.

    Servers refuse both, or take one of them, and nobody knows which. Judged on every request with `max_tokens`.
    """
    other = exchange.asked.get("max_completion_tokens")
    if other is not None:
        found = f"is {tell(exchange.asked['max_tokens'])}, and max_completion_tokens is {tell(other)}"
        yield Finding("/max_tokens", found, expected="one of the two")


@rule(
    "request.parameters.unset-is-left-out",
    Level.SHOULD,
    on=Part.REQUEST,
    source="CreateChatCompletionRequest; the practice of strict servers",
    when=asks_chat,
    kept_where=asks_plainly,
)
def unset_is_left_out(exchange: Exchange) -> Iterator[Finding]:
    """What is not set is left out, and not sent as null, or as an empty list, object or text.

    An empty list of tools, or of calls in the history, is refused by several servers, and null by some. Judged on every
    request: parameters that are null or empty where their type allows it, and calls in the history that are none.
    """
    told = {fault.pointer for fault in faults_of(exchange) if fault.kind is not Kind.NO_STOP}
    for name, value in exchange.asked.items():
        if (value is None or (name in EMPTY_MEANS_NOTHING and value in ([], {}, ""))) and f"/{name}" not in told:
            yield Finding(f"/{name}", f"is {tell(value)}", expected="no such key")
    messages = exchange.asked.get("messages")
    for number, message in enumerate(messages if isinstance(messages, list) else ()):
        if isinstance(message, dict) and message.get("tool_calls") == []:
            yield Finding(f"/messages/{number}/tool_calls", "is []", expected="no such key")


@cache
def _integers() -> frozenset[str]:
    """The parameters whose published type is a whole number."""
    from chatconform.schemas import schema

    properties = schema(REQUEST)["properties"].items()
    return frozenset(name for name, one in properties if "integer" in one.get("type", ()))


@remembered
def _numbers(exchange: Exchange) -> list[tuple[str, int | float]]:
    """The parameters of a request that are to be whole numbers, and are numbers, with their values."""
    given = _integers() & exchange.asked.keys()
    return [(name, value) for name in sorted(given) if type(value := exchange.asked[name]) in (int, float)]


@rule(
    "request.parameters.integers-are-written-whole",
    Level.SHOULD,
    on=Part.REQUEST,
    source="CreateChatCompletionRequest; RFC 8259 section 6",
    when=lambda exchange: bool(_numbers(exchange)),
)
def integers_are_written_whole(exchange: Exchange) -> Iterator[Finding]:
    """A whole number is written as one: 100, not 100.0 or 1e2.

    They are the same number, but typed servers (Go, Rust, C++) read the one and refuse the other. Judged on every
    request with a parameter whose type is an integer.
    """
    for name, value in _numbers(exchange):
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            yield Finding(f"/{name}", f"is written {value!r}", expected=str(int(value)))


@rule(
    "request.parameters.names-fit-the-pattern",
    Level.SHOULD,
    on=Part.REQUEST,
    source="FunctionObject.name; ChatCompletionFunctions.name",
    when=lambda exchange: offers_tools(exchange) or bool(legacy_functions(exchange.asked)),
)
def names_fit_the_pattern(exchange: Exchange) -> Iterator[Finding]:
    """The name of a function has 1 to 64 letters, digits, `_` and `-`, and no other tool has it.

    Names of tools from elsewhere have dots, spaces and slashes and have to be mapped, and mapped back on calls. Judged
    on every request with tools.
    """
    for fault in faults_of(exchange):
        if fault.kind is Kind.TOOL_NAME:
            yield Finding(fault.pointer, fault.message)
    names = function_names(exchange.asked) if len(listed(exchange.asked.get("tools"))) > len(offers(exchange)) else []
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Finding("/tools", f"{tell(name)} names {names.count(name)} functions", expected="a name for each")
