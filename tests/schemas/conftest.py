"""What the tests of the schemas share: the published types, and values around the examples of each type."""

import copy
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import chatconform.schemas as schemas
from chatconform.schemas import schema

PUBLISHED = json.loads((Path(__file__).parent / "published.json").read_text(encoding="utf-8"))

PAIRS = ({f"key{number}": "" for number in range(17)}, {"k" * 65: ""}, {"key": "v" * 513})

OTHERS = (None, True, 0, -3, 1.5, 10**30, "", "other", "x" * 65, [], ["text"], {}, {"type": "text"}, [{}], *PAIRS)
"""What stands for each value in turn: every kind of JSON value, small and large."""


@pytest.fixture(scope="session")
def published_types() -> dict[str, Any]:
    """The published types, not to be changed."""
    types: dict[str, Any] = PUBLISHED
    return types


@pytest.fixture
def published() -> dict[str, Any]:
    """The published types, free to be changed."""
    return copy.deepcopy(PUBLISHED)


@pytest.fixture(scope="session")
def around() -> Callable[[str], list[Any]]:
    """The examples of a type, and each of them with one thing changed."""
    known: dict[str, list[Any]] = {}

    def values(name: str) -> list[Any]:
        if name not in known:
            found: dict[str, Any] = {}
            for example in schema(name)["examples"]:
                for value in (example, *_changed(example)):
                    found.setdefault(json.dumps(value, sort_keys=True), value)
            known[name] = list(found.values())
        return known[name]

    return values


@pytest.fixture(params=["jsonschema-rs", "jsonschema"])
def judge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each judge in turn: as installed, and as where jsonschema-rs cannot be imported."""
    _forget_judges()
    if request.param == "jsonschema":
        monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
        monkeypatch.delitem(sys.modules, "chatconform.schemas.swift_judge", raising=False)
        monkeypatch.delattr(schemas, "swift_judge", raising=False)
    yield request.param
    _forget_judges()


def _forget_judges() -> None:
    validator = sys.modules["chatconform.schemas.validator"]  # the package's own name for it is the function
    validator._everyday.cache_clear()
    validator._judge_of_type.cache_clear()
    validator._judge_of_schema.cache_clear()
    validator._VERDICTS.clear()


def _changed(value: Any) -> Iterator[Any]:
    yield from OTHERS
    if isinstance(value, dict):
        yield {**value, "unheard_of": 1}
        for key, below in value.items():
            yield {other: kept for other, kept in value.items() if other != key}
            for changed in _changed(below):
                yield {**value, key: changed}
    elif isinstance(value, list):
        yield value * 40
        for index, below in enumerate(value):
            for changed in _changed(below):
                yield [*value[:index], changed, *value[index + 1 :]]
