"""What is wrong is told once, in one short line, and exactly where it is."""

import json
import pickle
import subprocess
import sys
from typing import Any

import jsonschema
import orjson
import pytest

from chatconform.schemas import UnknownType, Violation, is_valid, names, schema, validator, violations
from chatconform.schemas.fault import MOST_VIOLATIONS

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def of_request(**fields: Any) -> list[tuple[str, str, str]]:
    found = violations("CreateChatCompletionRequest", {**REQUEST, **fields})
    return [(each.pointer, each.keyword, each.message) for each in found]


def user(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"messages": user({"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}})},
            "/messages/0/content/1/image_url: 'url' is a required property",
        ),
        ({"messages": user({"type": "image_url"})}, "/messages/0/content/0: 'image_url' is a required property"),
        (
            {"messages": user({"type": "video"})},
            '/messages/0/content/0/type: "video" is not one of "text", "image_url", "input_audio", "file"',
        ),
        ({"messages": user({"text": "a"})}, "/messages/0/content/0: 'type' is a required property"),
        ({"messages": user("a")}, '/messages/0/content/0: "a" is a string, not an object'),
        ({"messages": [{"role": "user"}]}, "/messages/0: 'content' is a required property"),
        ({"messages": [{"content": "a"}]}, "/messages/0: 'role' is a required property"),
        (
            {"messages": [{"role": "bot", "content": "a"}]},
            '/messages/0/role: "bot" is not one of "user", "assistant", "tool", "system", "developer", "function"',
        ),
        ({"messages": [{"role": 5}]}, "/messages/0/role: 5 is an integer, not a string"),
        ({"messages": ["a"]}, '/messages/0: "a" is a string, not an object'),
        ({"messages": []}, "/messages: has 0 items, at least 1 needed"),
        ({"messages": None}, "/messages: null is not an array"),
        ({"messages": [{"role": "user", "content": None}]}, "/messages/0/content: null is not a string or an array"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "/messages/0: 'tool_call_id' is a required property"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f"}}]}]},
            "/messages/0/tool_calls/0/function: 'arguments' is a required property",
        ),
        ({"tool_choice": 5}, "/tool_choice: 5 is an integer, not a string or an object"),
        ({"tool_choice": "always"}, '/tool_choice: "always" is not one of "none", "auto", "required"'),
        ({"tool_choice": {"type": "function"}}, "/tool_choice: 'function' is a required property"),
        ({"tools": [{"type": "function", "function": {}}]}, "/tools/0/function: 'name' is a required property"),
        (
            {"tools": [{"type": "custom", "custom": {"name": "f", "format": {"type": "text", "x": 1}}}]},
            "/tools/0/custom/format: 'x' is not allowed here",
        ),
        ({"response_format": {"type": "json_schema"}}, "/response_format: 'json_schema' is a required property"),
        (
            {"response_format": {"type": "xml"}},
            '/response_format/type: "xml" is not one of "text", "json_schema", "json_object"',
        ),
        ({"temperature": 2.5}, "/temperature: 2.5 is greater than the maximum of 2"),
        ({"temperature": "hot"}, '/temperature: "hot" is a string, not a number or null'),
        ({"n": 0}, "/n: 0 is less than the minimum of 1"),
        ({"n": 1.5}, "/n: 1.5 is a number, not an integer or null"),
        ({"stream": "true"}, '/stream: "true" is a string, not a boolean or null'),
        ({"stop": {"a": 1}}, '/stop: {"a": 1} is an object, not a string or an array or null'),
        ({"stop": ["a", 5]}, "/stop/1: 5 is an integer, not a string"),
        ({"logit_bias": {"a/b~c": 200}}, "/logit_bias/a~1b~0c: 200 is greater than the maximum of 100"),
        ({"metadata": {"": 5}}, "/metadata/: 5 is an integer, not a string"),
        ({"metadata": {"007": 5}}, "/metadata/007: 5 is an integer, not a string"),
        ({"metadata": {"7": 5, "07": ""}}, "/metadata/7: 5 is an integer, not a string"),
        ({"metadata": {"+7": 5}}, "/metadata/+7: 5 is an integer, not a string"),
        ({"audio": "x", "modalities": ["audio"]}, '/audio: "x" is a string, not an object or null'),
        ({"verbosity": "loud"}, '/verbosity: "loud" is not one of "low", "medium", "high", null'),
        ({"prediction": {"type": "content", "content": []}}, "/prediction/content: has 0 items, at least 1 needed"),
    ],
    ids=str,
)
def test_one_fault_is_one_line_in_the_branch_that_was_meant(fields: dict[str, Any], line: str) -> None:
    found = violations("CreateChatCompletionRequest", {**REQUEST, **fields})
    assert [str(each) for each in found] == [line]


def test_each_missing_key_is_a_violation_of_the_object_that_lacks_it() -> None:
    found = violations("CreateChatCompletionRequest", {})
    assert [(each.pointer, each.keyword, each.message) for each in found] == [
        ("", "required", "'model' is a required property"),
        ("", "required", "'messages' is a required property"),
    ]
    assert str(found[0]) == "(top level): 'model' is a required property"


def test_each_key_that_is_not_allowed_is_a_violation_of_the_object_that_holds_it() -> None:
    found = violations("Error", {**schema("Error")["examples"][0], "status": 1, "detail": 2}, strict=True)
    assert [(each.pointer, each.keyword, each.message) for each in found] == [
        ("", "additionalProperties", "'status' is not allowed here"),
        ("", "additionalProperties", "'detail' is not allowed here"),
    ]


def test_a_violation_says_in_which_file_and_where_its_keyword_stands() -> None:
    found = violations("CreateChatCompletionRequest", {**REQUEST, "messages": user({**IMAGE, "image_url": {}})})
    assert found == [
        Violation(
            pointer="/messages/0/content/0/image_url",
            keyword="required",
            message="'url' is a required property",
            schema_location="parts/ChatCompletionRequestMessageContentPartImage.json#/properties/image_url/required",
        )
    ]


def test_violations_stand_in_the_order_of_their_places() -> None:
    found = of_request(
        n=0, top_p=7, messages=[{"role": "user", "content": [{"type": "text"}] * 11}], stop=[1], logprobs=1
    )
    pointers = [pointer for pointer, _, _ in found]
    assert pointers == [
        "/logprobs",
        *(f"/messages/0/content/{index}" for index in range(11)),
        "/n",
        "/stop/0",
        "/top_p",
    ]


def test_a_chunk_of_another_kind_is_told_of_its_marks() -> None:
    chunk = {**schema("CreateChatCompletionStreamResponse")["examples"][0], "object": "chat.completion"}
    assert [str(each) for each in violations("CreateChatCompletionStreamResponse", chunk)] == [
        '/object: "chat.completion" is not one of "chat.completion.chunk"'
    ]


@pytest.mark.parametrize("name", ["toolcall", "ToolCall", "createchatcompletionrequest", "CreateChatCompletonRequest"])
def test_an_unknown_name_suggests_near_ones(name: str) -> None:
    for ask in (schema, validator, lambda unknown: violations(unknown, {}), lambda unknown: is_valid(unknown, {})):
        with pytest.raises(UnknownType) as caught:
            ask(name)
        assert isinstance(caught.value, LookupError)
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
        assert caught.value.name == name
        assert set(caught.value.near) <= set(names())
        assert 1 <= len(caught.value.near) <= 3
        assert str(caught.value) == f"there is no type named {name!r}; did you mean {' or '.join(caught.value.near)}?"


def test_the_nearest_name_is_suggested_first() -> None:
    for wrong, right in {
        "CreateChatCompletonRequest": "CreateChatCompletionRequest",
        "completionusage": "CompletionUsage",
        "ModelIdsShared": "ModelIDsShared",
        "AssistantMessage": "ChatCompletionRequestAssistantMessage",
    }.items():
        with pytest.raises(UnknownType) as caught:
            schema(wrong)
        assert caught.value.near[0] == right


@pytest.mark.parametrize("name", ["", "zzz", "../request/Metadata", 5, None, "x" * 10_000_000])
def test_a_name_like_no_other_leads_to_the_list(name: Any) -> None:
    with pytest.raises(UnknownType) as caught:
        schema(name)
    assert str(caught.value).endswith("`chatconform schema` lists the names")
    assert len(str(caught.value)) < 200


HUGE = "x" * 5_000_000


@pytest.mark.parametrize(
    "value",
    [
        HUGE,
        [HUGE] * 3,
        {HUGE: HUGE},
        [[0] * 1_000_000],
        10**100_000,
        {"key\nwith\u2028breaks\x1b[31m": "value\nwith\u2028breaks\x1b[31m\u202e"},
    ],
    ids=["text", "texts", "key", "list", "integer", "controls"],
)
def test_a_message_is_one_short_line_of_harmless_characters_whatever_the_value(value: Any) -> None:
    for name, at in (("CreateChatCompletionRequest", "model"), ("CreateChatCompletionRequest", "reasoning_effort")):
        for each in violations(name, {**REQUEST, at: value}):
            assert len(each.message) < 300
            assert each.message.isprintable()
    for each in violations("Error", {HUGE: 1, "a\nb": 2}, strict=True):
        assert len(each.message) < 300
        assert each.message.isprintable()


@pytest.mark.parametrize("depth", [10, 300, 1022, 20_000])
@pytest.mark.parametrize("kind", ["arrays", "objects"])
def test_deep_nesting_gets_a_verdict_everywhere(kind: str, depth: int) -> None:
    deep: Any = 0
    for _ in range(depth):
        deep = [deep] if kind == "arrays" else {"a": deep}
    assert is_valid("CreateChatCompletionRequest", {**REQUEST, "unknown": deep})
    assert is_valid("FunctionParameters", {"a": deep})
    for field, pointer in {"model": "/model", "reasoning_effort": "/reasoning_effort", "messages": "/messages"}.items():
        if kind == "arrays" and field == "messages":
            continue
        [(found, keyword, message)] = of_request(**{field: deep})
        assert (found, keyword) == (pointer, "type")
        assert len(message) < 300
    assert violations("ErrorResponse", deep)[0].keyword in ("type", "required")


def test_a_lone_surrogate_is_a_string_like_others() -> None:
    assert is_valid("CreateChatCompletionRequest", {**REQUEST, "user": "\ud800", "\udc00": 1})
    [(pointer, keyword, message)] = of_request(n="\ud800", **{"\udc00": 1})
    assert (pointer, keyword) == ("/n", "type")
    message.encode()
    [(pointer, keyword, message)] = of_request(logit_bias={"\ud800": 1000})
    assert (pointer, keyword) == ("/logit_bias/\ufffd", "maximum")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_in_json_is_none_here(text: str) -> None:
    value = json.loads(text)
    assert not is_valid("CreateChatCompletionRequest", {**REQUEST, "temperature": value})
    assert of_request(temperature=value) == [("/temperature", "type", f"{text} is not a number that JSON knows")]
    assert [pointer for pointer, _, _ in of_request(seed=value, max_tokens=value)] == ["/max_tokens", "/seed"]


def test_integers_are_judged_exactly_beyond_64_bits() -> None:
    assert of_request(seed=2**63 - 1) == []
    assert of_request(seed=10**400)[0][:2] == ("/seed", "maximum")
    assert of_request(seed=-(10**400))[0][:2] == ("/seed", "minimum")
    assert of_request(max_tokens=10**400) == []
    assert of_request(seed=1.0) == []
    assert of_request(seed=True)[0][2] == "true is a boolean, not an integer or null"


@pytest.mark.parametrize("value", [{1}, b"bytes", object()])
def test_what_no_json_parser_makes_is_a_type_error_that_says_so(value: Any) -> None:
    for ask in (is_valid, violations):
        with pytest.raises(TypeError, match="not JSON"):
            ask("CreateChatCompletionRequest", {**REQUEST, "model": value})


def test_a_value_with_very_many_faults_is_told_by_its_first_thousand() -> None:
    request = orjson.loads(b'{"model":"m","messages":[' + b",".join([b"5"] * 500_000) + b"]}")
    found = violations("CreateChatCompletionRequest", request)
    assert 100 < len(found) <= MOST_VIOLATIONS
    assert found[0].pointer == "/messages/0"


@pytest.mark.parametrize("index", [0, 9_000, 40_000, 119_999])
def test_a_single_fault_is_found_anywhere_in_a_large_value(index: int) -> None:
    messages: list[Any] = [{"role": "user", "content": "a"}] * 120_000
    messages[index] = {"role": "user"}
    found = violations("CreateChatCompletionRequest", {"messages": messages, "model": "m"})
    assert [str(each) for each in found] == [f"/messages/{index}: 'content' is a required property"]


def test_what_is_left_out_of_a_large_value_is_not_missed_in_it() -> None:
    many = {f"key{number}": "" for number in range(50_000)}
    found = violations("CreateChatCompletionRequest", {"metadata": many, **REQUEST, "n": 0})
    assert [str(each) for each in found] == ["/metadata: has 50000 properties, at most 16 allowed"]
    found = violations("ErrorResponse", {**many, "error": {**many, "message": ""}})
    assert [str(each) for each in found] == [
        f"/error: '{key}' is a required property" for key in ("type", "param", "code")
    ]
    found = violations("CompletionUsage", {**many, "prompt_tokens": 1})
    assert [str(each) for each in found] == [
        f"(top level): '{key}' is a required property" for key in ("completion_tokens", "total_tokens")
    ]


def test_a_validator_is_a_ready_jsonschema_validator() -> None:
    found = validator("CreateChatCompletionRequest")
    assert isinstance(found, jsonschema.Draft202012Validator)
    assert found.is_valid(REQUEST)
    [error] = found.iter_errors({**REQUEST, "messages": user({"type": "image_url"})})
    assert list(error.absolute_path) == ["messages", 0, "content", 0]


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    code = """if True:
        import sys
        import chatconform.schemas as schemas
        early = set(sys.modules)
        schemas.names()
        schemas.schema("File", strict=True)
        schemas.bundle("CreateChatCompletionRequest", one_of=True)
        schemas.is_valid("File", {})
        schemas.violations("File", {})
        late = set(sys.modules)
        heavy = {"jsonschema", "referencing", "jsonschema_rs", "hypothesis", "pytest", "orjson", "importlib.resources"}
        print(sorted(early & heavy), sorted(late & heavy))
    """
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] ['importlib.resources', 'jsonschema_rs', 'orjson']"
