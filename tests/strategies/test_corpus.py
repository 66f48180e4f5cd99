"""Schemas written for the purpose: each keyword alone, in pairs, nested and recursive, satisfiable and not."""

import json
import re
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings

from chatconform.strategies import Unsatisfiable, from_schema
from chatconform.strategies.drawing.sources import Seeded
from chatconform.strategies.prepared import prepare, seeded

CORPUS = [
    pytest.param(entry, id=f"{file.stem}: {entry['name']}")
    for file in sorted((Path(__file__).parent / "corpus").glob("*.json"))
    for entry in json.loads(file.read_text())
]
SATISFIABLE = [param for param in CORPUS if param.values[0].get("satisfiable", True)]
UNSATISFIABLE = [param for param in CORPUS if not param.values[0].get("satisfiable", True)]
WITH_BRANCHES = [param for param in SATISFIABLE if "branches" in param.values[0]]


def judges(schema):
    """Both validators, with formats asserted; only the one in Rust where Python has no engine for a pattern."""
    found = [jsonschema_rs.validator_for(schema, validate_formats=True).is_valid]
    if r"\\p{" not in json.dumps(schema):
        kind = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
        registry = jsonschema.validators.SPECIFICATIONS
        checker = kind.FORMAT_CHECKER
        found.append(kind(schema, registry=registry, format_checker=checker).is_valid)
    return found


def as_read(schema):
    """A schema that names no draft and is written as draft 7 or 4 was is judged as such."""
    if isinstance(schema, dict) and "$schema" not in schema:
        if isinstance(schema.get("items"), list):
            return {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
        if schema.get("exclusiveMinimum") is True:
            return {"$schema": "http://json-schema.org/draft-04/schema#", **schema}
    return schema


def sampled(schema, count):
    ready, source = prepare(schema), Seeded()
    return [seeded(ready, source, f"sample:{index}") for index in range(count)]


def test_the_corpus_is_large_and_has_no_schema_twice():
    texts = [json.dumps(param.values[0]["schema"], sort_keys=True) for param in CORPUS]
    assert len(texts) >= 150
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("entry", SATISFIABLE)
def test_every_seeded_value_is_valid_for_both_validators(entry):
    valid = judges(as_read(entry["schema"]))
    for value in sampled(entry["schema"], 60):
        assert all(is_valid(value) for is_valid in valid), value
        json.dumps(value, allow_nan=False).encode()


@pytest.mark.parametrize("entry", SATISFIABLE)
def test_every_hypothesis_value_is_valid_for_both_validators(entry):
    valid = judges(as_read(entry["schema"]))

    @settings(max_examples=12, deadline=None, derandomize=True, database=None)
    @given(from_schema(entry["schema"]))
    def check(value):
        assert all(is_valid(value) for is_valid in valid)

    check()


@pytest.mark.parametrize("entry", WITH_BRANCHES)
def test_each_branch_is_reached_within_200_seeded_values(entry):
    values = sampled(entry["schema"], 200)
    for branch in entry["branches"]:
        assert any(map(jsonschema_rs.validator_for(branch).is_valid, values)), branch


@pytest.mark.parametrize("entry", WITH_BRANCHES)
def test_each_branch_is_reached_within_200_hypothesis_examples(entry):
    branches = [jsonschema_rs.validator_for(branch) for branch in entry["branches"]]
    reached = set()

    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(from_schema(entry["schema"]))
    def collect(value):
        reached.update(number for number, branch in enumerate(branches) if branch.is_valid(value))

    collect()
    assert reached == set(range(len(branches)))


@pytest.mark.parametrize("entry", UNSATISFIABLE)
def test_an_unsatisfiable_schema_is_refused_with_the_reason(entry):
    with pytest.raises(Unsatisfiable) as refusal:
        from_schema(entry["schema"])
    assert re.fullmatch(r"no value can meet the schema: .{10,}", str(refusal.value))
