"""Faults in what is sent, what is repeated, and how errors are told."""
# ruff: noqa: ARG002 (a fault is given what the right way is given, and most look at a part of it)

from __future__ import annotations

import json
from typing import Any

from mutant import caught_by
from right_client import Client, Refused
from right_http import Answer, ConnectionLost, TookTooLong

REPEATED = (
    "f.429-forever",
    "f.429-then-ok",
    "f.429-retry-after-ms",
    "f.429-retry-after-date",
    "f.429-no-header",
    "f.500-then-ok",
    "f.502-then-ok",
    "f.503-then-ok",
    "f.504-then-ok",
    "f.408-then-ok",
    "f.409-then-ok",
    "f.stream-429-then-ok",
    "f.close-then-ok",
    "f.rst-then-ok",
    "f.timeout-then-ok",
)
"""The scenarios in which a request is to be repeated, and its body seen again."""


class Rewrites(Client):
    """A client that changes what it was told to send."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request that it sends instead."""
        return request

    def body(self, request: dict[str, Any]) -> bytes:
        return super().body(self.rewritten(request))


@caught_by(rules=("request.parameters.unset-is-left-out",))
class NullForUnset(Rewrites):
    """What is not set is sent as null."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"temperature": None, "stop": None, **request}


@caught_by("rq.sampling-zeros", "rq.tools-strict-choice")
class ZeroIsUnset(Rewrites):
    """What is zero or false is left out."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in request.items() if value}


@caught_by("rq.tool-history", rules=("request.conversation.results-follow-their-calls",))
class OrphanSent(Rewrites):
    """A message without text is left out of the history, and with it the call that a result belongs to."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        return {**request, "messages": [one for one in request["messages"] if one["content"] is not None]}


@caught_by("rq.tool-history", "rq.tool-history-text", rules=("request.conversation.calls-are-answered",))
class ResultsLeftOut(Rewrites):
    """The results of calls are left out of the history."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        return {**request, "messages": [one for one in request["messages"] if one["role"] != "tool"]}


@caught_by("rq.tool-history", "rq.tool-history-text", rules=("request.conversation.calls-keep-their-form",))
class ArgumentsAsObject(Rewrites):
    """The arguments of calls in the history are sent as an object."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        sent = json.loads(json.dumps(request))
        for message in sent["messages"]:
            for call in message.get("tool_calls") or ():
                call["function"]["arguments"] = json.loads(call["function"]["arguments"])
        return sent


@caught_by("rq.developer")
class DeveloperIsSystem(Rewrites):
    """The developer is made the system."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        roles = {"developer": "system"}
        changed = [{**one, "role": roles.get(one["role"], one["role"])} for one in request["messages"]]
        return {**request, "messages": changed}


@caught_by("rq.name-field")
class NamesLeftOut(Rewrites):
    """The names of participants are left out."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        unnamed = [{key: value for key, value in one.items() if key != "name"} for one in request["messages"]]
        return {**request, "messages": unnamed}


@caught_by("rq.whitespace-content")
class TextsStripped(Rewrites):
    """White space around the texts of a request is dropped."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        def stripped(content: Any) -> Any:
            return content.strip() if isinstance(content, str) else content

        return {**request, "messages": [{**one, "content": stripped(one["content"])} for one in request["messages"]]}


@caught_by(rules=("request.parameters.one-limit",))
class BothLimits(Rewrites):
    """A token limit is sent under both names."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        limit = request.get("max_tokens")
        return {**request, "max_completion_tokens": limit} if limit else request


@caught_by(rules=("request.parameters.integers-are-written-whole",))
class LimitAsFloat(Rewrites):
    """A whole number is written with a decimal point."""

    def rewritten(self, request: dict[str, Any]) -> dict[str, Any]:
        return {key: float(value) if key == "max_tokens" else value for key, value in request.items()}


@caught_by("f.400")
class RefusalsRepeated(Client):
    """A request that was refused for good is sent again."""

    def may_pass(self, error: Exception) -> bool:
        return super().may_pass(error) or (isinstance(error, Refused) and error.answer.status == 400)


@caught_by(*REPEATED)
class NeverRepeats(Client):
    """Retries that were asked for are not made."""

    def tries_again(self, left: int) -> bool:
        return False


@caught_by("f.500-noretry0", "f.429-noretry0", "f.close-noretry0", "f.502-html", "f.500-empty", "f.timeout")
class RepeatsUnasked(Client):
    """A failure is tried again though no retries were allowed."""

    def opened(self, op: dict[str, Any]) -> Answer:
        options = op["options"]
        return super().opened({**op, "options": {**options, "max_retries": options["max_retries"] or 1}})


@caught_by("f.429-forever")
class OneRepeatTooMany(Client):
    """One more retry is made than was allowed."""

    def opened(self, op: dict[str, Any]) -> Answer:
        options = op["options"]
        more = options["max_retries"] + 1 if options["max_retries"] > 1 else options["max_retries"]
        return super().opened({**op, "options": {**options, "max_retries": more}})


@caught_by(*REPEATED)
class RepeatsAnotherBody(Client):
    """A repeated request is not the one that failed."""

    def before_retry(self, op: dict[str, Any]) -> None:
        op["request"] = {**op["request"], "seed": 1}


@caught_by("f.429-then-ok", "f.429-retry-after-ms", "f.429-retry-after-date")
class RetryAfterIgnored(Client):
    """The wait that the server asks for is not kept."""

    def wait(self, error: Exception) -> float | None:
        return 0.1


@caught_by("f.429-retry-after-huge")
class RetryAfterObeyed(Client):
    """Any wait that the server asks for is kept, were it a day."""

    def wait(self, error: Exception) -> float | None:
        seconds = super().wait(error)
        return 86400.0 if seconds is None else seconds


@caught_by("f.429-retry-after-date")
class RetryAfterInSeconds(Client):
    """A wait that is told as a date breaks the client."""

    def wait(self, error: Exception) -> float | None:
        if isinstance(error, Refused) and "retry-after" in error.answer.headers:
            float(error.answer.headers["retry-after"])
        return super().wait(error)


@caught_by("f.x-should-retry-false")
class ShouldRetryIgnored(Client):
    """The server's word that a request is not to be repeated is not heard."""

    def may_pass(self, error: Exception) -> bool:
        return super().may_pass(error) or (isinstance(error, Refused) and error.answer.status == 500)


@caught_by("f.408-then-ok", "f.409-then-ok")
class ConflictIsFinal(Client):
    """Timeouts and conflicts that the server tells are not tried again."""

    def may_pass(self, error: Exception) -> bool:
        return super().may_pass(error) and not (isinstance(error, Refused) and error.answer.status in {408, 409})


@caught_by("f.close-then-ok", "f.rst-then-ok")
class LossIsFinal(Client):
    """A connection that is lost is not tried again."""

    def may_pass(self, error: Exception) -> bool:
        return super().may_pass(error) and not isinstance(error, ConnectionLost)


@caught_by("f.timeout-then-ok")
class TimeoutIsFinal(Client):
    """An attempt that takes too long is not tried again."""

    def may_pass(self, error: Exception) -> bool:
        return super().may_pass(error) and not isinstance(error, TookTooLong)


@caught_by(
    "f.500-noretry0",
    "f.429-noretry0",
    "f.x-should-retry-false",
    "f.429-retry-after-huge",
    "f.429-forever",
    "f.400",
    "f.401",
    "f.403",
    "f.404",
    "f.422",
    "f.413-html",
    "f.400-text",
    "f.400-empty",
    "f.400-error-string",
    "f.400-list-body",
    "f.400-code-int",
    "f.400-invalid-json",
    "f.502-html",
    "f.500-empty",
    "f.stream-400",
)
class RefusalIsText(Client):
    """An error of the server is handed out as the answer's text."""

    def call(self, op: dict[str, Any]) -> dict[str, Any]:
        reply = super().call(op)
        if reply["ok"] or reply["error"]["kind"] != "status":
            return reply
        message = {"role": "assistant", "content": reply["error"]["message"]}
        return {"ok": True, "completion": {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}}
