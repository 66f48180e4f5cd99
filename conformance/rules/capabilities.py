"""What a target may be able to do or not: each a request's wish, and how it shows in an answer that the wish was met.

The law of this file: a capability is asked for only by a request that is valid, so that a refusal speaks of the
capability.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.capability import Capability
from chatconform.rules import asking, evidence
from chatconform.rules.validity import is_valid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chatconform.core.exchange import Exchange

    Body = Mapping[str, Any]


def capabilities() -> tuple[Capability, ...]:
    """Every capability, in the order in which the table tells them."""
    return tuple(value for value in globals().values() if isinstance(value, Capability))


def find_capability(name: str) -> Capability | None:
    """The capability of that name; None where there is none."""
    return next((one for one in capabilities() if one.name == name), None)


def _capability(
    name: str,
    title: str,
    asked: Callable[[Body], bool],
    honoured: Callable[[Exchange], bool | None],
    shown_by: tuple[str, ...] = (),
) -> Capability:
    return Capability(name, title, lambda body: asked(body) and is_valid(body), honoured, shown_by)


def _is_choice(kind: str) -> Callable[[Body], bool]:
    """Asks for a `tool_choice` of that word, with tools to choose from."""
    return lambda body: body.get("tool_choice") == kind and bool(asking.offered(body))


def _has_role(role: str) -> Callable[[Body], bool]:
    return lambda body: any(message.get("role") == role for message in asking.listed(body.get("messages")))


def _has_part(kind: str) -> Callable[[Body], bool]:
    return lambda body: asking.has_part(body, kind)


def _has(key: str, kind: type) -> Callable[[Body], bool]:
    """Asks for anything of that kind, empty ones left out, under a key."""
    return lambda body: isinstance(body.get(key), kind) and bool(body.get(key))


STREAM: Final = _capability("stream", "streaming", lambda body: body.get("stream") is True, evidence.streams)
STREAM_USAGE: Final = _capability(
    "stream-usage",
    "the usage of a stream (`stream_options.include_usage`)",
    lambda body: body.get("stream") is True and asking.kept(body, "stream_options").get("include_usage") is True,
    evidence.tells_usage,
)
N: Final = _capability(
    "n", "several choices (`n`)", lambda body: (asking.count(body.get("n")) or 1) > 1, evidence.gives_n
)
STOP: Final = _capability(
    "stop",
    "stop sequences",
    lambda body: body.get("stop") not in (None, "", []),
    evidence.stops,
    ("response.finish.stop-sequence-is-left-out", "series.stops.finish-is-stop"),
)
MAX_COMPLETION_TOKENS: Final = _capability(
    "max-completion-tokens",
    "a limit under `max_completion_tokens`",
    lambda body: asking.count(body.get("max_completion_tokens")) is not None,
    evidence.limits,
)
MAX_TOKENS: Final = _capability(
    "max-tokens",
    "a limit under `max_tokens`",
    lambda body: asking.count(body.get("max_tokens")) is not None,
    evidence.limits,
)
LOGPROBS: Final = _capability(
    "logprobs", "log probabilities", lambda body: body.get("logprobs") is True, evidence.tells_logprobs
)
TOP_LOGPROBS: Final = _capability(
    "top-logprobs",
    "the likeliest tokens (`top_logprobs`)",
    lambda body: (asking.count(body.get("top_logprobs")) or 0) > 0,
    evidence.tells_top_logprobs,
)
LOGIT_BIAS: Final = _capability("logit-bias", "`logit_bias`", _has("logit_bias", dict), evidence.biases)
SEED: Final = _capability(
    "seed",
    "`seed`",
    lambda body: asking.count(body.get("seed")) is not None,
    evidence.never_shows,
    ("series.seeds.same-seed-repeats", "series.seeds.other-seeds-vary"),
)
DEVELOPER_ROLE: Final = _capability(
    "developer-role", "messages of the role `developer`", _has_role("developer"), evidence.counts_the_part
)
TOOLS: Final = _capability(
    "tools",
    "tools",
    lambda body: bool(asking.offered(body)) and body.get("tool_choice") != "none",
    evidence.calls_tools,
)
TOOL_CHOICE_NONE: Final = _capability(
    "tool-choice-none",
    "`tool_choice` none",
    _is_choice("none"),
    evidence.calls_none,
    ("response.tools.none-is-kept", "response.tools.required-is-kept"),
)
TOOL_CHOICE_REQUIRED: Final = _capability(
    "tool-choice-required", "`tool_choice` required", _is_choice("required"), evidence.calls_as_required
)
TOOL_CHOICE_NAMED: Final = _capability(
    "tool-choice-named",
    "a `tool_choice` that names a tool",
    lambda body: asking.named(body) in asking.offered(body),
    evidence.calls_the_named,
)
ALLOWED_TOOLS: Final = _capability(
    "allowed-tools",
    "a `tool_choice` of `allowed_tools`",
    lambda body: asking.allowed(body) is not None,
    evidence.calls_the_allowed,
)
PARALLEL_TOOL_CALLS_OFF: Final = _capability(
    "parallel-tool-calls-off",
    "`parallel_tool_calls` false",
    lambda body: body.get("parallel_tool_calls") is False and bool(asking.offered(body)),
    evidence.calls_one_at_a_time,
    ("response.tools.parallel-off-is-kept",),
)
CUSTOM_TOOLS: Final = _capability(
    "custom-tools", "custom tools", lambda body: bool(asking.custom_tools(body)), evidence.calls_custom_tools
)
STRICT_TOOLS: Final = _capability(
    "strict-tools",
    "strict tools",
    lambda body: any(tool.get("strict") is True for tool in asking.functions(body).values()),
    evidence.follows_strict_tools,
)
LEGACY_FUNCTIONS: Final = _capability(
    "legacy-functions",
    "the older `functions`",
    lambda body: bool(asking.legacy_functions(body)) and body.get("function_call") != "none",
    evidence.calls_legacy_functions,
)
JSON_OBJECT: Final = _capability(
    "json-object",
    "a `response_format` of `json_object`",
    lambda body: asking.kept(body, "response_format").get("type") == "json_object",
    evidence.answers_an_object,
)
JSON_SCHEMA: Final = _capability(
    "json-schema",
    "a `response_format` of `json_schema`",
    lambda body: asking.answer_schema(body) is not None,
    evidence.follows_the_schema,
)
VISION: Final = _capability("vision", "images", _has_part("image_url"), evidence.counts_the_part)
AUDIO_INPUT: Final = _capability("audio-input", "sound as input", _has_part("input_audio"), evidence.counts_the_part)
FILE_INPUT: Final = _capability("file-input", "files", _has_part("file"), evidence.counts_the_part)
AUDIO_OUTPUT: Final = _capability(
    "audio-output",
    "sound as output",
    lambda body: isinstance(body.get("modalities"), list) and "audio" in body["modalities"],
    evidence.speaks,
)
REASONING_EFFORT: Final = _capability(
    "reasoning-effort",
    "`reasoning_effort`",
    _has("reasoning_effort", str),
    lambda exchange: evidence.counts_tokens(exchange, "reasoning_tokens"),
)
VERBOSITY: Final = _capability("verbosity", "`verbosity`", _has("verbosity", str), evidence.never_shows)
PREDICTION: Final = _capability(
    "prediction",
    "a predicted answer (`prediction`)",
    _has("prediction", dict),
    lambda exchange: evidence.counts_tokens(exchange, "accepted_prediction_tokens", "rejected_prediction_tokens"),
)
WEB_SEARCH: Final = _capability(
    "web-search", "a search of the web", lambda body: isinstance(body.get("web_search_options"), dict), evidence.cites
)
SERVICE_TIER: Final = _capability(
    "service-tier", "`service_tier`", _has("service_tier", str), evidence.echoes("service_tier")
)
METADATA: Final = _capability("metadata", "`metadata`", _has("metadata", dict), evidence.echoes("metadata"))
MODERATION: Final = _capability("moderation", "moderation", _has("moderation", dict), evidence.moderates)
