"""Valid requests beside like ones: what a server that takes the one has to take in the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.accepting import compared, refused_beside
from chatconform.rules.asking import count, kept
from chatconform.rules.capabilities import JSON_OBJECT, LOGPROBS, TOOLS, TOP_LOGPROBS
from chatconform.rules.demands import Demand
from chatconform.rules.reading import choices
from chatconform.rules.refusing import answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@rule(
    "series.acceptance.text-in-parts",
    Level.MUST,
    on=Part.SERIES,
    source="ChatCompletionRequestUserMessage.content and the like of every role",
    when=compared(Demand.PARTS),
)
def text_in_parts(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The content of every message may be a list of text parts.

    SDKs and agents write all content in parts. A template that expects strings fails on them, or prints the list.
    Judged on messages of each role in parts, where the same role is accepted as a string.
    """
    return refused_beside(Demand.PARTS, series)


@rule(
    "series.acceptance.calls-without-content",
    Level.MUST,
    on=Part.SERIES,
    source="ChatCompletionRequestAssistantMessage.content",
    when=compared(Demand.BARE_CALLS),
    needs=TOOLS,
)
def calls_without_content(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """An assistant message with calls may have its content null, missing or empty.

    A model that calls a tool says nothing beside it, and clients send back one of the three. Judged where a history
    with calls and content is accepted.
    """
    return refused_beside(Demand.BARE_CALLS, series)


@rule(
    "series.acceptance.results-in-any-order",
    Level.SHOULD,
    on=Part.SERIES,
    source="ChatCompletionRequestToolMessage.tool_call_id",
    when=compared(Demand.ORDER),
    needs=TOOLS,
)
def results_in_any_order(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The results of several calls may come in any order.

    They come as the tools finish; the id says which is which. Judged where results in the order of their calls are
    accepted.
    """
    return refused_beside(Demand.ORDER, series)


@rule(
    "series.acceptance.call-ids-of-any-length",
    Level.SHOULD,
    on=Part.SERIES,
    source="ChatCompletionMessageToolCall.id",
    when=compared(Demand.IDS),
    needs=TOOLS,
)
def call_ids_of_any_length(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The id of a call may be of any length.

    A conversation goes on at another server with the ids of the first: Mistral's have 9 characters, others 40 or
    more. Judged where ids of a usual length are accepted.
    """
    return refused_beside(Demand.IDS, series)


@rule(
    "series.acceptance.tools-without-parameters",
    Level.MUST,
    on=Part.SERIES,
    source="FunctionObject.parameters; FunctionObject.description; FunctionObject.strict",
    when=compared(Demand.BARE_TOOLS),
    needs=TOOLS,
)
def tools_without_parameters(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A function needs neither parameters nor a description, and its `strict` may be null.

    Left out, the parameters are an empty list. Judged where tools with both are accepted.
    """
    return refused_beside(Demand.BARE_TOOLS, series)


@rule(
    "series.acceptance.long-tool-names",
    Level.SHOULD,
    on=Part.SERIES,
    source="FunctionObject.name",
    when=compared(Demand.LONG_NAMES),
    needs=TOOLS,
)
def long_tool_names(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The name of a function may have 64 characters.

    Names that are put together from a server's and a tool's are that long. Judged where shorter names are accepted.
    """
    return refused_beside(Demand.LONG_NAMES, series)


@rule(
    "series.acceptance.logprobs-alone",
    Level.MUST,
    on=Part.SERIES,
    source="CreateChatCompletionRequest.logprobs; CreateChatCompletionRequest.top_logprobs",
    when=compared(Demand.LOGPROBS_ALONE),
    needs=LOGPROBS,
)
def logprobs_alone(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """`logprobs` works without `top_logprobs`.

    Most callers want the chosen tokens alone. Judged where `logprobs` with `top_logprobs` is accepted.
    """
    return refused_beside(Demand.LOGPROBS_ALONE, series)


@rule(
    "series.acceptance.all-top-logprobs",
    Level.SHOULD,
    on=Part.SERIES,
    source="CreateChatCompletionRequest.top_logprobs",
    when=compared(Demand.TOP_LOGPROBS),
    needs=TOP_LOGPROBS,
)
def all_top_logprobs(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """`top_logprobs` is accepted from 0 to 20.

    Judged at both ends, where `logprobs` is accepted.
    """
    return refused_beside(Demand.TOP_LOGPROBS, series)


@rule(
    "series.acceptance.json-object-beside-json-schema",
    Level.SHOULD,
    on=Part.SERIES,
    source="CreateChatCompletionRequest.response_format",
    when=compared(Demand.JSON_OBJECT),
    needs=JSON_OBJECT,
)
def json_object_beside_json_schema(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A server that takes `json_schema` takes `json_object` too.

    Older programs ask for any object, and a server that enforces schemas can give one. Judged where an answer by a
    schema is given.
    """
    return refused_beside(Demand.JSON_OBJECT, series)


def _as_strings(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """A request with each content of a single text part made a string; None where there is no such content."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return None
    plain = [_as_string(message) for message in messages]
    return {**body, "messages": plain} if plain != messages else None


def _as_string(message: Any) -> Any:
    match message:
        case {"content": [{"type": "text", "text": str(text), **rest}]} if not rest:
            return {**message, "content": text}
    return message


def _pairs(series: Sequence[Exchange]) -> Iterator[tuple[int, int, int]]:
    """Requests that differ only in parts for strings: the index of the one in parts, and both prompts' tokens."""
    for number, exchange in enumerate(series):
        if (plain := _as_strings(exchange.asked)) is not None:
            for other in series:
                counts = [count(kept(e.answer, "usage").get("prompt_tokens")) for e in (exchange, other)]
                if dict(other.asked) == plain and counts[0] is not None and counts[1] is not None:
                    yield number, counts[0], counts[1]


@rule(
    "series.acceptance.parts-count-like-a-string",
    Level.SHOULD,
    on=Part.SERIES,
    source="ChatCompletionRequestUserMessage.content",
    when=lambda series: any(True for _ in _pairs(series)),
)
def parts_count_like_a_string(series: Sequence[Exchange]) -> Iterator[Finding]:
    """A text as a string and the same text as a single part are the same prompt.

    A server that prints the list, adds a line end or drops the part gives another answer to the same question. Judged
    by the tokens of the prompt of two requests that differ in nothing else.
    """
    for number, parts, plain in _pairs(series):
        if parts != plain:
            found = f"the prompt takes {parts} tokens with its text in a part, and {plain} with a string"
            yield Finding("/usage/prompt_tokens", found, expected=str(plain), exchange=number)


def _stopped_by_nothing(exchange: Exchange) -> bool:
    return exchange.asked.get("stop", ...) in ("", []) and answers(exchange)


def _texts(exchange: Exchange) -> list[str]:
    return [choice.content or "" for choice in choices(exchange)]


@rule(
    "series.acceptance.empty-stops-do-nothing",
    Level.SHOULD,
    on=Part.SERIES,
    source="StopConfiguration",
    when=lambda series: any(map(_stopped_by_nothing, series)),
)
def empty_stops_do_nothing(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """An empty stop sequence, or an empty list of them, is refused or stops nothing.

    The empty text stands at the start of every answer: a server that looks for it gives an empty answer. Judged where
    the same request without it, asked before and after, is answered with text.
    """
    for number, exchange in enumerate(series):
        if not _stopped_by_nothing(exchange) or any(_texts(exchange)):
            continue
        without = {key: value for key, value in exchange.asked.items() if key != "stop"}
        plain = [other for other in series if dict(other.asked) == without and answers(other)]
        if len(plain) > 1 and all(any(_texts(other)) for other in plain):
            found = f"the answer is empty with stop {tell(exchange.asked.get('stop'))}, and is not without"
            yield Finding("/choices/0/message/content", found, expected="the text, or a 400", exchange=number)
        else:
            yield Inconclusive("the answer is empty without stop sequences too")
