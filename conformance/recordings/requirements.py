"""What is asked of the records of a file by themselves: that they can be read, and that bodies are of their types.

The law of this file: these requirements have ids, levels and texts as all rules have, and are told and chosen as they
are; but no exchange exercises them, so the catalogue does not list them. A reader of recordings tells the breaches.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.rule import Level, Part, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA: Final = "schema"
"""The first word of the id of a requirement that a body is of its type."""


def _told_by_the_reader(_: Any) -> Iterator[Any]:
    yield from ()


def _requirement(name: str, text: str, why: str, *, level: Level = Level.MUST, source: str = "RFC 8259") -> Rule:
    return Rule(f"record.{name}", level, Part.RECORD, source, text, why, _told_by_the_reader)


READABLE: Final = _requirement(
    "can-be-read",
    "Every file can be read to its end.",
    "A damaged archive or a cassette with a broken form holds records that nobody judged.",
    source="the form of the file",
)
JSON: Final = _requirement(
    "is-json",
    "Every record is one JSON text.",
    "What stands in a line that is no JSON, or that was cut when a writer died, no reader gets back.",
)
UTF_8: Final = _requirement(
    "is-utf-8",
    "Every record is written in UTF-8.",
    "Readers refuse the line, or read other characters than were meant.",
    source="RFC 8259 section 8.1",
)
BOUNDED: Final = _requirement(
    "is-bounded",
    "No record is larger or nested more deeply than anything that goes over the wire.",
    "A record beyond these bounds is damaged, or made to exhaust whoever reads it; it is told and left out.",
    source="chatconform's own bounds",
)
HARMLESS: Final = _requirement(
    "runs-no-code",
    "No record asks its reader to make objects or to run code.",
    "YAML has tags that call functions when a careless reader loads them; here they are never followed.",
    source="YAML 1.1 language-independent types",
)
KNOWN: Final = _requirement(
    "is-known",
    "Every record is a body of the endpoint, or a request with its answer, in a form that is known.",
    "What is not known is not judged; `--type` says what bodies are, where looking does not tell.",
    level=Level.SHOULD,
    source="the forms that chatconform reads",
)
WITH_BODIES: Final = _requirement(
    "has-bodies",
    "Every recorded exchange was saved with its bodies.",
    "An archive that was exported without contents shows that there was traffic, and nothing that could be judged.",
    source="HAR 1.2",
)
FORM: Final = _requirement(
    "matches-its-form",
    "Every record keeps the form that it is written in.",
    "A record that lacks its request, or has a number where a text belongs, is read by no tool.",
    source="the form of the file",
)
UNIQUE_KEYS: Final = _requirement(
    "keys-are-not-repeated",
    "No object has a key twice.",
    "Parsers differ in which of the two they keep. Judged with `--lint`.",
    source="RFC 8259 section 4",
)
SMALL_INTEGERS: Final = _requirement(
    "integers-fit-64-bits",
    "No integer is beyond what 64 bits hold.",
    "Parsers make a rounded number of it, or fail. Judged with `--lint`.",
    source="RFC 8259 section 6",
)
READING: Final = (READABLE, JSON, UTF_8, BOUNDED, HARMLESS, KNOWN, WITH_BODIES, FORM)
LINT: Final = (UNIQUE_KEYS, SMALL_INTEGERS)


@cache
def of_type(name: str) -> Rule:
    """The requirement that a body is valid for a type; its id is `schema.` and the type's name in kebab case."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()
    return Rule(
        f"{SCHEMA}.{words}",
        Level.MUST,
        Part.RECORD,
        name,
        f"Every {name} is valid by its schema.",
        "Typed clients and servers are generated from the published types and fail on what is not of them.",
        _told_by_the_reader,
    )


@cache
def record_rules() -> tuple[Rule, ...]:
    """Every requirement on records: on reading, on each type that a record can have, and of lint."""
    from chatconform.schemas import names

    return (*READING, *map(of_type, names()), *LINT)
