"""From the chunks of a stream to the completion that they spell.

The law of this file: fragments are joined by `index` alone, strings are appended, scalars are taken once, and nothing
is invented. What a chunk holds in a wrong shape is left out, for the rules about shapes to tell; so this never raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterable

ONCE = ("id", "created", "model", "system_fingerprint")
LAST = ("service_tier", "usage", "moderation")


def assemble(chunks: Iterable[Any]) -> dict[str, Any] | None:
    """The completion in the wire shape of `CreateChatCompletionResponse`; None where no chunk is an object.

    A key stands in the result only if some chunk had it: `id`, `created`, `model` and `system_fingerprint` from the
    first chunk that gives one, `usage`, `service_tier` and `moderation` from the last. Choices come in the order of
    their index, and so do the tool calls of a choice.
    """
    whole: dict[str, Any] = {}
    choices: dict[int, _Choice] = {}
    for chunk in chunks:
        if not isinstance(chunk, dict):
            continue
        whole.setdefault("object", "chat.completion")
        for key in ONCE:
            if not whole.get(key) and chunk.get(key) is not None:
                whole[key] = chunk[key]
        whole.update({key: chunk[key] for key in LAST if chunk.get(key) is not None})
        parts = chunk.get("choices")
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict) and _is_index(index := part.get("index")):
                choices.setdefault(index, _Choice()).add(part)
    if whole:
        whole["choices"] = [choices[index].whole(index) for index in sorted(choices)]
    return whole or None


def _is_index(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


class _Pieces(list[str]):
    """The pieces of a string that grows."""


class _Choice:
    """One choice as it grows."""

    def __init__(self) -> None:
        self.role: Any = None
        self.texts: dict[str, list[str]] = {}
        self.calls: dict[int, dict[str, Any]] = {}
        self.function: dict[str, Any] | None = None
        self.finish: Any = None
        self.logprobs: dict[str, Any] | None = None

    def add(self, part: dict[str, Any]) -> None:
        if part.get("finish_reason") is not None:
            self.finish = part["finish_reason"]
        self._add_logprobs(part.get("logprobs"))
        delta = part.get("delta")
        for key, value in delta.items() if isinstance(delta, dict) else ():
            if key == "role":
                self.role = self.role or value
            elif key == "tool_calls":
                self._add_calls(value)
            elif key == "function_call" and isinstance(value, dict):
                self.function = self.function or {}
                _add_texts(self.function, value)
            elif isinstance(value, str):
                self.texts.setdefault(key, []).append(value)

    def _add_calls(self, fragments: Any) -> None:
        for fragment in fragments if isinstance(fragments, list) else ():
            if not isinstance(fragment, dict) or not _is_index(index := fragment.get("index")):
                continue
            call = self.calls.setdefault(index, {})
            for key, value in fragment.items():
                if key in {"function", "custom"} and isinstance(value, dict):
                    _add_texts(call.setdefault(key, {}), value)
                elif key not in {"index", "function", "custom"} and value is not None:
                    call.setdefault(key, value)

    def _add_logprobs(self, logprobs: Any) -> None:
        if not isinstance(logprobs, dict):
            return
        if self.logprobs is None:
            self.logprobs = {"content": None, "refusal": None}
        for key in ("content", "refusal"):
            entries = logprobs.get(key)
            if isinstance(entries, list):
                if self.logprobs[key] is None:
                    self.logprobs[key] = []
                self.logprobs[key] += entries

    def whole(self, index: int) -> dict[str, Any]:
        message: dict[str, Any] = {"role": self.role, "content": None, "refusal": None}
        message |= {key: "".join(pieces) for key, pieces in self.texts.items()}
        if self.calls:
            message["tool_calls"] = [_joined(self.calls[number]) for number in sorted(self.calls)]
        if self.function is not None:
            message["function_call"] = _joined(self.function)
        return {"index": index, "message": message, "logprobs": self.logprobs, "finish_reason": self.finish}


def _add_texts(target: dict[str, Any], fragment: dict[str, Any]) -> None:
    """Adds a fragment of a call: the name is taken once, every other string is appended (as pieces until joined)."""
    for key, value in fragment.items():
        if not isinstance(value, str):
            continue
        if key == "name":
            target.setdefault(key, value)
        else:
            target.setdefault(key, _Pieces()).append(value)


def _joined(call: dict[str, Any]) -> dict[str, Any]:
    """A call with its pieces made into strings; what else a target put there is left as it came."""
    bodies = {key: _joined(call[key]) for key in ("function", "custom") if isinstance(call.get(key), dict)}
    texts = {key: "".join(value) for key, value in call.items() if isinstance(value, _Pieces)}
    return {**call, **texts, **bodies}
