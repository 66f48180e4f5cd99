"""Extensions: the fields of an answer that its published type does not have. They are legal, and worth knowing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chatconform.rules.families import bodies, families
from chatconform.schemas import bundle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chatconform.core.exchange import Exchange

LONGEST_NAME: Final = 40
MOST_ITEMS: Final = 8
LISTS: Final = ("anyOf", "oneOf", "allOf")
CONDITIONS: Final = ("if", "then", "else")


def extensions(exchange: Exchange) -> set[str]:
    """The fields that an answer adds, as JSON Pointers with `*` for any index; what is below one is not told apart."""
    if exchange.response is None:
        return set()
    name = "CreateChatCompletionResponse" if exchange.succeeded else "ErrorResponse"
    document = _document("CreateChatCompletionStreamResponse" if exchange.is_stream else name)
    told = [body for body in bodies(exchange) if exchange.succeeded or isinstance(body.get("error"), dict)]
    return {field for body in told for field in _added(body, [document], document, "")}


def whose(field: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """The families whose extension a field is, with what it tells: among the named ones, or all if none of these."""
    known = [(one.name, one.extensions[field]) for one in families() if field in one.extensions]
    wanted = set(names)
    return [one for one in known if one[0] in wanted] or known


@cache
def _document(name: str) -> dict[str, Any]:
    return bundle(name)


def _added(value: Any, schemas: list[Any], document: Mapping[str, Any], place: str) -> Iterator[str]:
    schemas = [plain for schema in schemas for plain in _branches(schema, document)]
    if isinstance(value, list):
        items = [schema["items"] for schema in schemas if "items" in schema]
        for item in value[:MOST_ITEMS]:
            yield from _added(item, items, document, f"{place}/*")
    elif isinstance(value, dict) and any("properties" in schema for schema in schemas):
        if any(schema.get("additionalProperties") not in (None, False) for schema in schemas):
            return
        for key, inner in value.items():
            known = [schema["properties"][key] for schema in schemas if key in schema.get("properties", {})]
            if known:
                yield from _added(inner, known, document, f"{place}/{key}")
            elif len(key) <= LONGEST_NAME:
                yield f"{place}/{key.replace('~', '~0').replace('/', '~1')}"


def _branches(schema: Any, document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema and all that it refers to or chooses from."""
    if not isinstance(schema, dict):
        return
    yield schema
    if "$ref" in schema:
        yield from _branches(document["$defs"].get(schema["$ref"].rpartition("/")[2]), document)
    for word in LISTS:
        for branch in schema.get(word, ()):
            yield from _branches(branch, document)
    for word in CONDITIONS:
        yield from _branches(schema.get(word), document)
