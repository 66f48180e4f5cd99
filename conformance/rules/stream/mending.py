"""A chunk with everything in order that a rule of its own speaks about, so that one fault gives one finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.rules.stream.parts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Mapping

NULLS = ("system_fingerprint", "service_tier", "obfuscation", "moderation")
"""Keys of a chunk that a rule of its own wants left out rather than null."""


def without_what_others_tell(chunk: Mapping[str, Any]) -> dict[str, Any]:
    """The chunk as the rule on its type is to see it."""
    kept = {key: value for key, value in chunk.items() if value is not None or key not in NULLS}
    for key in ("id", "model"):
        kept[key] = kept.get(key) or "named"
    kept |= {"object": "chat.completion.chunk", "created": 0}
    if isinstance(kept.get("usage"), dict):
        kept["usage"] = None
    choices = kept.get("choices")
    kept["choices"] = [_choice(choice) for choice in choices] if isinstance(choices, list) else []
    return kept


def _choice(choice: Any) -> Any:
    if not isinstance(choice, dict):
        return choice
    delta = choice.get("delta")
    kept = {**choice, "index": 0, "finish_reason": None, "delta": _delta(delta) if isinstance(delta, dict) else {}}
    if isinstance(kept.get("logprobs"), dict):
        kept["logprobs"] = None
    return kept


def _delta(delta: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in delta.items() if key not in TEXTS and value is not None}
    if isinstance(kept.get("role"), str):
        del kept["role"]
    calls = kept.get("tool_calls")
    if isinstance(calls, list):
        kept["tool_calls"] = [_fragment(call) for call in calls]
    return kept


def _fragment(call: Any) -> Any:
    if not isinstance(call, dict):
        return call
    kept = {key: value for key, value in call.items() if value is not None and key not in ("type", "custom")}
    function = kept.get("function")
    if isinstance(function, dict):
        kept["function"] = {key: value for key, value in function.items() if key not in ("name", "arguments")}
    return {**kept, "index": 0}
