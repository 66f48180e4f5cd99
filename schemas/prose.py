"""Where our schemas say on purpose what the published types do not.

The published prose knows rules that the published types leave out; the schemas have them, and a comparison with the
published types shall not call them a change. Each entry names the place, what is said of it, our value and theirs, so
that it hides this difference and no other.
"""

from typing import Any

NAME_PATTERN = "^[a-zA-Z0-9_-]*$"

NAMES = ("FunctionObject.name", "ChatCompletionFunctions.name", "ResponseFormatJsonSchema.json_schema.name")
"""The names that the prose holds to letters, digits, underscores and dashes, and to 64 of them."""

DELIBERATE: dict[tuple[str, str], tuple[Any, Any]] = {
    **{(name, "minLength"): (1, None) for name in NAMES},
    **{(name, "maxLength"): (64, None) for name in NAMES},
    **{(name, "pattern"): (NAME_PATTERN, None) for name in NAMES},
    ("Metadata", "maxProperties"): (16, None),
    ("Metadata", "propertyNames"): ({"maxLength": 64}, None),
    ("Metadata.*", "maxLength"): (512, None),
    ("CreateChatCompletionRequest.logit_bias.*", "minimum"): (-100, None),
    ("CreateChatCompletionRequest.logit_bias.*", "maximum"): (100, None),
    # One branch of a union has a default there, and the whole has another.
    ("StopConfiguration(string)", "default"): (None, "<|endoftext|>"),
    ("StopConfiguration(string)", "nullable"): (False, True),
}
"""By place and fact: what our schemas say and what the published types say; None where nothing is said."""

ONLY_ON_THE_REFERENCE_PAGE = frozenset(
    {
        "ChatCompletionContentPartAudio",
        "ChatCompletionContentPartImage",
        "ChatCompletionContentPartRefusal",
        "ChatCompletionContentPartText",
        "ChatCompletionMessageFunctionToolCall",
        "File",
        "Message",
    }
)
"""The types that the API's reference page describes, and that no OpenAPI document holds."""
