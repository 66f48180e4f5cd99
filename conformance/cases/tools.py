"""Tools: every choice that a request can make about them, streamed and not, with tools that differ in name alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.case import Situation, case
from chatconform.rules.reading import choices

if TYPE_CHECKING:
    from chatconform.core.case import Asking

MOST: Final = 300
CALLS: Final = [
    "response.calls",
    "stream.tools",
    "response.tools.names-are-offered",
    "response.message.content-is-a-string-or-null",
]
STREAMED: Final[dict[str, Any]] = {"stream": True, "stream_options": {"include_usage": True}}


def code(situation: Situation) -> str:
    """A word that no model writes by chance."""
    return "".join(situation.random.choices("bcdfghjkmnpqrstvwxz", k=8))


def forced(key: str, value: str) -> dict[str, Any]:
    """A schema that one single object follows."""
    return {
        "type": "object",
        "properties": {key: {"type": "string", "enum": [value]}},
        "required": [key],
        "additionalProperties": False,
    }


def function(name: str, description: str, **more: Any) -> dict[str, Any]:
    """A function tool."""
    return {"type": "function", "function": {"name": name, "description": description, **more}}


def named(name: str) -> dict[str, Any]:
    """A choice that names a function."""
    return {"type": "function", "function": {"name": name}}


def gates(situation: Situation, *sides: str) -> list[dict[str, Any]]:
    """Strict tools, alike but for their names and the one value that each takes."""
    return [
        function(
            f"open_{side}_gate", f"Opens the {side} gate.", strict=True, parameters=forced("code", code(situation))
        )
        for side in sides
    ]


def twins(situation: Situation) -> list[dict[str, Any]]:
    """Two such tools."""
    return gates(situation, "north", "south")


@case("tools.named", exercises=[*CALLS, "response.tools.named-is-kept"], most=3)
def named_tools(situation: Situation) -> Asking:
    """A choice that names a tool without parameters among alike ones, and, streamed, one of these."""
    tools = gates(situation, "north", "east", "south", "west", "upper")
    several = [*tools, function("open_inner_gate", "Opens the inner gate.")]
    bare = yield situation.chat("Open a gate.", tools=several, tool_choice=named("open_inner_gate"), most=MOST)
    if bare.refused:
        several = tools
        yield situation.chat("Open a gate.", tools=several, tool_choice=named("open_south_gate"), most=MOST)
    yield situation.chat("Open a gate.", tools=several, tool_choice=named("open_west_gate"), most=MOST, **STREAMED)


@case("tools.none", exercises=["response.tools.none-is-kept", "response.calls.finish-tells-of-them"], most=2)
def no_tools(situation: Situation) -> Asking:
    """Tools that are offered and ruled out, whole and streamed, where the words ask for calls."""
    tools = twins(situation)
    yield situation.chat("Call the tool that opens the north gate.", tools=tools, tool_choice="none", most=48)
    yield situation.chat("Call both tools now.", tools=tools, tool_choice="none", most=48, **STREAMED)


@case(
    "tools.parallel",
    exercises=[
        *CALLS,
        "response.calls.ids-are-unique",
        "response.tools.parallel-off-is-kept",
        "response.tools.required-is-kept",
    ],
    most=2,
)
def parallel_tools(situation: Situation) -> Asking:
    """Two calls asked for in one breath, first streamed with `parallel_tool_calls` true, then whole with it false."""
    both = "Call both tools now: open the north gate and open the south gate."
    asked: dict[str, Any] = {"tools": twins(situation), "tool_choice": "required", "most": MOST}
    free = yield situation.chat(both, parallel_tool_calls=True, **asked, **STREAMED)
    several = any(len(choice.calls) > 1 for choice in choices(free))
    single = situation.chat(both, parallel_tool_calls=False, **asked)
    yield single.tagged(several_calls_without=True) if several else single


@case(
    "tools.kinds",
    exercises=[
        "response.tools.allowed-are-kept",
        "response.tools.custom-tools-are-called-as-such",
        "response.tools.legacy-functions-are-called",
    ],
    most=3,
)
def kinds(situation: Situation) -> Asking:
    """A choice among the allowed tools, a custom tool by name, and a function of the older form by name."""
    tools = twins(situation)
    allowed = {"mode": "required", "tools": [named("open_south_gate")]}
    choice = {"type": "allowed_tools", "allowed_tools": allowed}
    yield situation.chat("Open the north gate.", tools=tools, tool_choice=choice, most=MOST)
    custom = {"type": "custom", "custom": {"name": "say", "description": "Says a text aloud."}}
    chosen = {"type": "custom", "custom": {"name": "say"}}
    yield situation.chat("Say hello.", tools=[custom], tool_choice=chosen, most=MOST)
    functions = [tool["function"] for tool in tools]
    legacy = [{key: value for key, value in function.items() if key != "strict"} for function in functions]
    yield situation.chat("Open a gate.", functions=legacy, function_call={"name": "open_south_gate"}, most=MOST)
