"""Schemas put together at random: the normal form agrees with a validator on every value of a pool."""

import json
from random import Random

import jsonschema_rs
import pytest

from chatconform.strategies import Unsatisfiable
from chatconform.strategies.drawing.sources import Seeded
from chatconform.strategies.prepared import prepare, seeded

TYPES = ["integer", "string", "object", "array", "number", "boolean", "null"]
UNIONS = [["integer", "string"], ["object", "array"], ["null", "object"], ["array", "string", "null"]]
SCALARS = [
    "minimum",
    "maximum",
    "multipleOf",
    "exclusiveMinimum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
]
SCALARS += ["uniqueItems", "minProperties", "maxProperties", "required", "enum", "const"]
ONE = ["items", "contains", "additionalProperties", "propertyNames", "not", "unevaluatedProperties", "unevaluatedItems"]
MANY = ["prefixItems", "allOf", "anyOf", "oneOf"]
NAMED = ["properties", "dependentSchemas"]
REST = ["patternProperties", "dependentRequired", "if", "$ref"]
DEFS = {
    "p": {"type": "object", "properties": {"a": {"$ref": "#/$defs/p"}}},
    "q": {"type": ["array", "integer"], "items": {"$ref": "#/$defs/q"}},
}


def value(random, depth=3):
    kind = random.randrange(7 if depth else 5)
    plain = [
        lambda: None,
        lambda: random.random() < 0.5,
        lambda: random.randint(-3, 8),
        lambda: random.choice([0.5, 1.5, 2.0, -1.25]),
        lambda: random.choice(["", "a", "b", "ab", "abc", "x1", "aa"]),
        lambda: [value(random, depth - 1) for _ in range(random.randrange(4))],
        lambda: {random.choice("abcx"): value(random, depth - 1) for _ in range(random.randrange(4))},
    ]
    return plain[kind]()


def schema(random, depth=3):
    if random.random() < 0.06:
        return random.choice([True, False, {}])
    made = {"type": random.choice(TYPES + UNIONS)} if random.random() < 0.6 else {}
    words = SCALARS + (ONE + MANY + NAMED + REST if depth else [])
    for word in random.sample(words, random.choice([1, 1, 2, 2, 3])):
        made |= keyword(random, word, depth - 1)
    return made


def keyword(random, word, depth):
    inner = lambda: schema(random, depth)  # noqa: E731 - said so often that a name would hide the table
    if word in ("minimum", "maximum", "exclusiveMinimum"):
        return {word: random.choice([-1, 0, 1, 2, 3, 5, 2.5])}
    if word == "multipleOf":
        return {word: random.choice([1, 2, 3, 0.5, 0.1])}
    if word in ("minLength", "minItems", "minProperties"):
        return {word: random.randrange(4)}
    if word in ("maxLength", "maxItems", "maxProperties"):
        return {word: random.randrange(5)}
    if word == "pattern":
        return {word: random.choice(["^a", "b$", "^[ab]*$", "x", "^.{2}$", "[0-9]"])}
    if word == "uniqueItems":
        return {word: random.random() < 0.8}
    if word == "required":
        return {word: random.sample("abc", random.randrange(1, 3))}
    if word == "enum":
        values = [value(random) for _ in range(random.randrange(1, 5))]
        return {word: [v for i, v in enumerate(values) if v not in values[:i]]}
    if word == "const":
        return {word: value(random)}
    if word == "contains":
        counts = {"minContains": random.randrange(3)} if random.random() < 0.3 else {}
        counts |= {"maxContains": random.randrange(1, 3)} if random.random() < 0.3 else {}
        return {word: inner(), **counts}
    if word in ONE:
        return {word: inner()}
    if word in MANY:
        return {word: [inner() for _ in range(random.randrange(1, 4))]}
    if word in NAMED:
        return {word: {name: inner() for name in random.sample("abc", random.randrange(1, 4))}}
    if word == "patternProperties":
        return {word: {random.choice(["^a", "b", "^x", "."]): inner()}}
    if word == "dependentRequired":
        return {word: {random.choice("abc"): [random.choice("abc")]}}
    if word == "$ref":
        return {word: random.choice(["#/$defs/p", "#/$defs/q"])}
    parts = {"then": inner()} if random.random() < 0.8 else {}
    return {word: inner(), **parts, **({"else": inner()} if random.random() < 0.6 else {})}


@pytest.mark.parametrize("block", range(10))
def test_the_normal_form_agrees_with_a_validator(block):
    random = Random(f"schemas:{block}")
    pool = [value(random) for _ in range(120)]
    source = Seeded()
    for _ in range(60):
        made = schema(random)
        made = {"allOf": [made], "$defs": DEFS} if isinstance(made, bool) else {**made, "$defs": DEFS}
        told = json.dumps(made)
        is_valid = jsonschema_rs.validator_for(made).is_valid
        valid = [is_valid(each) for each in pool]
        try:
            ready = prepare(made)
        except Unsatisfiable:
            assert not any(valid), told
            continue
        forms = ready.forms
        if forms.form(forms.root).exact and "unevaluated" not in told:
            assert [forms.accepts(forms.root, each) for each in pool] == valid, told
        for index in range(8):
            assert is_valid(seeded(ready, source, str(index))), told
