"""The ready-made strategies: requests, conversations, completions, streams, and what narrows and breaks them."""

import json
from collections import Counter

import pytest
from hypothesis import find, given, settings

from chatconform.core.assembly import assemble
from chatconform.core.sse import Decoder
from chatconform.schemas import is_valid, violations
from chatconform.strategies import (
    ImpossibleNarrowing,
    completions,
    content_parts,
    conversations,
    errors,
    invalid_requests,
    messages,
    requests,
    streams,
    tool_choices,
    tools,
)
from chatconform.strategies.drawing.sources import Seeded
from chatconform.strategies.recipes import answering, asking, mismatches, parts, streaming, talking
from chatconform.strategies.recipes.narrowing import Narrowing

QUIET = settings(database=None, deadline=None, derandomize=True)
ANYTHING = Narrowing()


def drawn(draw, count, seed="ready"):
    source = Seeded()
    for index in range(count):
        source.start(f"{seed}:{index}")
        yield draw(source)


def bodies(count=600, narrowing=ANYTHING):
    return list(drawn(lambda source: asking.request(source, narrowing), count))


def breaches(conversation):
    """What is wrong with the calls of a conversation, by a reading that is independent of the recipe."""
    waiting, seen = [], set()
    for at, message in enumerate(conversation):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                yield f"{at}: an answer without a call"
            else:
                waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            yield f"{at}: calls without answers"
        waiting = [call["id"] for call in message.get("tool_calls") or ()]
        if len(set(waiting)) < len(waiting) or seen.intersection(waiting):
            yield f"{at}: an id twice"
        seen.update(waiting)
        if message["role"] == "function":
            call = conversation[at - 1].get("function_call") if at else None
            if call is None or call["name"] != message["name"]:
                yield f"{at}: a function's answer without its call"
    if waiting:
        yield "the end: calls without answers"


def test_requests_are_valid_and_weighted_as_promised():
    found = bodies(1500)
    assert all(is_valid("CreateChatCompletionRequest", body) for body in found)
    share = {key: sum(key in body for body in found) / len(found) for key in {k for body in found for k in body}}
    assert 0.42 < sum(body.get("stream") is True for body in found) / len(found) < 0.58
    assert 0.25 < share["tools"] < 0.42
    for key in ("n", "stop", "logprobs", "response_format"):
        assert share[key] > 0.15, key
    nulls = [any(value is None for value in body.values()) for body in found]
    assert sum(nulls) / len(found) > 0.25
    texts = [json.dumps(body, ensure_ascii=False) for body in found]
    assert sum(any(ord(c) > 0xFFFF for c in text) for text in texts) > 150
    assert sum(len(text) > 3000 for text in texts) > 150


def test_every_parameter_of_the_schema_comes_along():
    from chatconform.schemas import schema

    seen = {key for body in bodies(1500) for key in body}
    assert seen == set(schema("CreateChatCompletionRequest")["properties"])


def test_requests_make_sense():
    for body in bodies():
        assert not list(breaches(body["messages"]))
        names = [tool[tool["type"]]["name"] for tool in body.get("tools", ())]
        assert len(set(names)) == len(names)
        choice = body.get("tool_choice")
        assert choice is None or names
        if isinstance(choice, dict) and choice["type"] != "allowed_tools":
            assert choice[choice["type"]]["name"] in names
        assert "parallel_tool_calls" not in body or names
        assert body.get("stream_options") is None or body["stream"] is True
        assert body.get("top_logprobs") is None or body["logprobs"] is True
        assert "audio" not in (body.get("modalities") or ()) or body["audio"]
        assert not ("max_tokens" in body and "max_completion_tokens" in body)
        marks = json.dumps(body["messages"]).count('"prompt_cache_breakpoint"')
        assert marks <= 4


@pytest.mark.parametrize(
    ("wishes", "kept"),
    [
        ({"stream": True}, lambda body: body["stream"] is True),
        ({"stream": False}, lambda body: not body.get("stream")),
        ({"with_tools": True}, lambda body: body["tools"]),
        ({"with_tools": False}, lambda body: "tools" not in body and "tool_calls" not in json.dumps(body["messages"])),
        ({"roles": ["user"]}, lambda body: {m["role"] for m in body["messages"]} == {"user"}),
        ({"roles": ["system", "user"]}, lambda body: {m["role"] for m in body["messages"]} <= {"system", "user"}),
        ({"roles": ["assistant", "tool"]}, lambda body: {m["role"] for m in body["messages"]} <= {"assistant", "tool"}),
        ({"max_messages": 1}, lambda body: len(body["messages"]) == 1),
        ({"max_messages": 3}, lambda body: len(body["messages"]) <= 3),
        ({"modalities": ["text"]}, lambda body: "image_url" not in json.dumps(body["messages"])),
        ({"model": "mine"}, lambda body: body["model"] == "mine"),
    ],
)
def test_requests_are_narrowed(wishes, kept):
    @settings(QUIET, max_examples=50)
    @given(requests(**wishes))
    def check(body):
        assert kept(body)
        assert is_valid("CreateChatCompletionRequest", body)
        assert not list(breaches(body["messages"]))

    check()


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"roles": ["tool"]}, "role assistant is needed"),
        ({"roles": ["user", "function"]}, "role assistant is needed"),
        ({"roles": []}, "none is chosen"),
        ({"roles": ["robot"]}, "'robot' is none"),
        ({"roles": "user"}, "a collection"),
        ({"modalities": ["smell"]}, "'smell' is none"),
        ({"max_messages": 0}, "from 1 on"),
        ({"max_messages": "3"}, "from 1 on"),
        ({"stream": "yes"}, "True, False or None"),
        ({"model": 3}, "a text"),
    ],
)
def test_impossible_wishes_are_refused_at_once(wishes, said):
    with pytest.raises(ImpossibleNarrowing, match=said):
        requests(**wishes)


def test_an_image_shrinks_to_little_within_a_thousand_calls():
    calls = 0

    def has_fine_image(body):
        nonlocal calls
        calls += 1
        contents = [message.get("content") for message in body["messages"]]
        parts_of = [part for content in contents if isinstance(content, list) for part in content]
        return any(part.get("type") == "image_url" and part["image_url"].get("detail") == "high" for part in parts_of)

    found = find(requests(), has_fine_image, settings=settings(QUIET, max_examples=3000))
    assert len(json.dumps(found)) < 200
    assert calls < 1000


def test_conversations_break_no_rule_between_messages():
    found = list(drawn(lambda source: talking.conversation(source, ANYTHING), 1500))
    for conversation in found:
        assert conversation
        assert not list(breaches(conversation))
        assert all(is_valid("ChatCompletionRequestMessage", message) for message in conversation)
    roles = Counter(message["role"] for conversation in found for message in conversation)
    assert set(roles) == {"developer", "system", "user", "assistant", "tool"}
    assert any(len(message.get("tool_calls", ())) > 1 for conversation in found for message in conversation)


def test_the_small_strategies_give_valid_values():
    listed = [{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "g"}}]

    @settings(QUIET, max_examples=60)
    @given(messages(), content_parts(), tools(), tool_choices(listed), errors(), conversations())
    def check(message, part, tool, choice, error, conversation):
        assert is_valid("ChatCompletionRequestMessage", message)
        assert is_valid("ChatCompletionRequestUserMessageContentPart", part)
        assert is_valid("ChatCompletionTool" if tool["type"] == "function" else "CustomToolChatCompletions", tool)
        assert is_valid("ChatCompletionToolChoiceOption", choice)
        assert is_valid("ErrorResponse", error)
        assert not list(breaches(conversation))

    check()


def test_tool_choices_without_tools_choose_none():
    @settings(QUIET, max_examples=20)
    @given(tool_choices([]))
    def check(choice):
        assert choice in ("auto", "none")

    check()


def test_completions_answer_their_requests():
    for number, body in enumerate(bodies(800)):
        (answer,) = drawn(lambda source, body=body: answering.completion(source, body), 1, seed=f"answer:{number}")
        assert not violations("CreateChatCompletionResponse", answer)
        assert [choice["index"] for choice in answer["choices"]] == list(range(body.get("n") or 1))
        usage = answer["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        names = {tool[tool["type"]]["name"] for tool in body.get("tools", ())}
        for choice in answer["choices"]:
            message = choice["message"]
            for call in message.get("tool_calls", ()):
                assert call[call["type"]]["name"] in names
            assert (choice["logprobs"] is not None) == bool(body.get("logprobs"))
            for entry in (choice["logprobs"] or {}).get("content") or ():
                assert len(entry["top_logprobs"]) <= (body.get("top_logprobs") or 0)
            stop = body.get("stop") or ()
            for sequence in [stop] if isinstance(stop, str) else stop:
                form = (body.get("response_format") or {}).get("type", "text")
                assert form != "text" or not sequence or sequence not in (message["content"] or "")


def test_structured_answers_are_instances_of_the_schema():
    import jsonschema_rs

    schema = parts.PARAMETERS[3]
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    body = {"model": "m", "messages": [{"role": "user", "content": "a"}], "response_format": form}
    texts = [
        choice["message"]["content"]
        for answer in drawn(lambda source: answering.completion(source, body), 60)
        for choice in answer["choices"]
        if choice["message"]["content"] is not None
    ]
    assert len(texts) > 30
    assert all(jsonschema_rs.validator_for(schema).is_valid(json.loads(text)) for text in texts)


def comparable(completion, chunks):
    """A completion as its stream can tell it: the usage only when a chunk has it."""
    if any(chunk.get("usage") for chunk in chunks):
        return completion
    return {key: value for key, value in completion.items() if key != "usage"}


def received(pieces):
    decoder = Decoder()
    for piece in pieces:
        decoder.feed(piece)
    events = [event.data for event in decoder.close().events]
    assert events[-1] == "[DONE]"
    return [json.loads(event) for event in events[:-1]]


def test_a_stream_spells_its_completion_however_it_is_written_and_cut():
    ends = Counter()
    for found in drawn(lambda source: any_stream(source), 700):
        assert b"".join(found.pieces) == found.body
        chunks = received(found.pieces)
        assert chunks == list(found.chunks)
        assert assemble(chunks) == comparable(found.completion, chunks)
        for chunk in chunks:
            assert not violations("CreateChatCompletionStreamResponse", chunk)
        ends["\r\n" if b"\r\n" in found.body else "\r" if b"\r" in found.body else "\n"] += 1
        ends["comment"] += b"\n:" in found.body
        ends["bom"] += found.body.startswith(b"\xef\xbb\xbf")
        ends["pieces"] += len(found.pieces) > 1
    assert min(ends.values()) > 0
    assert len(ends) == 6


def any_stream(source):
    completion = answering.completion(source, streamable=True)
    return streaming.stream(source, completion, include_usage=None, decorated=True)


def test_streams_of_a_given_completion_and_of_a_request():
    completion = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "héllo 😀", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    body = {"model": "x", "messages": [], "n": 3, "stream_options": {"include_usage": True}}

    @settings(QUIET, max_examples=60)
    @given(streams(completion=completion, include_usage=True), streams(request=body), streams(decorated=False))
    def check(given_one, answered, plain):
        assert assemble(received(given_one.pieces)) == completion
        assert len(answered.completion["choices"]) == 3
        assert answered.chunks[-1]["choices"] == []
        assert answered.chunks[-1]["usage"]["total_tokens"] > 0
        assert all(chunk["usage"] is None for chunk in answered.chunks[:-1])
        assert plain.pieces == (plain.body,)

    check()


def test_completions_go_with_hypothesis():
    @settings(QUIET, max_examples=40)
    @given(completions(), completions(request={"model": "z", "messages": [], "n": 2}))
    def check(any_one, answer):
        assert is_valid("CreateChatCompletionResponse", any_one)
        assert answer["model"] == "z"
        assert len(answer["choices"]) == 2

    check()


@pytest.mark.parametrize("family", mismatches.FAMILIES)
def test_each_family_of_mismatches_breaks_its_own_rule_alone(family):
    for found in drawn(lambda source: mismatches.mismatch(source, ANYTHING, (family,)), 25):
        assert found.family == family
        seen = violations("CreateChatCompletionRequest", found.value)
        assert [(v.pointer, v.keyword) for v in seen] == ([(found.pointer, found.keyword)] if found.keyword else [])
        if ("call" in family and "message" in family) or "answered" in family or family == "calls-with-same-id":
            assert list(breaches(found.value["messages"]))
        at = found.value
        for step in found.pointer.split("/")[1:]:
            at = at[int(step)] if isinstance(at, list) else at[step]


def test_what_is_contested_can_never_be_seen_by_the_schema():
    assert set(mismatches.FAMILIES) > mismatches.CONTESTED
    for family in sorted(mismatches.CONTESTED):
        for found in drawn(lambda source, family=family: mismatches.mismatch(source, ANYTHING, (family,)), 5):
            assert is_valid("CreateChatCompletionRequest", found.value)


def test_invalid_requests_have_one_thing_wrong_and_its_name():
    families = Counter()

    @settings(QUIET, max_examples=200)
    @given(invalid_requests())
    def check(found):
        families[found.family] += 1
        if found.family == "schema":
            (only,) = violations("CreateChatCompletionRequest", found.value)
            assert (only.pointer, only.keyword) == (found.pointer, found.keyword)

    check()
    assert families["schema"] > 50
    assert len(families) > 10


@pytest.mark.parametrize("families", [["nonsense"], [], "schema"])
def test_unknown_families_are_refused(families):
    with pytest.raises(ImpossibleNarrowing, match="families"):
        invalid_requests(families=families)


def test_chosen_families_come_alone():
    @settings(QUIET, max_examples=30)
    @given(invalid_requests(families=["unanswered-call"]), invalid_requests(families=["schema"]))
    def check(unanswered, by_schema):
        assert unanswered.family == "unanswered-call"
        assert by_schema.family == "schema"

    check()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: completions(request=5), "request is no CreateChatCompletionRequest: 5 is an integer"),
        (lambda: completions(request={"n": "two"}), "request is no CreateChatCompletionRequest at /n: "),
        (lambda: completions(request={"n": 10**9}), "at /n: 1000000000 is greater than the maximum of 128"),
        (lambda: streams(completion={}), "completion is no CreateChatCompletionResponse: "),
        (lambda: streams(request=[]), "request is no CreateChatCompletionRequest: "),
        (lambda: tool_choices([1]), "the list of tools is no CreateChatCompletionRequest at /tools/0: "),
    ],
)
def test_arguments_that_are_no_value_of_their_type_are_refused_at_once(make, told):
    with pytest.raises(ImpossibleNarrowing, match=told):
        make()


def test_a_part_of_a_request_is_enough_to_answer():
    @settings(QUIET, max_examples=10)
    @given(completions(request={"n": 2}))
    def check(completion):
        assert len(completion["choices"]) == 2

    check()
