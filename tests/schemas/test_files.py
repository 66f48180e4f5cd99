"""Each file is a good citizen: named, described, exemplified, and readable by anybody's tools."""

import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import jsonschema
import jsonschema_rs
import pytest
import referencing
from referencing.jsonschema import DRAFT202012

from chatconform.schemas import BASE, names, registry, schema
from chatconform.schemas.registry import is_published

FILES = {
    Path(str(file)).stem: Path(str(file))
    for room in resources.files("chatconform.schemas").iterdir()
    if room.is_dir()
    for file in room.iterdir()
    if file.name.endswith(".json")
}
TYPES = sorted(name for name in names() if is_published(name))

CLIENT_CATALOGUE = (Path(__file__).parent / "client_catalogue.txt").read_text(encoding="utf-8").split()
"""The types that the official client names."""

ALIASES = {
    "ChatCompletionContentPartAudio": "ChatCompletionRequestMessageContentPartAudio",
    "ChatCompletionContentPartImage": "ChatCompletionRequestMessageContentPartImage",
    "ChatCompletionContentPartRefusal": "ChatCompletionRequestMessageContentPartRefusal",
    "ChatCompletionContentPartText": "ChatCompletionRequestMessageContentPartText",
    "ChatCompletionMessageFunctionToolCall": "ChatCompletionMessageToolCall",
    "File": "ChatCompletionRequestMessageContentPartFile",
}
"""The types of the reference page that are others under a second name."""


def below(node: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a document outside of its examples, with its pointer."""
    if isinstance(node, dict):
        yield pointer, node
        for key, value in node.items():
            if key != "examples":
                yield from below(value, f"{pointer}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from below(value, f"{pointer}/{index}")


def test_every_published_type_has_a_schema_under_its_name(published: dict[str, Any]) -> None:
    spelt_anew = {"ModelIdsShared": "ModelIDsShared", "VoiceIdsShared": "VoiceIDsShared"}
    expected = {spelt_anew.get(name, name) for name in published} | set(CLIENT_CATALOGUE) | set(ALIASES) | {"Message"}
    assert set(TYPES) == expected
    assert len(TYPES) == 80


def test_names_are_sorted_and_are_those_of_the_files() -> None:
    assert list(names()) == sorted(FILES)


@pytest.mark.parametrize("name", TYPES)
def test_a_file_says_what_it_is(name: str) -> None:
    text = FILES[name].read_text(encoding="utf-8")
    document = json.loads(text)
    assert document == schema(name)
    assert list(document)[:4] == ["$schema", "$id", "title", "description"]
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"{BASE}{FILES[name].parent.name}/{name}.json"
    assert re.fullmatch(r"[A-Z].*[^.]", document["title"])
    assert re.fullmatch(r"[A-Z].*\.", document["description"])
    assert text.endswith("}\n")


@pytest.mark.parametrize("name", TYPES)
def test_every_property_is_described_in_a_sentence(name: str) -> None:
    described = 0
    for pointer, node in below(schema(name)):
        # What stands under a condition refines a property that is described where it is declared.
        if not pointer.endswith("/properties") or {"if", "dependentSchemas"} & set(pointer.split("/")):
            continue
        if (name, pointer) == ("ChatCompletionRequestAssistantMessage", "/else/properties"):
            continue
        for key, value in node.items():
            assert re.fullmatch(r"[A-Z`].*\.", value.get("description", "")), f"{pointer}/{key}"
            described += 1
    assert described or "properties" not in schema(name)


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_is_one_by_its_metaschema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    jsonschema_rs.meta.validate(schema(name))


@pytest.mark.parametrize("name", TYPES)
def test_an_alias_is_one_reference_and_no_copy(name: str) -> None:
    document = schema(name)
    said = set(document) - {"$schema", "$id", "title", "description", "examples"}
    if name in ALIASES:
        assert said == {"$ref"}
        assert document["$ref"].rpartition("/")[2] == f"{ALIASES[name]}.json"
    else:
        assert said


@pytest.mark.parametrize("name", TYPES)
def test_references_are_relative_and_lead_to_files(name: str) -> None:
    for pointer, node in below(schema(name)):
        ref = node.get("$ref")
        if not isinstance(ref, str):
            continue
        address, fragment = urldefrag(ref)
        assert not re.match(r"[a-z]+:|/", ref), pointer
        target = FILES[name].parent / unquote(address) if address else FILES[name]
        assert target.is_file(), f"{pointer} leads to {target}"
        found: Any = json.loads(target.read_text(encoding="utf-8"))
        for step in fragment.split("/")[1:]:
            found = found[step]
        assert urljoin(schema(name)["$id"], address) == json.loads(target.read_text(encoding="utf-8"))["$id"]


@pytest.mark.parametrize("name", TYPES)
def test_the_forms_are_those_that_are_fast_and_tell_errors_exactly(name: str) -> None:
    for pointer, node in below(schema(name)):
        assert not {"unevaluatedProperties", "unevaluatedItems", "allOf", "oneOf", "discriminator", "nullable"} & set(
            node
        ), pointer
        assert "anyOf" not in node or pointer.endswith("/if"), pointer
        if isinstance(node.get("enum"), list) and isinstance(node.get("type"), list):
            assert ("null" in node["type"]) == (None in node["enum"]), pointer


@pytest.mark.parametrize("name", TYPES)
def test_examples_are_valid_by_both_validators_over_the_files_alone(name: str) -> None:
    def from_file(uri: str) -> Any:
        return json.loads(Path(uri.removeprefix("file://")).read_text(encoding="utf-8"))

    # An independent resolver: no registry of ours, the files by their paths and their own relative references.
    def bare(document: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in document.items() if key != "$id"}

    by_path: referencing.Registry[Any] = referencing.Registry(
        retrieve=lambda uri: DRAFT202012.create_resource(bare(from_file(uri)))
    )
    document = {"$ref": FILES[name].as_uri()}
    python = jsonschema.Draft202012Validator(document, registry=by_path)
    rust = jsonschema_rs.Draft202012Validator(document, retriever=lambda uri: bare(from_file(uri)))
    examples = schema(name)["examples"]
    assert examples
    for example in examples:
        python.validate(example)
        rust.validate(example)


def test_the_registry_resolves_every_reference_in_both_strengths() -> None:
    followed = 0
    for strict in (False, True):
        for name in TYPES:
            document = schema(name, strict)
            resolver = registry().resolver(document["$id"])
            for _, node in below(document):
                if isinstance(node.get("$ref"), str):
                    assert isinstance(resolver.lookup(node["$ref"]).contents, dict)
                    followed += 1
    assert followed > 150


def test_a_schema_that_was_handed_out_is_the_callers_own() -> None:
    schema("File")["title"] = "spoilt"
    schema("File", strict=True)["examples"].clear()
    assert schema("File")["title"] == "File part"
    assert schema("File", strict=True)["examples"]
