"""`from_schema`: what it refuses, and that its values shrink and come without complaints."""

import json
import os
import subprocess
import sys

import jsonschema_rs
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from chatconform.schemas import bundle
from chatconform.strategies import Unsatisfiable, UnusableSchema, from_schema

QUIET = settings(database=None, deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "https://example.com/other.json"}, "leads out of the schema"),
        ({"type": "object", "properties": {"a": {"$ref": "other.json#/a"}}}, "leads out of the schema"),
        ({"$defs": {"unused": {"$ref": "http://localhost/x"}}}, "leads out of the schema"),
        ({"$ref": "#/$defs/missing"}, "leads to nothing"),
        ({"$ref": "#missing"}, "names no anchor"),
        ({"type": "string", "pattern": "(a"}, "regular expression"),
        ({"type": "string", "pattern": "a{3,1}"}, "regular expression"),
        ({"patternProperties": {"[": {}}}, "regular expression"),
        ({"$ref": "#"}, "refers back to itself"),
        ({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}}, "back to itself"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "none of the drafts"),
        ({"$schema": "https://example.com/my-dialect"}, "none of the drafts"),
        ({"type": "strin"}, "/type"),
        ({"minimum": "3"}, "/minimum"),
        ({"required": "a"}, "/required"),
        ([], "an object or a boolean"),
        ("string", "an object or a boolean"),
        (None, "an object or a boolean"),
        ({"const": float("nan")}, "not JSON"),
        ({"const": {1, 2}}, "not JSON"),
    ],
    ids=lambda value: json.dumps(value, default=str)[:60] if not isinstance(value, str) else None,
)
def test_a_schema_that_cannot_be_used_is_one_clear_error(schema, said):
    with pytest.raises(UnusableSchema) as refusal:
        from_schema(schema)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 500


def nested(levels, wrap):
    schema = {"type": "integer"}
    for _ in range(levels):
        schema = wrap(schema)
    return schema


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: {"type": "object", "properties": {"a": inner}},
        lambda inner: {"type": "array", "items": inner},
        lambda inner: {"not": inner},
        lambda inner: {"allOf": [inner]},
    ],
)
def test_ten_thousand_levels_are_refused_at_once(wrap):
    with pytest.raises(UnusableSchema, match="nests more than 256 levels"):
        from_schema(nested(10_000, wrap))


def test_a_hundred_levels_are_read():
    schema = nested(100, lambda inner: {"type": "array", "items": inner, "minItems": 1})
    is_valid = jsonschema_rs.validator_for(schema).is_valid

    @settings(QUIET, max_examples=3)
    @given(from_schema(schema))
    def check(value):
        assert is_valid(value)

    check()


def test_the_reason_names_the_constraints_and_their_places():
    with pytest.raises(
        Unsatisfiable, match=r"no number is from 5 to 3 .*/properties/n/minimum and /properties/n/maximum"
    ):
        from_schema(
            {"type": "object", "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 3}}, "required": ["n"]}
        )


def test_a_schema_that_is_changed_afterwards_changes_nothing():
    schema = {"type": "integer", "minimum": 3}
    strategy = from_schema(schema)
    schema["minimum"] = 100
    assert find(strategy, lambda _: True, settings=QUIET) == 3


@pytest.mark.parametrize(
    ("schema", "wanted", "least"),
    [
        ({"type": "integer"}, lambda v: v > 100, 101),
        ({"type": "array", "items": {"type": "integer", "minimum": 0}}, lambda v: sum(v) >= 5 and len(v) > 1, None),
        ({"type": "object", "properties": {"a": {}, "b": {}, "c": {}}}, lambda v: "b" in v, {"b": None}),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, lambda _: True, None),
    ],
)
def test_values_shrink(schema, wanted, least):
    found = find(from_schema(schema), wanted, settings=QUIET)
    assert wanted(found)
    if least is not None:
        assert found == least
    assert len(json.dumps(found)) < 12


def test_results_share_no_parts():
    strategy = from_schema({"type": "array", "items": {"const": {"a": []}}, "minItems": 2, "maxItems": 2})

    @settings(QUIET, max_examples=5)
    @given(strategy)
    def check(value):
        value[0]["a"].append(1)
        assert value[1] == {"a": []}

    check()


def test_it_goes_with_other_strategies():
    numbers = from_schema({"type": "integer", "minimum": 0, "maximum": 9})

    @settings(QUIET, max_examples=20)
    @given(st.lists(numbers.map(str), min_size=1), st.data())
    def check(digits, data):
        assert data.draw(numbers) in range(10)
        assert all(digit.isdigit() for digit in digits)

    check()


def test_the_largest_schema_of_the_endpoint_needs_no_health_check_silenced():
    schema = bundle("CreateChatCompletionRequest", one_of=True)
    is_valid = jsonschema_rs.validator_for(schema).is_valid

    @settings(QUIET, max_examples=60)
    @given(from_schema(schema))
    def check(value):
        assert is_valid(value)

    check()


def test_hypothesis_is_not_imported_for_what_is_deterministic():
    program = (
        "import sys; import chatconform.strategies as s; s.boundaries('ChatCompletionTool'); s.wire_cases();"
        "print([m for m in ('hypothesis', 'jsonschema', 'pytest', 'referencing') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "array", "minItems": 10**9}, "an array of 1,000,000,000 items"),
        ({"type": "array", "minItems": 501, "uniqueItems": True}, "501 different items"),
        ({"type": "array", "minItems": 300, "contains": {"type": "integer"}}, "more than 200 items"),
        ({"type": "array", "contains": {"type": "integer"}, "minContains": 10**6}, "more than 200 items"),
        ({"type": "object", "minProperties": 10**6}, "an object of 1,000,000 members"),
        ({"type": "string", "minLength": 10**7}, "a text of 10,000,000 characters"),
        ({"type": "string", "pattern": "^(((a{100}){100}){100})$"}, "asks for 1,000,000 characters"),
        ({"type": "string", "pattern": "a" * 5000}, "asks for 5,000 characters"),
    ],
)
def test_a_value_too_large_to_be_made_is_refused_as_such_and_at_once(schema, told):
    with pytest.raises(UnusableSchema, match=told) as refusal:
        from_schema(schema)
    assert not isinstance(refusal.value, Unsatisfiable)


def test_a_branch_whose_values_are_too_large_leaves_the_others():
    @settings(QUIET, max_examples=20)
    @given(from_schema({"anyOf": [{"type": "array", "minItems": 10**9}, {"type": "string"}]}))
    def check(value):
        assert isinstance(value, str)

    check()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "minItems": 3072, "items": {"type": "number"}},
        {"type": "array", "minItems": 2000, "prefixItems": [{"const": 1}], "items": {"type": "object"}},
        {"type": "array", "minItems": 500, "uniqueItems": True, "items": {"type": "integer"}},
        {"type": "object", "minProperties": 100},
        {"type": "string", "minLength": 8000},
    ],
)
def test_what_is_large_and_not_too_large_is_made(schema):
    is_valid = jsonschema_rs.validator_for(schema).is_valid

    @settings(QUIET, max_examples=3)
    @given(from_schema(schema))
    def check(value):
        assert is_valid(value)

    check()


def test_a_regular_expression_that_pythons_engine_does_not_take_is_refused():
    with pytest.raises(UnusableSchema, match="look-behind requires fixed-width pattern"):
        from_schema({"type": "string", "pattern": "(?<=a+)b"})


def test_a_multiple_that_binary_arithmetic_misses_is_taken_where_there_is_no_other():
    schema = {"type": "number", "multipleOf": 19.99, "minimum": 1000, "maximum": 1030}
    assert find(from_schema(schema), lambda _: True, settings=QUIET) == 1019.49


def test_the_table_of_characters_is_made_before_the_first_draw(tmp_path):
    program = "from chatconform.strategies import from_schema; from_schema({'type': 'string'})"
    environment = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "kept")}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)
    assert list((tmp_path / "kept").rglob("charmap*"))
