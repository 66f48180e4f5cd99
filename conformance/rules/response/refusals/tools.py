"""Faults in tools, in the choice among them, and in the functions of the older form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.rules.refusing import answered_with, has_fault
from chatconform.rules.validity import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    "response.refusals.tools.wrong-name",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="FunctionObject.name",
    when=has_fault(Kind.TOOL_NAME),
)
def wrong_name(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A function name that is empty, longer than 64 characters or has any but letters, digits, `_` and `-` is refused.

    Names from other systems have dots, spaces and slashes. A server that takes them gives calls that no other
    server takes back. Judged on every such request that is sent.
    """
    return answered_with(Kind.TOOL_NAME, exchange)


@rule(
    "response.refusals.tools.malformed-tool",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionTool; CustomToolChatCompletions",
    when=has_fault(Kind.TOOL),
)
def malformed_tool(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A tool of an unknown type, without its function or name, or with parameters that are no object is refused.

    A tool that is left out in silence is never called, and nobody knows why. Judged on every such request that is
    sent.
    """
    return answered_with(Kind.TOOL, exchange)


@rule(
    "response.refusals.tools.wrong-choice",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionToolChoiceOption",
    when=has_fault(Kind.TOOL_CHOICE),
)
def wrong_choice(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A `tool_choice` that is none of the published ones, or names a tool that is not offered, is refused.

    A server that falls back to auto gives words where the program reads a call. Judged on every such request that
    is sent.
    """
    return answered_with(Kind.TOOL_CHOICE, exchange)


@rule(
    "response.refusals.tools.choice-without-tools",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionToolChoiceOption",
    when=has_fault(Kind.NO_TOOLS),
)
def choice_without_tools(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A `tool_choice` that forces a call where no tools are offered is refused.

    There is nothing to call: the program has lost its tools on the way. Judged on every such request that is sent.
    """
    return answered_with(Kind.NO_TOOLS, exchange)


@rule(
    "response.refusals.tools.malformed-functions",
    Level.INFO,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.functions; CreateChatCompletionRequest.function_call",
    when=has_fault(Kind.FUNCTIONS),
    published=Level.SHOULD,
)
def malformed_functions(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`functions` that are malformed, none or more than 128, or stand beside `tools`, are refused.

    The older form has its successor; a server that has dropped it may leave it unread. Judged on every such request
    that is sent.
    """
    return answered_with(Kind.FUNCTIONS, exchange)
