"""Families of servers: by what they are known, what they add to the API, and in what they are known to deviate.

The law of this file: what is documented of a family explains, and excuses nothing. It changes no verdict.
`families.json` holds the facts; fields are JSON Pointers into a completion, a chunk or an error, `*` for any index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.naming import matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chatconform.core.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that only a family's answers have: a field or a header, with a value like this if it matters."""

    field: str | None
    header: str | None
    like: str | None


@dataclass(frozen=True, slots=True)
class Family:
    """What is documented of one family of servers: `deviations` by ids or globs of rules, `extensions` by field."""

    name: str
    title: str
    marks: tuple[Mark, ...]
    extensions: Mapping[str, str]
    deviations: Mapping[str, str]

    def shows_in(self, exchange: Exchange) -> bool:
        """Whether an exchange carries one of the family's marks."""
        return exchange.response is not None and any(_is_marked(mark, exchange) for mark in self.marks)

    def deviation(self, rule_id: str) -> str | None:
        """What is known of the family where that rule fails; None where nothing is."""
        return next((told for pattern, told in self.deviations.items() if matches(rule_id, pattern)), None)


@cache
def families() -> tuple[Family, ...]:
    """Every family that is documented."""
    known: dict[str, Any] = orjson.loads((files("chatconform.rules") / "families.json").read_bytes())
    return tuple(
        Family(
            name,
            facts["title"],
            tuple(Mark(mark.get("field"), mark.get("header"), mark.get("like")) for mark in facts["marks"]),
            facts["extensions"],
            facts["deviations"],
        )
        for name, facts in known.items()
    )


def bodies(exchange: Exchange) -> list[dict[str, Any]]:
    """The JSON objects of an answer that show its form: the completion or error, or the ends of a stream."""
    found = exchange.chunks if exchange.is_stream else (exchange.response.json if exchange.response else None,)
    return [one for one in (*found[:3], *found[3:][-3:]) if isinstance(one, dict)]


def _is_marked(mark: Mark, exchange: Exchange) -> bool:
    if mark.header is not None:
        value = exchange.response.header(mark.header) if exchange.response is not None else None
        return value is not None and re.search(mark.like or "", value) is not None
    field = mark.field or ""
    values = [value for body in bodies(exchange) for value in _at(body, field.split("/")[1:])]
    return any(mark.like is None or (isinstance(one, str) and re.search(mark.like, one)) for one in values)


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    """What stands at a path, `*` for each item of a list."""
    if not path:
        yield value
    elif path[0] == "*" and isinstance(value, list):
        for item in value[:8]:
            yield from _at(item, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])
