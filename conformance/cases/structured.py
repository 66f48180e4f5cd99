"""Structured outputs: schemas that leave one value, or hardly any, so that enforcing shows with any model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.cases.tools import STREAMED, code, forced
from chatconform.core.case import Situation, case

if TYPE_CHECKING:
    from chatconform.core.ask import Ask
    from chatconform.core.case import Asking

MOST: Final = 200
AS_JSON: Final = "Answer as JSON."


def by_schema(schema: dict[str, Any], name: str = "answer") -> dict[str, Any]:
    """A strict response format."""
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


def closed(**properties: Any) -> dict[str, Any]:
    """An object schema with these properties, all of them required, and no others."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def asking(situation: Situation, schema: dict[str, Any], most: int = MOST, **more: Any) -> Ask:
    """A request for an answer by a schema."""
    return situation.chat(AS_JSON, response_format=by_schema(schema), most=most, **more)


@case(
    "structured.formats",
    exercises=[
        "response.structured.schema-is-enforced",
        "response.structured.json-object-is-json",
        "response.structured.json-stands-alone",
        "series.acceptance.json-object-beside-json-schema",
    ],
    most=4,
)
def formats(situation: Situation) -> Asking:
    """A schema that leaves one random value, twice if the target gives several; then any object, whole and streamed."""
    twice = yield asking(situation, forced("code", code(situation)), n=2)
    if twice.refused:
        yield asking(situation, forced("code", code(situation)))
    wish = "Answer with a very short JSON object."
    yield situation.chat(wish, response_format={"type": "json_object"}, most=300)
    yield situation.chat(wish, response_format={"type": "json_object"}, most=300, **STREAMED)


@case("structured.keywords", exercises=["response.structured.keywords-are-honoured"], most=2)
def keywords(situation: Situation) -> Asking:
    """Keywords that narrow strings and numbers, and then lists, with ones that refer and choose."""
    yield asking(
        situation,
        closed(
            code={"type": "string", "pattern": "^[0-9]{6}$"},
            word={"type": "string", "minLength": 12, "maxLength": 16},
            count={"type": "integer", "minimum": 4170, "maximum": 4179},
        ),
    )
    row = {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "boolean"}}
    schema = closed(
        rows={"type": "array", "minItems": 2, "maxItems": 2, "items": row},
        pick={"anyOf": [{"$ref": "#/$defs/first"}, {"$ref": "#/$defs/second"}]},
    )
    schema["$defs"] = {"first": forced("a", code(situation)), "second": forced("b", code(situation))}
    yield asking(situation, schema)


@case("structured.cut", exercises=["response.structured.cut-ends-with-length"])
def cut(situation: Situation) -> Asking:
    """An answer by a schema that the limit cuts at once."""
    yield asking(situation, forced("code", code(situation) * 4), most=4)


@case("structured.recursion", exercises=["response.structured.schema-is-enforced", "response.status"], most=2)
def recursion(situation: Situation) -> Asking:
    """A schema that refers to itself, and one whose references go in a circle and describe nothing."""
    node = closed(value={"type": "integer"}, next={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]})
    yield asking(situation, {**closed(list={"$ref": "#/$defs/node"}), "$defs": {"node": node}}, most=120)
    circle = {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}
    yield asking(situation, {**closed(round={"$ref": "#/$defs/a"}), "$defs": circle}, most=48)
