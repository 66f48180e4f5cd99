"""Instances of schemas, and strings of patterns: always valid, always in bounded time, or refused by name."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatconform.reference.instances import instance
from chatconform.reference.patterns import PatternError, matching
from chatconform.reference.subschemas import Unmakeable
from chatconform.schemas import violations_of

NODE = {
    "type": "object",
    "properties": {"v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
    "required": ["v", "next"],
    "additionalProperties": False,
}
MAKEABLE: list[Any] = [
    True,
    {},
    {"const": {"a": [1, None, "é\"\\\n🙂"]}},
    {"enum": ["a", 1, None], "type": ["string", "null"]},
    {"type": "string", "minLength": 300, "maxLength": 300},
    {"type": "string", "maxLength": 0},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}$"},
    {"type": "string", "pattern": "^(?:a|b){3,5}c?$", "minLength": 6},
    {"type": "string", "pattern": "^\\p{Lu}\\p{Ll}+$"},
    {"type": "integer", "minimum": 4170, "maximum": 4179, "multipleOf": 3},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "number", "multipleOf": 0.1, "minimum": 0.25, "maximum": 0.35},
    {"type": "integer", "exclusiveMaximum": -5},
    {"type": "number", "minimum": 3, "maximum": 3},
    {"type": "array", "items": {"enum": [1, 2, 3, 4, 5]}, "uniqueItems": True, "minItems": 5},
    {"type": "array", "prefixItems": [{"const": 1}, {"type": "string"}], "items": False, "minItems": 2},
    {"type": "array", "contains": {"const": 7}, "minContains": 2},
    {"type": "array", "items": {"type": "array", "items": {"type": "boolean"}, "minItems": 3}, "minItems": 2},
    {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
    {"type": "object", "properties": {"tree": {"$ref": "#"}}, "additionalProperties": False},
    {"$ref": "#n", "$defs": {"x": {"$anchor": "n", "type": "boolean"}}},
    {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 2}]},
    {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
    {"allOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"required": ["b"]}], "type": "object"},
    {"type": "object", "required": ["x"], "additionalProperties": {"type": "integer"}},
    {"type": "object", "minProperties": 3, "propertyNames": {"pattern": "^[a-c]+$"}},
    {"type": "object", "patternProperties": {"^n": {"type": "null"}}, "required": ["nx"], "minProperties": 2},
    {"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"],
     "if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}},
    {"not": {"type": "string"}},
    {"type": "string", "not": {"const": "x"}},
    *({"type": "string", "format": name} for name in (
        "date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri", "json-pointer",
    )),
]  # fmt: skip
UNMAKEABLE: list[tuple[Any, str]] = [
    (False, "false"),
    ({"type": "strin"}, "schema"),
    ({"type": "string", "pattern": "("}, "schema"),
    ({"$ref": "#"}, "$ref"),
    ({"$ref": "#/$defs/none"}, "schema"),
    ({"$ref": "https://example.com/schema"}, "schema"),
    ({"type": "object", "properties": {"x": {"$ref": "#"}}, "required": ["x"]}, "$ref"),
    ({"type": "integer", "minimum": 3, "maximum": 2}, "minimum"),
    ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}, "minimum"),
    ({"allOf": [{"type": "string"}, {"type": "null"}]}, "type"),
    ({"type": "array", "minItems": 30_000}, "minItems"),
    ({"type": "string", "minLength": 10**7}, "minLength"),
    ({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True, "minItems": 3}, "uniqueItems"),
    ({"not": {}}, "not"),
    ({"type": "string", "pattern": "^a{60000}$"}, "pattern"),
    (3, "schema"),
]


@pytest.mark.parametrize("schema", MAKEABLE, ids=lambda schema: orjson.dumps(schema).decode()[:60])
@pytest.mark.parametrize("seed", range(4))
def test_an_instance_is_valid(schema: Any, seed: int) -> None:
    value = instance(schema, Random(seed))
    assert not violations_of(schema, value)
    assert instance(schema, Random(seed)) == value


@pytest.mark.parametrize(("schema", "keyword"), UNMAKEABLE, ids=lambda value: str(value)[:60])
def test_what_cannot_be_made_is_told_by_its_keyword(schema: Any, keyword: str) -> None:
    with pytest.raises(Unmakeable) as caught:
        instance(schema, Random(0))
    assert caught.value.keyword == keyword


def doubling(levels: int) -> dict[str, Any]:
    """A schema whose least instance has two to the power of `levels` values."""
    nodes = {
        f"k{number}": {
            "type": "object",
            "properties": {side: {"$ref": f"#/$defs/k{number + 1}"} for side in "lr"},
            "required": ["l", "r"],
        }
        for number in range(levels)
    }
    return {"$ref": "#/$defs/k0", "$defs": {**nodes, f"k{levels}": {"type": "null"}}}


def chain(length: int) -> dict[str, Any]:
    """A schema of as many references, one to the next."""
    links: dict[str, Any] = {f"k{number}": {"$ref": f"#/$defs/k{number + 1}"} for number in range(length)}
    return {"$ref": "#/$defs/k0", "$defs": {**links, f"k{length}": {"const": 1}}}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"const": 1}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    return schema


def branching(depth: int) -> dict[str, Any]:
    """Branches of branches, of which the last ones are all impossible."""
    schema: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 0}
    for _ in range(depth):
        schema = {"anyOf": [schema, schema, schema]}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        doubling(60),
        chain(400),
        nested(60),
        nested(120),
        branching(8),
        {"type": "object", "properties": {str(i): {"$ref": "#"} for i in range(30)}},
        {"type": "array", "items": {"$ref": "#"}},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 2},
        {"enum": [str(i) for i in range(10_000)]},
    ],
    ids=lambda schema: str(schema)[:40],
)
def test_a_hostile_schema_is_made_or_refused_in_bounded_work(schema: Any) -> None:
    try:
        assert not violations_of(schema, instance(schema, Random(0)))
    except Unmakeable:
        return


JSON_SCHEMAS = st.recursive(
    st.one_of(
        st.builds(lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
                  st.integers(-50, 50), st.integers(0, 9)),
        st.builds(lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
                  st.integers(0, 30), st.integers(0, 9)),
        st.builds(lambda values: {"enum": values}, st.lists(st.one_of(st.none(), st.booleans(), st.text(max_size=3),
                  st.integers(-9, 9)), min_size=1, max_size=4)),
        st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": "number"}, {}, True]),
    ),
    lambda part: st.one_of(
        st.builds(lambda parts: {"anyOf": parts}, st.lists(part, min_size=1, max_size=3)),
        st.builds(lambda item, low: {"type": "array", "items": item, "minItems": low}, part, st.integers(0, 3)),
        st.builds(
            lambda properties, closed: {
                "type": "object", "properties": properties, "required": [*properties],
                **({"additionalProperties": False} if closed else {}),
            },
            st.dictionaries(st.text(max_size=3), part, max_size=4), st.booleans(),
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(schema=JSON_SCHEMAS, seed=st.integers(0, 99))
def test_schemas_of_structured_outputs_are_always_made(schema: Any, seed: int) -> None:
    assert not violations_of(schema, instance(schema, Random(seed)))


PATTERNS = [
    "", "^$", "abc", "^[0-9]{6}$", "^(a+)+$", "(x+x+)+y", "^(?:[a-z]+\\.)+[a-z]{2,}$", "^\\w+@\\w+\\.com$", "[^a-z]",
    "^(?<year>\\d{4})-\\k<year>$", "^(ab)\\1$", "^a*?b+?$", "^\\u00e9\\x41\\t$", "[\\]\\-\\\\]", "^[\\w-]{1,64}$",
    "^(?=a)a$", "^.{3}$", "a{2}|b{3,}|c{0,1}", "^[\\d\\s]+$", "^\\S\\D\\W$", "x{", "^\\/path\\/$", "(a|b|)",
    "[^\\D]", "^\\cJ$", "\\u{1F600}",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("seed", range(3))
def test_a_made_string_matches_its_pattern(pattern: str, seed: int) -> None:
    text = matching(pattern, Random(seed))
    if pattern not in {"^\\cJ$", "x{", PATTERNS[9]}:  # which not every judge reads as this one does
        assert not violations_of({"pattern": pattern}, text), text


@pytest.mark.parametrize("pattern", ["(", ")", "[a", "a**b)", "*", "(?<n", "a{3,1}", "[z-a]", "\\p{Nonsense}", "\\"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        matching(pattern, Random(0))


@pytest.mark.parametrize(
    "pattern",
    ["(" * 5000, "((((((((((a{100}){100}){100}){100}){100}){100}){100}){100}){100}){100})", "a{99999999}", "[" * 9999],
)
def test_a_hostile_pattern_is_refused_in_bounded_work(pattern: str) -> None:
    with pytest.raises(PatternError):
        matching(pattern, Random(0))


@settings(max_examples=300, deadline=None)
@given(pattern=st.text(alphabet="ab(|)[]*+?{}1,2^$.\\d-:=!<>", max_size=20), longest=st.integers(0, 20))
def test_any_text_is_a_pattern_or_is_refused(pattern: str, longest: int) -> None:
    try:
        assert len(matching(pattern, Random(0), 0, longest)) <= longest
    except PatternError:
        return
