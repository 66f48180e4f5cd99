"""Whether a value is what a type's schema says, and what is wrong with it where it is not.

jsonschema-rs judges and explains; jsonschema stands in for it where it is not installed, and is what `validator`
hands out. Values are what a JSON parser makes. Whatever a peer can put on the wire gets a verdict: nothing is raised
for deep nesting, huge numbers, lone surrogates or keys of odd form.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from chatconform.schemas.depth import is_deeper
from chatconform.schemas.fault import MOST_VIOLATIONS, InexactPath, Judges, TooDeep, UnusableSchema
from chatconform.schemas.narrowing import told
from chatconform.schemas.reduction import WINDOWS, is_small, reduced, that_hold
from chatconform.schemas.registry import BASE, STRICT_BASE, documents, registry, uri
from chatconform.schemas.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema import Draft202012Validator

    from chatconform.schemas.fault import Judge

DEEPEST = 1024
"""How many levels of a value are judged by schemas that users bring. It is as deep as orjson reads."""

_VERDICTS: dict[tuple[str, bool], Callable[[Any], bool]] = {}
"""The verdict of each judge that was made already: the way to it counts, beside values that take half a microsecond."""

_TOO_DEEP = Violation("", "depth", "is nested too deeply to be judged, or to tell what is wrong with it", "")


def validator(name: str, strict: bool = False) -> Draft202012Validator:
    """Returns a ready `jsonschema` validator of a type, with the registry that its `$ref`s need.

    The strict one asserts formats as well. It is the library's own validator, with the library's own ways: a pattern's
    `$` lets a last line feed pass, and NaN is a number to it. `violations` is exact in both.

    Raises `UnknownType` when no type has that name.
    """
    from jsonschema import Draft202012Validator

    from chatconform.schemas.formats import format_checker

    uri(name, strict)
    checker = format_checker() if strict else None
    return Draft202012Validator(documents(strict)[name], registry=registry(), format_checker=checker)


def is_valid(name: str, value: Any, strict: bool = False) -> bool:
    """Says whether a value is valid for a type.

    Raises `UnknownType` when no type has that name, `TypeError` when the value holds what JSON does not have.
    """
    try:
        return _VERDICTS[name, strict](value)
    except (KeyError, ValueError):
        return _verdict(_judge_of_type(name, strict), value, deeper=False)


def violations(name: str, value: Any, strict: bool = False) -> list[Violation]:
    """Returns what is wrong with a value for a type: nothing when it is valid.

    One fault is told once and where it is: in a union, in the branch that the value's tag selects. The list is in the
    order of the pointers and holds at most 1,000.

    Raises `UnknownType` when no type has that name, `TypeError` when the value holds what JSON does not have.
    """
    try:
        if _VERDICTS[name, strict](value):
            return []
    except (KeyError, ValueError):
        if _verdict(_judge_of_type(name, strict), value, deeper=False):
            return []
    return _explained(_judge_of_type(name, strict), value, lambda: _plain().of_type(name, strict))


def quick_verdict(name: str) -> Callable[[Any], bool]:
    """Returns what says whether a value is valid for a type, with nothing between it and the judge.

    It raises `ValueError` for the odd value that the judge cannot read as it is, and that `is_valid` judges all the
    same. Raises `UnknownType` when no type has that name.
    """
    return _judge_of_type(name, False).is_valid


def quick_verdict_of(schema: Any) -> Callable[[Any], bool]:
    """Returns what says whether a value is valid by any schema, with nothing between it and the judge.

    It raises `ValueError` for the odd value that the judge cannot read as it is. Raises `UnusableSchema` when the
    schema is none.
    """
    return _judge_of_schema(_written(schema)).is_valid


def explained(name: str, value: Any, size: int | None = None) -> list[Violation]:
    """Returns what is wrong with a value that is known to be invalid: `violations` without asking twice.

    `size` is how many bytes the value has as JSON, where that is known. Raises `UnknownType` when no type has that
    name, `TypeError` when the value holds what JSON does not have.
    """
    return _explained(_judge_of_type(name, False), value, lambda: _plain().of_type(name, False), size)


def violations_of(schema: Any, value: Any) -> list[Violation]:
    """Returns what is wrong with a value by any schema: nothing when it is valid.

    The draft is the one that `$schema` names, 2020-12 without it. Nothing is fetched: a `$ref` to elsewhere is
    refused. A `oneOf` or `anyOf` is narrowed to the branch that was meant, where that can be told. A value of more
    than 1,024 levels is not judged, and one violation says so.

    Raises `UnusableSchema` when the schema is none, `TypeError` when the value holds what JSON does not have.
    """
    text = _written(schema)
    judge = _judge_of_schema(text)
    if is_deeper(value, DEEPEST + 1):
        return [_TOO_DEEP]
    try:
        if _verdict(judge, value):
            return []
        return _explained(judge, value, lambda: _plain().of_schema(json.loads(text)))
    except TooDeep:
        return [_TOO_DEEP]


@cache
def _judge_of_type(name: str, strict: bool) -> Judge:
    uri(name, strict)  # raises when there is no such type
    judge = _everyday().of_type(name, strict)
    _VERDICTS[name, strict] = judge.is_valid
    return judge


@lru_cache(maxsize=64)
def _judge_of_schema(text: str) -> Judge:
    schema = json.loads(text)
    draft = schema.get("$schema") if isinstance(schema, dict) else None
    if isinstance(draft, str) and "draft-03" in draft:
        return _plain().of_schema(schema)
    return _everyday().of_schema(schema)


@cache
def _everyday() -> Judges:
    try:
        from chatconform.schemas import swift_judge
    except ImportError:
        return _plain()
    return Judges(swift_judge.judge_of_type, swift_judge.judge_of_schema)


def _plain() -> Judges:
    from chatconform.schemas import plain_judge

    return Judges(plain_judge.judge_of_type, plain_judge.judge_of_schema)


def _written(schema: Any) -> str:
    """Returns a schema as text: what compiled judges are remembered by, however the caller changes his dict."""
    import orjson

    with suppress(TypeError):
        text = orjson.dumps(schema, option=orjson.OPT_SORT_KEYS)
        if b"null" not in text:  # which it also makes of what is no JSON
            return text.decode()
    try:
        return json.dumps(schema, sort_keys=True, allow_nan=False)
    except RecursionError:
        raise UnusableSchema("The schema cannot be used: it is nested too deeply.") from None
    except (TypeError, ValueError) as problem:
        raise UnusableSchema(f"The schema cannot be used: it is not JSON ({problem}).") from None


def _verdict(judge: Judge, value: Any, deeper: bool = True) -> bool:
    """Says whether a value is valid, in a form that the judge can read when it cannot read it as it is.

    Such a form ends after some levels. Our own types end far above; where a schema goes `deeper`, `TooDeep` is raised.
    """
    try:
        return judge.is_valid(value)
    except ValueError:
        pass
    part = reduced(value)
    if part.cut and deeper:
        raise TooDeep
    try:
        return judge.is_valid(part.value)
    except ValueError as problem:
        raise TypeError(f"The value cannot be judged, since it is not JSON: {problem}.") from None


def _explained(judge: Judge, value: Any, plain: Callable[[], Judge], size: int | None = None) -> list[Violation]:
    """Returns what is wrong with a value that is known to be invalid."""
    if (size is not None and size <= WINDOWS[0]) or is_small(value):
        try:
            return told(islice(judge.faults(value), MOST_VIOLATIONS), (STRICT_BASE, BASE))
        except (InexactPath, ValueError):
            pass  # a key or a depth that this judge cannot tell of
    for window in WINDOWS:
        part = reduced(value, window)
        try:
            faults = list(islice(judge.faults(part.value), MOST_VIOLATIONS))
        except InexactPath:
            faults = list(islice(plain().faults(part.value), MOST_VIOLATIONS))
        found = told(that_hold(faults, part.cut, value), (STRICT_BASE, BASE))
        if found or part.is_whole:
            return found or [_TOO_DEEP]
    return [_TOO_DEEP]
