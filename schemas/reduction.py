"""Less of a value, where all of it is too much to explain.

A judge says quickly whether a value is valid, however large it is, but collects every fault before it tells the first:
a body of a few megabytes can have millions. So the beginning of a large value is explained first, and more of it only
while nothing is found. What is left out is noted, since a container that was cut may seem to lack what it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from chatconform.schemas.fault import Fault, Path

WINDOWS = (10_000, 100_000, 1_000_000, 10**12)
"""How many values are explained at first, and then, while no fault is found among them."""

LEVELS = 200
"""How many levels of nesting are explained. The types of the API end at about a dozen."""

TRUE_OF_MORE = {"type", "maxItems", "maxProperties", "additionalProperties", "propertyNames", "uniqueItems"}
"""The keywords that a container breaks for certain when its beginning breaks them."""


@dataclass(slots=True)
class Reduced:
    """The beginning of a value: up to so many values and levels, lone surrogates replaced."""

    room: int
    value: Any = None
    is_whole: bool = True
    cut: set[Path] = field(default_factory=set)


def reduced(value: Any, room: int = WINDOWS[-1]) -> Reduced:
    """Returns the beginning of a value, in a form that every judge can read."""
    made = Reduced(room)
    made.value = _copied(value, (), made)
    return made


def is_small(value: Any, room: int = WINDOWS[0]) -> bool:
    """Says whether a value consists of so few values that it is explained as it is."""
    import orjson

    try:
        if len(orjson.dumps(value)) <= room:  # each value takes a byte at least
            return True
    except TypeError:  # it holds what this writer does not write
        pass
    to_see = [value]
    for seen in to_see:  # grows while it is walked
        if isinstance(seen, dict):
            to_see += seen.values()
        elif isinstance(seen, list):
            to_see += seen
        if len(to_see) > room:
            return False
    return True


def that_hold(faults: Iterable[Fault], cut: set[Path], whole: Any) -> list[Fault]:
    """Returns those faults of a beginning that are faults of the whole value as well, and tell of the whole."""
    kept = []
    for fault in faults:
        if fault.path in cut and not fault.of_name:
            if fault.keyword not in TRUE_OF_MORE:
                continue
            fault = replace(fault, value=_reached(whole, fault.path))
        if fault.branches:
            branches = tuple(tuple(that_hold(branch, cut, whole)) for branch in fault.branches)
            if not all(branches):
                continue
            fault = replace(fault, branches=branches)
        kept.append(fault)
    return kept


def _reached(value: Any, path: Path) -> Any:
    for step in path:
        if isinstance(value, dict) and step not in value:
            step = next(key for key in value if _told_in_utf_8(key) == step)
        value = value[step]
    return value


def _copied(value: Any, path: Path, made: Reduced) -> Any:
    made.room -= 1
    if isinstance(value, str):
        return _told_in_utf_8(value)
    if not isinstance(value, dict | list):
        return value
    if len(path) >= LEVELS:
        made.cut.add(path)
        return type(value)()
    if isinstance(value, dict):
        entries = {}
        for key, below in value.items():
            if made.room <= 0:
                break
            key = _told_in_utf_8(key) if isinstance(key, str) else key
            entries[key] = _copied(below, (*path, key), made)
        whole = len(entries) == len(value)
    else:
        items = []
        for index, below in enumerate(value):
            if made.room <= 0:
                break
            items.append(_copied(below, (*path, index), made))
        whole = len(items) == len(value)
    if not whole:
        made.is_whole = False
        made.cut.add(path)
    return entries if isinstance(value, dict) else items


def _told_in_utf_8(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
