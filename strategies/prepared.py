"""A schema made ready for all back ends: read, normalised, known to have values, with its generators and its judge."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chatconform.strategies.drawing.cells import Generator
from chatconform.strategies.drawing.composer import Composer
from chatconform.strategies.drawing.sources import Rejected, Seeded, Source
from chatconform.strategies.judging import judge_of
from chatconform.strategies.normal.documents import Document, refuse_depth
from chatconform.strategies.normal.forms import Forms
from chatconform.strategies.refusals import Unsatisfiable, UnusableSchema

_TRIES = 100
_OLDER = (7, 4)


@dataclass(frozen=True)
class Prepared:
    """A schema's normal forms, the generators made from them, and whether a value is valid."""

    forms: Forms
    composer: Composer
    draw: Generator
    is_valid: Callable[[Any], bool]


def prepare(schema: Any, *, extras: bool = True) -> Prepared:
    """Return any schema made ready, with or without members that it does not tell of.

    Raise `UnusableSchema` or `Unsatisfiable`, at once and with the reason.
    """
    refuse_depth(schema)
    try:
        text = json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise UnusableSchema(f"the schema is not JSON: {problem}") from None
    return _prepared(text, extras)


@lru_cache(maxsize=64)
def _prepared(text: str, extras: bool) -> Prepared:
    schema = json.loads(text)
    if not isinstance(schema, dict | bool):
        raise UnusableSchema(f"a schema is an object or a boolean, not {text[:60]}")
    is_named = isinstance(schema, dict) and "$schema" in schema
    document = Document(schema)
    try:
        is_valid = judge_of(schema)
    except UnusableSchema:
        if is_named or isinstance(schema, bool):
            raise
        # A schema that names no draft and is none of the newest may well be of the most used one, or of an old one.
        is_valid, draft = _judged_as_older(schema)
        document = Document(schema, default_draft=draft)
    forms = Forms(document)
    forms.refuse_empty()
    composer = Composer(forms, extras=extras)
    prepared = Prepared(forms, composer, composer.cell(forms.root).draw, is_valid)
    seeded(prepared, Seeded(), "first")
    return prepared


def _judged_as_older(schema: dict[str, Any]) -> tuple[Callable[[Any], bool], int]:
    """The judge of a schema by the newest of the older drafts that takes it, and that draft."""
    for draft in _OLDER:
        with suppress(UnusableSchema):
            return judge_of({"$schema": f"http://json-schema.org/draft-{draft:02}/schema#", **schema}), draft
    return judge_of(schema), _OLDER[0]


def drawn(prepared: Prepared, source: Source, tries: int) -> Any:
    """Return a valid value from the source's decisions, after that many tries at most, else reject them."""
    cell = prepared.composer.cell(prepared.forms.root)
    for _ in range(tries):
        value = cell.draw(source)
        if prepared.is_valid(value):
            return value
    return source.reject()


def seeded(prepared: Prepared, source: Seeded, seed: str) -> Any:
    """Return the valid value of a seed; raise `Unsatisfiable` when none is found in many tries."""
    for turn in range(_TRIES):
        source.start(seed if turn == 0 else f"{seed}#{turn}")
        try:
            return drawn(prepared, source, 3)
        except Rejected:
            continue
    raise Unsatisfiable(
        f"no value can meet the schema: none was found in {_TRIES} tries; what stands under `not` or `unevaluated` may"
        " exclude them all"
    )
