"""The strict strength closes objects and asserts formats, and changes nothing else."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from chatconform.schemas import BASE, is_valid, names, schema, validator, violations
from chatconform.schemas.formats import is_uri
from chatconform.schemas.registry import is_published

TYPES = sorted(name for name in names() if is_published(name))


def example(name: str, index: int = 0) -> Any:
    return schema(name)["examples"][index]


def placed(value: Any, path: list[str | int], key: str, new: Any) -> Any:
    """The value with one key more in the object that the path leads to."""
    at = value
    for step in path:
        at = at[step]
    at[key] = new
    return value


@pytest.mark.parametrize("name", TYPES)
def test_the_examples_are_strictly_valid_by_both_validators(name: str) -> None:
    for value in schema(name)["examples"]:
        assert violations(name, value, strict=True) == []
        validator(name, strict=True).validate(value)


@pytest.mark.parametrize("name", TYPES)
def test_what_is_strictly_valid_is_valid(name: str, around: Callable[[str], list[Any]]) -> None:
    for value in around(name):
        assert is_valid(name, value) or not is_valid(name, value, strict=True), value


@pytest.mark.parametrize("name", TYPES)
def test_strict_refuses_more_only_for_unknown_keys_and_formats(name: str, around: Callable[[str], list[Any]]) -> None:
    for value in around(name):
        if is_valid(name, value):
            keywords = {violation.keyword for violation in violations(name, value, strict=True)}
            assert keywords <= {"additionalProperties", "format", "minimum", "maximum"}, value


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("CreateChatCompletionRequest", []),
        ("CreateChatCompletionRequest", ["messages", 0]),
        ("CreateChatCompletionRequest", ["messages", 1, "content", 1, "image_url"]),
        ("CreateChatCompletionResponse", []),
        ("CreateChatCompletionResponse", ["choices", 0, "message"]),
        ("CreateChatCompletionResponse", ["usage", "prompt_tokens_details"]),
        ("CreateChatCompletionStreamResponse", []),
        ("CreateChatCompletionStreamResponse", ["choices", 0, "delta"]),
        ("ErrorResponse", []),
        ("ErrorResponse", ["error"]),
        ("CustomToolChatCompletions", ["custom", "format", "grammar"]),
        ("ChatCompletionModeration", ["output"]),
    ],
)
def test_an_unknown_key_is_refused_where_it_stands(name: str, path: list[str | int]) -> None:
    value = next(each for each in schema(name)["examples"] if _reaches(each, path))
    placed(value, path, "vendor", 1)
    assert violations(name, value) == []
    found = violations(name, value, strict=True)
    assert [(each.pointer, each.keyword) for each in found] == [
        ("".join(f"/{step}" for step in path), "additionalProperties")
    ]
    assert found[0].message == "'vendor' is not allowed here"


def _reaches(value: Any, path: list[str | int]) -> bool:
    try:
        for step in path:
            value = value[step]
    except (KeyError, IndexError, TypeError):
        return False
    return isinstance(value, dict)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Metadata", {"anything": "at all"}),
        ("FunctionParameters", {"type": "object", "anything": ["at all"]}),
        ("ResponseFormatJsonSchemaSchema", {"anything": {"at": "all"}}),
        ("ChatCompletionAllowedTools", {"mode": "auto", "tools": [{"anything": "at all"}]}),
        ("Message", {"author": {"role": "user"}, "content": [{"anything": "at all"}]}),
    ],
)
def test_open_maps_stay_open(name: str, value: Any) -> None:
    assert violations(name, value, strict=True) == []


def test_the_bias_and_category_maps_stay_open() -> None:
    request = {**example("CreateChatCompletionRequest"), "logit_bias": {"any": 1}}
    assert violations("CreateChatCompletionRequest", request, strict=True) == []
    result = {**example("ModerationResultBody"), "categories": {"any": True}}
    assert violations("ModerationResultBody", result, strict=True) == []


@pytest.mark.parametrize("created", [0, 1767225600, 253_402_300_799])
def test_seconds_are_a_unix_time(created: int) -> None:
    value = {**example("CreateChatCompletionResponse"), "created": created}
    assert violations("CreateChatCompletionResponse", value, strict=True) == []


@pytest.mark.parametrize("created", [-1, 1767225600000])
def test_neither_negative_times_nor_milliseconds_are_a_unix_time(created: int) -> None:
    for name in ("CreateChatCompletionResponse", "CreateChatCompletionStreamResponse"):
        value = {**example(name), "created": created}
        assert violations(name, value) == []
        assert [each.pointer for each in violations(name, value, strict=True)] == ["/created"]
        assert not validator(name, strict=True).is_valid(value)


URIS = [
    "https://example.com/a.png",
    "http://user:pass@example.com:8080/a/b%20c?q=1&r=[x]#top".replace("[x]", "x"),
    "http://[2001:db8::7]/a",
    "data:image/png;base64,iVBORw0KGgo=",
    "data:text/plain;charset=utf-8;base64,aGk=",
    "data:,hello%20there",
    "file:///tmp/a.png",
    "urn:isbn:0451450523",
    "mailto:someone@example.com",
]
NO_URIS = [
    "",
    "a.png",
    "/a.png",
    "//example.com/a.png",
    "https://example.com/a b",
    "https://example.com/é",
    "http://a/%zz",
]


@pytest.mark.parametrize("text", URIS)
def test_a_uri_is_one_by_both_judges_and_by_the_librarys_own_grammar(text: str) -> None:
    import jsonschema_rs

    asserted = jsonschema_rs.Draft202012Validator({"format": "uri"}, validate_formats=True)
    assert is_uri(text)
    assert asserted.is_valid(text)


@pytest.mark.parametrize("text", NO_URIS)
def test_what_is_no_uri_is_refused_by_strict_alone(text: str) -> None:
    name = "ChatCompletionRequestMessageContentPartImage"
    value = {"type": "image_url", "image_url": {"url": text}}
    assert violations(name, value) == []
    found = violations(name, value, strict=True)
    assert [(each.pointer, each.keyword) for each in found] == [("/image_url/url", "format")]
    error = jsonschema.exceptions.best_match(validator(name, strict=True).iter_errors(value))
    assert error is not None
    assert error.validator == "format"


def test_the_form_of_a_long_data_url_is_asserted_too() -> None:
    name = "ChatCompletionRequestMessageContentPartImage"
    data = "data:image/png;base64," + "A" * 3_000_000
    assert is_valid(name, {"type": "image_url", "image_url": {"url": data}}, strict=True)
    assert not is_valid(name, {"type": "image_url", "image_url": {"url": data + " "}}, strict=True)


def test_the_two_strengths_stand_under_different_ids_side_by_side() -> None:
    for name in TYPES:
        room = schema(name)["$id"].removeprefix(BASE)
        assert schema(name, strict=True)["$id"] == f"{BASE}strict/{room}"


def test_what_refines_a_declaration_is_not_closed() -> None:
    request = schema("CreateChatCompletionRequest", strict=True)
    assert request["additionalProperties"] is False
    assert request["dependentSchemas"] == schema("CreateChatCompletionRequest")["dependentSchemas"]
    assistant = schema("ChatCompletionRequestAssistantMessage", strict=True)
    assert "additionalProperties" not in assistant["else"]
    assert "additionalProperties" not in schema("ChatCompletionRequestMessage", strict=True)
