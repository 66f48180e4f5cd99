"""The judge for every day: jsonschema-rs, which takes about as long as parsing does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from chatconform.schemas.fault import Fault, InexactPath, Judge, Path, UnusableSchema
from chatconform.schemas.formats import is_uri
from chatconform.schemas.registry import Schema, documents
from chatconform.schemas.violation import json_pointer

NAMED_BY_PATH = {"minContains", "maxContains", "dependentRequired", "dependencies"}
BY_KEY = {"additionalProperties", "unevaluatedProperties"}


def judge_of_type(name: str, strict: bool) -> Judge:
    """Returns the judge of one of our types."""
    found = jsonschema_rs.Draft202012Validator(
        documents(strict)[name],
        registry=_registry(strict),
        retriever=_refuse,
        validate_formats=strict,
        formats={"uri": is_uri} if strict else None,
    )
    return _judge(found)


def judge_of_schema(schema: Any) -> Judge:
    """Returns the judge of any schema, by the draft that its `$schema` names; raises `UnusableSchema`."""
    try:
        return _judge(jsonschema_rs.validator_for(schema, retriever=_refuse))
    except jsonschema_rs.ValidationError as problem:
        where = json_pointer(problem.instance_path)
        raise UnusableSchema(_reason(problem.message, where)) from None
    except ValueError as problem:
        raise UnusableSchema(f"The schema cannot be used: {problem}.") from None


@cache
def _registry(strict: bool) -> jsonschema_rs.Registry:
    pairs = [(document["$id"], document) for document in documents(strict).values()]
    return jsonschema_rs.Registry(pairs, retriever=_refuse)


def _refuse(uri: str) -> Schema:
    raise LookupError(f"{uri} is not fetched")


def _reason(message: str, where: str) -> str:
    if outside := re.match(r"Resource '(.*?)' is not present in a registry", message):
        return f"The schema refers to {outside[1]!r}, which is not part of it, and nothing is fetched from elsewhere."
    first_line = message.partition("\n")[0]
    return f"The schema cannot be used: at {where or 'its top level'}, {first_line[:300]}."


def _judge(validator: jsonschema_rs.Validator) -> Judge:
    def faults(value: Any) -> Iterator[Fault]:
        seen = _Seen()
        return (fault for error in validator.iter_errors(value) for fault in _told(error, value, seen))

    return Judge(validator.is_valid, faults)


@dataclass(slots=True)
class _Seen:
    """What was found out while one value was explained: of objects, whether their keys come back as they were; and
    which objects were told already that may hold nothing."""

    ambiguous: dict[int, bool] = field(default_factory=dict)
    closed: set[tuple[str, Path]] = field(default_factory=set)


def _told(error: jsonschema_rs.ValidationError, value: Any, seen: _Seen) -> Iterator[Fault]:
    path, node = _placed(error.instance_path, value, seen)
    kind = error.kind
    location = error.absolute_keyword_location or "#" + json_pointer(error.schema_path)
    last = error.schema_path[-1] if error.schema_path else ""
    keyword = str(last) if last in NAMED_BY_PATH else kind.name
    match kind:
        case Kind.OneOfNotValid(context) | Kind.AnyOf(context):
            branches = tuple(
                tuple(fault for inner in branch for fault in _told(inner, value, seen)) for branch in context
            )
            yield Fault(path, keyword, node, None, location, branches)
        case Kind.PropertyNames(inner):
            # The name stands in the inner error alone: its own path leads to the object.
            location = inner.absolute_keyword_location or location
            yield Fault(path, inner.kind.name, inner.instance, _expected(inner.kind), location, of_name=True)
        case Kind.FalseSchema() if last == "additionalProperties" and isinstance(node, dict) and node != error.instance:
            # Where no property is listed, the library tells each value by itself, and not its key.
            if (location, path) not in seen.closed:
                seen.closed.add((location, path))
                for key in node:
                    yield Fault(path, "additionalProperties", node, key, location)
        case Kind.FalseSchema():
            yield Fault(path, "false", node, None, location)
        case _:
            expected = _expected(kind)
            for each in expected if keyword in BY_KEY else [expected]:
                yield Fault(path, keyword, node, each, location)


def _expected(kind: Kind) -> Any:
    fields: Iterable[str] = getattr(kind, "__match_args__", ())
    return next((getattr(kind, field) for field in fields), None)


def _placed(steps: list[str | int], value: Any, seen: _Seen) -> tuple[Path, Any]:
    """Returns the path with each step as a key or an index, and what stands there.

    The library tells a path as text and splits it again: a key "007" comes back as the number 7, and an empty key not
    at all. Where such keys are about, `InexactPath` is raised.
    """
    node = value
    path: list[str | int] = []
    for step in [*steps, None]:
        if isinstance(node, dict):
            if id(node) not in seen.ambiguous:
                seen.ambiguous[id(node)] = not _EXACT.issuperset(node) and _is_ambiguous(node)
            if seen.ambiguous[id(node)]:
                raise InexactPath
        if step is None:
            break
        if isinstance(node, dict):
            step = str(step)
        node = node[step]
        path.append(step)
    return tuple(path), node


_EXACT: set[str] = set()
"""Keys that are known to come back as they were: nearly all objects have the same few."""
MOST_EXACT = 10_000


def _is_ambiguous(node: dict[str, Any]) -> bool:
    if any(_comes_back_changed(key) for key in node):
        return True
    if len(_EXACT) + len(node) <= MOST_EXACT:
        _EXACT.update(node)
    return False


def _comes_back_changed(key: str) -> bool:
    return not key or (key[0] in "+0" and key != "0" and key[1:].isdigit())
