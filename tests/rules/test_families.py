"""Families: what is documented of them is about rules and fields that there are, and is recognised in answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatconform.core.exchange import Exchange
from chatconform.core.recording import from_json
from chatconform.rules.extensions import extensions, whose
from chatconform.rules.families import Family, families
from chatconform.rules.specimens import specimens

WHOLE = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": []}
BY_NAME = {family.name: family for family in families()}


def answered(body: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Exchange:
    pairs = [["content-type", "application/json"], *map(list, headers)]
    return from_json({"request": {"json": {}}, "response": {"status": status, "headers": pairs, "json": body}})


def choice(**fields: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "", "refusal": None}
    return {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None, **fields}


@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
def test_a_deviation_is_about_rules_that_there_are(family: Family) -> None:
    from chatconform.rules.catalogue import select

    assert family.marks
    for pattern in family.deviations:
        assert select([pattern])


@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
def test_an_extension_is_no_field_of_the_published_api(family: Family) -> None:
    for field in family.extensions:
        body: Any = None
        for name in reversed(field.split("/")[1:]):
            body = [body] if name == "*" else {name: body}
        streamed = "delta" in field
        text = {"text": "data: " + json.dumps(body) + "\n\n"}
        record = {"request": {"json": {}}, "response": text if streamed else {"json": body}}
        if field.startswith("/error/"):
            record["response"] = {"status": 400, "json": body}
        assert extensions(from_json(record)) == {field}


@pytest.mark.parametrize(
    ("name", "exchange"),
    [
        ("llama.cpp", answered({**WHOLE, "timings": {"predicted_ms": 1}})),
        ("llama.cpp", answered({"error": {}}, 400, (("Server", "llama.cpp"),))),
        ("vLLM", answered({**WHOLE, "choices": [choice(stop_reason=None)]})),
        ("SGLang", answered({**WHOLE, "choices": [choice(matched_stop=2)]})),
        ("Ollama", answered({**WHOLE, "system_fingerprint": "fp_ollama"})),
        ("Azure OpenAI", answered({**WHOLE, "prompt_filter_results": []})),
        ("OpenRouter", answered({**WHOLE, "id": "gen-1767225600-abc"})),
        ("LiteLLM", answered(WHOLE, headers=(("x-litellm-version", "1.80.0"),))),
        ("Groq", answered({**WHOLE, "x_groq": {"id": "req_1"}})),
        ("DeepSeek", answered({**WHOLE, "usage": {"prompt_cache_hit_tokens": 0}})),
        ("Perplexity", answered({**WHOLE, "search_results": []})),
    ],
)
def test_a_family_is_known_by_its_answers_alone(name: str, exchange: Exchange) -> None:
    assert [family.name for family in families() if family.shows_in(exchange)] == [name]


def test_published_answers_are_of_no_family_and_add_nothing() -> None:
    for specimen in specimens("response.body.matches-its-type"):
        if specimen.kind == "keeps":
            assert not any(family.shows_in(exchange) for family in families() for exchange in specimen.exchanges)
    plain = answered({**WHOLE, "choices": [choice()], "usage": {"prompt_tokens": 1}, "service_tier": "default"})
    assert extensions(plain) == set()
    assert not any(family.shows_in(plain) for family in families())


def test_no_legal_answer_of_the_published_api_has_an_extension() -> None:
    from chatconform.strategies import boundaries

    bodies = [case.value for case in boundaries("CreateChatCompletionResponse") if case.valid]
    chunks = [case.value for case in boundaries("CreateChatCompletionStreamResponse") if case.valid]
    assert any("tool_calls" in choice["message"] for body in bodies for choice in body["choices"])
    told = [answered(body) for body in bodies]
    told += [
        from_json({"request": {"json": {}}, "response": {"text": f"data: {json.dumps(chunk)}\n\n"}}) for chunk in chunks
    ]
    assert set().union(*map(extensions, told)) == set()


def test_a_field_within_free_objects_is_no_extension() -> None:
    assert extensions(answered({**WHOLE, "metadata": {"anything": "x"}})) <= {"/metadata"}


@pytest.mark.parametrize("body", [None, 1, [], [[]], {"choices": {}}, {"choices": [1, None]}, {"error": 3}, {"id": 7}])
def test_answers_of_any_shape_are_looked_at(body: Any) -> None:
    for status in (200, 500):
        exchange = answered(body, status)
        assert extensions(exchange) <= {"/error"}
        assert not any(family.shows_in(exchange) for family in families())


def test_what_several_families_add_is_told_of_the_one_at_hand() -> None:
    field = "/choices/*/message/reasoning_content"
    assert [name for name, _ in whose(field, ["vLLM"])] == ["vLLM"]
    assert {"llama.cpp", "DeepSeek"} <= {name for name, _ in whose(field, [])}
    assert whose("/of_nobody", []) == []


def test_a_deviation_is_told_of_the_rules_it_names() -> None:
    family = BY_NAME["llama.cpp"]
    assert family.deviation("response.errors.error-has-all-keys") == "errors have no `param`"
    assert family.deviation("response.refusals.parameters.wrong-stops") is not None
    assert family.deviation("response.usage.total-is-the-sum") is None
