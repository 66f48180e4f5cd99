"""Every schema by its type's name, and all of them together as a registry.

The files are the source; nothing is read before the first question. The published strength is the file as it is, the
strict one is made from it (`chatconform.schemas.strictness`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from referencing import Registry

Schema = dict[str, Any]

BASE = "https://chatconform.example/schemas/"
"""What each `$id` begins with. The domain is reserved and never answers, so that nobody's tool fetches from it."""

STRICT_BASE = BASE + "strict/"
"""What each `$id` of the strict strength begins with."""


API_ROOMS = ("request", "messages", "parts", "tools", "response")
"""The folders of the API's own types. In other folders stand types of this kit."""


class UnknownType(LookupError):
    """Says that no schema has the name that was asked for, and which names are near it."""

    def __init__(self, name: object) -> None:
        self.name = name
        self.near = _near(name) if isinstance(name, str) else ()
        super().__init__(name)

    def __str__(self) -> str:
        shown = repr(self.name)
        sentence = f"there is no type named {shown if len(shown) <= 80 else shown[:77] + '...'}"
        if self.near:
            return f"{sentence}; did you mean {' or '.join(self.near)}?"
        return f"{sentence}; `chatconform schema` lists the names"


def names() -> tuple[str, ...]:
    """Returns the names of all types that have a schema, in alphabetical order."""
    return tuple(_texts())


def schema(name: str, strict: bool = False) -> Schema:
    """Returns the schema of a type as a new dict, in the published strength or the strict one.

    Its `$ref`s are relative: they lead to the other files, and to their `$id`s in `registry()`. The strict strength
    closes every object that lists its properties, and asserts formats.

    Raises `UnknownType` when no type has that name.
    """
    import orjson

    from chatconform.schemas.strictness import made_strict

    texts = _texts()
    if not isinstance(name, str) or name not in texts:
        raise UnknownType(name)
    published: Schema = orjson.loads(texts[name])
    return made_strict(published) if strict else published


def documents(strict: bool = False) -> dict[str, Schema]:
    """Returns the schema of every type by its name; what is returned is shared and not to be changed."""
    return _documents(strict)


def uri(name: str, strict: bool = False) -> str:
    """Returns the `$id` of a type's schema; raises `UnknownType` when no type has that name."""
    found = _documents(strict).get(name) if isinstance(name, str) else None
    if found is None:
        raise UnknownType(name)
    address: str = found["$id"]
    return address


def is_published(name: str) -> bool:
    """Says whether a type is the API's own, and not one of this kit; raises `UnknownType` when there is none."""
    return uri(name).removeprefix(BASE).partition("/")[0] in API_ROOMS


@cache
def registry() -> Registry[Any]:
    """Returns a `referencing.Registry` that holds every schema in both strengths under its `$id`."""
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    pairs = [
        (document["$id"], DRAFT202012.create_resource(document))
        for strict in (False, True)
        for document in _documents(strict).values()
    ]
    empty: Registry[Any] = Registry()
    return empty.with_resources(pairs)


@cache
def _texts() -> dict[str, bytes]:
    """Reads every file: the type's name to its bytes, by name in alphabetical order."""
    from importlib import resources

    rooms = (room for room in resources.files("chatconform.schemas").iterdir() if room.is_dir())
    found = {
        file.name.removesuffix(".json"): file.read_bytes()
        for room in rooms
        for file in room.iterdir()
        if file.name.endswith(".json")
    }
    return dict(sorted(found.items()))


@cache
def _documents(strict: bool) -> dict[str, Schema]:
    return {name: schema(name, strict) for name in names()}


def _near(name: str) -> tuple[str, ...]:
    """Returns up to three names that a person who wrote this one may have meant, the likeliest first."""
    import difflib

    wanted = name[:200].lower()
    by_lower = {known.lower(): known for known in names()}
    close: list[str] = next(
        filter(None, (difflib.get_close_matches(wanted, by_lower, n=3, cutoff=cutoff) for cutoff in (0.9, 0.6))), []
    )
    # "ToolCall" is far from "ChatCompletionMessageToolCall" by letters, and yet what was meant.
    ending = sorted((known for known in by_lower if len(wanted) >= 4 and known.endswith(wanted)), key=len)
    inside = sorted((known for known in by_lower if len(wanted) >= 4 and wanted in known), key=len)
    close = [*ending, *close, *inside]
    return tuple(by_lower[known] for known in dict.fromkeys(close))[:3]
