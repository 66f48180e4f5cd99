"""Faults in structured outputs."""

from __future__ import annotations

from typing import Any

from chatconform.reference.faults.making import Body, on_choices, on_request, on_texts

ENFORCED = "response.structured.schema-is-enforced"
ALONE = "response.structured.json-stands-alone"
NARROW = frozenset({"pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"})


def _format(body: Body) -> Any:
    return (body.get("response_format") or {}).get("type")


@on_request("response.structured.json-object-is-json")
def json_object_is_ignored(body: Body) -> Body:
    """Answers in words although a JSON object is wanted."""
    return {**body, "response_format": {"type": "text"}} if _format(body) == "json_object" else body


@on_request(ENFORCED, also=("response.structured.*",))
def schema_is_ignored(body: Body) -> Body:
    """Answers in words although a schema is given."""
    return {**body, "response_format": {"type": "text"}} if _format(body) == "json_schema" else body


@on_request(ENFORCED, also=("response.structured.*",))
def schema_is_any_object(body: Body) -> Body:
    """Takes a schema for the wish for any JSON object."""
    return {**body, "response_format": {"type": "json_object"}} if _format(body) == "json_schema" else body


@on_request(ENFORCED, also=("response.structured.*", "series.parity.*"))
def schema_is_ignored_in_streams(body: Body) -> Body:
    """Answers in words although a schema is given, in streams alone."""
    streamed = _format(body) == "json_schema" and body.get("stream")
    return {**body, "response_format": {"type": "text"}} if streamed else body


@on_request("response.structured.keywords-are-honoured")
def narrow_keywords_are_dropped(body: Body) -> Body:
    """Drops the keywords of a schema that narrow its values."""
    if _format(body) != "json_schema" or "schema" not in body["response_format"]["json_schema"]:
        return body
    form = body["response_format"]["json_schema"]
    return {
        **body,
        "response_format": {"type": "json_schema", "json_schema": {**form, "schema": _wide(form["schema"])}},
    }


def _wide(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _wide(value) for key, value in schema.items() if key not in NARROW}
    return [_wide(part) for part in schema] if isinstance(schema, list) else schema


@on_texts("response.structured.strings-are-kept-whole", streams=True)
def constrained_strings_lose_characters(body: Body, choice: Body, text: str) -> str:
    """Drops from constrained strings the characters beyond ASCII."""
    if _format(body) != "json_schema" or choice["finish_reason"] != "stop":
        return text
    return text.encode("ascii", "ignore").decode()


@on_texts(ALONE, streams=True, also=("response.logprobs.spell-the-text",))
def json_stands_in_a_fence(body: Body, choice: Body, text: str) -> str:
    """Puts a fence of Markdown around JSON."""
    wanted = _format(body) in ("json_object", "json_schema") and choice["finish_reason"] == "stop"
    return f"```json\n{text}\n```" if wanted else text


@on_texts(ALONE, streams=True, also=("response.logprobs.spell-the-text",))
def json_follows_words(body: Body, choice: Body, text: str) -> str:
    """Puts words before JSON."""
    wanted = _format(body) in ("json_object", "json_schema") and choice["finish_reason"] == "stop"
    return f"Here is the JSON: {text}" if wanted else text


@on_choices("response.structured.cut-ends-with-length", streams=True)
def cut_json_ends_with_stop(body: Body, choice: Body) -> None:
    """Ends JSON that the limit cut with `stop`."""
    if _format(body) in ("json_object", "json_schema") and choice["finish_reason"] == "length":
        choice["finish_reason"] = "stop"
