"""Whether a value is one of an alternative's."""

from __future__ import annotations

from typing import Any

from chatconform.strategies.normal.alternatives import Alternative, Arrays, Literals, Numbers, Objects, Strings
from chatconform.strategies.normal.conjunction import ANYTHING, Key, Nodes, Some, member_key
from chatconform.strategies.normal.equality import identity, is_integer, is_multiple
from chatconform.strategies.normal.languages import found_in


def accepts(nodes: Nodes, alternative: Alternative, value: Any) -> bool:
    """Return whether the value meets the alternative; formats are annotations and not asked."""
    if isinstance(alternative, Literals):
        if isinstance(value, str):
            return value in alternative.values
        same = identity(value)
        return any(identity(v) == same for v in alternative.values)
    if isinstance(alternative, Numbers):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return accepts_number(alternative, value)
    if isinstance(alternative, Strings):
        return isinstance(value, str) and accepts_text(alternative, value)
    if any(identity(value) == identity(v) for v in alternative.banned):
        return False
    if isinstance(alternative, Arrays):
        return isinstance(value, list) and _accepts_array(nodes, alternative, value)
    return isinstance(value, dict) and _accepts_object(nodes, alternative, value)


def accepts_number(numbers: Numbers, value: int | float) -> bool:
    """Return whether a number is within the bounds and a multiple as wanted."""
    if numbers.integer is not None and is_integer(value) != numbers.integer:
        return False
    low, high = numbers.low, numbers.high
    if low is not None and (value < low or (numbers.low_open and value == low)):
        return False
    if high is not None and (value > high or (numbers.high_open and value == high)):
        return False
    if not all(is_multiple(value, m) for m in numbers.multiples) or any(
        is_multiple(value, m) for m in numbers.nonmultiples
    ):
        return False
    return value not in numbers.banned


def accepts_text(strings: Strings, value: str) -> bool:
    """Return whether a text has the length, matches and does not match as wanted."""
    if len(value) < strings.low or (strings.high is not None and len(value) > strings.high) or value in strings.banned:
        return False
    return all(found_in(p, value) for p in strings.patterns) and not any(found_in(p, value) for p in strings.unpatterns)


def _accepts_array(nodes: Nodes, arrays: Arrays, value: list[Any]) -> bool:
    if len(value) < arrays.low or (arrays.high is not None and len(value) > arrays.high):
        return False
    if arrays.unique is not None:
        distinct = len({identity(item) for item in value}) == len(value)
        if distinct != arrays.unique:
            return False
    for i, item in enumerate(value):
        if not nodes.accepts(item_key(nodes, arrays, i), item):
            return False
    for contained in arrays.contained:
        count = sum(nodes.accepts(contained.key, item) for item in value[contained.start :])
        if count < contained.low or (contained.high is not None and count > contained.high):
            return False
    return True


def item_key(nodes: Nodes, arrays: Arrays, index: int) -> Key:
    """Return what the item at an index has to meet, by all rows together."""
    keys = []
    for row in arrays.rows:
        if index < len(row.prefix):
            keys.append(row.prefix[index])
        elif row.rest is not None:
            keys.append(row.rest)
    return nodes.joined(*keys)


def _accepts_object(nodes: Nodes, objects: Objects, value: dict[str, Any]) -> bool:
    if len(value) < objects.low or (objects.high is not None and len(value) > objects.high):
        return False
    if not all(map(value.__contains__, objects.required)):
        return False
    for name, member in value.items():
        if objects.names != ANYTHING and not nodes.accepts(objects.names, name):
            return False
        if not nodes.accepts(member_key(nodes.joined, objects.groups, name), member):
            return False
    return all(any(is_some(nodes, some, name, member) for name, member in value.items()) for some in objects.some)


def is_some(nodes: Nodes, some: Some, name: str, member: Any) -> bool:
    """Return whether a member is one that `some` asks for."""
    if name in some.names or any(found_in(p, name) for p in some.patterns):
        return False
    if some.pattern is not None and not found_in(some.pattern, name):
        return False
    return nodes.accepts(some.name, name) and nodes.accepts(some.value, member)
