"""A stream's chunks joined: what was cut apart comes together again, in any order and whatever else comes."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.assembly import assemble

KEYS = ("id", "choices", "index", "delta", "role", "content", "tool_calls", "function", "name", "arguments", "custom")
MORE = ("finish_reason", "logprobs", "usage", "created", "function_call", "refusal", "type", "error", "object")
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS + MORE), inner, max_size=6),
    max_leaves=40,
)
HEAD = {"id": "c1", "object": "chat.completion.chunk", "created": 5, "model": "m"}


def chunk(index: int, delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {**HEAD, "choices": [{"index": index, "delta": delta, "finish_reason": finish, **more}]}


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    return [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]


@st.composite
def choices(draw: st.DrawFn, index: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A choice, and chunks that spell it."""
    content = draw(st.none() | st.text(min_size=1, max_size=20))
    finish = draw(st.sampled_from(["stop", "length", "tool_calls"]))
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    chunks = [chunk(index, {"role": "assistant"})]
    chunks += [chunk(index, {"content": piece}) for piece in (draw(pieces(content)) if content else [])]
    calls = []
    for number in range(draw(st.integers(0, 3))):
        arguments = draw(st.text(max_size=20))
        calls.append({"id": f"call_{number}", "type": "function", "function": {"name": "f", "arguments": arguments}})
        first = {**calls[-1], "index": number, "function": {"name": "f", "arguments": ""}}
        later = [{"index": number, "function": {"arguments": piece}} for piece in draw(pieces(arguments))]
        chunks += [chunk(index, {"tool_calls": [fragment]}) for fragment in [first, *later]]
    if calls:
        message["tool_calls"] = calls
    chunks.append(chunk(index, {}, finish))
    return {"index": index, "message": message, "logprobs": None, "finish_reason": finish}, chunks


@st.composite
def streams(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A completion, and chunks that spell it, those of its choices in any order among each other."""
    made = [draw(choices(index)) for index in range(draw(st.integers(1, 3)))]
    left = [list(chunks) for _, chunks in made]
    mixed = []
    while any(left):
        queue = draw(st.sampled_from([queue for queue in left if queue]))
        mixed.append(queue.pop(0))
    whole = {**HEAD, "object": "chat.completion", "choices": [choice for choice, _ in made]}
    return whole, mixed


@given(streams())
def test_what_was_cut_apart_comes_together_again(made: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    whole, chunks = made
    assert assemble(chunks) == whole


@given(streams(), st.integers(0, 20))
def test_what_is_no_chunk_changes_nothing(made: tuple[dict[str, Any], list[dict[str, Any]]], place: int) -> None:
    whole, chunks = made
    for odd in (None, 5, [], "x", {}, {"choices": None}, {"choices": [None, 5, {"index": True}, {"index": "0"}]}):
        assert assemble([*chunks[:place], odd, *chunks[place:]]) == whole


@given(st.lists(HOSTILE, max_size=6))
def test_nothing_that_a_stream_holds_breaks_its_assembly(chunks: list[Any]) -> None:
    found = assemble(chunks)
    assert (found is None) == (not any(isinstance(one, dict) for one in chunks))


@given(st.lists(HOSTILE, max_size=4), st.lists(HOSTILE, max_size=4), st.lists(HOSTILE, max_size=3))
def test_no_part_of_a_choice_breaks_its_assembly(deltas: list[Any], logprobs: list[Any], calls: list[Any]) -> None:
    parts = [{"index": 0, "delta": delta, "logprobs": told} for delta in deltas for told in logprobs]
    parts += [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": call, "x": call}]}} for call in calls]
    assemble([{"choices": [part]} for part in parts])


def test_a_deep_value_beside_a_call_breaks_nothing() -> None:
    deep: Any = []
    for _ in range(1000):
        deep = [{"a": deep}]
    call = {"index": 0, "vendor": deep, "function": {"arguments": "1", "vendor": deep}}
    assembled = assemble([chunk(0, {"tool_calls": [call]}), chunk(0, {"tool_calls": [call]})])
    assert assembled is not None
    assert assembled["choices"][0]["message"]["tool_calls"][0]["function"] == {"arguments": "11"}


def test_logprobs_are_joined_in_order() -> None:
    told = [[{"token": token}] for token in "abc"]
    chunks = [chunk(0, {}, logprobs={"content": entries}) for entries in told]
    assembled = assemble([*chunks, chunk(0, {}, "stop", logprobs=None)])
    assert assembled is not None
    assert assembled["choices"][0]["logprobs"] == {
        "content": [{"token": "a"}, {"token": "b"}, {"token": "c"}],
        "refusal": None,
    }


def test_names_come_from_the_first_chunk_and_totals_from_the_last() -> None:
    totals = list(accumulate([1, 2, 3]))
    chunks: list[dict[str, Any]] = [
        {**HEAD, "id": f"c{n}", "usage": {"total_tokens": n}, "choices": []} for n in totals
    ]
    assembled = assemble([*chunks, {**HEAD, "id": "c9", "usage": None, "choices": []}])
    assert assembled is not None
    assert (assembled["id"], assembled["usage"]) == ("c1", {"total_tokens": 6})


def test_a_stream_of_no_chunk_is_no_completion() -> None:
    assert assemble([]) is None
    assert assemble([None, "x", 5]) is None
