"""The messages that a client sends: calls with their results, and its own history given back as it was."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.condition import Among
from chatconform.core.exchange import Exchange
from chatconform.core.remembering import remembered
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules import conversation
from chatconform.rules.asking import listed
from chatconform.rules.plain import asks_plainly

if TYPE_CHECKING:
    from collections.abc import Iterator


PUBLISHED: Final = "ChatCompletionRequestAssistantMessage"
THINGS: Final = (("assistant", "answers"), ("tool", "results"))


@remembered
def _messages(exchange: Exchange) -> list[tuple[int, dict[str, Any]]]:
    messages = exchange.asked.get("messages")
    found = enumerate(messages) if isinstance(messages, list) else ()
    return [(number, message) for number, message in found if isinstance(message, dict)]


def _history(exchange: Exchange) -> set[str]:
    """What the messages of a request hold: `answers` of the model, `calls` in them, and `results` of tools."""
    messages = listed(exchange.asked.get("messages"))
    roles = [message.get("role") for message in messages]
    found = {thing for role, thing in THINGS if role in roles}
    if any("tool_calls" in message for message in messages) and any(
        message.get("role") == "assistant" and message.get("tool_calls") for message in messages
    ):
        found.add("calls")
    return found


_HAS_CALLS: Final = Among(_history, "calls")


@rule(
    "request.conversation.results-follow-their-calls",
    Level.MUST,
    on=Part.REQUEST,
    source="the API's practice: messages with role tool must be a response to a preceding message with tool_calls",
    when=Among(_history, "results"),
)
def results_follow_their_calls(exchange: Exchange) -> Iterator[Finding]:
    """Every tool message follows the assistant message that called it, and has the id of one of its calls.

    Trimming a history from the front leaves a result without its call; most providers then answer 400 for the rest of
    the conversation. Judged on every request with tool messages.
    """
    for breach in conversation.orphans(exchange.asked.get("messages")):
        yield Finding(breach.pointer, breach.message, expected="a tool message right after its call")


@rule(
    "request.conversation.calls-are-answered",
    Level.MUST,
    on=Part.REQUEST,
    source="the API's practice: tool_calls must be followed by tool messages responding to each tool_call_id",
    when=_HAS_CALLS,
)
def calls_are_answered(exchange: Exchange) -> Iterator[Finding]:
    """Every tool call in the history is answered by a tool message before the conversation goes on.

    An aborted turn, a crash or a trimmed end leaves a call open; most providers then answer 400. Judged on every
    request whose history has calls.
    """
    for breach in conversation.unanswered(exchange.asked.get("messages")):
        yield Finding(breach.pointer, breach.message, expected="a tool message for each call")


@rule(
    "request.conversation.calls-keep-their-form",
    Level.MUST,
    on=Part.REQUEST,
    source="ChatCompletionMessageToolCalls",
    when=_HAS_CALLS,
)
def calls_keep_their_form(exchange: Exchange) -> Iterator[Finding]:
    """A call in the history has its id, its type, its name, and its arguments as the string that came.

    Clients that parse the arguments send the object back, and servers refuse it. Judged on every request whose history
    has calls.
    """
    from chatconform.schemas import violations

    for number, message in _messages(exchange):
        if message.get("role") == "assistant" and message.get("tool_calls"):
            for violation in violations("ChatCompletionMessageToolCalls", message["tool_calls"]):
                yield Finding(f"/messages/{number}/tool_calls{violation.pointer}", violation.message)


@rule(
    "request.conversation.content-key-is-there",
    Level.INFO,
    on=Part.REQUEST,
    source="ChatCompletionRequestAssistantMessage.content",
    when=_HAS_CALLS,
)
def content_key_is_there(exchange: Exchange) -> Iterator[Finding]:
    """An assistant message with calls has the key `content`, null where it says nothing.

    It may be left out by the published type, but several servers and templates ask for the key. Judged on every request
    whose history has calls.
    """
    for number, message in _messages(exchange):
        if message.get("role") == "assistant" and message.get("tool_calls") and "content" not in message:
            yield Finding(f"/messages/{number}", "lacks `content`", expected="null or a string")


@rule(
    "request.conversation.history-holds-no-foreign-fields",
    Level.SHOULD,
    on=Part.REQUEST,
    source=PUBLISHED,
    when=Among(_history, "answers"),
    kept_where=asks_plainly,
)
def history_holds_no_foreign_fields(exchange: Exchange) -> Iterator[Finding]:
    """An assistant message in the history has no fields but those of the request's type.

    `reasoning_content`, `annotations` and the `index` of a streamed call come with answers, and strict servers refuse
    them in a request: a conversation that began at one provider cannot go on at another. Judged on every request with
    assistant messages.
    """
    known = _properties(PUBLISHED)
    for number, message in _messages(exchange):
        if message.get("role") != "assistant":
            continue
        for key in message.keys() - known:
            yield Finding(f"/messages/{number}", f"has the field {tell(key)}", expected="no such field")
        for place, call in enumerate(listed(message.get("tool_calls"))):
            for key in call.keys() - {"id", "type", "function", "custom"}:
                found = f"has the field {tell(key)}"
                yield Finding(f"/messages/{number}/tool_calls/{place}", found, expected="no such field")


@cache
def _properties(name: str) -> frozenset[str]:
    from chatconform.schemas import schema

    return frozenset(schema(name)["properties"])
