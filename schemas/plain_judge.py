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
from jsonschema.protocols import Validator
from jsonschema.validators import Draft202012Validator, extend, validator_for
from referencing import Registry
from referencing.exceptions import NoSuchResource, Unresolvable

from chatconform.schemas.fault import Fault, Judge, TooDeep, UnusableSchema
from chatconform.schemas.formats import format_checker
from chatconform.schemas.registry import documents, registry
from chatconform.schemas.violation import json_pointer


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
    kind = validator_for(schema, default=None if named else Draft202012Validator)
    if kind is None:
        raise UnusableSchema(f"The schema cannot be used: its $schema, {named!r}, names no draft that is known.")
    try:
        kind.check_schema(schema)
    except jsonschema.SchemaError as problem:
        where = json_pointer(problem.absolute_path) or "its top level"
        raise UnusableSchema(f"The schema cannot be used: at {where}, {problem.message[:300]}.") from None
    except RecursionError:
        raise UnusableSchema("The schema cannot be used: it is nested too deeply.") from None
    return _judge(_exact_class(kind)(schema, registry=Registry(retrieve=_refuse)), schema)  # type: ignore[call-arg]


def _refuse(uri: str) -> Any:
    raise NoSuchResource(ref=uri)


@cache
def _exact_class(kind: type[Validator]) -> type[Validator]:
    """Returns a validator class that reads patterns and numbers as JSON Schema means them, and not as Python does."""
    numbers = kind.TYPE_CHECKER.redefine("number", _is_number)
    return cast("type[Validator]", extend(kind, {"pattern": _pattern}, type_checker=numbers))


def _is_number(_checker: Any, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[jsonschema.ValidationError]:
    # Python's `$` also matches before a last line feed; that of ECMA 262 does not.
    exact = re.sub(r"(?<!\\)((?:\\\\)*)\$(?=$|\))", r"\1\\Z", pattern)
    if isinstance(value, str) and not re.search(exact, value):
        yield jsonschema.ValidationError(f"does not match {pattern}")


def _judge(validator: Validator, document: Any) -> Judge:
    def is_valid(value: Any) -> bool:
        return next(_errors(validator, value), None) is None

    def faults(value: Any) -> Iterator[Fault]:
        for error in _errors(validator, value):
            yield from _told(error, value, document)

    return Judge(is_valid, faults)


def _errors(validator: Validator, value: Any) -> Iterator[jsonschema.ValidationError]:
    try:
        yield from validator.iter_errors(value)
    except RecursionError:
        raise TooDeep("Recursion limit reached") from None
    except Unresolvable as problem:
        raise UnusableSchema(
            f"The schema refers to {problem.ref!r}, which is not part of it, and nothing is fetched from elsewhere."
        ) from None


def _told(error: jsonschema.ValidationError, value: Any, document: Any) -> Iterator[Fault]:
    path = tuple(error.absolute_path)
    location = _location(list(error.absolute_schema_path), document)
    node = error.instance
    keyword = str(error.validator) if error.validator else "false"
    expected: Any = error.validator_value
    match keyword:
        case "oneOf" | "anyOf" if error.context:
            branches: list[list[Fault]] = [[] for _ in expected]
            for inner in error.context:
                branches[cast("int", inner.schema_path[0])] += _told(inner, value, document)
            yield Fault(path, keyword, node, None, location, tuple(map(tuple, branches)))
            return
        case "required" if isinstance(expected, list):
            # One error a key, in order, and only its message says which.
            expected = next(key for key in expected if key not in node and error.message.startswith(repr(key)))
        case "dependentRequired" | "dependencies":
            needed = (
                key for present, keys in expected.items() if present in node and isinstance(keys, list) for key in keys
            )
            expected = next((key for key in needed if key not in node and error.message.startswith(repr(key))), None)
        case "additionalProperties" | "unevaluatedProperties" if isinstance(node, dict):
            listed = error.schema.get("properties", {})
            patterns = error.schema.get("patternProperties", {})
            extra = [key for key in node if key not in listed and not any(re.search(each, key) for each in patterns)]
            for key in extra:
                if keyword == "additionalProperties" or repr(key) in error.message:
                    yield Fault(path, keyword, node, key, location)
            return
    yield Fault(path, keyword, node, expected, location, of_name=_is_name(error, value))


def _is_name(error: jsonschema.ValidationError, value: Any) -> bool:
    """Says whether the error is about the name of a key: what stands at its path is then the object around it."""
    around = _reached(value, list(error.absolute_path))
    return isinstance(around, dict) and isinstance(error.instance, str)


def _location(path: list[str | int], document: Any) -> str:
    """Returns where a keyword is written, once the references on the way to it have been followed."""
    own = {each["$id"]: each for strict in (False, True) for each in documents(strict).values()}
    base = document.get("$id", "") if isinstance(document, dict) else ""
    root = node = document
    written: list[str | int] = []
    for step in path:
        if step == "$ref" and isinstance(node, dict) and isinstance(node.get("$ref"), str):
            address, fragment = urldefrag(urljoin(base, node["$ref"]))
            root = own.get(address, root)
            base = address
            written = [part.replace("~1", "/").replace("~0", "~") for part in unquote(fragment).split("/")[1:]]
            node = _reached(root, written)
        else:
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
