"""Faults in streams: the chunks, what they add, how they end, and their usage."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from chatconform.reference.faults.making import Body, on_chunks, on_each_chunk, on_parts

ADDED = "stream.deltas.text-is-only-added"
ROLE_FIRST = "stream.deltas.role-comes-first"
ROLE_ONCE = "stream.deltas.role-comes-once"
INDEX = "stream.chunks.choices-have-an-index"
DELTA = "stream.chunks.choices-have-a-delta"
FINISH_KEY = "stream.chunks.choices-have-a-finish-reason"
ENDS_ONCE = "stream.finish.comes-once-per-choice"
USAGE = "stream.usage.is-told"


def _copy(chunk: Body, choices: list[Body]) -> Body:
    """A chunk with other choices."""
    return {**chunk, "choices": choices}


@on_each_chunk("stream.chunks.match-their-type")
def chunk_without_an_end_of_type(number: int, chunk: Body) -> None:
    """Writes the system fingerprint of a chunk as a number."""
    chunk["system_fingerprint"] = 7


@on_each_chunk("stream.chunks.object-names-a-chunk")
def chunk_is_a_completion(number: int, chunk: Body) -> None:
    """Marks chunks as whole completions."""
    chunk["object"] = "chat.completion"


@on_each_chunk("stream.chunks.object-names-a-chunk")
def chunk_without_object(number: int, chunk: Body) -> None:
    """Leaves `object` out of chunks."""
    del chunk["object"]


@on_each_chunk("stream.chunks.id-is-constant")
def id_of_each_chunk(number: int, chunk: Body) -> None:
    """Gives each chunk an id of its own."""
    chunk["id"] = f"{chunk['id']}-{number}"


@on_each_chunk("stream.chunks.created-is-constant")
def time_of_each_chunk(number: int, chunk: Body) -> None:
    """Tells the time of each chunk in place of the answer's."""
    chunk["created"] += number


@on_each_chunk("stream.chunks.model-is-constant")
def model_of_the_first_chunk(number: int, chunk: Body) -> None:
    """Names the model in the first chunk alone."""
    if number:
        chunk["model"] = ""


@on_each_chunk("stream.chunks.choices-is-a-list")
def usage_chunk_without_choices(number: int, chunk: Body) -> None:
    """Leaves `choices` out of the chunk with the usage."""
    if not chunk["choices"]:
        del chunk["choices"]


@on_chunks("stream.chunks.empty-choices-carry-something")
def keep_alive_by_empty_chunk(body: Body, chunks: list[Body]) -> list[Body]:
    """Keeps the connection alive by a chunk of nothing."""
    return [chunks[0], _copy(chunks[0], []), *chunks[1:]]


@on_parts(INDEX)
def choice_without_index(part: Body) -> None:
    """Leaves the index of a choice out."""
    del part["index"]


@on_each_chunk("stream.chunks.index-names-a-choice")
def index_counts_tokens(number: int, chunk: Body) -> None:
    """Counts tokens by the index of the choice."""
    for part in chunk["choices"]:
        part["index"] = number


@on_chunks("stream.chunks.choices-appear-in-order")
def last_choice_comes_first(body: Body, chunks: list[Body]) -> list[Body]:
    """Begins with the last of several choices."""
    several = body.get("n") or 1
    return [*reversed(chunks[:several]), *chunks[several:]]


@on_parts(DELTA)
def last_delta_is_null(part: Body) -> None:
    """Gives null as the delta that ends a choice."""
    if part["finish_reason"]:
        part["delta"] = None


@on_parts(DELTA)
def last_delta_is_missing(part: Body) -> None:
    """Leaves the delta out where a choice ends."""
    if part["finish_reason"]:
        del part["delta"]


@on_parts(FINISH_KEY)
def finish_key_is_missing(part: Body) -> None:
    """Leaves the finish reason out until a choice ends."""
    if part["finish_reason"] is None:
        del part["finish_reason"]


@on_parts(FINISH_KEY, also=("stream.chunks.match-their-type",))
def finish_is_empty(part: Body) -> None:
    """Gives an empty finish reason until a choice ends."""
    part["finish_reason"] = part["finish_reason"] or ""


@on_chunks("stream.chunks.something-is-answered", also=("stream.*", "response.*"))
def stream_without_an_answer(body: Body, chunks: list[Body]) -> list[Body]:
    """Streams nothing but the end."""
    return [chunk for chunk in chunks if not chunk["choices"]]


@on_parts(ROLE_FIRST)
def role_never_comes(part: Body) -> None:
    """Never tells the role."""
    part["delta"].pop("role", None)


@on_parts(ROLE_FIRST)
def role_is_the_streams(part: Body) -> None:
    """Tells another role than `assistant`."""
    if "role" in part["delta"]:
        part["delta"]["role"] = "tool"


@on_parts(ROLE_ONCE)
def role_comes_always(part: Body) -> None:
    """Tells the role in every delta."""
    part["delta"]["role"] = "assistant"


@on_parts(ROLE_ONCE, also=("stream.chunks.match-their-type",))
def role_is_empty_later(part: Body) -> None:
    """Tells an empty role in every delta but the first."""
    part["delta"].setdefault("role", "")


@on_parts("stream.deltas.content-is-text")
def delta_content_is_parts(part: Body) -> None:
    """Gives the text of a delta as a list of parts."""
    if part["delta"].get("content"):
        part["delta"]["content"] = [{"type": "text", "text": part["delta"]["content"]}]


@on_chunks(ADDED, also=("response.structured.*",))
def text_is_cumulative(body: Body, chunks: list[Body]) -> list[Body]:
    """Repeats in each delta the text so far."""
    so_far: dict[int, str] = {}
    for part in (part for chunk in chunks for part in chunk["choices"]):
        if part["delta"].get("content"):
            so_far[part["index"]] = so_far.get(part["index"], "") + part["delta"]["content"]
            part["delta"]["content"] = so_far[part["index"]]
    return chunks


@on_chunks(ADDED, also=("response.structured.*", "stream.finish.delta-is-empty"))
def text_comes_again_at_the_end(body: Body, chunks: list[Body]) -> list[Body]:
    """Repeats the whole text in the last delta."""
    so_far: dict[int, str] = {}
    for part in (part for chunk in chunks for part in chunk["choices"]):
        index = part["index"]
        so_far[index] = so_far.get(index, "") + (part["delta"].get("content") or "")
        if part["finish_reason"] and so_far[index]:
            part["delta"]["content"] = so_far[index]
    return chunks


@on_chunks(
    "stream.deltas.characters-are-whole",
    also=(
        "response.structured.*",
        "series.parity.*",
    ),
)
def characters_are_cut(body: Body, chunks: list[Body]) -> list[Body]:
    """Cuts characters of several bytes into two deltas, each with a replacement character."""
    cut: list[Body] = []
    for chunk in chunks:
        part = chunk["choices"][0] if chunk["choices"] else {"delta": {}}
        text = part["delta"].get("content") or ""
        if text.isascii():
            cut.append(chunk)
            continue
        broken = "".join(char if char.isascii() else "\ufffd" for char in text)
        cut.append(_copy(chunk, [{**part, "delta": {"content": broken}}]))
        cut.append(_copy(chunk, [{**part, "delta": {"content": "\ufffd"}, "logprobs": None}]))
    return cut


@on_parts("stream.deltas.tool-calls-are-absent-without-calls")
def delta_calls_are_empty(part: Body) -> None:
    """Gives an empty list of calls in deltas without one."""
    part["delta"].setdefault("tool_calls", [])


@on_parts("stream.deltas.tool-calls-are-absent-without-calls", also=("stream.chunks.match-their-type",))
def delta_calls_are_null(part: Body) -> None:
    """Gives null for the calls in deltas without one."""
    part["delta"].setdefault("tool_calls", None)


@on_parts("stream.deltas.unset-is-absent", also=("stream.chunks.match-their-type",))
def delta_role_is_null(part: Body) -> None:
    """Gives null for the role in every delta but the first."""
    part["delta"].setdefault("role", None)


@on_parts("stream.deltas.extension-lists-have-indexes")
def extension_list_without_indexes(part: Body) -> None:
    """Adds to deltas a list of objects without an index."""
    part["delta"]["reasoning_details"] = [{"type": "reasoning.text", "text": "."}]


@on_parts("stream.deltas.extension-scalars-are-text")
def extension_counts(part: Body) -> None:
    """Adds to every delta a number of its own."""
    part["delta"]["token_id"] = 17


@on_parts(ENDS_ONCE)
def finish_never_comes(part: Body) -> None:
    """Never tells why a choice ended."""
    part["finish_reason"] = None


@on_chunks(ENDS_ONCE)
def finish_comes_twice(body: Body, chunks: list[Body]) -> list[Body]:
    """Tells twice why a choice ended."""
    doubled: list[Body] = []
    for chunk in chunks:
        ends = chunk["choices"] and chunk["choices"][0]["finish_reason"]
        doubled += [chunk, chunk] if ends else [chunk]
    return doubled


@on_chunks("stream.finish.nothing-is-added-after")
def text_comes_after_the_finish(body: Body, chunks: list[Body]) -> list[Body]:
    """Ends a choice before its last text."""
    swapped = list(chunks)
    for place, (before, after) in enumerate(pairwise(chunks)):
        if _text(before) and after["choices"] and after["choices"][0]["finish_reason"]:
            swapped[place], swapped[place + 1] = after, before
    return swapped


@on_parts("stream.finish.reason-is-one-of-five", also=("response.finish.reason-is-one-of-five",))
def finish_is_the_end_of_turn(part: Body) -> None:
    """Tells the end of a streamed text by the engine's own word."""
    if part["finish_reason"] == "stop":
        part["finish_reason"] = "end_turn"


@on_chunks("stream.finish.delta-is-empty")
def last_text_comes_with_the_finish(body: Body, chunks: list[Body]) -> list[Body]:
    """Ends a choice in the chunk of its last text."""
    joined: list[Body] = []
    for chunk in chunks:
        last = chunk["choices"][0] if chunk["choices"] else {}
        before = joined[-1]["choices"][0] if joined and _text(joined[-1]) else {}
        if last.get("finish_reason") and before.get("index") == last["index"]:
            before["finish_reason"] = last["finish_reason"]
        else:
            joined.append(chunk)
    return joined


@on_parts("stream.logprobs.has-both-keys")
def chunk_logprobs_without_refusal(part: Body) -> None:
    """Leaves `refusal` out of the log probabilities of chunks."""
    if part["logprobs"]:
        del part["logprobs"]["refusal"]


@on_chunks("stream.obfuscation.is-left-out-when-declined")
def obfuscation_comes_always(body: Body, chunks: list[Body]) -> list[Body]:
    """Pads chunks although that was declined."""
    for chunk in chunks:
        chunk["obfuscation"] = "kU3fZ"
    return chunks


@on_chunks(USAGE)
def stream_usage_is_ignored(body: Body, chunks: list[Body]) -> list[Body]:
    """Tells no usage in a stream that was asked for it."""
    return [{key: value for key, value in chunk.items() if key != "usage"} for chunk in chunks if chunk["choices"]]


@on_chunks("stream.usage.chunk-has-no-choices")
def usage_comes_with_the_finish(body: Body, chunks: list[Body]) -> list[Body]:
    """Tells the usage of a stream beside the finish reason."""
    if chunks[-1]["choices"]:
        return chunks
    return [*chunks[:-2], {**chunks[-2], "usage": chunks[-1]["usage"]}]


@on_chunks("stream.usage.is-null-elsewhere")
def usage_runs_along(body: Body, chunks: list[Body]) -> list[Body]:
    """Tells a running total of the usage in every chunk."""
    whole: Any = chunks[-1].get("usage")
    for number, chunk in enumerate(chunks if whole else ()):
        written = min(number, whole["completion_tokens"])
        counts = {"completion_tokens": written, "total_tokens": whole["prompt_tokens"] + written}
        chunk["usage"] = chunk["usage"] or {**whole, **counts, "completion_tokens_details": {}}
    return chunks


@on_chunks("stream.usage.is-last")
def usage_comes_before_the_end(body: Body, chunks: list[Body]) -> list[Body]:
    """Tells the usage before the chunk that ends the choice."""
    if chunks[-1]["choices"] or len(chunks) < 2:
        return chunks
    return [*chunks[:-2], chunks[-1], chunks[-2]]


@on_chunks("stream.usage.is-absent-when-off")
def usage_comes_unasked(body: Body, chunks: list[Body]) -> list[Body]:
    """Tells a usage in streams that were not asked for it."""
    if not (body.get("stream_options") or {}).get("include_usage"):
        chunks.append(
            _copy(chunks[-1], []) | {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
        )
    return chunks


def _text(chunk: Body) -> Any:
    return chunk["choices"] and chunk["choices"][0]["delta"].get("content")
