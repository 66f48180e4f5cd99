"""The message of a choice: whose it is, what its text may be, and what does not belong in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import offers_tools
from chatconform.rules.plain import answers_plainly
from chatconform.rules.reading import choices

if TYPE_CHECKING:
    from collections.abc import Iterator

CALL_MARKUP: Final = re.compile(
    r"<tool_calls?>\s*(\{\s*\"|\[|<function=)"
    r"|<\|?tool_call(s_section)?_begin\|?>"
    r"|<\|tool_call\|>\s*[\[{]"
    r"|<function=\w+>|<function_call>\s*\{"
    r"|<\|python_tag\|>\s*[\w{]"
    r"|<\|channel\|>commentary to=functions"
    r"|<｜tool▁calls?▁begin｜>"
    r"|\[TOOL_CALLS?\]\s*[\[{\w]"
)
"""What chat templates make a model write around a call, and the beginning of one."""
THINKING: Final = ("<think>", "<thinking>", "<|channel|>analysis", "◁think▷")


@rule(
    "response.message.role-is-assistant",
    Level.MUST,
    on=Part.COMPLETION,
    source="ChatCompletionResponseMessage.role",
    kept_where=answers_plainly,
)
def role_is_assistant(exchange: Exchange) -> Iterator[Finding]:
    """The `role` of every message is `assistant`.

    Clients append the message to the history as it is; with another role, or none, the next request is refused. Judged
    on every completion.
    """
    for choice in choices(exchange):
        if isinstance(choice.value.get("message"), dict) and choice.message.get("role") != "assistant":
            role = choice.message.get("role")
            found = f"is {tell(role)}" if "role" in choice.message else "is missing"
            yield Finding(f"/choices/{choice.position}/message/role", found, expected='"assistant"')


@rule(
    "response.message.content-is-a-string-or-null",
    Level.MUST,
    on=Part.COMPLETION,
    source="ChatCompletionResponseMessage.content",
    kept_where=answers_plainly,
)
def content_is_a_string_or_null(exchange: Exchange) -> Iterator[Finding]:
    """Every message has the key `content`, and it is a string or null, never an array.

    Clients print and join it as text: an array of parts ends as "[object Object]". It is null, not left out, where the
    message is a call. Judged on every completion.
    """
    for choice in choices(exchange):
        if not isinstance(choice.value.get("message"), dict):
            continue
        pointer = f"/choices/{choice.position}/message"
        content = choice.message.get("content")
        if "content" not in choice.message:
            yield Finding(pointer, "lacks `content`", expected="a string or null")
        elif content is not None and not isinstance(content, str):
            yield Finding(f"{pointer}/content", f"is {tell(content)}", expected="a string or null")


@rule(
    "response.message.refusal-key-is-there",
    Level.INFO,
    on=Part.COMPLETION,
    source="ChatCompletionResponseMessage.refusal",
    published=Level.MUST,
)
def refusal_key_is_there(exchange: Exchange) -> Iterator[Finding]:
    """Every message has the key `refusal`, null where the model did not refuse.

    The published type requires it, most servers leave it out, and the official SDKs do not mind; strictly typed clients
    do. Judged on every completion.
    """
    for choice in choices(exchange):
        if isinstance(choice.value.get("message"), dict) and "refusal" not in choice.message:
            yield Finding(f"/choices/{choice.position}/message", "lacks `refusal`", expected="null")


@rule(
    "response.message.calls-are-absent-when-none",
    Level.SHOULD,
    on=Part.COMPLETION,
    source="ChatCompletionResponseMessage.tool_calls",
    kept_where=answers_plainly,
)
def calls_are_absent_when_none(exchange: Exchange) -> Iterator[Finding]:
    """A message without calls has no `tool_calls` and no `function_call`: neither null nor an empty list.

    Clients ask whether the key is there, run an agent's loop on an empty list, or send the null back and are refused.
    Judged on every completion.
    """
    for choice in choices(exchange):
        for key in ("tool_calls", "function_call"):
            value = choice.message.get(key, choice)
            if value is None or value in ([], {}):
                yield Finding(f"/choices/{choice.position}/message/{key}", f"is {tell(value)}", expected="no such key")


@rule(
    "response.message.is-not-mixed-with-delta",
    Level.SHOULD,
    on=Part.ANSWER,
    source="CreateChatCompletionResponse.choices; CreateChatCompletionStreamResponse.choices",
    kept_where=answers_plainly,
)
def is_not_mixed_with_delta(exchange: Exchange) -> Iterator[Finding]:
    """A choice of a completion has a `message` and no `delta`; one of a chunk has a `delta` and no `message`.

    Clients that serve both ways tell one from the other by these keys, and take the text twice or not at all. Judged on
    every completion and every chunk.
    """
    foreign = "message" if exchange.is_stream else "delta"
    bodies = [(f"/{i}", chunk) for i, chunk in enumerate(exchange.chunks)] or [("", exchange.completion)]
    for pointer, body in bodies:
        found = body.get("choices") if isinstance(body, dict) else None
        for number, choice in enumerate(found if isinstance(found, list) else ()):
            if isinstance(choice, dict) and foreign in choice:
                kind = "chunk" if exchange.is_stream else "completion"
                yield Finding(
                    f"{pointer}/choices/{number}/{foreign}", f"a `{foreign}` in a {kind}", expected="no such key"
                )


@rule(
    "response.message.text-holds-no-call",
    Level.SHOULD,
    on=Part.COMPLETION,
    source="ChatCompletionResponseMessage.content",
    when=every(offers_tools, lambda exchange: exchange.asked.get("tool_choice") != "none"),
)
def text_holds_no_call(exchange: Exchange) -> Iterator[Finding]:
    """The markup that a model writes around a tool call does not stand in the text.

    It is what comes out where a call was cut by the limit, or could not be read, and was handed on as text: users see
    it, and programs take the turn for an answer. Judged on completions that were offered tools.
    """
    for choice in choices(exchange):
        text = choice.content or ""
        if ("<" in text or "[" in text) and (found := CALL_MARKUP.search(text)):  # each markup begins with either
            told = tell(text[found.start() : found.start() + 60])
            yield Finding(f"/choices/{choice.position}/message/content", f"holds {told}", expected="text, or a call")


@rule(
    "response.message.reasoning-stands-apart",
    Level.INFO,
    on=Part.ANSWER,
    source="the practice of DeepSeek, Groq and vLLM: reasoning_content or reasoning",
)
def reasoning_stands_apart(exchange: Exchange) -> Iterator[Finding]:
    """What the model thinks before it answers does not stand in `content`.

    A client that shows or parses `content` takes the thinking for the answer. Servers that tell it do so in a field of
    its own. Judged on every answer: no text begins with the markup of thinking.
    """
    for choice in choices(exchange):
        text = (choice.content or "").lstrip()
        if text.startswith(THINKING):
            yield Finding(
                choice.place("content"), f"begins {tell(text[:40])}", expected="a field of its own, or nothing"
            )
