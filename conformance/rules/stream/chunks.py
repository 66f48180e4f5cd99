"""Rules on the chunks of a stream as wholes: their type, what names the answer, and their lists of choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.exchange import DONE
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import STREAM, N
from chatconform.rules.stream.mending import without_what_others_tell
from chatconform.rules.stream.parts import additions, answers, by_choice, choices_asked, chunks, ended, is_heartbeat
from chatconform.schemas import is_valid, violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange

TYPE: Final = "CreateChatCompletionStreamResponse"
OF_EVERY_CHUNK: Final = frozenset(
    {"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "obfuscation"}
)


@rule("stream.chunks.match-their-type", Level.MUST, on=Part.STREAM, source=TYPE, needs=STREAM, when=answers)
def match_their_type(exchange: Exchange) -> Iterator[Finding]:
    """Every chunk is what the published type says: its required keys, and their types.

    Typed clients are generated from that type and end the stream at the first chunk that they cannot decode. Judged on
    every chunk; what other rules look at more closely is left to them.
    """
    for number, chunk in chunks(exchange):
        if not is_valid(TYPE, chunk):
            for violation in violations(TYPE, without_what_others_tell(chunk)):
                yield Finding(f"/{number}{violation.pointer}", violation.message)


@rule(
    "stream.chunks.object-names-a-chunk",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.object",
    needs=STREAM,
    when=answers,
)
def object_names_a_chunk(exchange: Exchange) -> Iterator[Finding]:
    """The `object` of every chunk is `chat.completion.chunk`.

    The stream helper of the official Python SDK asserts it, and other clients tell chunks from other events by it.
    Judged on every chunk.
    """
    for number, chunk in chunks(exchange):
        if "object" not in chunk:
            yield Finding(f"/{number}", "lacks `object`", "chat.completion.chunk")
        elif chunk["object"] != "chat.completion.chunk":
            yield Finding(f"/{number}/object", f"is {tell(chunk['object'])}", "chat.completion.chunk")


@rule("stream.chunks.id-is-constant", Level.MUST, on=Part.STREAM, source=f"{TYPE}.id", needs=STREAM, when=answers)
def id_is_constant(exchange: Exchange) -> Iterator[Finding]:
    """Every chunk of a stream has the same `id`, which is not empty.

    Clients put the chunks of an answer together by it; one that gets a new id takes it for another answer. Judged on
    every chunk, the one with the usage as well.
    """
    yield from _changes(exchange, "id")


@rule(
    "stream.chunks.created-is-constant",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.created",
    needs=STREAM,
    when=answers,
)
def created_is_constant(exchange: Exchange) -> Iterator[Finding]:
    """Every chunk of a stream has the same `created`: when the answer was begun.

    It is the time of the answer, not of the chunk; the published type says so, and strict clients compare it. Judged on
    every chunk.
    """
    yield from _changes(exchange, "created")


@rule("stream.chunks.model-is-constant", Level.MUST, on=Part.STREAM, source=f"{TYPE}.model", needs=STREAM, when=answers)
def model_is_constant(exchange: Exchange) -> Iterator[Finding]:
    """Every chunk of a stream has the same `model`, which is not empty.

    Costs are computed by it, from the first chunk in some clients and from the last in others. Judged on every chunk.
    """
    yield from _changes(exchange, "model")


@rule(
    "stream.chunks.choices-is-a-list", Level.MUST, on=Part.STREAM, source=f"{TYPE}.choices", needs=STREAM, when=answers
)
def choices_is_a_list(exchange: Exchange) -> Iterator[Finding]:
    """Every chunk has `choices`, a list.

    Both official SDKs walk through it without asking and raise a TypeError where it is missing or null. Judged on every
    chunk; the list may be empty where the chunk carries something else, such as the usage.
    """
    for number, chunk in chunks(exchange):
        if "choices" not in chunk:
            yield Finding(f"/{number}", "lacks `choices`", "a list")
        elif not isinstance(chunk["choices"], list):
            yield Finding(f"/{number}/choices", f"is {tell(chunk['choices'])}", "a list")


@rule(
    "stream.chunks.empty-choices-carry-something",
    Level.INFO,
    on=Part.STREAM,
    source=f"{TYPE}.choices",
    needs=STREAM,
    when=answers,
)
def empty_choices_carry_something(exchange: Exchange) -> Iterator[Finding]:
    """A chunk without a choice carries the usage or something else.

    Some servers keep a connection alive by chunks of nothing; clients that take the first choice of every chunk then
    fail. A comment line does it without. Judged on every chunk whose list of choices is empty.
    """
    for number, chunk in chunks(exchange):
        carries = any(value is not None for key, value in chunk.items() if key not in OF_EVERY_CHUNK)
        if chunk.get("choices") == [] and chunk.get("usage") is None and not carries:
            yield Finding(f"/{number}/choices", "is empty, and the chunk carries nothing else", "a comment line")


@rule(
    "stream.chunks.choices-have-an-index",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.choices.index",
    needs=STREAM,
    when=answers,
)
def choices_have_an_index(exchange: Exchange) -> Iterator[Finding]:
    """Every choice of a chunk has an integer `index`.

    It tells which choice is added to; the stream helpers of the official SDKs raise without it. Judged on every choice
    of every chunk.
    """
    for one in additions(exchange):
        if "index" not in one.value:
            yield Finding(one.pointer, "lacks `index`", "an integer")
        elif one.index is None:
            yield Finding(f"{one.pointer}/index", f"is {tell(one.value['index'])}", "an integer")


@rule(
    "stream.chunks.index-names-a-choice",
    Level.MUST,
    on=Part.STREAM,
    source="CreateChatCompletionRequest.n",
    needs=STREAM,
    when=answers,
)
def index_names_a_choice(exchange: Exchange) -> Iterator[Finding]:
    """The `index` of a choice is below the number of choices that were asked for.

    It counts choices, not tokens or chunks: clients open a new answer for each new index. Judged on every choice of
    every chunk against the request's `n`, which is 1 where it is not given.
    """
    most = choices_asked(exchange)
    for one in additions(exchange):
        if one.index is not None and not 0 <= one.index < most:
            expected = "0" if most == 1 else f"0 to {most - 1}"
            yield Finding(f"{one.pointer}/index", f"is {tell(one.index)} where n is {most}", expected)


@rule(
    "stream.chunks.choices-appear-in-order",
    Level.SHOULD,
    on=Part.STREAM,
    source="official Python SDK",
    needs=N,
    when=lambda exchange: len(by_choice(exchange)) > 1,
)
def choices_appear_in_order(exchange: Exchange) -> Iterator[Finding]:
    """The first pieces of the choices come in the order of their indexes.

    Chunks of several choices may interleave as they like, yet the stream helper of the official Python SDK raises an
    IndexError where choice 1 appears before choice 0. Judged on every stream of several choices.
    """
    order = list(by_choice(exchange))
    if order != sorted(order):
        first = next(one for one in additions(exchange) if one.index not in (None, min(order)))
        yield Finding(f"{first.pointer}/index", f"the choices appear in the order {tell(order)}", tell(sorted(order)))


@rule(
    "stream.chunks.choices-have-a-delta",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.choices.delta",
    needs=STREAM,
    when=answers,
)
def choices_have_a_delta(exchange: Exchange) -> Iterator[Finding]:
    """Every choice of a chunk has a `delta`, an object.

    `{}` says that nothing is added; the stream helper of the official Python SDK raises where it is null or missing.
    Judged on every choice of every chunk.
    """
    for one in additions(exchange):
        if "delta" not in one.value:
            yield Finding(one.pointer, "lacks `delta`", "an object, which may be empty")
        elif not isinstance(one.value["delta"], dict):
            yield Finding(f"{one.pointer}/delta", f"is {tell(one.value['delta'])}", "an object, which may be empty")


@rule(
    "stream.chunks.choices-have-a-finish-reason",
    Level.SHOULD,
    on=Part.STREAM,
    source=f"{TYPE}.choices.finish_reason",
    needs=STREAM,
    published=Level.MUST,
    when=answers,
)
def choices_have_a_finish_reason(exchange: Exchange) -> Iterator[Finding]:
    """Every choice of a chunk has the key `finish_reason`, null until the choice ends.

    Typed clients require the key, and an empty string is taken for an end of an unknown kind. Judged on every choice of
    every chunk.
    """
    for one in additions(exchange):
        if "finish_reason" not in one.value:
            yield Finding(one.pointer, "lacks `finish_reason`", "null until the choice ends")
        elif one.value["finish_reason"] == "":
            yield Finding(f"{one.pointer}/finish_reason", 'is ""', "null until the choice ends")


@rule("stream.chunks.something-is-answered", Level.MUST, on=Part.STREAM, source=f"{TYPE}.choices", needs=STREAM)
def something_is_answered(exchange: Exchange) -> Iterator[Finding]:
    """A stream that tells no error adds to at least one choice.

    A stream of only an end mark, comments or usage leaves clients with no message at all: some crash, others take it
    for an empty answer. Judged on every stream that ended by itself.
    """
    silent = all(
        event.data == DONE or is_heartbeat(event, value) or (isinstance(value, dict) and value.get("choices") == [])
        for event, value in zip(exchange.events, exchange.chunks, strict=True)
    )
    told = exchange.transcript.tail or any(
        name not in ("", "data") for b in exchange.transcript.dataless for name in b.fields
    )
    body = exchange.response.body if exchange.response is not None else b""
    if ended(exchange) and silent and body.strip() and not told:
        yield Finding("", f"{len(exchange.events)} events, and no choice in any of them", "an answer, or an error")


def _changes(exchange: Exchange, key: str) -> Iterator[Finding]:
    """Where a key that names the answer is missing, empty, or another one than in the first chunk that has it."""
    first: Any = None
    for number, chunk in chunks(exchange):
        value = chunk.get(key)
        if value is None or value == "":
            where = (f"/{number}", f"lacks `{key}`") if key not in chunk else (f"/{number}/{key}", f"is {tell(value)}")
            # Of the time in the first chunk another rule tells, the one on all answers.
            if key != "created" or first is not None:
                yield Finding(*where, "the same in every chunk")
        elif first is None:
            first = value if isinstance(value, str | int | float) else None
        elif isinstance(value, str | int | float) and value != first:  # of other types the rule on the type tells
            yield Finding(f"/{number}/{key}", f"is {tell(value)} after {tell(first)}", "the same in every chunk")
