"""The judge in reserve: jsonschema, written in Python.

It judges where jsonschema-rs cannot be installed, where that one's account of a place is ambiguous, and schemas of
drafts that it does not know. It is some fifty times slower, and says the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, cast
from urllib.parse import unquote, urldefrag, urljoin

import jsonschema
from jsonschema.validators import Draft202012Validator, extend, validator_for
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from chatconform.schemas.fault import Fault, Judge, TooDeep, UnusableSchema
from chatconform.schemas.formats import format_checker
from chatconform.schemas.registry import documents, registry
from chatconform.schemas.violation import json_pointer, shown


def judge_of_type(name: str, strict: bool) -> Judge:
    """Returns the judge of one of our types."""
    document = documents(strict)[name]
    checker = format_checker() if strict else None
    return _judge(_exact_class(Draft202012Validator)(document, registry=registry(), format_checker=checker), document)


def judge_of_schema(schema: Any) -> Judge:
    """Returns the judge of any schema, by the draft that its `$schema` names; raises `UnusableSchema`."""
    if not isinstance(schema, dict | bool):
        raise UnusableSchema("The schema cannot be used: it is neither an object nor a boolean.")
    named = schema.get("$schema") if isinstance(schema, dict) else None
    kind: Any = validator_for(schema, default=None) if named else Draft202012Validator  # type: ignore[arg-type]
    if kind is None:
        raise UnusableSchema(f"The schema cannot be used: its $schema, {shown(named)}, names no draft that is known.")
    try:
        kind.check_schema(schema)
        elsewhere = _references_resolved(schema)
    except jsonschema.SchemaError as problem:
        where = json_pointer(problem.absolute_path) or "its top level"
        raise UnusableSchema(f"The schema cannot be used: at {where}, {problem.message[:300]}.") from None
    except Unresolvable as problem:
        raise UnusableSchema(
            f"The schema refers to {problem.ref!r}, which is not part of it, and nothing is fetched from elsewhere."
        ) from None
    except RecursionError:
        raise UnusableSchema("The schema cannot be used: it is nested too deeply.") from None
    return _judge(_exact_class(kind)(schema, registry=elsewhere), schema)


def _references_resolved(schema: Any) -> Registry[Any]:
    """Returns a registry that fetches nothing; raises `Unresolvable` when a reference leads out of the schema."""
    resource = Resource.from_contents(schema, default_specification=DRAFT202012)
    empty: Registry[Any] = Registry()
    registry: Registry[Any] = empty.with_resource(resource.id() or "", resource).crawl()
    to_see = [(resource, registry.resolver_with_root(resource))]
    while to_see:
        seen, resolver = to_see.pop()
        if isinstance(seen.contents, dict) and isinstance(seen.contents.get("$ref"), str):
            resolver.lookup(seen.contents["$ref"])
        to_see += [(below, resolver.in_subresource(below)) for below in seen.subresources()]
    return registry


@cache
def _exact_class(kind: Any) -> Any:
    """Returns a validator class that reads patterns and numbers as JSON Schema means them, and not as Python does."""
    library = kind.VALIDATORS["properties"]

    def properties(validator: Any, listed: Any, value: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
        # The library leaves out the path to a property that may not be there at all.
        present = value if isinstance(value, dict) else {}
        for key in [key for key, below in listed.items() if below is False and key in present]:
            yield jsonschema.ValidationError("", validator="false", path=[key], schema_path=[key], instance=value[key])
        yield from library(
            validator, {key: below for key, below in listed.items() if below is not False}, value, schema
        )

    numbers = kind.TYPE_CHECKER.redefine("number", _is_number)
    own = {"pattern": _pattern, "properties": properties}
    return extend(kind, own, type_checker=numbers)  # type: ignore[no-untyped-call]


def _is_number(_checker: Any, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[jsonschema.ValidationError]:
    # Python's `$` also matches before a last line feed; that of ECMA 262 does not.
    exact = re.sub(r"(?<!\\)((?:\\\\)*)\$(?=$|\))", r"\1\\Z", pattern)
    if isinstance(value, str) and not re.search(exact, value):
        yield jsonschema.ValidationError(f"does not match {pattern}")


def _judge(validator: Any, document: Any) -> Judge:
    def is_valid(value: Any) -> bool:
        return next(_errors(validator, value), None) is None

    def faults(value: Any) -> Iterator[Fault]:
        for error in _errors(validator, value):
            yield from _told(error, value, document)

    return Judge(is_valid, faults)


def _errors(validator: Any, value: Any) -> Iterator[jsonschema.ValidationError]:
    try:
        yield from validator.iter_errors(value)
    except RecursionError:
        raise TooDeep("Recursion limit reached") from None


def _told(error: jsonschema.ValidationError, value: Any, document: Any) -> Iterator[Fault]:
    path = tuple(error.absolute_path)
    location = _location(list(error.absolute_schema_path), document)
    node: Any = error.instance
    keyword = str(error.validator) if error.validator else "false"
    expected: Any = error.validator_value
    match keyword:
        case "oneOf" | "anyOf" if error.context:
            branches: list[list[Fault]] = [[] for _ in expected]
            for inner in error.context:
                branches[cast("int", inner.schema_path[0])] += _told(inner, value, document)
            yield Fault(path, keyword, node, None, location, tuple(map(tuple, branches)))
        case "additionalProperties" | "unevaluatedProperties" if isinstance(node, dict):
            for key in _extra_keys(error, node):
                yield Fault(path, keyword, node, key, location)
        case "required" | "dependentRequired" | "dependencies":
            yield Fault(path, keyword, node, _missing_key(error, node), location)
        case _:
            yield Fault(path, keyword, node, expected, location, of_name=_is_name(error, value))


def _missing_key(error: jsonschema.ValidationError, node: dict[str, Any]) -> Any:
    """Returns the key that the error is about: the library makes one error a key, and only its message says which."""
    match error.validator_value:
        case list(keys):
            needed = keys
        case dict(by_key):
            needed = [key for keys in by_key.values() if isinstance(keys, list) for key in keys]
        case _:
            return error.path[-1]  # draft 3 writes `required: true` in the property itself
    return next((key for key in needed if key not in node and error.message.startswith(repr(key))), None)


def _extra_keys(error: jsonschema.ValidationError, node: dict[str, Any]) -> list[str]:
    schema = cast("dict[str, Any]", error.schema)
    listed = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    extra = [key for key in node if key not in listed and not any(re.search(each, key) for each in patterns)]
    if error.validator == "additionalProperties":
        return extra
    return [key for key in extra if repr(key) in error.message]


def _is_name(error: jsonschema.ValidationError, value: Any) -> bool:
    """Says whether the error is about the name of a key: what stands at its path is then the object around it."""
    around = _reached(value, list(error.absolute_path))
    return isinstance(around, dict) and isinstance(error.instance, str)


def _location(path: list[str | int], document: Any) -> str:
    """Returns where a keyword is written. The library's path goes through references without naming them."""
    own = {each["$id"]: each for strict in (False, True) for each in documents(strict).values()}
    base = document.get("$id", "") if isinstance(document, dict) else ""
    root = node = document
    written: list[str | int] = []
    for step in path:
        while isinstance(node, dict) and step not in node and isinstance(node.get("$ref"), str):
            base, fragment = urldefrag(urljoin(base, node["$ref"]))
            root = own.get(base, root)
            written = [part.replace("~1", "/").replace("~0", "~") for part in unquote(fragment).split("/")[1:]]
            node = _reached(root, written)
        written.append(step)
        node = _reached(node, [step])
    return f"{base}#{json_pointer(written)}"


def _reached(node: Any, path: list[str | int]) -> Any:
    for step in path:
        if isinstance(node, dict):
            node = node.get(str(step))
        elif isinstance(node, list) and str(step).isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            return None
    return node
