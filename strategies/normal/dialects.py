"""What each draft of JSON Schema calls things, read as 2020-12 calls them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatconform.strategies.refusals import UnusableSchema

LATEST = 2020
_DRAFTS = {
    "json-schema.org/draft/2020-12/schema": 2020,
    "json-schema.org/draft/2019-09/schema": 2019,
    "json-schema.org/draft-07/schema": 7,
    "json-schema.org/draft-06/schema": 6,
    "json-schema.org/draft-04/schema": 4,
}
_ONE = (
    *("items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not"),
    *("unevaluatedItems", "unevaluatedProperties", "additionalItems", "contentSchema"),
)
_MANY = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
_SINCE = {"const": 6, "contains": 6, "propertyNames": 6, "if": 7, "minContains": 2019, "maxContains": 2019}
_SINCE |= {"dependentRequired": 2019, "dependentSchemas": 2019, "unevaluatedItems": 2019, "unevaluatedProperties": 2019}
_SINCE |= {"prefixItems": 2020, "$dynamicRef": 2020, "$dynamicAnchor": 2020, "$anchor": 2019}


def draft_of(uri: object, where: str) -> int:
    """Return the draft that a `$schema` names; raise `UnusableSchema` for one that is not known."""
    if isinstance(uri, str):
        draft = _DRAFTS.get(uri.partition("://")[2].rstrip("#"))
        if draft is not None:
            return draft
    raise UnusableSchema(
        f"$schema at {where or '/'} is {uri!r:.100}, which is none of the drafts 04, 06, 07, 2019-09, 2020-12"
    )


def identifier(schema: dict[str, Any], draft: int) -> str | None:
    """Return the URI that a schema gives itself, or None."""
    found = schema.get("id" if draft == 4 else "$id")
    if not isinstance(found, str) or (draft <= 7 and ("$ref" in schema or found.startswith("#"))):
        return None
    return found


def anchors(schema: dict[str, Any], draft: int) -> Iterator[tuple[str, bool]]:
    """Yield the plain names of a schema, each with whether it is dynamic."""
    if draft <= 7:
        found = schema.get("id" if draft == 4 else "$id")
        if isinstance(found, str) and found.startswith("#") and len(found) > 1:
            yield found[1:], False
        return
    if isinstance(schema.get("$anchor"), str):
        yield schema["$anchor"], False
    if draft == 2020 and isinstance(schema.get("$dynamicAnchor"), str):
        yield schema["$dynamicAnchor"], True
    if draft == 2019 and schema.get("$recursiveAnchor") is True:
        yield "", True


def children(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each place below a schema where another schema stands, as a JSON Pointer from it, with that schema."""
    for keyword in _ONE:
        if isinstance(schema.get(keyword), dict | bool):
            yield f"/{keyword}", schema[keyword]
    for keyword in _MANY:
        if isinstance(schema.get(keyword), list):
            for i, inner in enumerate(schema[keyword]):
                yield f"/{keyword}/{i}", inner
    for keyword in _NAMED:
        if isinstance(schema.get(keyword), dict):
            for name, inner in schema[keyword].items():
                yield f"/{keyword}/{escaped(name)}", inner


def escaped(name: str) -> str:
    """Return a property name as one step of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def modern(schema: dict[str, Any], draft: int) -> dict[str, Any]:
    """Return the keywords of a schema as 2020-12 writes them; the schemas inside stay as they are.

    `dependencies` of a draft that has it no more is read too: some validators still assert it, and none forbids it.
    """
    if draft == 2020:
        return _with_dependencies(dict(schema), schema) if "dependencies" in schema else schema
    if draft <= 7 and "$ref" in schema:
        return {"$ref": schema["$ref"]}
    new = {k: v for k, v in schema.items() if _SINCE.get(k, 0) <= draft}
    new.pop("additionalItems", None)
    if isinstance(schema.get("items"), list):
        new["prefixItems"] = new.pop("items")
        if "additionalItems" in schema:
            new["items"] = schema["additionalItems"]
    if draft == 2019 and "$recursiveRef" in new:
        new["$dynamicRef"] = new.pop("$recursiveRef")
    if draft == 4:
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if new.pop(exclusive, False) is True and bound in new:
                new[exclusive] = new.pop(bound)
    return _with_dependencies(new, schema) if "dependencies" in schema else new


def _with_dependencies(new: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(new.pop("dependencies", None), dict):
        for name, needed in schema["dependencies"].items():
            keyword = "dependentRequired" if isinstance(needed, list) else "dependentSchemas"
            new[keyword] = {name: needed} | new.get(keyword, {})
    return new
