"""Whether a request can be served: by the published schema, and by what no schema says.

The law of this file: the first thing that is wrong is told, with the path of the field that it is about; nothing that
the published type allows is refused for its form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.reference import conversation, media
from chatconform.reference.refusal import Refusal, invalid, path, unsupported
from chatconform.reference.sound import FORMATS
from chatconform.reference.tokens import SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chatconform.schemas import Violation

DEEPEST: Final = 128
CODES: Final = {
    "required": "missing_required_parameter",
    "type": "invalid_type",
    "enum": "invalid_value",
    "minimum": "integer_below_min_value",
    "maximum": "integer_above_max_value",
    "minLength": "string_below_min_length",
    "maxLength": "string_above_max_length",
    "minItems": "empty_array",
    "maxItems": "array_above_max_length",
    "maxProperties": "object_above_max_properties",
}
DECIMALS: Final = {"/temperature", "/top_p", "/presence_penalty", "/frequency_penalty"}


def validate(body: Any, models: Sequence[str]) -> None:
    """Raises a `Refusal` for a request that cannot be served; `models` are the ones that there are."""
    from chatconform.schemas import violations
    from chatconform.schemas.depth import is_deeper

    if not isinstance(body, dict):
        raise invalid(None, "The body must be a JSON object.", "invalid_type")
    if is_deeper(body, DEEPEST + 1):
        raise invalid(None, f"The body is nested more than {DEEPEST} levels deep.", "invalid_json")
    for check in PAIRS:
        check(body)
    if breaches := violations("CreateChatCompletionRequest", body):
        raise _told(breaches[0], body)
    if body["model"] not in models:
        message = f"The model {body['model'][:80]!r} does not exist. There is: {', '.join(models)}."
        raise Refusal(404, message, param="model", code="model_not_found")
    for check in CHECKS:
        check(body)


def _told(breach: Violation, body: Any) -> Refusal:
    pointer = breach.pointer
    if breach.keyword == "required":
        missing = breach.message.removesuffix(" is a required property").strip("'\"")
        pointer += "/" + missing.replace("~", "~0").replace("/", "~1")
    where = path(pointer, body)
    code = CODES.get(breach.keyword, "invalid_value")
    if pointer in DECIMALS:
        code = code.replace("integer", "decimal")
    return invalid(where, f"{where or 'The body'}: {breach.message}.", code)


def is_spoken(body: Mapping[str, Any]) -> bool:
    """Whether an answer in words is wanted as sound."""
    return "audio" in (body.get("modalities") or ())


def _top_logprobs(body: Mapping[str, Any]) -> None:
    if body.get("top_logprobs") is not None and body.get("logprobs") is not True:
        raise invalid("top_logprobs", "`top_logprobs` is only allowed with `logprobs` true.", "invalid_value")


def _stream_options(body: Mapping[str, Any]) -> None:
    if body.get("stream_options") is not None and body.get("stream") is not True:
        raise invalid("stream_options", "`stream_options` is only allowed with `stream` true.", "invalid_value")


def _audio(body: Mapping[str, Any]) -> None:
    match body:
        case {"modalities": list(modalities)} if "audio" in modalities and body.get("audio") is None:
            raise invalid("audio", "`audio` is required when `modalities` asks for sound.", CODES["required"])


def _limits(body: Mapping[str, Any]) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        if body.get(name) is not None and body[name] < 1:
            raise invalid(name, f"`{name}` must be at least 1.", "integer_below_min_value")


def _bias(body: Mapping[str, Any]) -> None:
    for key in body.get("logit_bias") or ():
        if not (key.isascii() and key.isdigit() and len(key) < 10 and int(key) < SIZE):
            raise invalid("logit_bias", f"{key[:40]!r} is no token of the model.", "invalid_value")


def _content_parts(body: Mapping[str, Any]) -> None:
    breakpoints = 0
    for number, message in enumerate(body["messages"]):
        content = message.get("content")
        for place, part in enumerate(content if isinstance(content, list) else ()):
            media.check(part, f"messages[{number}].content[{place}]")
            breakpoints += part.get("prompt_cache_breakpoint") is not None
    if breakpoints > 4:
        raise invalid("messages", "A request has at most 4 prompt cache breakpoints.", "array_above_max_length")


def _beyond_us(body: Mapping[str, Any]) -> None:
    """What is valid and not done here is refused by name, never passed over."""
    if is_spoken(body):
        form = body["audio"]["format"]
        if form not in FORMATS or (body.get("stream") and form == "wav"):
            raise unsupported("audio.format", f"Sound as {form}{' in a stream' if body.get('stream') else ''}")
    for name, what in {"web_search_options": "Searching the web", "moderation": "Moderation"}.items():
        if body.get(name) is not None:
            raise unsupported(name, what)
    for number, message in enumerate(body["messages"]):
        if message["role"] == "assistant" and (sound := message.get("audio")) and not sound["id"].startswith("audio_"):
            raise invalid(f"messages[{number}].audio.id", "There is no sound of that id.", "audio_not_found")
    if body.get("prediction") is not None:
        for name in ("tools", "functions", "logprobs"):
            if body.get(name):
                raise unsupported(name, f"`prediction` together with `{name}`")


PAIRS: Final[tuple[Callable[[Mapping[str, Any]], None], ...]] = (_top_logprobs, _stream_options, _audio)
CHECKS: Final[tuple[Callable[[Mapping[str, Any]], None], ...]] = (
    _limits,
    _bias,
    conversation.check_messages,
    conversation.check_tools,
    conversation.check_functions,
    conversation.check_response_format,
    _content_parts,
    _beyond_us,
)
