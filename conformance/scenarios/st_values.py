"""Streamed: what chunks may hold and may leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.core.scenario import Expected, Grade
from chatconform.core.spelling import spell
from chatconform.scenarios.ns_values import LOGPROBS
from chatconform.scenarios.writing import (
    ANY_ERROR,
    DONE,
    TEXT,
    USAGE,
    choice,
    completion,
    event,
    events,
    stream_call,
    streamed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Chunk = dict[str, Any]
CHUNKS = spell(completion(), usage=True)
*TOLD, LAST = CHUNKS
HEAD = {key: LAST[key] for key in ("id", "created", "model", "object")}
NO_USAGE = {**completion(), "usage": None}


def sent(*chunks: Chunk) -> list[bytes]:
    """Chunks as events, `[DONE]` last."""
    return [*map(event, chunks), DONE]


def each(change: Callable[[Chunk, int], Chunk]) -> list[bytes]:
    """The plain stream with each chunk changed by a function of it and its number."""
    return sent(*(change(chunk, number) for number, chunk in enumerate(CHUNKS)))


def part(delta: Any, finish: str | None = None, *, index: int = 0, **fields: Any) -> Chunk:
    """A chunk with one choice."""
    return {**HEAD, "choices": [{"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}], **fields}


def with_delta(chunk: Chunk, change: Callable[[Chunk], Chunk]) -> Chunk:
    """A chunk whose delta is changed, if it has one."""
    return {**chunk, "choices": [{**one, "delta": change(one["delta"])} for one in chunk["choices"]]}


def role(value: str | None) -> Callable[[Chunk, int], Chunk]:
    """Puts a role into each delta, or (None) takes it out of all."""

    def change(chunk: Chunk, number: int) -> Chunk:
        def delta(old: Chunk) -> Chunk:
            rest = {key: item for key, item in old.items() if key != "role"}
            first = {"role": old["role"]} if number == 0 and value == "" else {"role": value}
            return rest if value is None else {**first, **rest}

        return with_delta(chunk, delta)

    return change


def finish(reason: str) -> Chunk:
    """A completion with another finish reason."""
    return completion({**choice(), "finish_reason": reason})


FILTER = {**HEAD, "id": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]}
TAIL = {"index": 0, "finish_reason": None, "content_filter_offsets": {"start_offset": 0}, "content_filter_results": {}}
RUNNING = [{**USAGE, "completion_tokens": number, "total_tokens": 9 + number} for number in range(len(CHUNKS))]
N2 = completion(choice("First one."), choice("Second one.", index=1))
FIRST_CHOICE = [chunk for chunk in spell(N2) if chunk["choices"][0]["index"] == 0]
SECOND_CHOICE = [chunk for chunk in spell(N2) if chunk["choices"][0]["index"] == 1]
IN_TURN = [chunk for pair in zip(FIRST_CHOICE, SECOND_CHOICE, strict=True) for chunk in pair]
TOGETHER = [
    {**one, "choices": one["choices"] + other["choices"]}
    for one, other in zip(FIRST_CHOICE, SECOND_CHOICE, strict=True)
]
USAGE_LAST = {**HEAD, "choices": [], "usage": USAGE}
NULLS = {"role": None, "content": None, "refusal": None, "tool_calls": None, "function_call": None}
REASONED = completion(choice(reasoning_content="First I greet."))
REASONING = [
    part({"role": "assistant", "content": None, "reasoning_content": "First"}),
    part({"reasoning_content": " I greet."}),
]
REFUSED = completion(choice(None, refusal="I will not do that."))

SCENARIOS = [
    streamed(
        "st.error-null",
        Grade.SHOULD,
        "Each chunk has an error field that is null.",
        pieces=each(lambda c, _: {**c, "error": None}),
    ),
    streamed(
        "st.azure-prompt-filter",
        Grade.MUST,
        "The first chunk has no choices and an empty id, as Azure sends it.",
        pieces=sent(FILTER, *CHUNKS),
    ),
    streamed(
        "st.azure-filter-tail",
        Grade.SHOULD,
        "After the finish reason comes a chunk without a delta, as Azure sends it.",
        pieces=sent(*TOLD, {**HEAD, "choices": [TAIL]}, LAST),
    ),
    streamed("st.usage-null-each", Grade.MUST, "Every chunk but the last has a usage that is null."),
    streamed(
        "st.usage-on-last-choice",
        Grade.SHOULD,
        "The usage comes with the finish reason instead of in a chunk of its own.",
        pieces=sent(*TOLD[:-1], {**TOLD[-1], "usage": USAGE}),
    ),
    streamed(
        "st.usage-every-chunk",
        Grade.SHOULD,
        "Each chunk has a running total: the last is the usage, not their sum.",
        pieces=sent(*({**chunk, "usage": usage} for chunk, usage in zip(TOLD, RUNNING, strict=False)), LAST),
    ),
    streamed(
        "st.usage-after-done-missing",
        Grade.MUST,
        "The usage was asked for and never comes.",
        NO_USAGE,
        pieces=events(completion(), usage=False),
    ),
    streamed(
        "st.delta-empty",
        Grade.MUST,
        "Some deltas are empty.",
        pieces=sent(TOLD[0], part({}), *TOLD[1:3], part({}), *TOLD[3:], LAST),
    ),
    streamed(
        "st.content-null-deltas",
        Grade.SHOULD,
        "Some deltas have a text that is null.",
        pieces=sent(TOLD[0], part({"content": None}), *TOLD[1:-1], part({"content": None}), TOLD[-1], LAST),
    ),
    streamed(
        "st.delta-nulls",
        Grade.SHOULD,
        "What a delta does not add is there and null.",
        pieces=each(lambda chunk, _: with_delta(chunk, lambda delta: {**NULLS, **delta})),
    ),
    streamed("st.role-repeated", Grade.SHOULD, "Each delta tells the role.", pieces=each(role("assistant"))),
    streamed("st.role-missing", Grade.SHOULD, "No delta tells the role.", pieces=each(role(None)), raw_is_fine=True),
    streamed("st.role-empty", Grade.SHOULD, "Later deltas have an empty role.", pieces=each(role(""))),
    streamed(
        "st.delta-missing",
        Grade.HOSTILE,
        "A choice has no delta.",
        pieces=sent(*TOLD[:2], {**HEAD, "choices": [{"index": 0, "finish_reason": None}]}, *TOLD[2:], LAST),
        expected=Expected(completion(), error=ANY_ERROR),
    ),
    streamed(
        "st.finish-with-content",
        Grade.MUST,
        "The whole answer comes in one chunk with its finish reason.",
        pieces=sent(part({"role": "assistant", "content": TEXT}, "stop"), LAST),
    ),
    streamed("st.finish-unknown", Grade.SHOULD, "The finish reason is none of the listed.", finish("eos")),
    streamed(
        "st.finish-never",
        Grade.SHOULD,
        "`[DONE]` comes and no finish reason did: anything but a hang.",
        pieces=sent(*TOLD[:-1], LAST),
        expected=Expected(anything=True),
    ),
    streamed("st.finish-length", Grade.MUST, "The token limit cut the answer.", finish("length")),
    streamed("st.empty-completion", Grade.MUST, "The model says nothing.", completion(choice(""))),
    streamed(
        "st.whitespace-deltas",
        Grade.MUST,
        "Some deltas are white space only.",
        completion(choice("a \n\n \t b ")),
        pieces=events(completion(choice("a \n\n \t b ")), cut=list),
    ),
    streamed(
        "st.obfuscation",
        Grade.MUST,
        "Each chunk is padded with an obfuscation field.",
        pieces=each(lambda chunk, number: {**chunk, "obfuscation": "x" * (7 - number % 5)}),
    ),
    streamed(
        "st.extra-fields",
        Grade.SHOULD,
        "Fields that nobody knows stand at every level.",
        pieces=each(
            lambda chunk, _: {**with_delta(chunk, lambda delta: {**delta, "vendor": "v"}), "provider": {"a": [None]}}
        ),
    ),
    streamed(
        "st.reasoning-content",
        Grade.SHOULD,
        "The model's reasoning comes first, in a field of its own.",
        REASONED,
        pieces=sent(
            *REASONING,
            *(part({"content": piece}) for piece in ("Hello there,", " how are you?")),
            part({}, "stop"),
            LAST,
        ),
    ),
    streamed(
        "st.id-varies",
        Grade.SHOULD,
        "Each chunk has another id.",
        pieces=each(lambda chunk, number: {**chunk, "id": f"chatcmpl-{number}"}),
    ),
    streamed(
        "st.n2-interleaved",
        Grade.MUST,
        "The chunks of two choices come in turn.",
        N2,
        pieces=sent(*IN_TURN, USAGE_LAST),
        asked=stream_call(n=2),
        needs=("n",),
    ),
    streamed(
        "st.n2-same-chunk",
        Grade.MUST,
        "Each chunk holds both choices.",
        N2,
        pieces=sent(*TOGETHER, USAGE_LAST),
        asked=stream_call(n=2),
        needs=("n",),
    ),
    streamed("st.refusal", Grade.MUST, "The model refuses, piece by piece.", REFUSED),
    streamed(
        "st.logprobs",
        Grade.MUST,
        "Log probabilities come with the deltas and join to one list.",
        completion({**choice(), "logprobs": LOGPROBS}),
        asked=stream_call(logprobs=True, top_logprobs=1),
        needs=("logprobs",),
    ),
]
