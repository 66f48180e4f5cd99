"""What a client sends: each thing that can be asked must reach the server as it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.core.scenario import Call, Grade, Scenario
from chatconform.scenarios.ns_tools import NO_ARGUMENTS, ONE
from chatconform.scenarios.writing import (
    MODEL,
    WEATHER,
    call,
    choice,
    completion,
    events,
    stream,
    stream_call,
    streamed,
    tool_call,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
ANSWER = {"name": "city", "strict": True, "schema": WEATHER["function"]["parameters"]}
STRICT = {"type": "function", "function": {**WEATHER["function"], "strict": True}}
NAMED = {"type": "function", "function": {"name": "get_weather"}}
IN_JSON = completion(choice('{"city":"Oslo"}'))
TWO_CHOICES = completion(choice("First."), choice("Second.", index=1))


def asks(
    id: str, purpose: str, *, told: Mapping[str, Any] | None = None, needs: tuple[str, ...] = (), **body: Any
) -> Scenario:
    """A scenario about one kind of request, answered by something that fits it."""
    return whole(id, Grade.MUST, purpose, told, asked=call(**body), needs=needs)


def says(id: str, purpose: str, *messages: dict[str, Any], needs: tuple[str, ...] = (), **body: Any) -> Scenario:
    """A scenario about one kind of conversation."""
    asked = Call({"model": MODEL, "messages": list(messages), **body})
    return whole(id, Grade.MUST, purpose, asked=asked, needs=needs)


def user(content: Any, **fields: Any) -> dict[str, Any]:
    """A user's message."""
    return {"role": "user", "content": content, **fields}


def text(value: str) -> dict[str, Any]:
    """A text part."""
    return {"type": "text", "text": value}


ASKED = user("What is the weather in Oslo?")
CALLED = {"role": "assistant", "content": None, "tool_calls": [tool_call()]}
CALLED_WITH_TEXT = {**CALLED, "content": "Let me see."}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "Rain, 7 degrees."}

SCENARIOS = [
    says("rq.minimal", "A model and one message, nothing else.", user("hi")),
    says("rq.unicode-content", "Letters of several scripts and an emoji.", user("Grüße 你好 \U0001f44b")),
    says("rq.empty-content", "An empty text.", user("")),
    says("rq.whitespace-content", "White space at both ends of a text.", user("\n  hi \n\n")),
    asks(
        "rq.sampling-zeros",
        "Zeros, which are not the same as unset.",
        temperature=0,
        top_p=0,
        frequency_penalty=0,
        presence_penalty=0,
        seed=0,
    ),
    asks(
        "rq.sampling",
        "All sampling parameters.",
        temperature=0.7,
        top_p=0.9,
        frequency_penalty=-0.5,
        presence_penalty=1.5,
        seed=42,
    ),
    asks("rq.max-completion-tokens", "The token limit under its newer name.", max_completion_tokens=32),
    asks("rq.max-tokens", "The token limit under its older name.", max_tokens=32),
    asks("rq.stop-list", "Several stop sequences.", stop=["END", "\n\n"]),
    asks("rq.stop-string", "One stop sequence.", stop="END"),
    asks("rq.n2", "Two choices.", told=TWO_CHOICES, n=2, needs=("n",)),
    asks("rq.logprobs", "Log probabilities.", logprobs=True, top_logprobs=2, needs=("logprobs",)),
    asks("rq.logit-bias", "Tokens made likelier and less likely.", logit_bias={"50256": -100, "15": 5}),
    asks("rq.user-metadata", "The end user and pairs of the caller's own.", user="user-1", metadata={"team": "a b"}),
    asks(
        "rq.safety-cache",
        "The safety identifier and the cache key.",
        safety_identifier="user-1",
        prompt_cache_key="key-1",
    ),
    asks("rq.service-tier", "A service tier.", service_tier="flex"),
    asks("rq.reasoning-effort", "How much to think.", reasoning_effort="low"),
    asks(
        "rq.json-object",
        "Any JSON object for an answer.",
        text="Answer in JSON: which city?",
        told=IN_JSON,
        response_format={"type": "json_object"},
    ),
    asks(
        "rq.json-schema",
        "An answer by a JSON Schema.",
        text="Which city?",
        told=IN_JSON,
        response_format={"type": "json_schema", "json_schema": ANSWER},
    ),
    asks("rq.tools", "A tool to call.", told=ONE, tools=[WEATHER], needs=("tools",)),
    asks(
        "rq.tools-strict-choice",
        "A strict tool, that very one to be called, one call at most.",
        told=ONE,
        tools=[STRICT],
        tool_choice=NAMED,
        parallel_tool_calls=False,
        needs=("tools",),
    ),
    asks(
        "rq.tool-choice-required",
        "Some tool must be called.",
        told=ONE,
        tools=[WEATHER],
        tool_choice="required",
        needs=("tools",),
    ),
    asks("rq.tool-choice-none", "No tool may be called.", tools=[WEATHER], tool_choice="none", needs=("tools",)),
    asks(
        "rq.tool-no-params",
        "A tool without parameters.",
        told=completion(choice(None, tool_calls=[tool_call("{}", name="get_time")])),
        tools=[NO_ARGUMENTS],
        needs=("tools",),
    ),
    says("rq.system", "A system message.", {"role": "system", "content": "Be brief."}, user("hi")),
    says("rq.developer", "A developer message.", {"role": "developer", "content": "Be brief."}, user("hi")),
    says("rq.name-field", "A user with a name.", user("hi", name="ann")),
    says(
        "rq.multi-turn",
        "A conversation of several turns.",
        user("hi"),
        {"role": "assistant", "content": "Hello!"},
        user("How are you?"),
    ),
    says(
        "rq.tool-history",
        "A tool that was called, and its result.",
        ASKED,
        CALLED,
        RESULT,
        tools=[WEATHER],
        needs=("tools",),
    ),
    says(
        "rq.tool-history-text",
        "A tool that was called beside a text, and its result.",
        ASKED,
        CALLED_WITH_TEXT,
        RESULT,
        tools=[WEATHER],
        needs=("tools",),
    ),
    says(
        "rq.image-url",
        "An image with its detail.",
        user([text("What is it?"), {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}}]),
    ),
    says("rq.text-parts", "A text in two parts.", user([text("Say"), text("hello.")])),
    says(
        "rq.input-audio",
        "A sound.",
        user([text("What is said?"), {"type": "input_audio", "input_audio": {"data": SILENCE, "format": "wav"}}]),
    ),
    streamed(
        "rq.stream",
        Grade.MUST,
        "A stream.",
        {**completion(), "usage": None},
        attempt=stream(events(completion(), usage=False)),
        asked=stream_call(usage=False),
    ),
    streamed("rq.stream-usage", Grade.MUST, "A stream that tells its usage."),
    whole(
        "rq.extra-body",
        Grade.SHOULD,
        "A parameter that only some servers know.",
        asked=call(top_k=20),
    ),
]
