"""Valid requests at their edges: many at once, and apart only where a server refuses them together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from chatconform.cases.parameters import parameters
from chatconform.cases.tools import forced, function, twins
from chatconform.core.case import Situation, case
from chatconform.rules.asking import count, kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chatconform.cases.parameters import Parameter
    from chatconform.core.ask import Ask
    from chatconform.core.case import Asking
    from chatconform.core.exchange import Exchange

MOST: Final = 6
MOST_PARTS: Final = 8
"""So many requests are made at the most to find out which of many settings are refused."""
NEEDS_ANOTHER: Final = frozenset({"n", "top_logprobs"})
"""Bounded parameters that cost or need something at their bounds, and have requests of their own."""
QUESTION: Final = "Name a colour."
CONTROLS: Final = "\x00\x01\x1b[31m\x7f\x85\ufeff\ufffe\uffff\u2028\u2029\u202e\U0001fffe\U0010ffff"
Messages = list[dict[str, Any]]


def user(content: Any = QUESTION) -> dict[str, Any]:
    """A user's message."""
    return {"role": "user", "content": content}


def part(text: str) -> dict[str, Any]:
    """A part of text."""
    return {"type": "text", "text": text}


def together_or_each(together: Ask, each: Iterable[Ask]) -> Asking:
    """Asks for all at once and, where that is refused, for each alone."""
    exchange = yield together
    if exchange.refused:
        for ask in each:  # noqa: UP028  # exchanges are sent in, and an iterator takes none
            yield ask


def answered_or_each(together: Ask, each: Iterable[Ask]) -> Asking:
    """Asks for all at once and, where that is not answered or breaks the target, for each alone."""
    exchange = yield together
    if not exchange.succeeded:
        for ask in each:  # noqa: UP028  # exchanges are sent in, and an iterator takes none
            yield ask


def beside(plain: Exchange, ask: Ask) -> Ask:
    """The request, with what is known of the tokens that a prompt takes without what it adds."""
    tokens = count(kept(plain.answer, "usage").get("prompt_tokens"))
    return ask if tokens is None else ask.tagged(prompt_tokens_without=tokens)


def _settings(situation: Situation, settings: Mapping[str, Any]) -> Asking:
    """Asks with all of the settings; what is refused is asked in two parts, what the error names first, and so on."""
    asked, waiting = 0, [list(settings)]
    while waiting and asked <= MOST_PARTS:
        names = waiting.pop(0)
        exchange = yield situation.chat(most=MOST, **{name: settings[name] for name in names})
        asked += 1
        while exchange.refused and len(names) > 1 and asked <= MOST_PARTS:
            named = [name for name in names if _is_named(name, exchange)]
            first = named if 0 < len(named) < len(names) else names[: len(names) // 2]
            rest = [name for name in names if name not in first]
            part_of_it = yield situation.chat(most=MOST, **{name: settings[name] for name in first})
            asked += 1
            if part_of_it.refused:  # and of the rest nothing is known yet
                exchange, names = part_of_it, first
                waiting.insert(0, rest)
            elif len(rest) == 1:
                waiting.insert(0, rest)
                break
            else:  # then it is the rest that is refused, which needs no asking
                names = rest


def _is_named(name: str, exchange: Exchange) -> bool:
    """Whether an error names a parameter, and so is likely to be about that one."""
    body = exchange.response.body if exchange.response is not None else b""
    return re.search(rf"(?<![A-Za-z_]){name}(?![A-Za-z_])", body.decode(errors="replace")) is not None


def _edges() -> list[Parameter]:
    return [one for one in parameters() if one.bounded and one.name not in NEEDS_ANOTHER]


@case("acceptance.nulls", exercises=["response.acceptance.null-is-unset"], most=1 + MOST_PARTS)
def nulls(situation: Situation) -> Asking:
    """Every parameter that can be null is null."""
    asked = situation.chat(most=MOST).body
    names = [one.name for one in parameters() if one.nullable and one.name not in asked]
    yield from _settings(situation, dict.fromkeys(names))


@case(
    "acceptance.edges",
    exercises=[
        "response.acceptance.sampling-parameters",
        "response.acceptance.stop-sequences",
        "response.acceptance.seeds",
        "response.acceptance.logit-biases",
        "response.acceptance.a-single-choice",
        "response.acceptance.labels",
        "response.acceptance.text-format",
    ],
    most=2 * (1 + MOST_PARTS),
)
def edges(situation: Situation) -> Asking:
    """Every bounded parameter at its lower bound as a whole number, then at its upper one with a point."""
    low: dict[str, Any] = {one.name: one.lowest for one in _edges()}
    yield from _settings(situation, {**low, "stop": "###", "n": 1, "logit_bias": {}, "metadata": {}, "user": "u"})
    high: dict[str, Any] = {
        one.name: float(one.highest or 0) if "number" in one.types else one.highest for one in _edges()
    }
    pairs = {f"{number:064d}": "é" * 512 for number in range(16)}
    labels = {"metadata": pairs, "safety_identifier": "s" * 64, "prompt_cache_key": "k" * 64}
    stops = ["###", "\n\n\n\n", "ENDE", "。。。"]
    settings = {**high, "stop": stops, "logit_bias": {"7": -100}, "response_format": {"type": "text"}, **labels}
    yield from _settings(situation, settings)


@case(
    "acceptance.messages",
    exercises=[
        "response.body.*",
        "response.odd.*",
        "response.http.every-request-is-answered",
        "response.status.input-is-never-a-server-error",
        "response.acceptance.developer-messages",
        "response.acceptance.empty-assistant-text",
        "series.acceptance.text-in-parts",
        "series.acceptance.parts-count-like-a-string",
        "series.history.own-messages-are-accepted",
    ],
    most=13,
)
def messages(situation: Situation) -> Asking:
    """One question as a string and in a part; the answer sent back in a long conversation in all forms; a developer."""
    first = yield situation.chat([user()], most=MOST)
    yield situation.chat([user([part(QUESTION)])], most=MOST)
    system = {"role": "system", "content": [part("Be brief."), part(" Be kind.")]}
    said = {"role": "assistant", "content": [part('Seven times eight is "56".')]}
    asked = user([part("И наоборот?\n"), part("\t八七?")])
    named = {**user("What is <b>7 × 8</b>?"), "name": "pupil_1"}
    silent = {"role": "assistant", "content": ""}
    each: list[Messages] = [
        [{**system, "content": "Be brief."}, user()],
        [system, user()],
        [user(), said, user()],
        [asked],
        [user("Say nothing."), silent, user()],
        [user(f"Repeat: {CONTROLS}")],
    ]
    together: Messages = [system, named, said, asked, silent, user(f"Repeat: {CONTROLS}")]
    match first.completion:
        case {"choices": [{"message": dict(message)}, *_]} if not message.get("tool_calls"):
            together += [message, user("And another.")]
            each.append([user(), message, user("And another.")])
    yield from answered_or_each(
        situation.chat(together, most=MOST, user="someone"), (situation.chat(some, most=MOST) for some in each)
    )
    developers: Messages = [{"role": "developer", "content": content} for content in ("Be brief.", [part("Be kind.")])]
    yield from together_or_each(
        beside(first, situation.chat([*developers, user()], most=MOST)),
        (beside(first, situation.chat([developer, user()], most=MOST)) for developer in developers),
    )


def turn(*calls: tuple[str, Any], order: int = 1, **message: Any) -> Messages:
    """A question, calls with their ids and results, and the results in the order of the calls or against it."""
    listed = [
        {"id": name, "type": "function", "function": {"name": "open_north_gate", "arguments": "{}"}}
        for name, _ in calls
    ]
    results = [{"role": "tool", "tool_call_id": name, "content": result} for name, result in calls]
    return [user("Open the gate."), {"role": "assistant", "tool_calls": listed, **message}, *results[::order]]


@case(
    "acceptance.tools",
    exercises=[
        "series.acceptance.tools-without-parameters",
        "series.acceptance.long-tool-names",
        "series.acceptance.text-in-parts",
        "series.acceptance.calls-without-content",
        "series.acceptance.results-in-any-order",
        "series.acceptance.call-ids-of-any-length",
        "series.history.tool-results-are-accepted",
        "response.calls.finish-tells-of-them",
        "response.tools.names-are-offered",
        "response.message.content-is-a-string-or-null",
    ],
    most=14,
)
def tools(situation: Situation) -> Asking:
    """A call left to the model, among tools with hardly anything in them; and histories of calls in all legal forms."""
    offered = twins(situation)
    wish = "Call the tool that opens the north gate."
    bare: Messages = [
        {"type": "function", "function": {"name": "refresh"}},
        function("stop_it", "Stops it.", parameters={}, strict=None),
        function("go_on", "Goes on.", strict=False),
    ]
    long = [function("n" * 64, "Does nothing.", parameters=forced("how", "quickly"))]
    every = yield situation.chat(wish, tools=[*offered, *bare, *long], most=300)
    if every.refused:
        free = yield situation.chat(wish, tools=offered, most=300)
        if free.refused:  # tools at all, or only strict ones
            yield situation.chat(tools=[bare[0]], most=MOST)
            return
        for some in ([bare[0]], [bare[1]], [bare[2]], long):
            yield situation.chat(tools=some, most=MOST)
    odd = 'Öffnet 🙂 “now” \\ \u2028 {"state": "open"}\n\t'
    variants: list[Messages] = [
        turn(("call_1_north", odd), ("call_1_south", ""), content="I open both."),
        turn(("call_2_north", "open"), content=None),
        turn(("call_3_north", "open")),
        turn(("call_4_north", "open"), content=""),
        turn(("call_5_north", "open"), ("call_5_south", "shut"), order=-1, content="I open both."),
        turn(("a", "open"), ("b" * 200, "shut"), content="I open both."),
        turn(("call_6_north", [part("open"), part(" and lit")]), content="I open it."),
    ]
    done: Messages = [{"role": "assistant", "content": "Done."}]
    whole = [message for variant in variants[:-1] for message in (*variant, *done)] + variants[-1]
    yield from together_or_each(
        situation.chat(whole, tools=offered, most=MOST),
        (situation.chat(variant, tools=offered, most=MOST) for variant in variants),
    )


@case("acceptance.sequences", exercises=["response.status.input-is-never-a-server-error"])
def sequences(situation: Situation) -> Asking:
    """Roles in an order that chat templates do not expect: repeated, late, the assistant last, or the system alone."""
    said = {"role": "assistant", "content": "Blue."}
    system = {"role": "system", "content": "Be brief."}
    orders: list[Messages] = [
        [user(), user(), said, said, system, system, user(), said],
        [system],
        [said, user()],
        [system, said, said],
    ]
    yield situation.chat(situation.random.choice(orders), most=MOST)


@case(
    "acceptance.contested",
    exercises=[
        "response.status.input-is-never-a-server-error",
        "response.tools.none-come-unoffered",
        "response.structured.text-is-not-blank",
        "response.usage.limit-is-kept",
        "response.optional.service-tier-is-told",
        "response.structured.json-object-is-json",
        "response.naming.lacking-parameter-is-named",
    ],
    most=12 + MOST_PARTS,
)
def contested(situation: Situation) -> Asking:
    """What servers settle in different ways: it may be answered or refused, and never breaks them.

    What is most often answered is asked together, and apart where it is not.
    """
    asked = situation.chat
    empty: Messages = [user(), {"role": "assistant", "content": "Blue.", "tool_calls": []}]
    calls = [
        {"id": f"call_{number}", "type": "function", "function": {"name": "open_north_gate", "arguments": text}}
        for number, text in enumerate(("", "{", "null", '{"code": "' + "x" * 100_000 + '"}'))
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "open"} for call in calls]
    history = [user(), {"role": "assistant", "content": None, "tool_calls": calls}, *results]
    offered = twins(situation)
    yield from answered_or_each(
        asked([*empty, *history], tools=offered, most=MOST),
        [asked(history, tools=offered, most=MOST), asked([*empty, user()], most=MOST)],
    )
    limits: dict[str, Any] = {"max_tokens": 2**63 - 1, "max_completion_tokens": 3, "stop": ["e", "a", "n", " "]}
    words = {one.name: situation.random.choice(one.values) for one in parameters() if one.values}
    everything = yield asked(tools=[], **limits, **words)
    if not everything.succeeded:
        yield asked(**limits)
        yield asked(tools=[], most=MOST)
        yield from _settings(situation, words)
    objects: dict[str, Any] = {"response_format": {"type": "json_object"}, "most": 64}
    unsaid = yield asked("Name three colours.", **objects)
    if not unsaid.succeeded:
        yield asked("Name three colours as a JSON object.", **objects)
    yield asked(max_tokens=0)
    predicted = {"type": "content", "content": [part("Blue.")]}
    yield asked(most=MOST, prediction=predicted)
    yield asked(most=MOST, web_search_options={"search_context_size": "low"})
