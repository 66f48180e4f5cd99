"""Completions: what a correct server could answer, to a request when one is given."""

from __future__ import annotations

import json
from typing import Any

from chatconform.strategies.drawing.sources import Source
from chatconform.strategies.recipes import parts

_MOST_TOKENS = 12
_IDS = ("chatcmpl-1", "chatcmpl-9f2cA", "c", "chatcmpl-" + "x" * 29, "ответ")
_CREATED = (1_700_000_000, 1_785_542_400, 1_600_000_001)
_FINGERPRINTS = ("fp_44709d6fcb", "fp", "b1234-abcdef")


def completion(source: Source, request: dict[str, Any] | None = None, *, streamable: bool = False) -> dict[str, Any]:
    """Return a completion: with as many choices, and in the form, that the request asks for.

    A streamable one has nothing in it that chunks have no place for: no sound, no citations, no custom tool calls.
    """
    asked = request or {}
    count = asked.get("n") or (1 if request else (1, 1, 1, 2, 3)[source.below(5)])
    choices = [_choice(source, asked, index, request is None, streamable) for index in range(count)]
    found: dict[str, Any] = {
        "id": _IDS[source.below(len(_IDS))],
        "object": "chat.completion",
        "created": _CREATED[source.below(len(_CREATED))],
        "model": asked.get("model") or parts.MODELS[source.below(len(parts.MODELS))],
        "choices": choices,
        "usage": _usage(source, choices),
    }
    more = source.below(16)
    if more & 1:
        found["system_fingerprint"] = _FINGERPRINTS[source.below(len(_FINGERPRINTS))]
    if more & 2:
        found["service_tier"] = ("default", "flex", "priority")[source.below(3)]
    if more == 12 and not streamable:
        found["metadata"] = parts.of_type("Metadata")(source)
    if more == 8 and not streamable:
        found["moderation"] = parts.of_place("CreateChatCompletionResponse/properties/moderation")(source)
    return found


def _choice(source: Source, asked: dict[str, Any], index: int, free: bool, streamable: bool) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    finish = "stop"
    calls = _calls(source, asked, free, streamable)
    function = _function(source, asked)
    if calls:
        message["tool_calls"] = calls
        # A call that was forced by name ends in "stop", one that the model chose in "tool_calls".
        finish = "stop" if isinstance(asked.get("tool_choice"), dict) and source.below(2) else "tool_calls"
        if source.below(4) == 3:
            message["content"] = _text(source, asked)
    elif function is not None:
        message["function_call"] = function
        finish = "function_call"
    elif source.below(10) == 9:
        message["refusal"] = source.text(1, 200)
    else:
        message["content"] = _content(source, asked)
        finish = ("stop", "stop", "stop", "length", "stop", "content_filter")[source.below(6)]
        if not streamable:
            _decorate(source, message, asked)
    logprobs = None
    if asked.get("logprobs") or (free and source.below(4) == 3):
        logprobs = _logprobs(source, message, asked, free)
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish}


def _content(source: Source, asked: dict[str, Any]) -> str:
    form = asked.get("response_format") or {}
    if form.get("type") == "json_schema":
        return json.dumps(
            parts.instance_of(source, form["json_schema"].get("schema", {})), ensure_ascii=bool(source.below(2))
        )
    if form.get("type") == "json_object":
        return ('{"answer": 42}', "{}", '{"a": [true, null, "é"]}')[source.below(3)]
    return _text(source, asked)


def _text(source: Source, asked: dict[str, Any]) -> str:
    text = source.text(0, None)
    stop = asked.get("stop")
    for sequence in [stop] if isinstance(stop, str) else stop or ():
        if sequence and sequence in text:
            text = text[: text.index(sequence)]
    return text


def _decorate(source: Source, message: dict[str, Any], asked: dict[str, Any]) -> None:
    if "audio" in (asked.get("modalities") or ()):
        message["audio"] = {
            "id": "audio_1",
            "expires_at": _CREATED[0] + 3600,
            "data": "UklGRiQAAABXQVZF",
            "transcript": message["content"],
        }
        message["content"] = None
    elif source.below(6) == 5:
        length = len(message["content"])
        citation = {"start_index": 0, "end_index": length, "url": "https://example.com/", "title": source.text(0, 40)}
        message["annotations"] = [{"type": "url_citation", "url_citation": citation}]


def _calls(source: Source, asked: dict[str, Any], free: bool, streamable: bool) -> list[dict[str, Any]]:
    tools = asked.get("tools") or []
    choice = asked.get("tool_choice")
    if free:
        if source.below(4) < 3:
            return []
        tools = [{"type": "function", "function": {"name": name}} for name in parts.TOOL_NAMES[:3]]
    elif not tools or choice == "none":
        return []
    if isinstance(choice, dict) and choice["type"] == "allowed_tools":
        allowed = choice["allowed_tools"]
        tools = [t for t in tools if any(_is_named(t, each) for each in allowed["tools"])]
        choice = allowed["mode"]
    elif isinstance(choice, dict):
        tools = [t for t in tools if _is_named(t, choice)]
    if streamable:
        tools = [t for t in tools if t["type"] == "function"]
    if not tools or (choice in (None, "auto") and not free and source.below(2)):
        return []
    most = 1 if asked.get("parallel_tool_calls") is False or isinstance(choice, dict) else 3
    return [_call(source, tools[source.below(len(tools))], number) for number in range(1 + source.below(most))]


def _is_named(tool: dict[str, Any], reference: dict[str, Any]) -> bool:
    kind = tool["type"]
    return bool(reference.get("type") == kind and reference.get(kind, {}).get("name") == tool[kind]["name"])


def _call(source: Source, tool: dict[str, Any], number: int) -> dict[str, Any]:
    kind = tool["type"]
    made: dict[str, Any] = {"name": tool[kind]["name"]}
    if kind == "function":
        parameters = tool["function"].get("parameters", {})
        arguments = parts.instance_of(source, {"type": "object", **parameters})
        made["arguments"] = json.dumps(arguments, ensure_ascii=bool(source.below(2)))
    else:
        made["input"] = source.text(0, None)
    return {"id": f"call_{number}{('', 'x', 'é')[source.below(3)]}", "type": kind, kind: made}


def _function(source: Source, asked: dict[str, Any]) -> dict[str, Any] | None:
    functions = asked.get("functions") or []
    choice = asked.get("function_call")
    if not functions or choice == "none" or (choice in (None, "auto") and source.below(2)):
        return None
    named = [f for f in functions if not isinstance(choice, dict) or f["name"] == choice["name"]]
    if not named:
        return None
    chosen = named[source.below(len(named))]
    arguments = parts.instance_of(source, {"type": "object", **chosen.get("parameters", {})})
    return {"name": chosen["name"], "arguments": json.dumps(arguments)}


def _logprobs(source: Source, message: dict[str, Any], asked: dict[str, Any], free: bool) -> dict[str, Any]:
    tops = asked.get("top_logprobs") or (source.below(3) if free else 0)
    said = {key: _tokens(source, message[key], tops) if message[key] else None for key in ("content", "refusal")}
    return {"content": said["content"] or ([] if message["content"] == "" else None), "refusal": said["refusal"]}


def _tokens(source: Source, text: str, tops: int) -> list[dict[str, Any]]:
    size = max(1 + source.below(4), -(-len(text) // _MOST_TOKENS))
    found = []
    for at in range(0, len(text), size):
        token = _token(text[at : at + size], (-0.25, -0.0, -1.5, -9999.0)[source.below(4)])
        others = [_token(f"{i}", -10.0 - i) for i in range(max(0, tops - 1))]
        found.append({**token, "top_logprobs": [dict(token), *others] if tops else []})
    return found


def _token(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}


def _usage(source: Source, choices: list[dict[str, Any]]) -> dict[str, Any]:
    prompt = source.integer(1, 5000)
    written = sum(1 + len(str(choice["message"]["content"] or "")) // 4 for choice in choices)
    found: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
    if source.below(2):
        found["completion_tokens_details"] = {
            "reasoning_tokens": source.below(written + 1),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        }
        found["prompt_tokens_details"] = {"cached_tokens": source.below(prompt + 1), "audio_tokens": 0}
    return found


def error(source: Source) -> dict[str, Any]:
    """Return an error body: one that servers send, or any that the schema allows."""
    how = source.below(len(_ERRORS) * 2)
    if how >= len(_ERRORS):
        found: dict[str, Any] = parts.of_type("ErrorResponse")(source)
        return found
    message, kind, param, code = _ERRORS[how]
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


_ERRORS = (
    ("Something is wrong.", "invalid_request_error", None, None),
    ("The model `m` does not exist.", "invalid_request_error", "model", "model_not_found"),
    ("Incorrect API key provided.", "invalid_request_error", None, "invalid_api_key"),
    ("Rate limit reached.", "rate_limit_error", None, "rate_limit_exceeded"),
    (
        "This model's maximum context length is 8192 tokens.",
        "invalid_request_error",
        "messages",
        "context_length_exceeded",
    ),
    ("The server had an error while processing your request.", "server_error", None, None),
    ("Недопустимое значение 😀", "invalid_request_error", "messages[0].role", "invalid_value"),
)
