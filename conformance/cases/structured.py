"""Structured outputs: schemas that leave one value, or hardly any, so that enforcing shows with any model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.cases.tools import STREAMED, code, forced
from chatconform.core.case import Situation, case
from chatconform.rules.series.forms import finishes

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
        "response.logprobs",
        "response.likeliest",
        "response.body.is-strict-json",
        "series.acceptance.all-top-logprobs",
        "series.acceptance.json-object-beside-json-schema",
    ],
    most=5,
)
def formats(situation: Situation) -> Asking:
    """A schema that leaves one random value and so rules most tokens out, twice and with likelihoods; then any object.

    Several choices and log probabilities are left out where they are refused.
    """
    schema = forced("code", code(situation))
    likely: dict[str, Any] = {"logprobs": True, "top_logprobs": 20}
    for more in ({"n": 2, **likely}, likely, {"logprobs": True}, {}):
        exchange = yield asking(situation, schema, **more)
        if not exchange.refused:
            break
    wish = "Answer with a very short JSON object."
    yield situation.chat(wish, response_format={"type": "json_object"}, most=300, **STREAMED)


@case("structured.keywords", exercises=["response.structured.keywords-are-honoured"], most=3)
def keywords(situation: Situation) -> Asking:
    """Keywords that narrow strings, numbers and lists, and ones that refer and choose; in two parts if need be."""
    narrow: dict[str, Any] = {
        "code": {"type": "string", "pattern": "^[0-9]{6}$"},
        "word": {"type": "string", "minLength": 12, "maxLength": 16},
        "count": {"type": "integer", "minimum": 4170, "maximum": 4179},
    }
    row = {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "boolean"}}
    lists: dict[str, Any] = {
        "rows": {"type": "array", "minItems": 2, "maxItems": 2, "items": row},
        "pick": {"anyOf": [{"$ref": "#/$defs/first"}, {"$ref": "#/$defs/second"}]},
    }
    named = {"$defs": {"first": forced("a", code(situation)), "second": forced("b", code(situation))}}
    everything = yield asking(situation, {**closed(**narrow, **lists), **named}, most=2 * MOST)
    if not everything.succeeded or "stop" not in finishes(everything):
        yield asking(situation, closed(**narrow))
        yield asking(situation, {**closed(**lists), **named})


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
