"""How far the published types have moved from our schemas, property by property.

It is a maintainer's tool, for the day the API moves: any OpenAPI document is read, and what was added, removed and
changed is told. What our schemas say on purpose beyond the published types stands in `chatconform.schemas.prose`, and
is told apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

from chatconform.schemas.prose import DELIBERATE, ONLY_ON_THE_REFERENCE_PAGE
from chatconform.schemas.registry import documents, is_published
from chatconform.schemas.shapes import Facts, Source, facts_of, references
from chatconform.schemas.unions import as_one_of
from chatconform.schemas.violation import shown

ROOTS = (
    "CreateChatCompletionRequest",
    "CreateChatCompletionResponse",
    "CreateChatCompletionStreamResponse",
    "ErrorResponse",
)
"""The types from which all that belongs to the endpoint can be reached."""

_ABSENT = object()


class BadDocument(ValueError):
    """Says why a file cannot be compared: it is missing, no JSON or YAML, or holds no schemas."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a published document differs from our schemas.

    `kind` is `added`, `removed` or `changed`, seen from our schemas, or `deliberate` for what we say on purpose.
    """

    kind: str
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind:<10} {self.place}" + (f": {self.text}" if self.text else "")


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences of a document, and how many types were compared."""

    differences: tuple[Difference, ...]
    deliberate: tuple[Difference, ...]
    compared: int


def read_document(path: Path) -> Any:
    """Returns what a JSON or YAML file holds; raises `BadDocument` when it cannot be read."""
    import orjson

    try:
        content = path.read_bytes()
    except OSError as problem:
        raise BadDocument(f"{path} cannot be read: {problem.strerror or problem}.") from None
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as problem:
        if path.suffix.lower() not in (".yaml", ".yml"):
            raise BadDocument(f"{path} is not JSON: {problem.msg} (line {problem.lineno}).") from None
    try:
        import yaml  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise BadDocument(f"{path} is YAML, which needs PyYAML: pip install pyyaml, or convert it to JSON.") from None
    try:
        return yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as problem:
        raise BadDocument(f"{path} is not YAML: {str(problem).splitlines()[0]}.") from None


def compared(document: Any, name: str = "The document") -> Comparison:
    """Returns how an OpenAPI document, or a plain map of schemas by name, differs from our schemas.

    Raises `BadDocument` when it holds no schemas of this endpoint.
    """
    theirs, whole = _published(document, name)
    types = {known: as_one_of(schema) for known, schema in documents().items() if is_published(known)}
    ours = Source(
        types=types,
        named=lambda ref: None if ref.startswith("#") else ref.rpartition("/")[2].removesuffix(".json"),
        nearby=lambda home, ref: types[home]["$defs"][ref.rpartition("/")[2]],
    )
    reached = _reached(theirs) if whole else set(theirs.types)
    gone = sorted(set(ours.types) - set(theirs.types) - ONLY_ON_THE_REFERENCE_PAGE)
    differences = [Difference("removed", each, "the type is not published any more") for each in gone]
    differences += [
        Difference("added", each, "the type has no schema here") for each in sorted(reached - set(ours.types))
    ]
    deliberate: list[Difference] = []
    both = sorted(set(ours.types) & set(theirs.types) - ONLY_ON_THE_REFERENCE_PAGE)
    try:
        for type_name in both:
            for difference in _between(facts_of(type_name, ours), facts_of(type_name, theirs)):
                (deliberate if difference.kind == "deliberate" else differences).append(difference)
    except RecursionError:
        raise BadDocument(f"{name} is nested too deeply to be compared.") from None
    return Comparison(tuple(differences), tuple(deliberate), len(both))


def _published(document: Any, name: str) -> tuple[Source, bool]:
    """Returns a document's types under our names, and whether it is a whole OpenAPI document."""
    ours_by_lower = {known.lower(): known for known in documents() if is_published(known)}
    components = document.get("components") if isinstance(document, dict) else None
    whole = isinstance(components, dict)
    types = components.get("schemas") if isinstance(components, dict) else document
    if not isinstance(types, dict) or not any(str(key).lower() in ours_by_lower for key in types):
        where = "under components.schemas" if whole else "neither under components.schemas nor by name at its top"
        raise BadDocument(f"{name} holds no schemas of this endpoint, {where}.")
    ours = {str(key): ours_by_lower.get(str(key).lower(), str(key)) for key in types}

    def named(ref: str) -> str | None:
        last = urldefrag(ref).fragment.rpartition("/")[2] or ref
        return ours.get(last, last)

    return Source({ours[str(key)]: value for key, value in types.items()}, named, lambda _home, _ref: {}), whole


def _reached(source: Source) -> set[str]:
    found: set[str] = set()
    to_see = [root for root in ROOTS if root in source.types]
    while to_see:
        name = to_see.pop()
        if name not in found:
            found.add(name)
            to_see += [each for ref in references(source.types.get(name)) if (each := source.named(ref))]
    return found


def _between(ours: dict[str, Facts], theirs: dict[str, Facts]) -> Iterator[Difference]:
    for place in dict.fromkeys([*ours, *theirs]):
        if any(place.startswith(parent) for parent in _parents(place) if (parent in ours) != (parent in theirs)):
            continue  # told of what it is in
        if place not in theirs:
            yield Difference("removed", place, f"was {' or '.join(ours[place]['type'])}")
        elif place not in ours:
            yield Difference("added", place, _described(theirs[place]))
        else:
            yield from _changes(place, ours[place], theirs[place])


def _parents(place: str) -> Iterator[str]:
    for index, character in enumerate(place):
        if character in ".[(" and index:
            yield place[:index]


def _changes(place: str, ours: Facts, theirs: Facts) -> Iterator[Difference]:
    for aspect in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(aspect, _ABSENT), theirs.get(aspect, _ABSENT)
        if aspect == "known values":
            one = [*documents()[place]["examples"]] if place in documents() else one
        if _same(one, other):
            continue
        if DELIBERATE.get((place, aspect)) == (None if one is _ABSENT else one, None if other is _ABSENT else other):
            yield Difference("deliberate", place, f"{aspect} is {_said(one)} here, {_said(other)} as published")
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other) == 1:
            yield Difference("changed", place, f"{aspect} was {_said(one[0])}, is {_said(other[0])}")
        elif isinstance(one, list) and isinstance(other, list):
            yield Difference("changed", place, _moved(aspect, one, other))
        else:
            yield Difference("changed", place, f"{aspect} was {_said(one)}, is {_said(other)}")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return float(one) == float(other)  # documents write 64-bit bounds as rounded floats
    return bool(one == other)


def _moved(aspect: str, one: list[Any], other: list[Any]) -> str:
    added = [shown(value, 60) for value in other if value not in one]
    removed = [shown(value, 60) for value in one if value not in other]
    parts = [f"added {', '.join(added)}"] * bool(added) + [f"removed {', '.join(removed)}"] * bool(removed)
    return f"{aspect} {' and '.join(parts)}"


def _described(facts: Facts) -> str:
    extra = [word for word, on in (("or null", facts["nullable"]), ("required", facts.get("required"))) if on]
    return " ".join([" or ".join(facts["type"]), *extra])


def _said(value: Any) -> str:
    return "absent" if value is _ABSENT else shown(value, 80)
