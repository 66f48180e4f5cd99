"""Both judges say the same of every value, and in the same words."""

from collections.abc import Callable
from typing import Any

import pytest

from chatconform.schemas import names, plain_judge, schema, swift_judge, validator
from chatconform.schemas.fault import Judge
from chatconform.schemas.narrowing import told
from chatconform.schemas.registry import BASE, STRICT_BASE, is_published

TYPES = sorted(name for name in names() if is_published(name))


def said(judge: Judge, value: Any) -> list[tuple[str, str, str, str]]:
    found = told(judge.faults(value), (STRICT_BASE, BASE))
    return [(each.pointer, each.keyword, each.message, each.schema_location) for each in found]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", TYPES)
def test_the_judges_agree_on_every_value_around_the_examples(
    name: str, strict: bool, around: Callable[[str], list[Any]]
) -> None:
    swift = swift_judge.judge_of_type(name, strict)
    plain = plain_judge.judge_of_type(name, strict)
    handed_out = validator(name, strict)
    values = around(name)
    for value in values[:: max(1, len(values) // 60)]:
        expected = said(swift, value)
        assert sorted(said(plain, value)) == sorted(expected), value
        assert swift.is_valid(value) == plain.is_valid(value) == handed_out.is_valid(value) == (not expected), value


@pytest.mark.usefixtures("judge")
def test_without_the_swift_judge_everything_is_answered_all_the_same() -> None:
    from chatconform.schemas import is_valid, violations

    name = "CreateChatCompletionRequest"
    for example in schema(name)["examples"]:
        assert is_valid(name, example)
        assert violations(name, example, strict=True) == []
    broken = {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}
    assert [(each.pointer, each.message, each.schema_location) for each in violations(name, broken)] == [
        (
            "/messages/0/content/0/image_url",
            "'url' is a required property",
            "parts/ChatCompletionRequestMessageContentPartImage.json#/properties/image_url/required",
        )
    ]
    deep: Any = 0
    for _ in range(3_000):
        deep = [deep]
    assert violations(name, {**broken, "messages": deep})[0].pointer.startswith("/messages")
    assert is_valid(name, {**broken, "messages": [{"role": "user", "content": "a"}], "unknown": deep})
    assert not is_valid("Metadata", {"a": float("nan")})
    assert not is_valid("ModelResponseProperties", {"temperature": float("nan")})
    assert not is_valid("FunctionObject", {"name": "a\n"})


def test_the_reserve_is_what_takes_over_when_the_other_cannot_be_imported(judge: str) -> None:
    from chatconform.schemas.validator import _everyday

    assert (
        _everyday().of_type.__module__.rpartition(".")[2]
        == {
            "jsonschema-rs": "swift_judge",
            "jsonschema": "plain_judge",
        }[judge]
    )
