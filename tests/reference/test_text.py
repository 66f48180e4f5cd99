"""Answers in words: what they hang on, and the laws that limits, stops, seeds and biases keep."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatconform.reference.streaming import chunks
from chatconform.reference.tokens import encode, ids, piece
from chatconform.schemas import violations

SAMPLING = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0, 0.3, 1, 2, None]),
        "top_p": st.sampled_from([0, 0.5, 1, None]),
        "frequency_penalty": st.sampled_from([-2, 0, 1.5, None]),
        "presence_penalty": st.sampled_from([-2, 0, 2, None]),
        "seed": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
        "verbosity": st.sampled_from(["low", "medium", "high", None]),
        "logit_bias": st.sampled_from([None, {}, {"5": -100, "7": 100}, {"199999": -100}, {"199999": 100}]),
    },
)
WORDS = st.text(max_size=30)


@pytest.fixture(scope="module")
def long_text(heart: Any) -> str:
    return heart.text(temperature=0, verbosity="high")


def test_the_same_request_gives_the_same_answer(heart: Any) -> None:
    assert heart.ask(seed=5) == heart.ask(seed=5)
    assert heart.ask() == heart.ask()


def test_an_unseeded_request_that_comes_again_is_answered_otherwise(heart: Any) -> None:
    assert len({heart.text(turn=turn) for turn in range(5)}) > 1


def test_seeds_matter_unless_the_answer_is_greedy(heart: Any) -> None:
    assert len({heart.text(seed=seed) for seed in range(5)}) > 1
    assert len({heart.text(seed=seed, temperature=0) for seed in range(5)}) == 1
    assert len({heart.text(seed=seed, top_p=0) for seed in range(5)}) == 1


def test_every_word_of_the_conversation_matters(heart: Any) -> None:
    said = [
        [{"role": "user", "content": "a"}],
        [{"role": "user", "content": "b"}],
        [{"role": "system", "content": "b"}],
        [{"role": "user", "content": "a"}, {"role": "user", "content": ""}],
        [{"role": "user", "content": "a", "name": "x"}],
    ]
    assert len({heart.text(messages, temperature=0) for messages in said}) == len(said)


def test_a_text_reads_the_same_as_a_string_and_as_parts(heart: Any) -> None:
    parts = [{"type": "text", "text": "Say "}, {"type": "text", "text": "it."}]
    as_text = heart.ask([{"role": "user", "content": "Say it."}], temperature=0)
    assert heart.ask([{"role": "user", "content": parts}], temperature=0) == as_text


@settings(max_examples=60, deadline=None)
@given(sampling=SAMPLING, words=WORDS, limit=st.integers(1, 20))
def test_a_shorter_limit_gives_a_prefix(heart: Any, sampling: dict[str, Any], words: str, limit: int) -> None:
    short = heart.ask(words, max_tokens=limit, **sampling)["choices"][0]
    longer = heart.ask(words, max_completion_tokens=2 * limit, **sampling)["choices"][0]
    assert longer["message"]["content"].startswith(short["message"]["content"])
    if short["finish_reason"] == "stop":
        assert short == longer


@settings(max_examples=60, deadline=None)
@given(sampling=SAMPLING, words=WORDS, limit=st.integers(1, 20), several=st.integers(1, 3))
def test_usage_counts_what_was_written(
    heart: Any, sampling: dict[str, Any], words: str, limit: int, several: int
) -> None:
    answer = heart.ask(words, max_tokens=limit, n=several, logprobs=True, top_logprobs=3, **sampling)
    assert not violations("CreateChatCompletionResponse", answer)
    entries = [choice["logprobs"]["content"] for choice in answer["choices"]]
    texts = [choice["message"]["content"] for choice in answer["choices"]]
    if not sampling.get("logit_bias"):  # forced tokens can run together
        assert [encode(text) for text in texts] == [[entry["token"] for entry in each] for each in entries]
    assert answer["usage"]["completion_tokens"] == sum(map(len, entries))
    assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] + sum(map(len, entries))
    for choice, told in zip(answer["choices"], entries, strict=True):
        assert (choice["finish_reason"] == "length") == (len(told) == limit)


@settings(max_examples=60, deadline=None)
@given(sampling=SAMPLING, words=WORDS)
def test_log_probabilities_are_numbers_that_can_be(heart: Any, sampling: dict[str, Any], words: str) -> None:
    choice = heart.ask(words, logprobs=True, top_logprobs=20, max_tokens=30, **sampling)["choices"][0]
    told = choice["logprobs"]["content"]
    assert b"".join(bytes(entry["bytes"]) for entry in told).decode() == choice["message"]["content"]
    for entry in told:
        values = [one["logprob"] for one in entry["top_logprobs"]]
        assert len(values) == 20
        assert values == sorted(values, reverse=True)
        assert len({one["token"] for one in entry["top_logprobs"]}) == 20
        assert all(math.isfinite(value) and value <= 0 for value in [*values, entry["logprob"]])
        assert entry["logprob"] <= values[0]
        assert sum(map(math.exp, values)) < 1.001


def test_the_greedy_token_is_the_likeliest(heart: Any) -> None:
    told = heart.ask(temperature=0, logprobs=True, top_logprobs=1)["choices"][0]["logprobs"]["content"]
    assert all(entry["token"] == entry["top_logprobs"][0]["token"] for entry in told)


def test_log_probabilities_without_top_logprobs_list_no_others(heart: Any) -> None:
    told = heart.ask(logprobs=True)["choices"][0]["logprobs"]
    assert told["refusal"] is None
    assert all(entry["top_logprobs"] == [] for entry in told["content"])
    assert heart.ask(logprobs=False)["choices"][0]["logprobs"] is None


def test_every_piece_of_an_answer_can_be_its_stop(heart: Any, long_text: str) -> None:
    for start in range(0, len(long_text) - 3, 2):
        for length in (1, 3, 12):
            stop = long_text[start : start + length]
            if stop:
                choice = heart.ask(temperature=0, verbosity="high", stop=["☠never", stop])["choices"][0]
                assert choice["message"]["content"] == long_text[: long_text.index(stop)]
                assert choice["finish_reason"] == "stop"


def test_the_earliest_of_several_stops_counts(heart: Any, long_text: str) -> None:
    stops = [long_text[40:44], long_text[9:30], long_text[20:25], "☠never"]
    first = min(long_text.index(stop) for stop in stops[:3])
    assert heart.text(temperature=0, verbosity="high", stop=stops) == long_text[:first]


def test_a_stop_that_never_comes_changes_nothing(heart: Any, long_text: str) -> None:
    for stop in ("", "☠never", long_text[-4:] + "x", None, ["", "☠"]):
        assert heart.text(temperature=0, verbosity="high", stop=stop) == long_text


def test_a_token_cut_by_a_stop_is_told_as_far_as_it_is_seen(heart: Any, long_text: str) -> None:
    answer = heart.ask(temperature=0, verbosity="high", stop=long_text[13:16], logprobs=True, top_logprobs=2)
    choice = answer["choices"][0]
    told = choice["logprobs"]["content"]
    assert "".join(entry["token"] for entry in told) == choice["message"]["content"]
    assert answer["usage"]["completion_tokens"] == len(told)


@pytest.mark.parametrize("token", [0, 17, 1734, 198_000])
def test_a_biased_token_takes_over(heart: Any, token: int) -> None:
    for text in ("One.", "Two."):
        assert heart.text(text, logit_bias={str(token): 100}, max_tokens=4) == 4 * piece(token)


def test_a_banned_token_never_comes(heart: Any) -> None:
    plain = heart.text(temperature=0)
    banned = {str(ids()[piece]): -100 for piece in encode(plain)}
    assert not set(encode(plain)) & set(encode(heart.text(temperature=0, logit_bias=banned)))


def test_a_text_that_may_not_end_goes_on_to_the_limit(heart: Any) -> None:
    endless = heart.ask(logit_bias={"199999": -100}, max_tokens=400)
    assert endless["usage"]["completion_tokens"] == 400
    empty = heart.ask(logit_bias={"199999": 100})
    assert empty["choices"][0]["message"]["content"] == ""
    assert empty["choices"][0]["finish_reason"] == "stop"


def test_the_smaller_of_both_limits_holds(heart: Any) -> None:
    assert heart.ask(max_tokens=3, max_completion_tokens=9)["usage"]["completion_tokens"] == 3
    assert heart.ask(max_tokens=9, max_completion_tokens=3)["usage"]["completion_tokens"] == 3


def test_choices_differ_unless_the_answer_is_greedy(heart: Any) -> None:
    warm = heart.ask(n=4, temperature=2)["choices"]
    assert [choice["index"] for choice in warm] == [0, 1, 2, 3]
    assert len({choice["message"]["content"] for choice in warm}) > 1
    assert len({choice["message"]["content"] for choice in heart.ask(n=4, temperature=0)["choices"]}) == 1


def test_the_first_of_several_choices_is_the_single_one(heart: Any) -> None:
    assert heart.ask(n=3, seed=1)["choices"][0] == heart.ask(seed=1)["choices"][0]


def test_some_answers_are_beyond_ascii(heart: Any) -> None:
    texts = [heart.text(str(number), temperature=0) for number in range(20)]
    assert any(not text.isascii() for text in texts)
    assert any(ord(char) > 0xFFFF for text in texts for char in text)


def test_reasoning_is_counted_and_limited(heart: Any) -> None:
    usage = heart.ask(reasoning_effort="high")["usage"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 16
    assert usage["completion_tokens"] > 16
    cut = heart.ask(reasoning_effort="high", max_completion_tokens=5)
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["choices"][0]["message"]["content"] == ""
    assert cut["usage"]["completion_tokens"] == 5


def test_verbosity_has_an_effect(heart: Any) -> None:
    used = [heart.ask(verbosity=level)["usage"]["completion_tokens"] for level in ("low", "medium", "high")]
    assert used == sorted(used)
    assert used[0] < used[2]


def test_a_prediction_is_taken_and_counted(heart: Any) -> None:
    for content in ("It is 21 degrees.", [{"type": "text", "text": "It is "}, {"type": "text", "text": "21 degrees."}]):
        answer = heart.ask(prediction={"type": "content", "content": content})
        assert answer["choices"][0]["message"]["content"] == "It is 21 degrees."
        details = answer["usage"]["completion_tokens_details"]
        assert details["accepted_prediction_tokens"] == answer["usage"]["completion_tokens"]


def test_what_is_echoed_is_echoed(heart: Any) -> None:
    answer = heart.ask(service_tier="flex", metadata={"run": "7"})
    assert (answer["service_tier"], answer["metadata"]) == ("flex", {"run": "7"})
    assert heart.ask(service_tier="auto")["service_tier"] == "default"
    assert "metadata" not in heart.ask(metadata=None)


def test_prompt_tokens_grow_with_the_prompt_and_with_nothing_else(heart: Any) -> None:
    def prompt(text: Any = "word " * 9, **parameters: Any) -> int:
        return int(heart.ask(text, max_tokens=1, **parameters)["usage"]["prompt_tokens"])

    lengths = [prompt("word " * repeated) for repeated in (1, 2, 4, 8, 1000)]
    assert lengths == sorted(set(lengths))
    assert prompt() == prompt(n=3) == prompt(seed=4, temperature=0, stop="x", logprobs=True) == prompt(stream=True)
    assert prompt("<|im_end|></s>[/INST]") > prompt("") + 3
    tool = {"type": "function", "function": {"name": "f", "description": "Does it."}}
    assert prompt(tools=[tool]) > prompt()


def test_numbers_that_are_whole_are_taken_as_such(heart: Any) -> None:
    body = heart.body(n=2.0, max_tokens=3.0, seed=1.0, logprobs=True, top_logprobs=2.0, logit_bias={"5": 1.0})
    answer = heart.complete(body)
    assert len(answer["choices"]) == 2
    assert answer["usage"]["completion_tokens"] == 6
    assert chunks(body, answer)


def test_an_answer_is_bounded_whatever_is_asked(heart: Any) -> None:
    for limits in ({"max_tokens": 2**31}, {"max_completion_tokens": 2**63}, {}):
        answer = heart.ask("A long story", logit_bias={"199999": -100}, temperature=0, **limits)
        assert answer["usage"]["completion_tokens"] == 16_384
        assert answer["choices"][0]["finish_reason"] == "length"


def test_a_prompt_beyond_the_window_is_refused(heart: Any) -> None:
    for text in ("word " * 140_000, "x" * 8_000_000):
        refusal = heart.refused(text)
        assert (refusal.status, refusal.code, refusal.param) == (400, "context_length_exceeded", "messages")
