"""Not streamed: answers that call tools and functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.core.scenario import Expected, Grade, Scenario
from chatconform.scenarios.writing import ANY_ERROR, WEATHER, answer, call, choice, completion, tool_call, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE = completion(choice(None, tool_calls=[tool_call()]))
TWO = completion(choice(None, tool_calls=[tool_call(), tool_call('{"city":"Rome"}', id="call_2")]))
SPACED = tool_call('{ "city" :\n\t"Oslo" }')
CUT = tool_call('{"city":"Os')
NO_ARGUMENTS = {"type": "function", "function": {"name": "get_time", "description": "Tells the time."}}
NOTE = {"type": "custom", "custom": {"name": "note", "description": "Takes a note."}}
WRITTEN = {"id": "call_1", "type": "custom", "custom": {"name": "note", "input": "buy milk"}}
LEGACY = {"name": "get_weather", "arguments": '{"city":"Oslo"}'}
UNTYPED = {key: value for key, value in tool_call().items() if key != "type"}
AS_OBJECT = {**tool_call(), "function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}
NO_CONTENT = {
    **choice(None),
    "message": {"role": "assistant", "tool_calls": [tool_call()]},
    "finish_reason": "tool_calls",
}


def calling(
    id: str,
    grade: Grade,
    purpose: str,
    told: Mapping[str, Any],
    *,
    sent: Mapping[str, Any] | None = None,
    tools: list[dict[str, Any]] | None = None,
    needs: tuple[str, ...] = ("tools",),
) -> Scenario:
    """A scenario that offers tools; where `sent` is hostile, what it would mean and an error are both right."""
    expected = Expected(told, error=ANY_ERROR if grade is Grade.HOSTILE else None)
    asked = call("What is the weather in Oslo?", tools=tools or [WEATHER])
    return whole(id, grade, purpose, attempt=answer(sent or told), expected=expected, needs=needs, asked=asked)


SCENARIOS = [
    calling("ns.tool-call", Grade.MUST, "One tool is called.", ONE),
    calling("ns.tool-calls-parallel", Grade.MUST, "One tool is called twice at once.", TWO),
    calling(
        "ns.tool-call-content-empty",
        Grade.SHOULD,
        "A tool is called beside an empty text instead of none.",
        completion(choice("", tool_calls=[tool_call()])),
    ),
    calling(
        "ns.tool-call-with-content",
        Grade.MUST,
        "A tool is called beside a text.",
        completion(choice("Let me see.", tool_calls=[tool_call()])),
    ),
    calling(
        "ns.tool-call-content-missing",
        Grade.SHOULD,
        "A tool is called and the message has no content field.",
        ONE,
        sent=completion(NO_CONTENT),
    ),
    calling(
        "ns.tool-call-args-empty",
        Grade.SHOULD,
        "A tool without parameters is called with an empty string for arguments.",
        completion(choice(None, tool_calls=[tool_call("", name="get_time")])),
        tools=[NO_ARGUMENTS],
    ),
    calling(
        "ns.tool-call-args-ws",
        Grade.MUST,
        "The arguments hold white space, which is the model's and stays.",
        completion(choice(None, tool_calls=[SPACED])),
    ),
    calling(
        "ns.tool-call-args-invalid-json",
        Grade.MUST,
        "The arguments are no JSON, as a model may write them.",
        completion({**choice(None, tool_calls=[CUT]), "finish_reason": "length"}),
    ),
    calling(
        "ns.tool-call-args-object",
        Grade.HOSTILE,
        "The arguments are an object instead of a string.",
        ONE,
        sent=completion(choice(None, tool_calls=[AS_OBJECT])),
    ),
    calling(
        "ns.tool-call-finish-stop",
        Grade.SHOULD,
        "The finish reason is `stop` although a tool is called.",
        completion(choice(None, finish="stop", tool_calls=[tool_call()])),
    ),
    calling(
        "ns.tool-call-unknown-name",
        Grade.MUST,
        "The model calls a tool that was not offered.",
        completion(choice(None, tool_calls=[tool_call("{}", name="launch_rocket")])),
    ),
    calling(
        "ns.tool-call-custom",
        Grade.MUST,
        "A custom tool is called with free text.",
        completion(choice(None, tool_calls=[WRITTEN])),
        tools=[NOTE],
        needs=("custom_tools",),
    ),
    calling(
        "ns.tool-call-type-missing",
        Grade.SHOULD,
        "The call does not tell its type.",
        ONE,
        sent=completion(choice(None, tool_calls=[UNTYPED])),
    ),
    whole(
        "ns.function-call-legacy",
        Grade.MUST,
        "A function is called in the older form.",
        completion(choice(None, finish="function_call", function_call=LEGACY)),
        asked=call("What is the weather in Oslo?", functions=[WEATHER["function"]]),
        needs=("functions",),
    ),
]
