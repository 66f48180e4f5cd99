"""Streamed: fragments of tool calls, and how they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.core.scenario import Expected, Grade, Scenario
from chatconform.scenarios.ns_tools import LEGACY, NO_ARGUMENTS, NOTE, ONE, TWO, WRITTEN
from chatconform.scenarios.st_values import LAST, part, sent
from chatconform.scenarios.writing import (
    ANY_ERROR,
    WEATHER,
    choice,
    completion,
    events,
    stream_call,
    streamed,
    tool_call,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROLE = part({"role": "assistant", "content": None})
END = part({}, "tool_calls")
OSLO, ROME = '{"city":"Oslo"}', '{"city":"Rome"}'
ESCAPES = '{"city":"Z\\u00fcrich \\ud83d\\udc4b","note":"a\\"b\\\\c\\n"}'


def fragment(index: int | None, **call: Any) -> dict[str, Any]:
    """One entry of a delta's tool calls; no index for None."""
    return call if index is None else {"index": index, **call}


def opening(index: int | None, id: str = "call_1", arguments: str = "", name: str = "get_weather") -> dict[str, Any]:
    """The first fragment of a call."""
    return fragment(index, id=id, type="function", function={"name": name, "arguments": arguments})


def more(
    index: int | None, arguments: str, *, function: Mapping[str, Any] | None = None, **call: Any
) -> dict[str, Any]:
    """A later fragment of a call."""
    return fragment(index, **call, function={**(function or {}), "arguments": arguments})


def calls(*fragments: dict[str, Any]) -> dict[str, Any]:
    """A chunk with these fragments in one delta."""
    return part({"tool_calls": list(fragments)})


def each(*fragments: dict[str, Any]) -> list[bytes]:
    """A stream with a chunk for each fragment."""
    return sent(ROLE, *map(calls, fragments), END, LAST)


def calling(
    id: str,
    grade: Grade,
    purpose: str,
    told: Mapping[str, Any] = ONE,
    pieces: Sequence[bytes] | None = None,
    *,
    tools: Sequence[dict[str, Any]] = (WEATHER,),
    needs: tuple[str, ...] = ("tools",),
    raw_is_fine: bool = False,
) -> Scenario:
    """A streamed scenario that offers tools; where it is hostile, what it would mean and an error are both right."""
    asked = stream_call("What is the weather in Oslo?", tools=list(tools))
    expected = Expected(told, error=ANY_ERROR if grade is Grade.HOSTILE else None)
    return streamed(
        id,
        grade,
        purpose,
        told,
        pieces=pieces,
        expected=expected,
        asked=asked,
        needs=needs,
        raw_is_fine=raw_is_fine or grade is Grade.HOSTILE,
    )


FIRST_HALF, SECOND_HALF = OSLO[:8], OSLO[8:]
ROME_HALF, ROME_REST = ROME[:8], ROME[8:]
NO_ARGS_FIRST = fragment(0, id="call_1", type="function", function={"name": "get_weather"})
TIME = completion(choice(None, tool_calls=[tool_call("", name="get_time")]))
TIME_SILENT = fragment(0, id="call_1", type="function", function={"name": "get_time"})
LONG_NAME = completion(choice(None, tool_calls=[tool_call(name="get_weather")]))
CUT = completion({**choice(None, tool_calls=[tool_call('{"city":"Os')]), "finish_reason": "length"})
TALKED = completion(choice("Let me see.", tool_calls=[tool_call()]))
STOPPED = completion(choice(None, finish="stop", tool_calls=[tool_call()]))
ESCAPED = completion(choice(None, tool_calls=[tool_call(ESCAPES)]))
BOTH = [opening(0, arguments=OSLO), opening(1, "call_2", ROME)]
PER_CHARACTER = [NO_ARGS_FIRST, *(more(0, letter) for letter in OSLO)]

SCENARIOS = [
    calling("st.tool-call", Grade.MUST, "One tool is called, in fragments."),
    calling("st.tool-call-20-frags", Grade.MUST, "The arguments come letter by letter.", ONE, each(*PER_CHARACTER)),
    calling(
        "st.tool-args-escape-split",
        Grade.MUST,
        "The fragments cut escape sequences within the arguments.",
        ESCAPED,
        events(ESCAPED, cut=list),
    ),
    calling("st.tool-calls-sequential", Grade.MUST, "Two calls come one after the other.", TWO),
    calling(
        "st.tool-calls-interleaved",
        Grade.MUST,
        "The fragments of two calls come in turn: later ones tell only their index.",
        TWO,
        each(
            opening(0),
            opening(1, "call_2"),
            more(0, FIRST_HALF),
            more(1, ROME_HALF),
            more(0, SECOND_HALF),
            more(1, ROME_REST),
        ),
    ),
    calling(
        "st.tool-calls-same-delta",
        Grade.MUST,
        "One delta holds fragments of both calls, the second time in the opposite order.",
        TWO,
        sent(
            ROLE,
            calls(opening(0, arguments=FIRST_HALF), opening(1, "call_2", ROME_HALF)),
            calls(more(1, ROME_REST), more(0, SECOND_HALF)),
            END,
            LAST,
        ),
    ),
    calling(
        "st.tool-calls-index-desc",
        Grade.SHOULD,
        "The second call comes before the first.",
        TWO,
        each(opening(1, "call_2", ROME), opening(0, arguments=OSLO)),
    ),
    calling(
        "st.tool-calls-whole",
        Grade.SHOULD,
        "Both calls come whole, in one chunk with their finish reason.",
        TWO,
        sent(
            part(
                {"role": "assistant", "tool_calls": [opening(0, arguments=OSLO), opening(1, "call_2", ROME)]},
                "tool_calls",
            ),
            LAST,
        ),
    ),
    calling(
        "st.tool-calls-no-index",
        Grade.HOSTILE,
        "Whole calls come without an index.",
        TWO,
        each(opening(None, arguments=OSLO), opening(None, "call_2", ROME)),
    ),
    calling(
        "st.tool-no-index-single",
        Grade.SHOULD,
        "One whole call comes without an index.",
        ONE,
        each(opening(None, arguments=OSLO)),
        raw_is_fine=True,
    ),
    calling(
        "st.tool-calls-same-index",
        Grade.HOSTILE,
        "Two calls with ids of their own have the same index.",
        TWO,
        each(opening(0, arguments=OSLO), opening(0, "call_2", ROME)),
    ),
    calling(
        "st.tool-calls-index-from-1",
        Grade.SHOULD,
        "The indexes count from one.",
        TWO,
        each(opening(1, arguments=OSLO), opening(2, "call_2", ROME)),
    ),
    calling(
        "st.tool-frag-nulls",
        Grade.SHOULD,
        "Later fragments have an id, a type and a name that are null.",
        ONE,
        each(
            opening(0),
            more(0, FIRST_HALF, function={"name": None}, id=None, type=None),
            more(0, SECOND_HALF, function={"name": None}, id=None, type=None),
        ),
    ),
    calling(
        "st.tool-frag-empty-strings",
        Grade.SHOULD,
        "Later fragments have an id and a name that are empty.",
        ONE,
        each(
            opening(0),
            more(0, FIRST_HALF, function={"name": ""}, id=""),
            more(0, SECOND_HALF, function={"name": ""}, id=""),
        ),
    ),
    calling(
        "st.tool-frag-type-repeated",
        Grade.SHOULD,
        "Each fragment tells the type.",
        ONE,
        each(opening(0), more(0, FIRST_HALF, type="function"), more(0, SECOND_HALF, type="function")),
    ),
    calling(
        "st.tool-frag-id-repeated",
        Grade.SHOULD,
        "Each fragment tells the id.",
        ONE,
        each(opening(0), more(0, FIRST_HALF, id="call_1"), more(0, SECOND_HALF, id="call_1")),
    ),
    calling(
        "st.tool-frag-name-repeated",
        Grade.HOSTILE,
        "Each fragment tells id and name: to be joined, or to be taken once?",
        ONE,
        each(opening(0, arguments=FIRST_HALF), opening(0, arguments=SECOND_HALF)),
    ),
    calling(
        "st.tool-frag-name-split",
        Grade.HOSTILE,
        "The name comes in two fragments: the opposite of being repeated.",
        LONG_NAME,
        each(opening(0, name="get_"), more(0, OSLO, function={"name": "weather"})),
    ),
    calling(
        "st.tool-args-empty",
        Grade.SHOULD,
        "A tool without parameters is called with an empty string for arguments.",
        TIME,
        each(opening(0, name="get_time")),
        tools=[NO_ARGUMENTS],
    ),
    calling(
        "st.tool-args-missing",
        Grade.SHOULD,
        "A tool without parameters is called, and no fragment has arguments.",
        TIME,
        each(TIME_SILENT),
        tools=[NO_ARGUMENTS],
    ),
    calling(
        "st.tool-args-invalid-json",
        Grade.MUST,
        "The token limit cut the arguments, which are no JSON then.",
        CUT,
        events(CUT),
    ),
    calling("st.tool-text-then-call", Grade.MUST, "A text comes, then a call.", TALKED),
    calling(
        "st.tool-content-empty-each",
        Grade.SHOULD,
        "Each delta with a fragment has an empty text too.",
        completion(choice("", tool_calls=[tool_call()])),
        sent(
            part({"role": "assistant", "content": ""}),
            part({"content": "", "tool_calls": [opening(0)]}),
            part({"content": "", "tool_calls": [more(0, OSLO)]}),
            END,
            LAST,
        ),
    ),
    calling("st.tool-finish-stop", Grade.SHOULD, "The finish reason is `stop` although a tool is called.", STOPPED),
    calling(
        "st.tool-custom",
        Grade.SHOULD,
        "A custom tool is called, its free text in fragments.",
        completion(choice(None, tool_calls=[WRITTEN])),
        tools=[NOTE],
        needs=("custom_tools",),
    ),
    streamed(
        "st.function-call-legacy",
        Grade.MUST,
        "A function is called in the older form, in fragments.",
        completion(choice(None, finish="function_call", function_call=LEGACY)),
        asked=stream_call("What is the weather in Oslo?", functions=[WEATHER["function"]]),
        needs=("functions",),
    ),
]
