"""A published document that has moved is told of, change by change; one that has not is not."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatconform.schemas.drift import BadDocument, compared, read_document

Types = dict[str, Any]


def told(document: Any) -> list[str]:
    return [" ".join(str(difference).split()) for difference in compared(document).differences]


def request(types: Types) -> dict[str, Any]:
    properties: dict[str, Any] = types["CreateChatCompletionRequest"]["allOf"][1]["properties"]
    return properties


def test_the_published_types_as_they_were_have_not_moved(published: Types) -> None:
    found = compared(published)
    assert found.differences == ()
    assert found.compared == 73


def test_a_whole_openapi_document_is_read_by_what_belongs_to_the_endpoint(published: Types) -> None:
    document = {
        "openapi": "3.0.0",
        "paths": {},
        "components": {"schemas": {**published, "Unrelated": {"type": "object"}, "Message": {}, "File": {}}},
    }
    assert told(document) == []


def test_what_our_schemas_say_from_the_prose_is_told_apart(published: Types) -> None:
    deliberate = {(each.place, each.text) for each in compared(published).deliberate}
    assert ("Metadata", "maxProperties is 16 here, absent as published") in deliberate
    assert ("FunctionObject.name", 'pattern is "^[a-zA-Z0-9_-]*$" here, absent as published') in deliberate
    assert len(deliberate) == 16


CHANGES: list[tuple[str, Callable[[Types], Any], list[str]]] = [
    (
        "a property added",
        lambda types: request(types).update(turbo={"type": "boolean", "nullable": True}),
        ["added CreateChatCompletionRequest.turbo: boolean or null"],
    ),
    (
        "a required property added",
        lambda types: (
            types["Error"]["properties"].update(doc={"type": "string"}),
            types["Error"]["required"].append("doc"),
        ),
        ["added Error.doc: string required"],
    ),
    (
        "a property removed",
        lambda types: request(types).pop("seed"),
        ["removed CreateChatCompletionRequest.seed: was integer"],
    ),
    (
        "a property deep inside removed",
        lambda types: types["CompletionUsage"]["properties"]["prompt_tokens_details"]["properties"].pop(
            "cached_tokens"
        ),
        ["removed CompletionUsage.prompt_tokens_details.cached_tokens: was integer"],
    ),
    (
        "a type removed",
        lambda types: types.pop("Verbosity"),
        ["removed Verbosity: the type is not published any more"],
    ),
    (
        "a type added",
        lambda types: types.update(Mood={"type": "string"}),
        ["added Mood: the type has no schema here"],
    ),
    (
        "a type changed",
        lambda types: request(types)["n"].update(type="number"),
        ['changed CreateChatCompletionRequest.n: type was "integer", is "number"'],
    ),
    (
        "a value added",
        lambda types: types["ServiceTier"]["anyOf"][0]["enum"].append("turbo"),
        ['changed ServiceTier: values added "turbo"'],
    ),
    (
        "a value removed",
        lambda types: types["ServiceTier"]["anyOf"][0]["enum"].remove("flex"),
        ['changed ServiceTier: values removed "flex"'],
    ),
    (
        "a tag's values changed",
        lambda types: types["ChatCompletionMessageToolCallChunk"]["properties"]["type"]["enum"].append("custom"),
        ['changed ChatCompletionMessageToolCallChunk.type: values added "custom"'],
    ),
    (
        "a model added",
        lambda types: types["ModelIdsShared"]["anyOf"][1]["enum"].append("gpt-9"),
        ['changed ModelIDsShared: known values added "gpt-9"'],
    ),
    (
        "a bound moved",
        lambda types: request(types)["n"].update(maximum=256),
        ["changed CreateChatCompletionRequest.n: maximum was 128, is 256"],
    ),
    (
        "a bound dropped",
        lambda types: request(types)["frequency_penalty"].pop("minimum"),
        ["changed CreateChatCompletionRequest.frequency_penalty: minimum was -2, is absent"],
    ),
    (
        "a 64-bit bound moved",
        lambda types: request(types)["seed"].update(maximum=2**53),
        ["changed CreateChatCompletionRequest.seed: maximum was 9223372036854775807, is 9007199254740992"],
    ),
    (
        "a count moved",
        lambda types: types["StopConfiguration"]["oneOf"][1].update(maxItems=8),
        ["changed StopConfiguration(array): maxItems was 4, is 8"],
    ),
    (
        "a length published, other than the prose says",
        lambda types: types["FunctionObject"]["properties"]["name"].update(maxLength=128),
        ["changed FunctionObject.name: maxLength was 64, is 128"],
    ),
    (
        "a length published, as the prose says",
        lambda types: types["FunctionObject"]["properties"]["name"].update(maxLength=64),
        [],
    ),
    (
        "null allowed",
        lambda types: types["ChatCompletionTool"]["properties"].update(
            function={"nullable": True, "allOf": [{"$ref": "#/components/schemas/FunctionObject"}]}
        ),
        ["changed ChatCompletionTool.function: nullable was false, is true"],
    ),
    (
        "null not allowed any more",
        lambda types: request(types)["stream"].pop("nullable"),
        ["changed CreateChatCompletionRequest.stream: nullable was true, is false"],
    ),
    (
        "required",
        lambda types: types["CreateChatCompletionResponse"]["required"].append("usage"),
        ["changed CreateChatCompletionResponse.usage: required was false, is true"],
    ),
    (
        "not required any more",
        lambda types: types["Error"]["required"].remove("param"),
        ["changed Error.param: required was true, is false"],
    ),
    (
        "deprecated",
        lambda types: request(types)["logit_bias"].update(deprecated=True),
        ["changed CreateChatCompletionRequest.logit_bias: deprecated was false, is true"],
    ),
    (
        "a default changed",
        lambda types: types["ReasoningEffort"]["anyOf"][0].update(default="high"),
        ['changed ReasoningEffort: default was "medium", is "high"'],
    ),
    (
        "a format changed",
        lambda types: types["CreateChatCompletionResponse"]["properties"]["created"].update(format="int64"),
        ['changed CreateChatCompletionResponse.created: format was "unixtime", is "int64"'],
    ),
    (
        "an object closed",
        lambda types: types["ErrorResponse"].update(additionalProperties=False),
        ["changed ErrorResponse: other properties was true, is false"],
    ),
    (
        "a branch added",
        lambda types: types["ChatCompletionRequestMessage"]["oneOf"].append({"$ref": "#/components/schemas/Error"}),
        ['changed ChatCompletionRequestMessage: type added "Error"'],
    ),
    (
        "a union made of one type",
        lambda types: request(types).update(tool_choice={"type": "string"}),
        ['changed CreateChatCompletionRequest.tool_choice: type was "ChatCompletionToolChoiceOption", is "string"'],
    ),
]


@pytest.mark.parametrize(("change", "lines"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_a_change_is_told_once_and_by_its_place(
    published: Types, change: Callable[[Types], Any], lines: list[str]
) -> None:
    change(published)
    assert told(published) == lines


def test_the_same_types_written_in_another_way_have_not_moved(published: Types) -> None:
    """OpenAPI 3.1 writes null as a type, and generators write what they like."""

    def rewritten(node: Any) -> Any:
        if isinstance(node, list):
            return [rewritten(below) for below in node]
        if not isinstance(node, dict):
            return node
        made = {key: rewritten(value) for key, value in node.items()}
        if made.get("nullable") is True:
            del made["nullable"]
            if isinstance(made.get("type"), str):
                made["type"] = ["null", made["type"]]
                if "enum" in made:
                    made["enum"] = [None, *made["enum"]]
            else:
                made = {"oneOf": [{"type": "null"}, made]}
        if "$ref" in made:
            made = {"allOf": [{"$ref": made.pop("$ref")}], "description": "A reference.", **made}
        return made

    assert told(rewritten(published)) == []


@pytest.mark.parametrize(
    "document", [None, 5, "text", [], {}, {"a": 1}, {"components": {}}, {"components": {"schemas": 5}}]
)
def test_a_document_without_schemas_of_the_endpoint_is_refused(document: Any) -> None:
    with pytest.raises(BadDocument, match="holds no schemas of this endpoint"):
        compared(document)


@pytest.mark.parametrize(
    "nonsense", [5, [], "text", True, {"allOf": 5}, {"oneOf": [5, []]}, {"properties": 5, "required": 5}]
)
def test_nonsense_in_a_document_is_a_change_and_no_crash(published: Types, nonsense: Any) -> None:
    published["Error"] = nonsense
    request(published)["n"] = nonsense
    assert told(published)


def test_a_type_that_inherits_from_itself_is_refused(published: Types) -> None:
    published["Error"] = {"allOf": [{"$ref": "#/components/schemas/Error"}, {"type": "object"}]}
    with pytest.raises(BadDocument, match="nested too deeply"):
        compared(published)


def test_a_document_is_read_from_json_or_yaml(tmp_path: Path, published: Types) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(published), encoding="utf-8")
    assert read_document(path) == published


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("broken.json", b"{", "is not JSON"),
        ("broken.json", b"", "is not JSON"),
        ("bytes.json", b"\xff\xfe", "is not JSON"),
        ("deep.json", b"[" * 100_000, "is not JSON"),
        ("page.html", b"<html></html>", "is not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadDocument, match=reason) as caught:
        read_document(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match="No such file"):
        read_document(tmp_path / "nowhere.json")
    with pytest.raises(BadDocument, match="cannot be read"):
        read_document(tmp_path)


def test_yaml_without_its_library_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    path = tmp_path / "openapi.yaml"
    path.write_text("openapi: 3.0.0", encoding="utf-8")
    with pytest.raises(BadDocument, match="pip install pyyaml"):
        read_document(path)


def test_yaml_is_read_where_its_library_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: Types
) -> None:
    class YAMLError(Exception):
        pass

    def safe_load(content: bytes) -> Any:
        if content == b"a: b: c":
            raise YAMLError("mapping values are not allowed here\n  in line 1")
        return published

    library = SimpleNamespace(YAMLError=YAMLError, safe_load=safe_load)
    monkeypatch.setitem(sys.modules, "yaml", library)
    path = tmp_path / "openapi.yaml"
    path.write_bytes(b"openapi: 3.0.0")
    assert compared(read_document(path)).differences == ()
    path.write_bytes(b"a: b: c")
    with pytest.raises(BadDocument, match="is not YAML: mapping values are not allowed here\\."):
        read_document(path)
