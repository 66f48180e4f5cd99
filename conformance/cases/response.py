"""Completions: log probabilities to their bounds, and a call that is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.case import case

if TYPE_CHECKING:
    from chatconform.core.case import Asking, Situation

PROMPT: Final = "Tell me about the sea."


@case(
    "response.logprobs",
    exercises=["response.logprobs", "response.likeliest", "series.acceptance.all-top-logprobs"],
    most=2,
)
def logprobs(situation: Situation) -> Asking:
    """Asks for log probabilities with none of the likely tokens, and alone where that is refused."""
    exchange = yield situation.chat(PROMPT, most=16, temperature=0, logprobs=True, top_logprobs=0)
    if exchange.refused:
        yield situation.chat(PROMPT, most=16, temperature=0, logprobs=True)


@case(
    "response.cut-call",
    exercises=["response.finish.cut-call-is-told", "response.message.text-holds-no-call"],
    most=1,
)
def cut_call(situation: Situation) -> Asking:
    """Forces the call of a tool with a long argument, and leaves room for eight tokens."""
    letter = {"type": "string", "minLength": 200, "description": "At least 200 characters."}
    schema = {"type": "object", "properties": {"letter": letter}, "required": ["letter"], "additionalProperties": False}
    function = {"name": "send_letter", "description": "Sends a letter.", "parameters": schema}
    tools = [{"type": "function", "function": function}]
    yield situation.chat("Send a long letter to my grandmother.", most=8, tools=tools, tool_choice="required")
