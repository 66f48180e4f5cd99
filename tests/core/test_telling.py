"""Values told in messages: short, on one line, and harmless."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatconform.core.telling import MOST, tell

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(VALUES)
def test_any_value_is_one_short_printable_line(value: Any) -> None:
    told = tell(value)
    assert told.isprintable()
    assert len(told) <= MOST
    told.encode()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("é🙂", '"é🙂"'),
        ("\x1b[31m", '"\\u001b[31m"'),
        ("\u202e", '"\\u202e"'),
        ([1, None, {"a": True}], '[1, null, {"a": true}]'),
        (10**400, "an integer of 1329 bits"),
        (-0.0, "-0.0"),
    ],
)
def test_a_value_is_told_as_json_that_shows_itself(value: Any, told: str) -> None:
    assert tell(value) == told


def test_a_deep_or_long_value_costs_no_more_than_a_small_one() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert tell(deep) == "[[[[[...]]]]]"
    assert tell("x" * 10_000_000).endswith("...")
    assert tell(list(range(1_000_000))).endswith("...")
