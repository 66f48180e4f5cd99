"""Faults of strictness: right requests that are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chatconform.reference.faults.making import Body, refusing

if TYPE_CHECKING:
    from chatconform.reference.faults.fault import Fault

ALONE = "response.acceptance."
BESIDE = "series.acceptance."
HISTORY = "series.history."
Wrong = Callable[[Any], Any]


def _fault(name: str, rule: str, text: str, refuses: Callable[[Body], str | None], *also: str) -> Fault:
    """The fault of refusing requests for which a function gives the path of what it takes for wrong."""

    def named(body: Body) -> str | None:
        return refuses(body)

    named.__name__, named.__doc__ = name, text
    return refusing(rule, also=also)(named)


def _value(key: str, wrong: Wrong) -> Callable[[Body], str | None]:
    """Refuses a parameter that is there and wrong."""
    return lambda body: key if key in body and wrong(body[key]) else None


def _message(key: str, wrong: Wrong) -> Callable[[Body], str | None]:
    """Refuses a key of the first message that is wrong."""

    def refuses(body: Body) -> str | None:
        found = (f"messages[{number}].{key}" for number, one in enumerate(body["messages"]) if wrong(one))
        return next(found, None)

    return refuses


def _tool(key: str, wrong: Wrong) -> Callable[[Body], str | None]:
    """Refuses a key of the first function tool that is wrong."""

    def refuses(body: Body) -> str | None:
        tools = enumerate(body.get("tools") or ())
        found = (
            f"tools[{n}].function.{key}" for n, one in tools if one["type"] == "function" and wrong(one["function"])
        )
        return next(found, None)

    return refuses


def _part(kind: str, key: str, wrong: Wrong) -> Callable[[Body], str | None]:
    """Refuses a key of a content part of some kind that is wrong."""

    def refuses(body: Body) -> str | None:
        for number, message in enumerate(body["messages"]):
            content = message.get("content")
            for place, part in enumerate(content if isinstance(content, list) else ()):
                if part["type"] == kind and wrong(part[kind]):
                    return f"messages[{number}].content[{place}].{kind}.{key}"
        return None

    return refuses


def _null(body: Body) -> str | None:
    return next((key for key, value in body.items() if value is None), None)


def _order(body: Body) -> str | None:
    """Where a result comes before the result of an earlier call."""
    due: list[str] = []
    for number, message in enumerate(body["messages"]):
        if message["role"] == "tool" and due and message["tool_call_id"] != due.pop(0):
            return f"messages[{number}].tool_call_id"
        if message["role"] == "assistant":
            due = [call["id"] for call in message.get("tool_calls") or ()]
    return None


def _in_parts(message: Body) -> bool:
    content = message.get("content")
    return message["role"] != "user" and isinstance(content, list) and all("text" in part for part in content)


def _images_in_any_place(body: Body) -> str | None:
    for number, message in enumerate(body["messages"]):
        content = message.get("content")
        kinds = [part["type"] for part in content] if isinstance(content, list) else []
        if "image_url" in kinds and (kinds[0] != "text" or kinds.count("image_url") > 1) and "json" not in kinds:
            return f"messages[{number}].content"
    return None


def _silent_calls(message: Body) -> bool:
    return bool(message.get("tool_calls")) and not message.get("content")


def _alone(body: Body) -> str | None:
    return "logprobs" if body.get("logprobs") and body.get("top_logprobs") is None else None


def _unknown_in_parts(body: Body) -> str | None:
    for number, message in enumerate(body["messages"]):
        content = message.get("content")
        for place, part in enumerate(content if isinstance(content, list) else ()):
            if unknown := next((key for key in part if key.startswith("x_")), None):
                return f"messages[{number}].content[{place}].{unknown}"
    return None


REFUSED = (
    _fault(
        "unknown_fields_are_refused_in_parts",
        "series.errors.unknown-fields-meet-one-policy",
        "Refuses unknown fields in content parts, and ignores all others.",
        _unknown_in_parts,
    ),
    _fault("null_is_refused", ALONE + "null-is-unset", "Refuses null for a parameter that has one.", _null),
    _fault(
        "hot_temperatures_are_refused",
        ALONE + "sampling-parameters",
        "Refuses temperatures above 1.",
        _value("temperature", lambda value: (value or 0) > 1),
        "response.acceptance.*",
    ),
    _fault(
        "lists_of_stops_are_refused",
        ALONE + "stop-sequences",
        "Refuses lists of stops.",
        _value("stop", lambda value: isinstance(value, list)),
        "series.acceptance.empty-stops-do-nothing",
    ),
    _fault(
        "negative_seeds_are_refused",
        ALONE + "seeds",
        "Refuses seeds below zero.",
        _value("seed", lambda value: (value or 0) < 0),
    ),
    _fault(
        "empty_biases_are_refused",
        ALONE + "logit-biases",
        "Refuses an empty map of biases.",
        _value("logit_bias", lambda value: value == {}),
    ),
    _fault("a_single_choice_is_refused", ALONE + "a-single-choice", "Refuses `n`, even 1.", _value("n", bool), "*"),
    _fault(
        "max_completion_tokens_is_refused",
        ALONE + "max-completion-tokens",
        "Refuses the newer name of the limit.",
        _value("max_completion_tokens", bool),
        "*",
    ),
    _fault(
        "safety_identifiers_are_refused",
        ALONE + "labels",
        "Refuses the ids of end users.",
        _value("safety_identifier", bool),
    ),
    _fault(
        "text_format_is_refused",
        ALONE + "text-format",
        "Refuses the format `text`.",
        _value("response_format", lambda value: value["type"] == "text"),
    ),
    _fault(
        "developers_are_refused",
        ALONE + "developer-messages",
        "Refuses messages of developers.",
        _message("role", lambda message: message["role"] == "developer"),
        "series.acceptance.text-in-parts",
    ),
    _fault(
        "empty_texts_are_refused",
        ALONE + "empty-assistant-text",
        "Refuses an assistant message of an empty text.",
        _message("content", lambda m: m["role"] == "assistant" and m.get("content") == "" and not m.get("tool_calls")),
    ),
    _fault(
        "parts_are_refused",
        BESIDE + "text-in-parts",
        "Refuses text in parts, except from users.",
        _message("content", _in_parts),
        "series.history.*",
    ),
    _fault(
        "calls_without_content_are_refused",
        BESIDE + "calls-without-content",
        "Refuses calls without words.",
        _message("content", _silent_calls),
        "series.history.*",
        "series.acceptance.*",
    ),
    _fault(
        "results_in_another_order_are_refused",
        BESIDE + "results-in-any-order",
        "Wants results in the order of calls.",
        _order,
    ),
    _fault(
        "long_call_ids_are_refused",
        BESIDE + "call-ids-of-any-length",
        "Refuses call ids of more than 40 characters.",
        _message("tool_call_id", lambda message: len(message.get("tool_call_id") or "") > 40),
    ),
    _fault(
        "bare_tools_are_refused",
        BESIDE + "tools-without-parameters",
        "Refuses tools without parameters.",
        _tool("parameters", lambda function: "parameters" not in function),
        "response.*",
        "series.*",
    ),
    _fault(
        "long_tool_names_are_refused",
        BESIDE + "long-tool-names",
        "Refuses names of tools of 64 characters.",
        _tool("name", lambda function: len(function["name"]) > 63),
    ),
    _fault("lonely_logprobs_are_refused", BESIDE + "logprobs-alone", "Refuses `logprobs` alone.", _alone, "*"),
    _fault(
        "twenty_top_logprobs_are_refused",
        BESIDE + "all-top-logprobs",
        "Refuses more than 5 likely tokens.",
        _value("top_logprobs", lambda value: (value or 0) > 5),
    ),
    _fault(
        "json_object_is_refused",
        BESIDE + "json-object-beside-json-schema",
        "Refuses JSON without a schema.",
        _value("response_format", lambda value: value["type"] == "json_object"),
    ),
    _fault(
        "null_refusals_are_refused",
        HISTORY + "own-messages-are-accepted",
        "Refuses the nulls in its own messages.",
        _message("refusal", lambda message: "refusal" in message and message["refusal"] is None),
    ),
    _fault(
        "empty_results_are_refused",
        HISTORY + "tool-results-are-accepted",
        "Refuses an empty result of a tool.",
        _message("content", lambda message: message["role"] == "tool" and message["content"] == ""),
    ),
    _fault(
        "webp_is_refused",
        "series.media.image-formats-are-read",
        "Refuses images in WebP.",
        _part("image_url", "url", lambda image: "image/webp" in image["url"].lower()),
    ),
    _fault(
        "images_have_one_place",
        "series.media.image-places-are-free",
        "Takes one image, after a text.",
        _images_in_any_place,
        "series.media.*",
    ),
)
