"""Values with exactly one constraint broken, and its name."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from chatconform.schemas.validator import violations
from chatconform.strategies.boundaries import boundaries, enumeration_of
from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.named import key_of
from chatconform.strategies.normal.acceptance import accepts, item_key
from chatconform.strategies.normal.alternatives import Alternative, Arrays, Objects
from chatconform.strategies.normal.conjunction import Key, member_key
from chatconform.strategies.normal.dialects import escaped
from chatconform.strategies.normal.forms import Forms
from chatconform.strategies.refusals import NothingToBreak

_TRIES = 12
_DEEPEST = 24


@dataclass(frozen=True)
class Invalid:
    """A value with one constraint broken.

    The validator reports exactly `pointer` (for a member that is missing or not allowed, the object around it) and
    `keyword`, which stands at `schema_location`. What breaks a rule between fields that no schema can say belongs to
    a family of its own and has neither keyword nor location.
    """

    value: Any
    pointer: str
    keyword: str
    schema_location: str
    description: str
    family: str = "schema"


@dataclass(frozen=True)
class _Break:
    keyword: str
    put: Callable[[Any], Any]
    description: str


def broken(source: Source, name: str, draw: Callable[[Source], Any], *, strict: bool = False) -> Invalid:
    """Return a drawn value of a type with one constraint broken."""
    forms = enumeration_of(strict).forms
    root = key_of(name, strict)
    value = draw(source)
    known = _known(name, strict)
    if source.below(8) == 7:
        return known[source.below(len(known))]
    for _ in range(_TRIES):
        steps, found = _chosen(source, forms, root, value, strict)
        if found is None:
            continue
        wrong = _with(value, steps, found.put)
        made = _judged(name, wrong, _pointer(steps), found.description, strict)
        if made is not None:
            return made
    return known[source.below(len(known))]


def refuse_unbreakable(name: str, *, strict: bool = False) -> None:
    """Raise `NothingToBreak` for a type that every value meets."""
    if not any(not case.valid for case in boundaries(name, strict=strict)):
        raise NothingToBreak(f"every value is a valid {name}, so there is nothing to break")


@cache
def _known(name: str, strict: bool) -> tuple[Invalid, ...]:
    wrong = (case for case in boundaries(name, strict=strict) if not case.valid)
    made = (_judged(name, case.value, case.pointer, case.label, strict) for case in wrong)
    return tuple(found for found in made if found is not None)


def _judged(name: str, value: Any, pointer: str, description: str, strict: bool) -> Invalid | None:
    """The broken value as the validator sees it, if it sees one fault and at that place."""
    seen = violations(name, value, strict)
    if len(seen) != 1 or seen[0].pointer != pointer:
        return None
    (only,) = seen
    return Invalid(
        value, only.pointer, only.keyword, only.schema_location, f"{pointer or 'the whole value'}: {description}"
    )


def _pointer(steps: list[str | int]) -> str:
    return "".join(f"/{escaped(str(step))}" for step in steps)


def _with(value: Any, steps: list[str | int], put: Callable[[Any], Any]) -> Any:
    """A copy of the value in which one place is changed."""
    if not steps:
        return put(copy.deepcopy(value))
    made = copy.deepcopy(value)
    at = made
    for step in steps[:-1]:
        at = at[step]
    at[steps[-1]] = put(at[steps[-1]])
    return made


def _chosen(source: Source, forms: Forms, key: Key, value: Any, strict: bool) -> tuple[list[str | int], _Break | None]:
    """Go down into the value by chance, and choose what to break there."""
    steps: list[str | int] = []
    while True:
        alternative = next((a for a in forms.form(key).alternatives if accepts(forms, a, value)), None)
        inner = _inside(forms, alternative, value)
        if inner and len(steps) < _DEEPEST and source.below(4):
            step, key, value = inner[source.below(len(inner))]
            steps.append(step)
            continue
        by_keyword: dict[str, list[_Break]] = {}
        for each in _breaks(forms, key, alternative, value, strict):
            by_keyword.setdefault(each.keyword, []).append(each)
        if not by_keyword:
            return steps, None
        # Every place has a wrong type, so the rarer keywords would hardly be seen if all breaks had the same chance.
        breaks = list(by_keyword.values())[source.below(len(by_keyword))]
        return steps, breaks[source.below(len(breaks))]


def _inside(forms: Forms, alternative: Alternative | None, value: Any) -> list[tuple[str | int, Key, Any]]:
    if isinstance(alternative, Objects):
        return [(name, member_key(forms.joined, alternative.groups, name), inner) for name, inner in value.items()]
    if isinstance(alternative, Arrays):
        return [(i, item_key(forms, alternative, i), inner) for i, inner in enumerate(value)]
    return []


def _breaks(forms: Forms, key: Key, alternative: Alternative | None, value: Any, strict: bool) -> Iterator[_Break]:
    if isinstance(alternative, Objects):
        yield from _of_object(forms, alternative, value)
    elif isinstance(alternative, Arrays):
        yield from _of_array(alternative, value)
    container = isinstance(value, dict | list)
    for case in enumeration_of(strict).cases(key):
        if case.keyword is not None and not case.pointer and (not container or not isinstance(case.value, type(value))):
            yield _Break(case.keyword, lambda _, wrong=case.value: copy.deepcopy(wrong), case.label)  # type: ignore[misc]


def _of_object(forms: Forms, objects: Objects, value: dict[str, Any]) -> Iterator[_Break]:
    for name in objects.required:
        yield _Break("required", lambda old, name=name: {k: v for k, v in old.items() if k != name}, f"without {name}")  # type: ignore[misc]
    if any(group.rest is not None and forms.is_nothing(group.rest) for group in objects.groups):
        yield _Break("additionalProperties", lambda old: {**old, "unknown_member": 1}, "a member that is not allowed")
    most = objects.high
    if most is not None and most < 100 and any(group.rest is not None for group in objects.groups):
        some = next(iter(value.values()), "")
        more = {f"more_{i}": some for i in range(most + 1)}
        yield _Break(
            "maxProperties", lambda old: dict([*old.items(), *more.items()][: most + 1]), "one member too many"
        )


def _of_array(arrays: Arrays, value: list[Any]) -> Iterator[_Break]:
    if arrays.low and "min_items" in arrays.origins:
        yield _Break("minItems", lambda old: old[: arrays.low - 1], "one item too few")
    if arrays.high is not None and value and arrays.high <= 300:
        most = arrays.high
        yield _Break("maxItems", lambda old: (old * (most + 1))[: most + 1], "one item too many")
    if arrays.unique and value:
        yield _Break("uniqueItems", lambda old: [*old, old[0]], "the same item twice")
