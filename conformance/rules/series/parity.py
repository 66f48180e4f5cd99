"""A stream and a whole answer to the same request say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.json_text import NOT_JSON, parse
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import count, kept, listed
from chatconform.rules.capabilities import LOGPROBS, STREAM, STREAM_USAGE, TOOLS
from chatconform.rules.reading import calls, choices
from chatconform.rules.series.forms import compare, finishes, has, of, texts
from chatconform.rules.stream import tools as stream_tools
from chatconform.rules.stream.finish import REASONS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.rules.series.forms import Comparison

SOURCE: Final = "CreateChatCompletionRequest.stream"
REPLACEMENT: Final = "\ufffd"
BOTH: Final = has("whole", "streamed")
PAIRS: Final = (("whole", "streamed"), ("shorter", "held-shorter"))
"""Forms that differ in streaming alone: a stop sequence that never comes changes nothing."""


@rule("series.parity.text-is-the-same", Level.MUST, on=Part.SERIES, source=SOURCE, needs=STREAM, when=BOTH)
def text_is_the_same(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The pieces of a stream, joined, are the text of the whole answer to the same request.

    Whoever switches streaming on must not get another answer. Judged at temperature 0, or on an answer that a schema
    forces, and only where both ways repeat themselves; a lost end and broken characters are told by other rules.
    """
    found = compare(of(series, "whole"), of(series, "streamed"), texts)
    if found.unsure:
        yield Inconclusive(found.unsure)
    elif not any(texts(found.left.exchange)) and not any(texts(found.right.exchange)):
        yield Inconclusive("the model said nothing")
    elif found.differ and len(calls(found.left.exchange)) == len(calls(found.right.exchange)) and not _leaks(found):
        ours, theirs = texts(found.left.exchange), texts(found.right.exchange)
        for number, (whole, streamed) in enumerate(zip(ours, theirs, strict=False)):
            if whole != streamed and not lost_end(whole, streamed) and not broken_characters(whole, streamed):
                at = _first_difference(whole, streamed)
                message = f"the stream says {tell(streamed[at:], 40)} from character {at} on"
                pointer = choices(found.right.exchange)[number].place("content")
                yield Finding(pointer, message, f"{tell(whole[at:], 40)}, as without streaming", found.right.number)


@rule(
    "series.parity.characters-are-whole",
    Level.MUST,
    on=Part.SERIES,
    source="RFC 8259 section 8",
    needs=STREAM,
    when=lambda series: BOTH(series) and any(map(_spans_bytes, series)),
)
def characters_are_whole(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A stream holds no replacement character where the whole answer holds a character.

    A character of several bytes can span tokens; a server that decodes each token by itself streams question marks in
    place of emoji and of Chinese. Judged on answers that a schema forces to hold such characters, and at temperature 0.
    """
    found = compare(of(series, "whole"), of(series, "streamed"), texts)
    ours, theirs = texts(found.left.exchange), texts(found.right.exchange)
    for number, (whole, streamed) in enumerate(zip(ours, theirs, strict=False)):
        if broken_characters(whole, streamed):
            if found.unsure:
                yield Inconclusive(found.unsure)
            elif found.differ:
                pointer = choices(found.right.exchange)[number].place("content")
                message = f"the stream says {tell(streamed[_first_difference(whole, streamed) :], 40)}"
                expected = tell(whole[_first_difference(whole, streamed) :], 40)
                yield Finding(pointer, message, expected, found.right.number)


@rule(
    "series.parity.finish-reason-is-the-same",
    Level.MUST,
    on=Part.SERIES,
    source=SOURCE,
    needs=STREAM,
    when=lambda series: any(has(*pair)(series) for pair in PAIRS),
)
def finish_reason_is_the_same(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A stream ends for the same reason as the whole answer to the same request.

    Programs branch on the reason: whether to run tools, or to ask for the rest. Judged where both answers say the same,
    at temperature 0 or under a schema, and both ways repeat themselves: on an answer that ends by itself, and on one
    that a limit ends.
    """
    for pair in PAIRS:
        left, right = of(series, pair[0]), of(series, pair[1])
        if not left or not right:
            continue
        same = [form for form in right if texts(form.exchange) == texts(left[-1].exchange)]
        if not same:
            yield Inconclusive("no stream says the same as the whole answer")
            continue
        found = compare(left, same, finishes)
        if found.unsure:
            yield Inconclusive(found.unsure)
        elif found.differ:
            ours, theirs = finishes(found.left.exchange), finishes(found.right.exchange)
            for number, (whole, streamed) in enumerate(zip(ours, theirs, strict=False)):
                if whole != streamed and streamed in REASONS:
                    pointer, expected = choices(found.right.exchange)[number].end(), f"{tell(whole)}, as not streamed"
                    yield Finding(pointer, f"is {tell(streamed)}", expected, found.right.number)


@rule(
    "series.parity.tool-calls-are-the-same",
    Level.MUST,
    on=Part.SERIES,
    source="ChatCompletionMessageToolCallChunk",
    needs=TOOLS,
    when=lambda series: (
        BOTH(series) and any(calls(f.exchange) for f in (*of(series, "whole"), *of(series, "streamed")))
    ),
)
def tool_calls_are_the_same(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The pieces of a stream's tool calls, joined, are the calls of the whole answer to the same request.

    A piece that is lost or sent twice leaves arguments that are no JSON, or, worse, others. Judged by names and by the
    values of the arguments, on calls that a named tool and a strict schema force; calls cut by a limit are left out.
    """
    left, right = (
        [f for f in of(series, form) if "length" not in finishes(f.exchange)] for form in ("whole", "streamed")
    )
    if not left or not right:
        yield Inconclusive("the limit of tokens cut the calls")
        return
    found = compare(left, right, _calls)
    if found.unsure:
        yield Inconclusive(found.unsure)
    elif found.differ:
        ours, theirs = calls(found.left.exchange), calls(found.right.exchange)
        if len(ours) != len(theirs):
            message, expected = f"the stream holds {len(theirs)} tool calls", f"{len(ours)}, as without streaming"
            yield Finding("", message, expected, found.right.number)
            return
        for one, other in zip(ours, theirs, strict=True):
            if one.name != other.name:
                pointer, was, is_now = other.place("function", "name"), one.name, other.name
            elif _value(one.arguments) != _value(other.arguments):
                pointer, was, is_now = other.place("function", "arguments"), one.arguments, other.arguments
            else:
                continue
            yield Finding(
                pointer, f"the stream says {tell(is_now)}", f"{tell(was)}, as without streaming", found.right.number
            )


@rule(
    "series.parity.usage-is-the-same",
    Level.SHOULD,
    on=Part.SERIES,
    source="ChatCompletionStreamOptions.include_usage",
    needs=STREAM_USAGE,
    when=lambda series: BOTH(series) and all(_usage(of(series, form)[0].exchange) for form in ("whole", "streamed")),
)
def usage_is_the_same(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The usage of a stream is that of the whole answer to the same request.

    What a request costs must not depend on how its answer is sent. Judged on the prompt's tokens, and on the answer's
    where both say the same; only where both ways repeat themselves.
    """
    for key, place in (("prompt_tokens", 0), ("completion_tokens", 1)):
        left, right = of(series, "whole"), of(series, "streamed")
        if place:
            said = {_said(form.exchange) for form in left}
            right = [form for form in right if _said(form.exchange) in said]
            said = {_said(form.exchange) for form in right}
            left = [form for form in left if _said(form.exchange) in said]
        if not left or not right:
            yield Inconclusive("no stream says the same as the whole answer")
            continue
        found = compare(left, right, _prompt_tokens if key == "prompt_tokens" else _completion_tokens)
        if found.unsure:
            yield Inconclusive(found.unsure)
        elif found.differ:
            ours, theirs = _usage(found.left.exchange) or (0, 0), _usage(found.right.exchange) or (0, 0)
            message = f"is {tell(theirs[place])} in the stream"
            pointer = f"{_usage_place(found.right.exchange)}/{key}"
            yield Finding(pointer, message, f"{tell(ours[place])}, as without streaming", found.right.number)


@rule(
    "series.parity.logprobs-are-the-same",
    Level.SHOULD,
    on=Part.SERIES,
    needs=LOGPROBS,
    source="CreateChatCompletionStreamResponse.choices.logprobs",
    when=lambda series: (
        BOTH(series) and all(any(_tokens(of(series, form)[0].exchange)) for form in ("whole", "streamed"))
    ),
)
def logprobs_are_the_same(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The log probabilities of a stream's chunks, joined, tell the same tokens as those of the whole answer.

    Scores that are computed from a stream would otherwise be others. Judged on the tokens, where both answers say the
    same at temperature 0 and both ways repeat themselves.
    """
    left = of(series, "whole")
    same = [form for form in of(series, "streamed") if texts(form.exchange) == texts(left[0].exchange)]
    if not same:
        yield Inconclusive("no stream says the same as the whole answer")
        return
    found = compare(left, same, _tokens)
    if found.unsure:
        yield Inconclusive(found.unsure)
    elif found.differ:
        for ours, theirs in zip(_tokens(found.left.exchange), _tokens(found.right.exchange), strict=False):
            if ours != theirs:
                message = f"the chunks of the stream tell {len(theirs)} tokens: {tell(list(theirs), 60)}"
                expected = f"{len(ours)}, as without streaming: {tell(list(ours), 60)}"
                yield Finding("", message, expected, found.right.number)


def say_the_same(one: Exchange, other: Exchange) -> bool:
    """Whether two answers are alike in all that the rules of this file compare."""
    readings = (_said, _usage, _tokens)
    return all(read(one) == read(other) for read in readings)


def lost_end(whole: str, streamed: str) -> bool:
    """Whether a streamed text is the whole one without its end."""
    return whole != streamed and whole.startswith(streamed)


def broken_characters(whole: str, streamed: str) -> bool:
    """Whether a streamed text has replacement characters that the whole one has not."""
    return streamed.count(REPLACEMENT) > whole.count(REPLACEMENT)


def _first_difference(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _leaks(found: Comparison) -> bool:
    """Whether a stream's text holds the markup of its call, of which another rule tells."""
    return any(True for _ in stream_tools.no_markup_in_content.check(found.right.exchange))


def _spans_bytes(exchange: Exchange) -> bool:
    """Whether a text holds a character of several bytes."""
    return not all(said.isascii() for said in texts(exchange))


def _calls(exchange: Exchange) -> Hashable:
    return tuple((call.name, _value(call.arguments)) for call in calls(exchange))


def _value(arguments: Any) -> str:
    """Arguments in a form in which only their value counts; as they are where they are no JSON."""
    value = parse(arguments) if isinstance(arguments, str) else NOT_JSON
    try:
        return str(arguments) if value is NOT_JSON else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:  # nested too deeply to be written anew
        return str(arguments)


def _said(exchange: Exchange) -> Hashable:
    return texts(exchange), finishes(exchange), _calls(exchange)


def _usage(exchange: Exchange) -> tuple[int, int] | None:
    usage = kept(exchange.answer, "usage")
    prompt, completion = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    return None if prompt is None or completion is None else (prompt, completion)


def _prompt_tokens(exchange: Exchange) -> Hashable:
    return (_usage(exchange) or (None, None))[0]


def _completion_tokens(exchange: Exchange) -> Hashable:
    return (_usage(exchange) or (None, None))[1]


def _usage_place(exchange: Exchange) -> str:
    told = [number for number, chunk in enumerate(exchange.chunks) if isinstance(chunk, dict) and chunk.get("usage")]
    return f"/{told[-1]}/usage" if told else "/usage"


def _tokens(exchange: Exchange) -> tuple[tuple[str, ...], ...]:
    """The tokens that the log probabilities of each choice tell; one without text, such as the end's, is left out."""
    held = (listed(kept(choice.value, "logprobs").get("content")) for choice in choices(exchange))
    return tuple(tuple(str(entry["token"]) for entry in entries if entry.get("token")) for entries in held)
