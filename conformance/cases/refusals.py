"""Requests with one fault each, one for every kind of fault that a server should see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.cases.acceptance import turn, user
from chatconform.cases.parameters import parameters
from chatconform.cases.structured import by_schema
from chatconform.cases.tools import function, named
from chatconform.core.ask import Ask
from chatconform.core.case import Situation, case

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatconform.cases.parameters import Parameter
    from chatconform.core.case import Asking

MOST: Final = 4
ALWAYS: Final = ["response.status.input-is-never-a-server-error", "response.errors"]
Body = dict[str, Any]


def _asked(situation: Situation, bodies: Iterable[Body]) -> Asking:
    """Asks each, every second one for a stream."""
    for number, body in enumerate(bodies):
        streamed = {"stream": True} if number % 2 and "stream" not in body and "stream_options" not in body else {}
        yield situation.chat(most=MOST, **{**streamed, **body})


@case("refusals.messages", exercises=["response.refusals.messages", *ALWAYS], most=10)
def wrong_messages(situation: Situation) -> Asking:
    """Conversations that are none: no messages, unknown roles, contents that are missing, calls without results."""
    whole = situation.chat(most=MOST).body
    yield Ask({name: value for name, value in whole.items() if name != "model"})
    said = {"role": "assistant", "content": "Blue."}
    result = {"role": "tool", "tool_call_id": "call_other", "content": "open"}
    image = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
    nobody: list[Body] = [
        {"content": "Name a colour."},
        *({**user(), "role": role} for role in ("bot", "User", "", None)),
    ]
    empty: list[list[Body]] = [[user(None)], [{"role": "user"}], [{"role": "system", "content": None}, user()]]
    wrong_parts: list[list[Body]] = [
        [user([{"type": "banner", "banner": "x"}])],
        [user([])],
        [user([{"type": "text"}])],
        [{"role": "system", "content": [image]}, user()],
        [user([{"type": "image_url"}])],
    ]
    malformed: list[Any] = [
        ["Name a colour."],
        [
            user(),
            {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function"}]},
            {**result, "tool_call_id": "call_1"},
        ],
        [{**user(), "name": 7}],
    ]
    choose = situation.random.choice
    nothing: list[Any] = [[], None]
    for messages in (
        choose(nothing),
        [choose(nobody)],
        choose(wrong_parts),
        choose(empty),
        [user(), {"role": "assistant"}, user()],
        [*turn(("call_1", "open"))[:2], {"role": "tool", "content": "open"}],
        choose([[user(), said, result], [*turn(("call_1", "open")), result]]),
        choose(malformed),
        [*turn(("call_1", "open"), ("call_2", "shut"))[:3], user()],
    ):
        yield situation.chat(messages, most=MOST)


@case("refusals.bounds", exercises=["response.refusals.parameters.out-of-bounds", *ALWAYS], most=len(parameters()))
def beyond_bounds(situation: Situation) -> Asking:
    """Numbers just above their upper bound: of those with the same bounds, one."""
    alike: dict[tuple[float | None, float | None], list[Parameter]] = {}
    for one in parameters():
        if one.bounded:
            alike.setdefault((one.lowest, one.highest), []).append(one)
    needed: Body = {"top_logprobs": {"logprobs": True}}
    chosen = [situation.random.choice(some) for some in alike.values()]
    above = [
        {one.name: one.highest + (1 if "integer" in one.types else 0.1), **needed.get(one.name, {})}
        for one in chosen
        if one.highest is not None
    ]
    yield from _asked(situation, above)


@case("refusals.parameters", exercises=["response.refusals.parameters", *ALWAYS], most=9)
def wrong_parameters(situation: Situation) -> Asking:
    """Parameters of wrong types, with unknown words, too many stops, and half of a pair."""
    numbers = [one.name for one in parameters() if "number" in one.types]
    integers = [one.name for one in parameters() if "integer" in one.types and one.name != "top_logprobs"]
    truths = [one.name for one in parameters() if "boolean" in one.types]
    too_much: list[Body] = [
        {"metadata": {str(number): "x" for number in range(17)}},
        {"metadata": {"k" * 65: "x"}},
        {"metadata": {"key": "x" * 513}},
        {"safety_identifier": "s" * 65},
    ]
    choose = situation.random.choice
    yield from _asked(
        situation,
        [
            choose([{choose(numbers): "1"}, {choose(integers): 1.5}]),
            {choose(truths): choose(["true", "no", 1])},
            {"reasoning_effort": "enormous"},
            {"stop": ["a", "b", "c", "d", "e"]},
            {"top_logprobs": 2},
            {"stream_options": {"include_usage": True}},
            {"modalities": ["text", "audio"]},
            choose(too_much),
            {"prediction": {"type": "content"}},
        ],
    )


@case("refusals.tools", exercises=["response.refusals.tools", *ALWAYS], most=6)
def wrong_tools(situation: Situation) -> Asking:
    """Tools with wrong names or without any, choices of what is not there, and tools beside functions."""
    good = function("look_up", "Looks a word up.", parameters={"type": "object", "properties": {}})
    malformed: list[Body] = [
        {"type": "function"},
        {"type": "function", "function": {"description": "Has no name."}},
        {"type": "gadget", "gadget": {"name": "look_up"}},
        function("look_up", "Looks a word up.", parameters=["word"]),
    ]
    choose = situation.random.choice
    yield from _asked(
        situation,
        [
            {"tools": [function(choose(["look up", "look.up", "nachschläge", "", "n" * 65]), "Looks a word up.")]},
            {"tools": [choose(malformed)]},
            {"tools": [good], "tool_choice": "always"},
            {"tools": [good], "tool_choice": named("look_down")},
            {"tool_choice": choose(["required", named("look_up")])},
            {"tools": [good], "functions": [good["function"]]},
        ],
    )


@case("refusals.formats", exercises=["response.refusals.formats", *ALWAYS], most=3)
def wrong_formats(situation: Situation) -> Asking:
    """Formats of an unknown type, and schemas without a name, in the wrong place, or of an unknown type."""
    schema: Body = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    schema["additionalProperties"] = False
    named_badly: list[Body] = [{}, *({"name": name} for name in ("my answer", "", "n" * 65))]
    form: Body = {**situation.random.choice(named_badly), "strict": True, "schema": schema}
    beside: Body = {"name": "answer", "strict": True, **schema}
    misplaced: Body = {"type": "json_schema", "json_schema": beside}
    no_schema = by_schema({**schema, "properties": {"a": {"type": "banana"}}})
    yield from _asked(
        situation,
        [
            {"response_format": {"type": "xml"}},
            {"response_format": {"type": "json_schema", "json_schema": form}},
            {"response_format": situation.random.choice([misplaced, no_schema])},
        ],
    )
