"""Values told in messages: on one line, short, and harmless whatever they hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.telling import MOST, tell

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("it's", '"it\'s"'),
        ('a "b" \\', '"a \\"b\\" \\\\"'),
        ("\x1b[31m\n", '"\\u001b[31m\\n"'),
        ("\u202e\ud800", '"\\u202e\\ud800"'),
        ("日本 🙂", '"日本 🙂"'),
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ({"a": [1, {"b": None}]}, '{"a": [1, {"b": null}]}'),
        ([], "[]"),
        ({}, "{}"),
        (10**400, "an integer of 1329 bits"),
    ],
)
def test_a_value_is_told_as_json(value: Any, told: str) -> None:
    assert tell(value) == told


@given(ANYTHING, st.integers(10, 200))
def test_any_value_is_one_short_printable_line(value: Any, most: int) -> None:
    told = tell(value, most)
    assert len(told) <= most
    assert told.isprintable()


def test_what_is_cut_ends_with_dots() -> None:
    assert tell("x" * 1000).endswith("...")
    assert tell(["x"] * 1000).endswith("...")
    assert len(tell("x" * 1000)) == MOST


def test_a_deep_or_large_value_is_told_too() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert tell(deep) == "[[[[[...]]]]]"
    assert tell(["x" * 10_000_000] * 1000).endswith("...")
    assert tell({str(number): number for number in range(100_000)}).endswith("...")
