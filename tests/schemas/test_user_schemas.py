"""Schemas that users bring: any draft, unions narrowed, nothing fetched, nothing hung."""

from typing import Any

import pytest

from chatconform.schemas import UnusableSchema, bundle, violations, violations_of

DRAFT_3, DRAFT_4, DRAFT_6, DRAFT_7 = (f"http://json-schema.org/draft-0{number}/schema#" for number in (3, 4, 6, 7))
DRAFT_2019, DRAFT_2020 = (f"https://json-schema.org/draft/{year}/schema" for year in ("2019-09", "2020-12"))

CIRCLE = {
    "type": "object",
    "properties": {"kind": {"const": "circle"}, "radius": {"type": "number", "minimum": 0}},
    "required": ["kind", "radius"],
}
SQUARE = {
    "type": "object",
    "properties": {"kind": {"enum": ["square"]}, "side": {"type": "number"}},
    "required": ["kind", "side"],
}
SHAPE = {"oneOf": [CIRCLE, SQUARE, {"type": "string"}, {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/code"}]}]}
SHAPES = {
    "properties": {"shapes": {"items": {"$ref": "#/$defs/shape"}}},
    "$defs": {"shape": SHAPE, "code": {"type": "integer", "minimum": 3}},
}


def lines(schema: Any, value: Any) -> list[str]:
    return [str(each) for each in violations_of(schema, value)]


@pytest.mark.parametrize(
    "shape", [{"kind": "circle", "radius": 1}, {"kind": "square", "side": 2}, "unit", None, 3], ids=str
)
def test_what_a_branch_takes_is_valid(shape: Any) -> None:
    assert lines(SHAPES, {"shapes": [shape]}) == []


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        ({"kind": "circle"}, "/shapes/0: 'radius' is a required property"),
        ({"kind": "circle", "radius": "x"}, '/shapes/0/radius: "x" is a string, not a number'),
        ({"kind": "circle", "radius": -1}, "/shapes/0/radius: -1 is less than the minimum of 0"),
        ({"kind": "square"}, "/shapes/0: 'side' is a required property"),
        ({"kind": "line"}, '/shapes/0/kind: "line" is not one of "circle", "square"'),
        ({"radius": 1}, "/shapes/0: 'kind' is a required property"),
        (2, "/shapes/0: 2 is less than the minimum of 3"),
        ([], "/shapes/0: [] is an array, not an object or a string or an integer or null"),
        (True, "/shapes/0: true is a boolean, not an object or a string or an integer or null"),
    ],
    ids=str,
)
def test_a_union_is_narrowed_to_the_branch_that_was_meant(shape: Any, line: str) -> None:
    assert lines(SHAPES, {"shapes": [shape]}) == [line]


def test_a_union_whose_branch_cannot_be_told_is_one_line_itself() -> None:
    schema = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert lines(schema, {}) == ["(top level): {} does not have exactly one of the forms that are allowed here"]
    assert lines(schema, {"a": 1, "b": 2}) == [
        '(top level): {"a": 1, "b": 2} does not have exactly one of the forms that are allowed here'
    ]
    assert lines({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}) == [
        "(top level): {} has none of the forms that are allowed here"
    ]


def test_what_all_branches_lack_is_told() -> None:
    schema = {"oneOf": [{"required": ["a", "b"]}, {"required": ["a", "c"]}]}
    assert lines(schema, {}) == ["(top level): 'a' is a required property"]


def test_the_branch_that_got_furthest_is_the_one_meant() -> None:
    deep = {"properties": {"a": {"properties": {"b": {"type": "integer"}}}}, "required": ["a"]}
    schema = {"oneOf": [{"required": ["x", "y"]}, deep]}
    assert lines(schema, {"a": {"b": "c"}}) == ['/a/b: "c" is a string, not an integer']


def test_our_plain_one_of_form_tells_the_same_as_our_own_form() -> None:
    plain = bundle("CreateChatCompletionRequest", one_of=True)
    request = {
        "model": "m",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}]},
            {"role": "bot", "content": "a"},
            {"role": "user", "content": 5},
            "a",
            {"content": "a"},
        ],
        "tool_choice": "always",
        "response_format": {"type": "json_schema", "json_schema": {"name": "a b"}},
        "prediction": 5,
        "stop": [1],
    }
    ours = {(each.pointer, each.keyword) for each in violations("CreateChatCompletionRequest", request)}
    assert {(each.pointer, each.keyword) for each in violations_of(plain, request)} == ours
    assert len(ours) == 9


EVERY_KEYWORD: list[tuple[dict[str, Any], Any, str, str]] = [
    ({"type": "integer"}, 1.5, "type", "1.5 is not an integer"),
    ({"type": ["integer", "null"]}, "a", "type", '"a" is a string, not an integer or null'),
    ({"enum": [1, "a", None]}, 2, "enum", '2 is not one of 1, "a", null'),
    ({"enum": list(range(20))}, -1, "enum", f"-1 is not one of {', '.join(map(str, range(12)))} and 8 others"),
    ({"const": {"a": 1}}, {"a": 2}, "const", '{"a": 2} is not {"a": 1}'),
    ({"multipleOf": 2}, 3, "multipleOf", "3 is not a multiple of 2"),
    ({"maximum": 2}, 3, "maximum", "3 is greater than the maximum of 2"),
    ({"exclusiveMaximum": 3}, 3, "exclusiveMaximum", "3 is not less than 3"),
    ({"minimum": 4}, 3, "minimum", "3 is less than the minimum of 4"),
    ({"exclusiveMinimum": 3}, 3, "exclusiveMinimum", "3 is not greater than 3"),
    ({"maxLength": 1}, "ab", "maxLength", '"ab" has 2 characters, at most 1 allowed'),
    ({"minLength": 2}, "a", "minLength", '"a" has 1 character, at least 2 needed'),
    ({"pattern": "^b"}, "ab", "pattern", '"ab" does not match the pattern "^b"'),
    ({"maxItems": 1}, [1, 2], "maxItems", "has 2 items, at most 1 allowed"),
    ({"minItems": 2}, [1], "minItems", "has 1 item, at least 2 needed"),
    ({"uniqueItems": True}, [1, 1], "uniqueItems", "has items that are equal, and all must be different"),
    ({"contains": {"const": 1}}, [2], "contains", "has too few items of a form that it must contain"),
    ({"maxProperties": 1}, {"a": 1, "b": 2}, "maxProperties", "has 2 properties, at most 1 allowed"),
    ({"minProperties": 1}, {}, "minProperties", "has 0 properties, at least 1 needed"),
    ({"required": ["a"]}, {}, "required", "'a' is a required property"),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "dependentRequired", "'b' is a required property"),
    (
        {"propertyNames": {"maxLength": 1}},
        {"ab": 1},
        "propertyNames",
        'the key "ab" has 2 characters, at most 1 allowed',
    ),
    ({"additionalProperties": False}, {"a": 1}, "additionalProperties", "'a' is not allowed here"),
    ({"unevaluatedProperties": False}, {"a": 1}, "unevaluatedProperties", "'a' is not allowed here"),
    ({"unevaluatedItems": False}, [1], "unevaluatedItems", "has more items than are allowed"),
    ({"not": {"type": "string"}}, "a", "not", '"a" is of a form that is not allowed here'),
]


@pytest.mark.usefixtures("judge")
@pytest.mark.parametrize(("schema", "value", "keyword", "message"), EVERY_KEYWORD, ids=str)
def test_every_keyword_has_its_sentence_and_its_place(
    schema: dict[str, Any], value: Any, keyword: str, message: str
) -> None:
    [found] = violations_of({"properties": {"at": schema}}, {"at": value})
    assert (found.pointer, found.keyword, found.message) == ("/at", keyword, message)
    written = "propertyNames/maxLength" if keyword == "propertyNames" else keyword
    assert found.schema_location == f"#/properties/at/{written}"


@pytest.mark.usefixtures("judge")
def test_a_false_schema_allows_nothing() -> None:
    assert lines(False, 5) == ["(top level): 5 stands where nothing is allowed"]
    assert lines({"properties": {"a": False}}, {"a": 1}) == ["/a: 1 stands where nothing is allowed"]
    assert lines(True, 5) == []


@pytest.mark.usefixtures("judge")
@pytest.mark.parametrize(
    ("draft", "schema", "value", "line"),
    [
        (DRAFT_3, {"properties": {"a": {"required": True}}}, {}, "'a' is a required"),
        (DRAFT_4, {"minimum": 3, "exclusiveMinimum": True}, 3, "3 is"),
        (DRAFT_6, {"exclusiveMinimum": 3}, 3, "3 is not greater than 3"),
        (
            DRAFT_7,
            {"if": {"type": "integer"}, "then": {"minimum": 4}},
            3,
            "3 is less",
        ),
        (
            DRAFT_7,
            {"items": [{}], "additionalItems": False},
            [1, 2],
            "has more items",
        ),
        (DRAFT_7, {"dependencies": {"a": ["b"]}}, {"a": 1}, "'b' is a required"),
        (
            DRAFT_2019,
            {"minContains": 1, "contains": {"const": 1}},
            [2],
            "has too few",
        ),
        (DRAFT_2020, {"prefixItems": [{"type": "string"}]}, [2], "2 is an integer"),
    ],
    ids=str,
)
def test_a_schema_is_read_by_the_draft_that_it_names(draft: str, schema: dict[str, Any], value: Any, line: str) -> None:
    [found] = violations_of({"$schema": draft, **schema}, value)
    assert found.message.startswith(line)


def test_a_draft_that_is_named_decides_what_a_keyword_means() -> None:
    by_position = {"items": [{"type": "string"}]}
    assert len(violations_of({"$schema": DRAFT_7, **by_position}, [1])) == 1
    with pytest.raises(UnusableSchema):
        violations_of(by_position, [1])


@pytest.mark.usefixtures("judge")
@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "'http://127.0.0.1:9/schema.json', which is not part of it"),
        ({"properties": {"a": {"$ref": "other.json"}}}, "other.json"),
        ({"$ref": "file:///etc/passwd"}, "nothing is fetched"),
        ({"$ref": "#/$defs/nowhere"}, "nowhere"),
        ({"type": "text"}, "at /type"),
        ({"properties": {"a/b": {"minimum": "x"}}}, "at /properties/a~1b/minimum"),
        ({"$schema": "urn:nobody:knows"}, "urn:nobody:knows"),
        ({"pattern": "("}, "pattern"),
        (5, "The schema cannot be used"),
        (None, "The schema cannot be used"),
        ([], "The schema cannot be used"),
        ({"a": {1, 2}}, "it is not JSON"),
        ({"const": float("nan")}, "it is not JSON"),
    ],
    ids=str,
)
def test_what_is_no_usable_schema_is_one_clear_sentence(schema: Any, reason: str) -> None:
    with pytest.raises(UnusableSchema) as caught:
        violations_of(schema, {})
    assert reason in str(caught.value)
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) < 400


@pytest.mark.usefixtures("judge")
def test_a_schema_of_ten_thousand_levels_is_refused_at_once() -> None:
    deep: Any = {}
    for _ in range(10_000):
        deep = {"items": deep}
    with pytest.raises(UnusableSchema):
        violations_of(deep, [])


@pytest.mark.usefixtures("judge")
@pytest.mark.parametrize("depth", [100, 1_023, 5_000, 200_000])
def test_a_deep_value_for_a_recursive_schema_gets_a_verdict_or_a_clear_word(depth: int) -> None:
    value: Any = "leaf"
    for _ in range(depth):
        value = [value]
    schema = {"type": "array", "items": {"$ref": "#"}}
    found = violations_of(schema, value)
    assert found
    assert all(len(each.message) < 300 for each in found)
    if depth == 100:
        assert str(found[0]) == f'{"/0" * 100}: "leaf" is a string, not an array'
    if depth > 1_024:
        assert [each.keyword for each in found] == ["depth"]


@pytest.mark.usefixtures("judge")
def test_each_key_of_an_object_that_may_hold_nothing_is_told_once() -> None:
    schema = {"properties": {"at": {"additionalProperties": False}}}
    assert lines(schema, {"at": {"a": 1, "b": 1}}) == ["/at: 'a' is not allowed here", "/at: 'b' is not allowed here"]
    named = {"properties": {"additionalProperties": False}}
    assert lines(named, {"additionalProperties": {"a": 1}}) == [
        '/additionalProperties: {"a": 1} stands where nothing is allowed'
    ]


def test_a_schema_that_refers_to_itself_without_end_is_still_judged() -> None:
    assert lines({"$ref": "#"}, 5) == []
    assert lines({"allOf": [{"$ref": "#"}, {"type": "string"}]}, 5) == ["(top level): 5 is an integer, not a string"]


def test_a_schema_may_change_between_calls() -> None:
    schema: dict[str, Any] = {"type": "string"}
    assert lines(schema, 5)
    schema["type"] = "integer"
    assert not lines(schema, 5)


def test_a_location_is_absolute_where_the_schema_has_an_id() -> None:
    schema = {
        "$id": "https://example.com/a.json",
        "properties": {"x": {"$ref": "#/$defs/n"}},
        "$defs": {"n": {"minimum": 3}},
    }
    [found] = violations_of(schema, {"x": 1})
    assert found.schema_location == "https://example.com/a.json#/$defs/n/minimum"
