"""Faults in the conversation: roles, contents, parts, and calls with their results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.rules.refusing import answered_with, has_fault
from chatconform.rules.validity import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    "response.refusals.messages.no-messages",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.messages",
    when=has_fault(Kind.MESSAGES),
)
def no_messages(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A request without `messages`, or with an empty list of them, is refused.

    A program that lost its history on the way should hear of it, and not get an answer to nothing. Judged on every
    such request that is sent.
    """
    return answered_with(Kind.MESSAGES, exchange)


@rule(
    "response.refusals.messages.no-model",
    Level.INFO,
    on=Part.RESPONSE,
    source="CreateChatCompletionRequest.model",
    when=has_fault(Kind.MODEL),
    published=Level.SHOULD,
)
def no_model(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A request without `model` is refused.

    A server of a single model may take it for granted; one that offers several then answers with whichever. Judged
    on every such request that is sent.
    """
    return answered_with(Kind.MODEL, exchange)


@rule(
    "response.refusals.messages.unknown-role",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionRequestMessage",
    when=has_fault(Kind.ROLE),
)
def unknown_role(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A message whose `role` is missing or unknown is refused.

    There are six roles. A seventh is a typing error, or the name of another API's, and the model reads the message
    as something it is not. Judged on every such request that is sent.
    """
    return answered_with(Kind.ROLE, exchange)


@rule(
    "response.refusals.messages.no-content",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionRequestUserMessage.content; ChatCompletionRequestSystemMessage.content",
    when=has_fault(Kind.NO_CONTENT),
)
def no_content(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A developer, system, user or tool message whose `content` is missing or null is refused.

    A template makes the word None of it, or nothing, and the model answers that. Judged on every such request that
    is sent.
    """
    return answered_with(Kind.NO_CONTENT, exchange)


@rule(
    "response.refusals.messages.wrong-parts",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionRequestUserMessageContentPart; ChatCompletionContentPartText",
    when=has_fault(Kind.PARTS),
)
def wrong_parts(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """Content parts of an unknown type, without their payload or out of place are refused, and an empty list too.

    A part that is dropped in silence is a question that the model never saw. Judged on every such request that is
    sent; system, developer, tool and assistant messages take text alone.
    """
    return answered_with(Kind.PARTS, exchange)


@rule(
    "response.refusals.messages.empty-assistant",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionRequestAssistantMessage.content",
    when=has_fault(Kind.EMPTY_ASSISTANT),
)
def empty_assistant(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """An assistant message with neither content nor calls is refused.

    It is what is left of a turn that broke, and a template writes an empty turn that the model imitates. Judged on
    every such request that is sent.
    """
    return answered_with(Kind.EMPTY_ASSISTANT, exchange)


@rule(
    "response.refusals.messages.incomplete-result",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionRequestToolMessage.tool_call_id",
    when=has_fault(Kind.TOOL_MESSAGE),
)
def incomplete_result(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A tool message without `tool_call_id` is refused.

    The server cannot tell which call it answers. Judged on every such request that is sent.
    """
    return answered_with(Kind.TOOL_MESSAGE, exchange)


@rule(
    "response.refusals.messages.orphan-result",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="the API's practice: messages with role tool must be a response to a preceding message with tool_calls",
    when=has_fault(Kind.ORPHAN),
)
def orphan_result(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A tool message that answers no call before it is refused.

    Histories that are trimmed from the front begin with one, and the model takes the result for something the user
    said. Judged on every such request that is sent: no call at all, or an id that none of them has.
    """
    return answered_with(Kind.ORPHAN, exchange)


@rule(
    "response.refusals.messages.unanswered-call",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="the API's practice: tool_calls must be followed by tool messages responding to each tool_call_id",
    when=has_fault(Kind.UNANSWERED),
)
def unanswered_call(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A call that no tool message answers before the conversation goes on is refused.

    The program has lost a result, and the model makes one up. Judged on every such request that is sent.
    """
    return answered_with(Kind.UNANSWERED, exchange)


@rule(
    "response.refusals.messages.malformed-message",
    Level.SHOULD,
    on=Part.RESPONSE,
    source="ChatCompletionRequestMessage",
    when=has_fault(Kind.MESSAGE),
)
def malformed_message(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A message with a field of the wrong form is refused.

    Judged on every such request that is sent: a message that is no object, calls without a name, arguments that are
    no string, a name that is none.
    """
    return answered_with(Kind.MESSAGE, exchange)
