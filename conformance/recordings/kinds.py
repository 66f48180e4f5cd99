"""What a JSON value is, found out by looking at it: a body of which type, or something that holds an exchange.

The law of this file: the names that are told of a value come from what it says of itself, never from what it lacks, so
that a body with a fault is judged as what it was meant to be.
"""

from __future__ import annotations

from typing import Any, Final

REQUEST: Final = "CreateChatCompletionRequest"
RESPONSE: Final = "CreateChatCompletionResponse"
CHUNK: Final = "CreateChatCompletionStreamResponse"
ERROR: Final = "ErrorResponse"
MESSAGE: Final = "ChatCompletionRequestMessage"
EXAMPLE: Final = "FineTuningExample"

BY_OBJECT: Final = {"chat.completion": RESPONSE, "chat.completion.chunk": CHUNK}
BY_TYPE: Final = {
    "function": ("ChatCompletionMessageToolCall", "ChatCompletionTool"),
    "custom": ("ChatCompletionMessageCustomToolCall", "CustomToolChatCompletions"),
}
"""The types of what has a `type`: with an `id` and without one."""
PARTS: Final = {
    "text": "ChatCompletionRequestMessageContentPartText",
    "image_url": "ChatCompletionRequestMessageContentPartImage",
    "input_audio": "ChatCompletionRequestMessageContentPartAudio",
    "file": "ChatCompletionRequestMessageContentPartFile",
    "refusal": "ChatCompletionRequestMessageContentPartRefusal",
}
HOLDERS: Final = frozenset(
    {"request", "response", "custom_id", "request_body", "response_body", "requestBody", "responseBody", "failure"}
    | {"proxy_server_request", "standard_logging_object", "call_type", "kwargs"}
)
"""Keys of objects that hold a request or an answer under them."""


def type_of(value: Any) -> str | None:
    """The name of the type that a body is of; None for what is no body, or of no type that is known."""
    if value.__class__ is not dict:  # not isinstance: it is asked of every line, and parsers make no other mappings
        return None
    kind = value.get("object")
    if kind.__class__ is str and kind in BY_OBJECT:
        return BY_OBJECT[kind]
    if not HOLDERS.isdisjoint(value):
        return None
    if "messages" in value:
        return REQUEST if "model" in value else EXAMPLE
    if "choices" in value:
        return _of_choices(value["choices"])
    if isinstance(value.get("role"), str):
        return MESSAGE
    if isinstance(value.get("error"), dict | str) and "input" not in value:
        return ERROR
    return _of_part(value)


def _of_choices(choices: Any) -> str:
    first = choices[0] if isinstance(choices, list) and choices else None
    return CHUNK if isinstance(first, dict) and "delta" in first and "message" not in first else RESPONSE


def _of_part(value: dict[str, Any]) -> str | None:
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in value:
        return "Message" if isinstance(value.get("author"), dict) else None
    if kind in BY_TYPE:
        call, tool = BY_TYPE[kind]
        return call if "id" in value else tool
    return PARTS.get(kind)
