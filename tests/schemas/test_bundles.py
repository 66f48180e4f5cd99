"""A bundle is one document that needs no other, in two forms that mean the same."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from chatconform.schemas import UnknownType, bundle, is_valid, names, schema
from chatconform.schemas.registry import is_published

TYPES = sorted(name for name in names() if is_published(name))


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key != "examples":
                yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


def refuse(uri: str) -> Any:
    raise LookupError(uri)


@pytest.mark.parametrize("one_of", [False, True])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", TYPES)
def test_a_bundle_admits_the_same_values_as_the_files(
    name: str, strict: bool, one_of: bool, around: Callable[[str], list[Any]]
) -> None:
    from chatconform.schemas.formats import is_uri

    document = bundle(name, strict=strict, one_of=one_of)
    jsonschema.Draft202012Validator.check_schema(document)
    bundled = jsonschema_rs.Draft202012Validator(
        document, retriever=refuse, validate_formats=strict, formats={"uri": is_uri}
    )
    for value in around(name):
        assert bundled.is_valid(value) == is_valid(name, value, strict=strict), value


@pytest.mark.parametrize("name", TYPES)
def test_a_bundle_refers_only_to_its_own_definitions_by_name_and_holds_no_others(name: str) -> None:
    for one_of in (False, True):
        document = bundle(name, one_of=one_of)
        used = {node["$ref"] for node in objects(document) if isinstance(node.get("$ref"), str)}
        assert used == {f"#/$defs/{key}" for key in document.get("$defs", {})}
        assert all("$id" not in node for node in objects(document))
        assert sum("$schema" in node for node in objects(document)) == 1


@pytest.mark.parametrize("name", TYPES)
def test_the_plain_form_has_no_union_but_one_of(name: str) -> None:
    for node in objects(bundle(name, one_of=True)):
        assert "$ref" not in node.get("then", {})
        kinds = node.get("type")
        assert not isinstance(kinds, list) or len(set(kinds) - {"null"}) == 1


def test_the_plain_form_shows_every_branch_of_a_union() -> None:
    messages = bundle("ChatCompletionRequestMessage", one_of=True)
    assert {branch["$ref"].rpartition("/")[2] for branch in messages["oneOf"]} == {
        f"ChatCompletionRequest{role}Message"
        for role in ("Developer", "System", "User", "Assistant", "Tool", "Function")
    }
    assert bundle("StopConfiguration", one_of=True)["oneOf"] == [
        {"type": "string"},
        {"type": "array", "items": schema("StopConfiguration")["items"], "minItems": 1, "maxItems": 4},
        {"type": "null"},
    ]
    choice = bundle("ChatCompletionToolChoiceOption", one_of=True)["oneOf"]
    assert choice[0]["enum"] == ["none", "auto", "required"]
    assert len(choice) == 4


def test_definitions_of_single_files_do_not_collide_with_types_or_each_other() -> None:
    local = [key for name in TYPES for key in schema(name).get("$defs", {})]
    assert len(local) == len(set(local))
    assert not set(local) & set(names())


def test_a_bundle_is_json_and_the_callers_own() -> None:
    before = json.dumps(bundle("CreateChatCompletionRequest"))
    bundle("CreateChatCompletionRequest")["properties"].clear()
    assert json.dumps(bundle("CreateChatCompletionRequest")) == before


def test_an_unknown_type_has_no_bundle() -> None:
    with pytest.raises(UnknownType, match="did you mean ChatCompletionTool"):
        bundle("ChatCompletionTol")
