"""Every form is known by its content, and read."""

from __future__ import annotations

import base64
import bz2
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from chatconform.core.recording import from_json, to_json
from chatconform.recordings.kinds import type_of
from chatconform.run.recordings import validate_files
from chatconform.schemas import names, schema, violations
from chatconform.schemas.registry import is_published


def test_lines_are_judged_each_by_what_it_is(folder: Any, traffic: Any, told: Any) -> None:
    values = [
        traffic.request(),
        traffic.response(),
        traffic.chunk({"content": "x"}),
        traffic.error(),
        {"role": "user", "content": "hi"},
        {"type": "function", "function": {"name": "f"}},
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"messages": [{"role": "user", "content": "hi"}], "tools": [{"type": "function", "function": {"name": "f"}}]},
        traffic.exchange(),
        [{"role": "user", "content": "hi"}],
    ]
    result = folder.judge(values)
    assert told(result) == []
    assert result.records == {
        "CreateChatCompletionRequest": 1,
        "CreateChatCompletionResponse": 1,
        "CreateChatCompletionStreamResponse": 1,
        "ErrorResponse": 1,
        "ChatCompletionRequestMessage": 1,
        "ChatCompletionTool": 1,
        "ChatCompletionMessageToolCall": 1,
        "FineTuningExample": 2,
        "exchanges": 1,
    }
    assert result.exit_status() == 0


def test_a_fault_in_a_body_is_told_with_line_and_pointer(folder: Any, traffic: Any, told: Any) -> None:
    bad = traffic.request(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}])
    result = folder.judge([traffic.request(), bad])
    assert told(result) == [
        ("schema.create-chat-completion-request", 2, "/messages/0/content/0/image_url"),
    ]
    assert result.exit_status() == 1


def test_an_example_of_a_type_is_never_taken_for_another() -> None:
    known = {
        "CreateChatCompletionRequest",
        "CreateChatCompletionResponse",
        "CreateChatCompletionStreamResponse",
        "ErrorResponse",
        "ChatCompletionRequestMessage",
        "ChatCompletionTool",
        "CustomToolChatCompletions",
        "FineTuningExample",
        "Message",
    }
    assert known <= set(names())
    for name in sorted(known):
        for example in schema(name)["examples"]:
            assert type_of(example) == name, example
    for name in ("RecordedExchange", "BatchRequest", "BatchResult"):
        for example in schema(name)["examples"]:
            assert type_of(example) is None


@pytest.mark.parametrize("name", ["RecordedExchange", "FineTuningExample", "BatchRequest", "BatchResult"])
def test_the_forms_of_recordings_have_schemas_whose_examples_are_valid(name: str) -> None:
    assert not is_published(name)
    for example in schema(name)["examples"]:
        assert violations(name, example) == []


def test_what_the_kit_writes_follows_the_schema_of_its_form() -> None:
    for path in sorted((Path(__file__).parents[1] / "specimens").glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            for one in json.loads(line).get("series", [json.loads(line)]):
                assert violations("RecordedExchange", one) == [], path.name
                assert violations("RecordedExchange", to_json(from_json(one))) == [], path.name


def test_a_type_that_is_said_is_that_of_every_body(folder: Any, traffic: Any, told: Any) -> None:
    result = folder.judge([{"x": 1}, traffic.request()], type="CreateChatCompletionRequest")
    assert {(rule, line) for rule, line, _ in told(result)} == {("schema.create-chat-completion-request", 1)}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.ZstdCompressor().compress, bytes])
def test_packed_files_are_known_by_their_content(pack: Any, folder: Any, traffic: Any, told: Any) -> None:
    lines = "".join(json.dumps(one) + "\n" for one in [traffic.request(), {"model": 1, "messages": []}]).encode()
    result = folder.judge(pack(lines), name="no-telling-name")
    assert {(rule, line) for rule, line, _ in told(result)} == {("schema.create-chat-completion-request", 2)}
    assert result.size == len(lines)


def test_packed_files_of_several_parts_are_read_to_the_end(folder: Any, traffic: Any) -> None:
    line = (json.dumps(traffic.request()) + "\n").encode()
    for pack in (gzip.compress, bz2.compress, zstandard.ZstdCompressor().compress):
        assert folder.judge(pack(line) + pack(line)).records == {"CreateChatCompletionRequest": 2}


@pytest.mark.parametrize("indent", [None, 2])
def test_a_single_json_text_is_judged_however_it_is_written(indent: int | None, folder: Any, traffic: Any) -> None:
    assert folder.judge(json.dumps(traffic.request(), indent=indent)).records == {"CreateChatCompletionRequest": 1}
    array = json.dumps([traffic.request(), traffic.response(), traffic.exchange()], indent=indent)
    assert sum(folder.judge(array).records.values()) == 3


def test_elements_of_an_array_are_told_with_their_lines(folder: Any, traffic: Any, told: Any) -> None:
    text = json.dumps([traffic.request(), {"model": 1, "messages": [{"role": "user", "content": '"[{'}]}], indent=1)
    line = text[: text.index('"model": 1')].count("\n")
    assert told(folder.judge(text)) == [("schema.create-chat-completion-request", line, "/model")]


def entry(traffic: Any, **more: Any) -> dict[str, Any]:
    json_type = [{"name": "content-type", "value": "application/json"}, {"name": "x-request-id", "value": "r"}]
    return {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "time": 12.5,
        "request": {
            "method": "POST",
            "url": "https://example.com/v1/chat/completions",
            "headers": json_type,
            "postData": {"mimeType": "application/json", "text": json.dumps(traffic.request())},
        },
        "response": {
            "status": 200,
            "headers": json_type,
            "content": {"mimeType": "application/json", "text": json.dumps(traffic.response())},
        },
        **more,
    }


@pytest.mark.parametrize("indent", [None, 2])
def test_an_archive_is_read_entry_by_entry(indent: int | None, folder: Any, traffic: Any, told: Any) -> None:
    page = {"request": {"method": "GET", "url": "https://example.com/"}, "response": {"status": 200}}
    bad = entry(traffic)
    bad["response"]["content"]["text"] = json.dumps(traffic.response(object="chat"))
    packed = entry(traffic)
    text = packed["response"]["content"]["text"].encode()
    packed["response"]["content"] |= {"text": base64.b64encode(text).decode(), "encoding": "base64"}
    har = json.dumps({"log": {"version": "1.2", "entries": [page, entry(traffic), packed, bad]}}, indent=indent)
    result = folder.judge(har)
    assert [(rule, pointer) for rule, _, pointer in told(result)] == [("response.body.matches-its-type", "/object")]
    assert result.records == {"exchanges": 3}
    assert "Left out: 1 entries about something else." in result.notes
    if indent:
        assert told(result)[0][1] == har[: har.rindex('"startedDateTime"')].count("\n")


def cassette(traffic: Any, response: Any, headers: str = "") -> str:
    return f"""interactions:
- request:
    body: '{json.dumps(traffic.request())}'
    headers:
      content-type: [application/json]
    method: POST
    uri: https://example.com/v1/chat/completions
  response:
    body:
      string: {response}
    headers:
      content-type: [application/json]
      x-request-id: [r1]
{headers}    status: {{code: 200, message: OK}}
version: 1
"""


def test_cassettes_are_read(folder: Any, traffic: Any, told: Any) -> None:
    good = cassette(traffic, f"'{json.dumps(traffic.response())}'")
    bad = cassette(traffic, f"'{json.dumps(traffic.response(object='chat'))}'")
    assert folder.judge(good).records == {"exchanges": 1}
    assert told(folder.judge(good)) == []
    assert told(folder.judge(bad)) == [("response.body.matches-its-type", 2, "/object")]


def test_a_packed_body_in_a_cassette_is_unpacked(folder: Any, traffic: Any, told: Any) -> None:
    packed = base64.b64encode(gzip.compress(json.dumps(traffic.response(object="chat")).encode())).decode()
    text = cassette(traffic, f"!!binary |\n        {packed}", "      content-encoding: [gzip]\n")
    assert told(folder.judge(text)) == [("response.body.matches-its-type", 2, "/object")]


def test_json_cassettes_parsed_bodies_and_those_of_ruby_are_read(folder: Any, traffic: Any) -> None:
    url = "https://example.com/v1/chat/completions"
    parsed = {
        "request": {"method": "POST", "uri": url, "parsed_body": traffic.request(), "headers": {}},
        "response": {"status": {"code": 200}, "parsed_body": traffic.response(), "headers": {}},
    }
    ruby = {
        "request": {
            "method": "post",
            "uri": url,
            "body": {"encoding": "UTF-8", "string": json.dumps(traffic.request())},
        },
        "response": {"status": {"code": 200}, "body": {"string": json.dumps(traffic.response())}, "headers": {}},
    }
    assert folder.judge(json.dumps({"version": 1, "interactions": [parsed]}, indent=1)).records == {"exchanges": 1}
    assert folder.judge(json.dumps({"http_interactions": [ruby], "recorded_with": "VCR"})).records == {"exchanges": 1}


def batch(traffic: Any, number: int, **more: Any) -> dict[str, Any]:
    return {
        "custom_id": f"r-{number}",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": traffic.request(**more),
    }


def answer(number: int, body: Any, status: int = 200) -> dict[str, Any]:
    response = {"status_code": status, "request_id": "q", "body": body}
    return {"id": f"b-{number}", "custom_id": f"r-{number}", "response": response, "error": None}


def test_a_batch_is_paired_by_the_names_of_its_requests(folder: Any, traffic: Any, told: Any) -> None:
    asked = folder.write("in.jsonl", [batch(traffic, 1, n=2), batch(traffic, 2)])
    answered = folder.write("out.jsonl", [answer(2, traffic.response()), answer(1, traffic.response())])
    alone, both = validate_files([answered]), validate_files([asked, answered])
    assert alone.records == {"CreateChatCompletionResponse": 2}
    assert both.records == {"CreateChatCompletionRequest": 2, "exchanges": 2}
    assert told(alone) == []
    assert told(both) == [("response.choices.are-as-many-as-asked", 2, "/choices")]


def test_lines_of_batches_for_other_endpoints_are_left_out(folder: Any, traffic: Any, told: Any) -> None:
    other = {**batch(traffic, 1), "url": "/v1/embeddings", "body": {"model": "e", "input": "x"}}
    result = folder.judge([other, batch(traffic, 2)])
    assert told(result) == []
    assert result.notes == ("Left out: 1 requests to /v1/embeddings.",)


def test_a_line_of_a_batch_that_lacks_its_name_is_told(folder: Any, traffic: Any, told: Any) -> None:
    bad = {**batch(traffic, 1), "custom_id": 7}
    assert told(folder.judge([batch(traffic, 2), bad])) == [("record.matches-its-form", 2, "/custom_id")]


def test_what_litellm_logs_is_an_exchange(folder: Any, traffic: Any, told: Any) -> None:
    log = {
        "id": "1",
        "call_type": "acompletion",
        "status": "success",
        "model": "small",
        "messages": [{"role": "user", "content": "hi"}],
        "model_parameters": {"n": 2},
        "response": traffic.response(),
    }
    failed = {**log, "status": "failure", "response": None}
    other = {**log, "call_type": "aembedding"}
    result = folder.judge([log, failed, other])
    assert result.records == {"exchanges": 1, "CreateChatCompletionRequest": 1}
    assert told(result) == [("response.choices.are-as-many-as-asked", 1, "/choices")]
    assert result.notes == ("Left out: 1 calls of the type aembedding.",)


@pytest.mark.parametrize("as_text", [False, True])
def test_what_other_gateways_log_is_an_exchange(as_text: bool, folder: Any, traffic: Any, told: Any) -> None:
    asked, answered = traffic.request(n=2), traffic.response()
    if as_text:
        asked, answered = json.dumps(asked), json.dumps(answered)
    logs = [
        {
            "request": {"url": "https://x/v1/chat/completions", "body": asked},
            "response": {"status": 200, "body": answered},
        },
        {"request_body": asked, "response_body": answered, "status_code": 200},
        {"request": asked, "response": answered},
        {"input": asked, "output": answered},
    ]
    result = folder.judge(logs)
    assert result.records == {"exchanges": 4}
    assert [line for rule, line, _ in told(result) if rule == "response.choices.are-as-many-as-asked"] == [1, 2, 3]


def test_a_stream_in_an_exchange_is_judged_as_a_stream(folder: Any, traffic: Any, told: Any) -> None:
    text = traffic.stream("Hi").replace('"finish_reason": "stop"', '"finish_reason": null')
    lines = [{"request": {"json": traffic.request(stream=True)}, "response": {"text": text}}]
    assert [rule for rule, _, _ in told(folder.judge(lines))] == ["stream.finish.comes-once-per-choice"]


def test_the_headers_that_a_recording_lacks_are_not_missed(folder: Any, traffic: Any, told: Any) -> None:
    known = traffic.exchange()
    known["response"]["headers"] = [["content-type", "application/json"]]
    assert told(folder.judge([traffic.exchange()])) == []
    assert [rule for rule, _, _ in told(folder.judge([known]))] == ["response.http.request-id-is-told"]


def test_a_request_without_its_answer_is_judged_by_the_rules_on_requests(folder: Any, traffic: Any, told: Any) -> None:
    orphan = {"role": "tool", "tool_call_id": "x", "content": "1"}
    result = folder.judge([{"request": {"json": traffic.request(messages=[orphan])}}])
    assert told(result) == [("request.conversation.results-follow-their-calls", 1, "/messages/0")]


def test_what_lint_finds_is_told_on_request_alone(folder: Any, told: Any) -> None:
    said = '"messages":[{"role":"user","content":"12345678901234567890123"}]'
    text = f'{{"model":"a","model":"b","seed":123456789012345678901234567890,{said}}}\n'
    lint = [(rule, line) for rule, line, _ in told(folder.judge(text, lint=True)) if rule.startswith("record.")]
    assert lint == [("record.keys-are-not-repeated", 1), ("record.integers-fit-64-bits", 1)]
    assert not [rule for rule, _, _ in told(folder.judge(text)) if rule.startswith("record.")]


def test_only_and_skip_choose_and_reading_is_always_told(folder: Any, traffic: Any, told: Any) -> None:
    lines = json.dumps({"model": 1, "messages": []}) + "\n{bad\n" + json.dumps(traffic.exchange()) + "\n"
    assert [rule for rule, _, _ in told(folder.judge(lines, only=["response.usage"]))] == ["record.is-json"]
    skipped = told(folder.judge(lines, skip=["schema", "record.is-json"]))
    assert skipped == []
