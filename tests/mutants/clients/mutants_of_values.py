"""Faults in what is made of an answer: texts, choices, usage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mutant import caught_by
from right_client import Client

FINISHES = {None, "stop", "length", "tool_calls", "content_filter", "function_call"}
CHUNK = {"id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint"}


@caught_by("ns.n2", "ns.n2-out-of-order", "rq.n2", "st.n2-interleaved", "st.n2-same-chunk")
class FirstChoiceOnly(Client):
    """Only the first choice is kept."""

    def completion(self, body: bytes) -> dict[str, Any]:
        whole = super().completion(body)
        return {**whole, "choices": whole["choices"][:1]}

    def parts(self, chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
        return [part for part in super().parts(chunk) if part["index"] == 0]


@caught_by("st.n2-same-chunk")
class FirstPartOnly(Client):
    """Of each chunk only the first choice is read."""

    def parts(self, chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
        return list(super().parts(chunk))[:1]


@caught_by("st.n2-interleaved", "st.n2-same-chunk")
class ChoicesMerged(Client):
    """What the choices of a stream say is put into one."""

    def parts(self, chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
        return [{**part, "index": 0} for part in super().parts(chunk)]


@caught_by("ns.n2-out-of-order")
class ChoicesByPlace(Client):
    """Choices are numbered as they come, whatever their index."""

    def completion(self, body: bytes) -> dict[str, Any]:
        whole = super().completion(body)
        return {**whole, "choices": [{**one, "index": place} for place, one in enumerate(whole["choices"])]}


@caught_by("st.azure-prompt-filter")
class EmptyChoicesCrash(Client):
    """A chunk without choices and without usage breaks the client."""

    def parts(self, chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
        return chunk["choices"] if chunk.get("usage") else [chunk["choices"][0], *chunk["choices"][1:]]


@caught_by("ns.content-whitespace")
class TextStripped(Client):
    """White space around a text is dropped."""

    def completion(self, body: bytes) -> dict[str, Any]:
        whole = super().completion(body)
        for choice in whole["choices"]:
            choice["message"]["content"] = choice["message"].get("content") and choice["message"]["content"].strip()
        return whole


@caught_by("st.whitespace-deltas")
class BlankDeltasDropped(Client):
    """A delta of white space alone is passed over."""

    def add_delta(self, message: dict[str, Any], delta: dict[str, Any]) -> None:
        text = delta.get("content")
        super().add_delta(message, {**delta, "content": text if text is None or text.strip() else ""})


@caught_by("st.content-null-deltas", "st.delta-nulls")
class NullTextCrash(Client):
    """A delta whose text is null breaks the client."""

    def add_delta(self, message: dict[str, Any], delta: dict[str, Any]) -> None:
        if delta.get("content", "") is None and message["content"] is not None:
            raise TypeError("no text to add")
        super().add_delta(message, delta)


@caught_by("st.azure-filter-tail")
class DeltaRequired(Client):
    """A part without a delta breaks the client."""

    def add(self, choice: dict[str, Any], part: dict[str, Any]) -> None:
        super().add(choice, {**part, "delta": part["delta"]})


@caught_by("st.tool-calls-whole", "st.finish-with-content")
class FinishDropsText(Client):
    """What comes with the finish reason is dropped."""

    def add(self, choice: dict[str, Any], part: dict[str, Any]) -> None:
        super().add(choice, {**part, "delta": {}} if part.get("finish_reason") else part)


@caught_by("ns.finish-unknown", "st.finish-unknown")
class FinishChecked(Client):
    """A finish reason that is not on the list is refused."""

    def check(self, choice: dict[str, Any]) -> None:
        if choice.get("finish_reason") not in FINISHES:
            raise ValueError(f"no such finish reason: {choice['finish_reason']}")

    def completion(self, body: bytes) -> dict[str, Any]:
        whole = super().completion(body)
        for choice in whole["choices"]:
            self.check(choice)
        return whole

    def add(self, choice: dict[str, Any], part: dict[str, Any]) -> None:
        self.check(part)
        super().add(choice, part)


@caught_by("ns.finish-null")
class NoFinishIsStop(Client):
    """A finish reason that is null is told as `stop`."""

    def completion(self, body: bytes) -> dict[str, Any]:
        whole = super().completion(body)
        return {
            **whole,
            "choices": [{**one, "finish_reason": one["finish_reason"] or "stop"} for one in whole["choices"]],
        }


@caught_by("st.usage-every-chunk")
class UsageSummed(Client):
    """The usages of all chunks are added up."""

    def usage(self, before: dict[str, Any] | None, now: dict[str, Any]) -> dict[str, Any]:
        return {key: (before or {}).get(key, 0) + now[key] for key in now} if before else now


@caught_by("st.usage-on-last-choice")
class UsageOnlyAlone(Client):
    """The usage counts only in a chunk without choices."""

    def assembled(self, chunks: Iterable[dict[str, Any]]) -> dict[str, Any]:
        return super().assembled({**chunk, "usage": None} if chunk.get("choices") else chunk for chunk in chunks)


@caught_by("ns.usage-missing", "ns.usage-null", "ns.min-fields", "ns.min-fields-wild")
class UsageRequired(Client):
    """An answer without usage breaks the client."""

    def completion(self, body: bytes) -> dict[str, Any]:
        whole = super().completion(body)
        whole["usage"]["total_tokens"]
        return whole


@caught_by("ns.json-exp-int", "ns.created-fraction")
class WholeNumbersOnly(Client):
    """A creation time that is not written as a whole number is refused."""

    def completion(self, body: bytes) -> dict[str, Any]:
        whole = super().completion(body)
        if not isinstance(whole.get("created", 0), int):
            raise ValueError("created is no integer")
        return whole


@caught_by("st.error-null", "st.azure-prompt-filter", "st.obfuscation", "st.extra-fields")
class UnknownFieldsRefused(Client):
    """A chunk with a field that the client does not know is refused."""

    def assembled(self, chunks: Iterable[dict[str, Any]]) -> dict[str, Any]:
        def known() -> Iterable[dict[str, Any]]:
            for chunk in chunks:
                if unknown := chunk.keys() - CHUNK:
                    raise ValueError(f"unknown fields: {unknown}")
                yield chunk

        return super().assembled(known())


@caught_by("st.delta-nulls", "st.role-empty")
class RoleOverwritten(Client):
    """The role is whatever the last delta says."""

    def add_delta(self, message: dict[str, Any], delta: dict[str, Any]) -> None:
        message["role"] = delta.get("role", message["role"])
        super().add_delta(message, delta)


@caught_by("ns.refusal", "st.refusal")
class RefusalIgnored(Client):
    """A refusal is not read."""

    def settle(self, message: dict[str, Any]) -> None:
        message["refusal"] = None

    def add_delta(self, message: dict[str, Any], delta: dict[str, Any]) -> None:
        super().add_delta(message, {**delta, "refusal": None})


@caught_by("st.logprobs")
class LogprobsOverwritten(Client):
    """The log probabilities are those of the last chunk that has some."""

    def add(self, choice: dict[str, Any], part: dict[str, Any]) -> None:
        if part.get("logprobs"):
            choice["logprobs"] = None
        super().add(choice, part)


@caught_by("st.meta")
class CreatedInvented(Client):
    """The creation time of a stream is the client's own."""

    def assembled(self, chunks: Iterable[dict[str, Any]]) -> dict[str, Any]:
        return {**super().assembled(chunks), "created": 0}


@caught_by("f.200-empty")
class EmptyBodyAccepted(Client):
    """A success without a body is taken for an empty answer."""

    def completion(self, body: bytes) -> dict[str, Any]:
        return super().completion(body or b'{"choices": []}')


@caught_by("ns.200-error-object")
class ErrorInSuccess(Client):
    """An error object in a success is handed out as if it were a completion."""

    def checked(self, value: Any) -> dict[str, Any]:
        if isinstance(value, dict) and "choices" not in value and value.get("error"):
            return {**value, "choices": []}
        return super().checked(value)
