"""Not streamed: the ways in which JSON writes the same answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson

from chatconform.core.scenario import Expected, Grade, Scenario
from chatconform.scenarios.writing import ANY_ERROR, answer, choice, completion, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

WAVE = completion(choice("Hi \U0001f44b, see you in Zürich"))
CONTROLS = completion(choice('a tab\t, a bell\x07, a null\x00, a quote" and a backslash\\'))
SEPARATORS = completion(choice("one two three\x85four"))
LONE = completion(choice("half a pair: \ud83d."))


def written(
    id: str, grade: Grade, purpose: str, body: bytes, told: Mapping[str, Any], *, also: tuple[str, ...] = ()
) -> Scenario:
    """A scenario whose body is written in a special way; where that is hostile, an error is right too."""
    error = ANY_ERROR if grade is Grade.HOSTILE else None
    return whole(id, grade, purpose, attempt=answer(body), expected=Expected(told, error=error), also=also)


def turned_round(value: Any) -> Any:
    """A JSON value with the keys of each object in the opposite order."""
    if isinstance(value, dict):
        return {key: turned_round(value[key]) for key in reversed(value)}
    return [turned_round(item) for item in value] if isinstance(value, list) else value


BODY = orjson.dumps(completion())
NUMBERS = (b'"prompt_tokens":9,', b'"prompt_tokens":9.0,', b'"completion_tokens":12,', b'"completion_tokens":12.0,')
HALF = completion(created=1_760_000_000.5)
BIG = completion(created=10**30)

SCENARIOS = [
    written(
        "ns.json-ascii-escapes",
        Grade.MUST,
        "Everything outside ASCII is escaped, an emoji as a pair of surrogates.",
        json.dumps(WAVE).encode(),
        WAVE,
    ),
    written(
        "ns.json-control-escapes",
        Grade.MUST,
        "The text holds escaped control characters, U+0000 among them.",
        json.dumps(CONTROLS).encode(),
        CONTROLS,
    ),
    written(
        "ns.json-raw-u2028",
        Grade.MUST,
        "The text holds unescaped line separators, which JSON allows in strings.",
        orjson.dumps(SEPARATORS),
        SEPARATORS,
    ),
    written(
        "ns.json-lone-surrogate",
        Grade.HOSTILE,
        "The text holds an escaped surrogate without its partner.",
        json.dumps(LONE).encode(),
        LONE,
    ),
    written(
        "ns.json-float-ints",
        Grade.SHOULD,
        "Whole numbers are written with a decimal point.",
        BODY.replace(*NUMBERS[:2]).replace(*NUMBERS[2:]),
        completion(),
    ),
    written(
        "ns.json-exp-int",
        Grade.MUST,
        "The creation time is written with an exponent, an integer all the same in JSON Schema's terms.",
        BODY.replace(b"1760000000", b"1.76E9"),
        completion(),
        also=("created",),
    ),
    written(
        "ns.created-fraction",
        Grade.SHOULD,
        "The creation time has a fraction of a second.",
        orjson.dumps(HALF),
        HALF,
    ),
    written(
        "ns.json-bigint",
        Grade.HOSTILE,
        "The creation time is larger than any machine's integer.",
        json.dumps(BIG, separators=(",", ":")).encode(),
        BIG,
    ),
    written(
        "ns.json-dup-keys",
        Grade.HOSTILE,
        "A key stands twice, with two values.",
        BODY.replace(b'"object":', b'"object":"something.else","object":'),
        completion(),
    ),
    written(
        "ns.key-order",
        Grade.MUST,
        "The keys of each object come in an unusual order.",
        orjson.dumps(turned_round(completion())),
        completion(),
    ),
]
