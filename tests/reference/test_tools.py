"""Tools: every choice that a request can make about them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from chatconform.schemas import violations, violations_of

PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 3}, "days": {"type": "integer", "minimum": 1, "maximum": 7}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


def function(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **more}}


WEATHER = function("get_weather", description="Tells the weather in a city.", parameters=PARAMETERS, strict=True)
TIME = function("get_time", description="Tells the hour.")
SHELL = {"type": "custom", "custom": {"name": "run_shell", "description": "Runs a command."}}
TOOLS = [WEATHER, TIME, SHELL]


def names(answer: dict[str, Any]) -> list[str]:
    calls = answer["choices"][0]["message"].get("tool_calls", ())
    return [call[call["type"]]["name"] for call in calls]


def test_a_tool_is_called_where_the_words_speak_of_it(heart: Any) -> None:
    assert names(heart.ask("How is the weather?", tools=TOOLS)) == ["get_weather"]
    assert names(heart.ask("What hour is it?", tools=TOOLS)) == ["get_time"]
    assert names(heart.ask("Please call a tool.", tools=TOOLS)) == ["get_weather"]
    assert names(heart.ask("Tell me a joke.", tools=[WEATHER])) == []


def test_a_call_ends_with_tool_calls_and_has_no_text(heart: Any) -> None:
    answer = heart.ask("weather", tools=TOOLS, logprobs=True)
    choice = answer["choices"][0]
    assert not violations("CreateChatCompletionResponse", answer)
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)
    assert choice["logprobs"] == {"content": None, "refusal": None}


@pytest.mark.parametrize("text", ["weather", "Tell me a joke."])
@pytest.mark.parametrize("seed", range(3))
def test_choices_are_kept_to_the_letter(heart: Any, text: str, seed: int) -> None:
    def called(choice: Any) -> list[str]:
        return names(heart.ask(text, tools=TOOLS, tool_choice=choice, seed=seed))

    assert called("none") == []
    assert called("required")
    assert called({"type": "function", "function": {"name": "get_time"}}) == ["get_time"]
    assert called({"type": "custom", "custom": {"name": "run_shell"}}) == ["run_shell"]
    only = {"mode": "required", "tools": [{"type": "function", "function": {"name": "get_time"}}, SHELL]}
    assert set(called({"type": "allowed_tools", "allowed_tools": only})) <= {"get_time", "run_shell"}
    assert called({"type": "allowed_tools", "allowed_tools": only})
    few = {"type": "allowed_tools", "allowed_tools": {**only, "mode": "auto"}}
    assert "get_weather" not in called(few)


@pytest.mark.parametrize("seed", range(10))
def test_arguments_are_valid_by_the_schema(heart: Any, seed: int) -> None:
    calls = heart.ask("weather", tools=TOOLS, seed=seed)["choices"][0]["message"]["tool_calls"]
    assert not violations_of(PARAMETERS, orjson.loads(calls[0]["function"]["arguments"]))


@pytest.mark.parametrize("parameters", [{}, {"parameters": {}}, {"parameters": {"type": "object", "properties": {}}}])
def test_a_tool_without_parameters_is_called_with_an_empty_object(heart: Any, parameters: dict[str, Any]) -> None:
    bare = function("refresh", **parameters)
    answer = heart.ask(tools=[bare], tool_choice="required")
    assert answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_several_calls_come_unless_they_are_ruled_out(heart: Any) -> None:
    for text in ("Call both tools, the weather and the hour.", "weather in two cities"):
        calls = heart.ask(text, tools=TOOLS, tool_choice="required")["choices"][0]["message"]["tool_calls"]
        assert len(calls) == 2
        assert len({call["id"] for call in calls}) == 2
        single = heart.ask(text, tools=TOOLS, tool_choice="required", parallel_tool_calls=False)
        assert len(names(single)) == 1


def test_after_the_results_the_answer_is_in_words(heart: Any) -> None:
    message = heart.ask("weather", tools=TOOLS)["choices"][0]["message"]
    identity = message["tool_calls"][0]["id"]
    for content in ("21", "", '☔ "\\ \u2028', [{"type": "text", "text": "21"}]):
        result = {"role": "tool", "tool_call_id": identity, "content": content}
        answer = heart.ask([{"role": "user", "content": "weather"}, message, result], tools=TOOLS)
        assert answer["choices"][0]["message"]["content"]


@pytest.mark.parametrize("limit", range(1, 14))
def test_a_call_that_is_cut_ends_with_length(heart: Any, limit: int) -> None:
    whole = heart.ask("weather", tools=TOOLS, seed=1)
    cut = heart.ask("weather", tools=TOOLS, seed=1, max_tokens=limit)
    call, shorter = (answer["choices"][0]["message"]["tool_calls"][0] for answer in (whole, cut))
    assert call["function"]["arguments"].startswith(shorter["function"]["arguments"])
    used = whole["usage"]["completion_tokens"]
    assert cut["usage"]["completion_tokens"] == min(limit, used)
    assert cut["choices"][0]["finish_reason"] == ("length" if limit <= used else "tool_calls")


def test_custom_tools_get_the_text_that_their_format_says(heart: Any) -> None:
    def tool(format: Any) -> dict[str, Any]:
        return {"type": "custom", "custom": {"name": "query", "format": format}}

    grammar = {"definition": "^SELECT [a-z]{3,8} FROM t[0-9]$", "syntax": "regex"}
    for format in ({"type": "text"}, {"type": "grammar", "grammar": grammar}):
        call = heart.ask(tools=[tool(format)], tool_choice="required")["choices"][0]["message"]["tool_calls"][0]
        assert call["type"] == "custom"
        assert call["custom"]["input"]
    assert not violations_of({"pattern": grammar["definition"]}, call["custom"]["input"])
    lark = {"type": "grammar", "grammar": {"definition": "start: A", "syntax": "lark"}}
    assert heart.refused(tools=[tool(lark)]).param == "tools[0].custom.format.grammar.syntax"
    broken = {"type": "grammar", "grammar": {"definition": "(", "syntax": "regex"}}
    assert heart.refused(tools=[tool(broken)]).param == "tools[0].custom.format.grammar.definition"


def test_legacy_functions_are_called_their_own_way(heart: Any) -> None:
    functions = [WEATHER["function"], TIME["function"]]
    answer = heart.ask("weather", functions=functions)
    choice = answer["choices"][0]
    assert not violations("CreateChatCompletionResponse", answer)
    assert choice["finish_reason"] == "function_call"
    assert choice["message"]["function_call"]["name"] == "get_weather"
    assert "tool_calls" not in choice["message"]
    named = heart.ask("joke", functions=functions, function_call={"name": "get_time"})
    assert named["choices"][0]["message"]["function_call"] == {"name": "get_time", "arguments": "{}"}
    assert heart.text("weather", functions=functions, function_call="none")


def test_many_tools_are_taken_in_bounded_time(heart: Any) -> None:
    many = [function(f"tool_{number}", parameters=PARAMETERS) for number in range(1000)]
    assert names(heart.ask("joke", tools=many, tool_choice={"type": "function", "function": {"name": "tool_999"}}))
