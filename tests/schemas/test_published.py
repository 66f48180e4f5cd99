"""Our schemas and the published types admit the same values, but for the rules of the prose."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from chatconform.schemas import violations

SPELT_ANEW = {"ModelIdsShared": "ModelIDsShared", "VoiceIdsShared": "VoiceIDsShared"}

BY_PROSE = (
    "request/CreateChatCompletionRequest.json#/dependentSchemas/",
    "request/CreateChatCompletionRequest.json#/properties/logit_bias/additionalProperties/m",
    "messages/ChatCompletionRequestAssistantMessage.json#/else/",
    "request/Metadata.json#/maxProperties",
    "request/Metadata.json#/propertyNames/maxLength",
    "request/Metadata.json#/additionalProperties/maxLength",
    "tools/FunctionObject.json#/properties/name/",
    "tools/ChatCompletionFunctions.json#/properties/name/",
    "request/ResponseFormatJsonSchema.json#/properties/json_schema/properties/name/",
)
"""Where our schemas are stricter than the published types."""


def as_json_schema(node: Any) -> Any:
    """A published schema of OpenAPI 3.0 as plain JSON Schema, with as little done to it as can be."""
    if isinstance(node, list):
        return [as_json_schema(below) for below in node]
    if not isinstance(node, dict):
        return node
    made = {key: as_json_schema(value) for key, value in node.items() if key != "nullable"}
    if "oneOf" in made:  # branches that overlap by accident are not meant to exclude each other
        made["anyOf"] = made.pop("oneOf")
    return {"anyOf": [made, {"type": "null"}]} if node.get("nullable") else made


@pytest.fixture(scope="module")
def as_published(published_types: dict[str, Any]) -> dict[str, jsonschema.Draft202012Validator]:
    """A validator of each published type, under our name for it."""
    types = {key: as_json_schema(value) for key, value in published_types.items()}
    return {
        SPELT_ANEW.get(key, key): jsonschema.Draft202012Validator(
            {"$ref": f"#/components/schemas/{key}", "components": {"schemas": types}}
        )
        for key in types
    }


def test_no_value_is_refused_without_the_published_types_or_the_prose_and_none_is_let_through(
    as_published: dict[str, jsonschema.Draft202012Validator], around: Callable[[str], list[Any]]
) -> None:
    agreed = {True: 0, False: 0}
    by_prose = set()
    for name, published in as_published.items():
        for value in around(name):
            ours = violations(name, value)
            theirs = published.is_valid(value)
            if theirs == (not ours):
                agreed[theirs] += 1
            elif ours:
                where = [violation.schema_location for violation in ours]
                assert all(place.startswith(BY_PROSE) for place in where), (name, value, where)
                by_prose.update(place for place in BY_PROSE for each in where if each.startswith(place))
            else:
                # In the published request two members of an `allOf` differ on null; the request's own one is meant.
                assert "top_logprobs" in value, (name, value)
                assert value["top_logprobs"] is None
    assert min(agreed.values()) > 1000
    assert by_prose == set(BY_PROSE)
