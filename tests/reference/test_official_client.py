"""The official client against the server: every feature through the SDK's own types and helpers."""

from __future__ import annotations

from typing import Any

import openai
import pydantic
import pytest

from chatconform.reference import ReferenceServer

MODEL = "chatconform-reference"
HELLO: Any = [{"role": "user", "content": "Say something short."}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather in a city.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Zürich", "Bern"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


class Step(pydantic.BaseModel):
    explanation: str
    output: float


class Reasoning(pydantic.BaseModel):
    steps: list[Step]
    final_answer: str
    sure: bool | None


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [MODEL]
    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("other")


def test_an_answer_is_typed(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=HELLO, n=2, logprobs=True, top_logprobs=2)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.choices[0].message.content
    assert answer.choices[0].logprobs
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id


def test_a_stream_spells_the_answer(client: openai.OpenAI) -> None:
    plain = client.chat.completions.create(model=MODEL, messages=HELLO, temperature=0)
    stream = client.chat.completions.create(
        model=MODEL, messages=HELLO, temperature=0, stream=True, stream_options={"include_usage": True}
    )
    text, usage = "", None
    for chunk in stream:
        usage = chunk.usage or usage
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
    assert text == plain.choices[0].message.content
    assert usage == plain.usage


def test_the_stream_helper_assembles_several_choices(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=HELLO, n=3, logprobs=True) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done", "logprobs.content.delta"} <= kinds
    assert [choice.finish_reason for choice in final.choices] == ["stop"] * 3


def test_the_stream_helper_assembles_calls(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "The weather in two cities, please."}]
    with client.chat.completions.stream(model=MODEL, messages=messages, tools=[WEATHER]) as stream:
        for _ in stream:
            pass
        choice = stream.get_final_completion().choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls
    assert [call.function.parsed_arguments["city"] in {"Zürich", "Bern"} for call in choice.message.tool_calls] == [
        True,
        True,
    ]


def test_structured_outputs_are_parsed(client: openai.OpenAI) -> None:
    parsed = client.chat.completions.parse(model=MODEL, messages=HELLO, response_format=Reasoning)
    assert isinstance(parsed.choices[0].message.parsed, Reasoning)
    with client.chat.completions.stream(model=MODEL, messages=HELLO, response_format=Reasoning) as stream:
        assert isinstance(stream.get_final_completion().choices[0].message.parsed, Reasoning)
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(model=MODEL, messages=HELLO, response_format=Reasoning, max_tokens=2)


def test_a_whole_conversation_with_tools_goes_round(client: openai.OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": "How is the weather?"}]
    first = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER]).choices[0].message
    assert first.tool_calls
    messages.append(first)
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "☔ 9"} for call in first.tool_calls]
    last = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    assert last.choices[0].message.content


def test_errors_reach_the_caller(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=HELLO, temperature=9, stream=True)
    assert caught.value.param == "temperature"
    assert caught.value.request_id
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="gpt-7", messages=HELLO)
    assert missing.value.code == "model_not_found"


def test_a_wrong_key_is_an_authentication_error() -> None:
    with (
        ReferenceServer(api_key="sk-right") as guarded,
        openai.OpenAI(base_url=guarded.url, api_key="sk-wrong", max_retries=0) as wrong,
        openai.OpenAI(base_url=guarded.url, api_key="sk-right", max_retries=0) as right,
    ):
        with pytest.raises(openai.AuthenticationError):
            wrong.chat.completions.create(model=MODEL, messages=HELLO)
        assert right.chat.completions.create(model=MODEL, messages=HELLO).choices


def test_a_stream_that_is_left_ends_the_answer() -> None:
    with (
        ReferenceServer(latency=60.0) as slow,
        openai.OpenAI(base_url=slow.url, api_key="any", max_retries=0) as client,
        client.chat.completions.create(model=MODEL, messages=HELLO, stream=True) as stream,
    ):
        assert next(iter(stream)).choices[0].delta.role == "assistant"
