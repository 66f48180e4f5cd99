"""The last word on a value: a validator's, asked where a construction alone is not enough."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from chatconform.schemas.fault import UnusableSchema


def judge_of(schema: Any) -> Callable[[Any], bool]:
    """Return what says whether a value is valid; raise `UnusableSchema` when no validator takes the schema."""
    try:
        from chatconform.schemas.swift_judge import judge_of_schema

        return judge_of_schema(schema).is_valid
    except ImportError:
        return _plain(schema)
    except UnusableSchema as problem:
        try:
            return _plain(schema)
        except UnusableSchema:
            raise problem from None


@lru_cache(maxsize=64)
def format_judge_of(name: str) -> Callable[[Any], bool]:
    """Return what says whether a text is of a format, for every validator at hand."""
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator.FORMAT_CHECKER
    try:
        import jsonschema_rs
    except ImportError:
        return lambda text: checker.conforms(text, name)
    swift = jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)
    return lambda text: swift.is_valid(text) and checker.conforms(text, name)


def _plain(schema: Any) -> Callable[[Any], bool]:
    from chatconform.schemas.plain_judge import judge_of_schema

    return judge_of_schema(schema).is_valid
