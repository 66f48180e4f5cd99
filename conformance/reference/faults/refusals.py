"""Faults of leniency: wrong requests that are answered all the same, and errors that name nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chatconform.reference.faults.making import Body, on_refusals, tolerating

if TYPE_CHECKING:
    from chatconform.reference.faults.fault import Fault
    from chatconform.reference.refusal import Refusal

R = "response.refusals."
BOUNDS = (
    "integer_above_max_value",
    "integer_below_min_value",
    "decimal_above_max_value",
    "decimal_below_min_value",
    "string_above_max_length",
    "array_above_max_length",
)
MEDIA = r"messages\[\d+\]\.content\[\d+\]"


def _tolerated(name: str, rule: str, text: str, params: str, *codes: str, also: tuple[str, ...] = ()) -> Fault:
    """The fault of answering what is refused with a param of this pattern and, if given, one of these codes."""

    def tolerates(refusal: Refusal, body: Any) -> bool:
        return re.fullmatch(params, refusal.param or "") is not None and (not codes or refusal.code in codes)

    tolerates.__name__, tolerates.__doc__ = name, text
    return tolerating(R + rule, also=also)(tolerates)


TOLERATED = (
    _tolerated("no_messages_are_answered", "messages.no-messages", "Answers no messages.", "messages"),
    _tolerated(
        "no_model_is_answered", "messages.no-model", "Answers without a model.", "model", "missing_required_parameter"
    ),
    _tolerated("unknown_roles_are_answered", "messages.unknown-role", "Takes any role.", r"messages\[\d+\]\.role"),
    _tolerated(
        "no_content_is_answered",
        "messages.no-content",
        "Takes a missing content for an empty one.",
        r"messages\[\d+\]\.content",
        "missing_required_parameter",
        "invalid_type",
        also=(R + "messages.empty-assistant", R + "messages.malformed-message", R + "messages.incomplete-result"),
    ),
    _tolerated(
        "wrong_parts_are_dropped",
        "messages.wrong-parts",
        "Drops content parts that it does not know.",
        rf"{MEDIA}.*|messages\[\d+\]\.content",
        "invalid_value",
        "missing_required_parameter",
        "empty_array",
        also=(R + "messages.no-content", R + "messages.empty-assistant", R + "media.no-file"),
    ),
    _tolerated(
        "empty_assistants_are_answered",
        "messages.empty-assistant",
        "Takes an assistant message of nothing.",
        r"messages\[\d+\]\.(content|tool_calls)",
        "missing_required_parameter",
        "empty_array",
        "invalid_type",
        also=(R + "messages.no-content", R + "messages.wrong-parts", R + "messages.malformed-message"),
    ),
    _tolerated(
        "results_without_ids_are_answered",
        "messages.incomplete-result",
        "Takes a result without the id of its call.",
        r"messages\[\d+\]\.tool_call_id",
        "missing_required_parameter",
        "invalid_type",
    ),
    _tolerated(
        "orphan_results_are_answered",
        "messages.orphan-result",
        "Takes a result that answers no call.",
        r"messages\[\d+\]\.tool_call_id",
        "invalid_value",
    ),
    _tolerated(
        "unanswered_calls_are_answered",
        "messages.unanswered-call",
        "Takes calls that nothing answers.",
        r"messages\[\d+\]\.tool_calls",
        "invalid_value",
    ),
    _tolerated(
        "malformed_messages_are_answered",
        "messages.malformed-message",
        "Takes messages of any form.",
        r"messages\[\d+\](\.name|\.tool_calls.*|\.function_call.*|\.refusal|\.content)?",
        "invalid_type",
        "missing_required_parameter",
        "invalid_value",
        also=(R + "messages.*",),
    ),
    _tolerated(
        "wrong_types_are_read",
        "parameters.wrong-type",
        "Makes what it can of a parameter of another type.",
        r"[a-z_]+",
        "invalid_type",
        also=(R + "*",),
    ),
    _tolerated(
        "bounds_are_not_kept",
        "parameters.out-of-bounds",
        "Takes numbers beyond their bounds.",
        r"(?!stop|metadata|safety|functions).*",
        *BOUNDS,
        also=(R + "parameters.*", "response.logprobs.*"),
    ),
    _tolerated(
        "unknown_values_are_usual_ones",
        "parameters.unknown-value",
        "Takes an unknown value for the usual one.",
        "reasoning_effort|verbosity|service_tier|prompt_cache_retention|[a-z_]+",
        "invalid_value",
        also=(R + "*",),
    ),
    _tolerated(
        "any_stops_are_taken",
        "parameters.wrong-stops",
        "Takes stops of any form.",
        r"stop.*",
        also=(R + "parameters.*",),
    ),
    _tolerated(
        "lonely_top_logprobs_are_taken",
        "parameters.lonely-top-logprobs",
        "Takes `top_logprobs` alone.",
        "top_logprobs",
        "invalid_value",
    ),
    _tolerated(
        "lonely_stream_options_are_taken",
        "parameters.lonely-stream-options",
        "Takes `stream_options` without a stream.",
        "stream_options",
        "invalid_value",
    ),
    _tolerated(
        "sound_without_a_voice_is_answered",
        "parameters.wrong-modalities",
        "Answers in words without a voice.",
        r"audio.*|modalities.*",
        also=(R + "parameters.*",),
    ),
    _tolerated(
        "any_metadata_is_taken",
        "parameters.too-much-metadata",
        "Takes metadata of any size.",
        r"metadata.*|safety_identifier",
        also=(R + "parameters.*",),
    ),
    _tolerated(
        "malformed_extras_are_ignored",
        "parameters.malformed-extras",
        "Ignores extras of the wrong form.",
        r"(prediction|web_search_options|moderation|prompt_cache_options).*",
        also=(R + "parameters.*",),
    ),
    _tolerated(
        "any_tool_name_is_taken",
        "tools.wrong-name",
        "Takes tools of any name.",
        r"(tools|functions)\[\d+\](\.function)?\.name",
        also=(R + "tools.*",),
    ),
    _tolerated(
        "malformed_tools_are_dropped",
        "tools.malformed-tool",
        "Drops tools of the wrong form.",
        r"tools(\[\d+\].*)?",
        also=(R + "tools.*", R + "parameters.*"),
    ),
    _tolerated(
        "wrong_choices_are_auto",
        "tools.wrong-choice",
        "Takes a wrong `tool_choice` for auto.",
        r"tool_choice.*",
        also=(R + "tools.*", R + "parameters.*"),
    ),
    _tolerated(
        "choices_without_tools_are_dropped",
        "tools.choice-without-tools",
        "Drops a `tool_choice` without tools.",
        "tool_choice",
        "invalid_value",
        also=(R + "tools.wrong-choice", R + "parameters.*"),
    ),
    _tolerated(
        "malformed_functions_are_dropped",
        "tools.malformed-functions",
        "Drops legacy functions of the wrong form.",
        r"function(s|_call).*",
        also=(R + "parameters.*", R + "tools.*"),
    ),
    _tolerated(
        "unknown_formats_are_text",
        "formats.unknown-format",
        "Takes an unknown format for text.",
        r"response_format(\.type)?",
        also=(R + "parameters.*", R + "formats.*"),
    ),
    _tolerated(
        "wrong_schemas_are_dropped",
        "formats.wrong-schema",
        "Answers in words where the schema is wrong.",
        r"response_format\.json_schema.*",
        also=("response.structured.*", R + "parameters.*"),
    ),
    _tolerated(
        "wrong_images_are_dropped",
        "media.wrong-image",
        "Drops images that are none.",
        rf"{MEDIA}\.image_url.*",
        also=(R + "messages.wrong-parts",),
    ),
    _tolerated(
        "wrong_sound_is_dropped",
        "media.wrong-sound",
        "Drops sound that is none.",
        rf"{MEDIA}\.input_audio.*",
        also=(R + "messages.wrong-parts",),
    ),
    _tolerated(
        "missing_files_are_dropped",
        "media.no-file",
        "Drops file parts without a file.",
        rf"{MEDIA}\.file.*",
        also=(R + "messages.wrong-parts",),
    ),
)


@on_refusals("response.naming.param-names-the-field", also=("response.naming.lacking-parameter-is-named",))
def fields_are_not_named(refusal: Refusal, status: int, body: Body) -> tuple[int, Any]:
    """Never names the field that is at fault."""
    if status == 400:
        body["error"]["param"] = None
    return status, body


@on_refusals("response.naming.lacking-parameter-is-named")
def what_lacks_is_not_named(refusal: Refusal, status: int, body: Body) -> tuple[int, Any]:
    """Refuses what it lacks without saying what that is."""
    if refusal.code == "unsupported_parameter":
        body["error"] |= {"message": "That is not possible here.", "param": None, "code": None}
    return status, body
