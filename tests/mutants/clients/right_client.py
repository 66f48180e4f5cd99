"""A client that does everything right, with the standard library alone: what each mutant differs from in one place."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from right_http import Answer, ConnectionLost, Http, TookTooLong, Unreadable
from right_stream import Stream, ToldError, Truncated

PASSING = {408, 409, 429}
LONGEST_WAIT = 60.0
HELLO = {
    "protocol": 1,
    "client": "right",
    "features": [
        *("stream", "tools", "custom_tools", "functions", "n", "logprobs", "audio", "retries", "timeout", "abort"),
    ],
    "fields": [
        *("id", "model", "created", "usage", "role", "content", "refusal", "tool_calls", "tool_ids", "finish_reason"),
        *("logprobs", "audio", "annotations", "function_call", "reasoning"),
    ],
}


class Refused(Exception):
    """The server answered with an error status."""

    def __init__(self, answer: Answer, body: bytes) -> None:
        self.answer = answer
        try:
            self.body: Any = json.loads(body)
        except ValueError:
            self.body = body.decode(errors="replace")
        envelope = self.body[0] if isinstance(self.body, list) and self.body else self.body
        error = envelope.get("error", envelope) if isinstance(envelope, dict) else envelope
        self.error = error if isinstance(error, dict) else {"message": str(error)}
        super().__init__(self.error.get("message") or f"HTTP {answer.status}")


class Client(Http, Stream):
    """One client: `call` makes the call that an op of the adapter protocol asks for."""

    def call(self, op: dict[str, Any]) -> dict[str, Any]:
        """Makes a call; gives the protocol's reply."""
        began = time.monotonic()
        try:
            answer = self.opened(op)
            try:
                if not op["request"].get("stream"):
                    return {"ok": True, "completion": self.completion(self.whole(answer))}
                first: list[float] = []
                chunks = self.until_stopped(op, self.streamed(answer), began, first)
                return {"ok": True, "completion": self.assembled(chunks), "first_delta_s": first[0] if first else None}
            finally:
                self.done_with(op, answer)
        except Exception as error:
            return {"ok": False, "error": self.told(error)}

    def streamed(self, answer: Answer) -> Iterator[dict[str, Any]]:
        """The chunks of an answer, as they come."""
        return self.chunks(self.events(self.lines(answer.pieces)))

    def until_stopped(
        self, op: dict[str, Any], chunks: Iterator[dict[str, Any]], began: float, first: list[float]
    ) -> Iterator[dict[str, Any]]:
        """The chunks that the caller wants; notes when the first came."""
        for number, chunk in enumerate(chunks, 1):
            first or first.append(time.monotonic() - began)
            yield chunk
            if number == op["options"]["stop_after"]:
                return

    def whole(self, answer: Answer) -> bytes:
        """The whole body of an answer."""
        return b"".join(answer.pieces)

    def completion(self, body: bytes) -> dict[str, Any]:
        """The completion in a body."""
        value = self.checked(json.loads(body.decode("utf-8-sig")))
        if not isinstance(value.get("choices"), list):
            raise ValueError("what came has no choices")
        for choice in value["choices"]:
            self.settle(choice["message"])
        return value

    def settle(self, message: dict[str, Any]) -> None:
        """Writes the arguments of calls as the string that they are by the published type."""
        for call in message.get("tool_calls") or ():
            function = call.get("function", {})
            if "arguments" in function and not isinstance(function["arguments"], str):
                function["arguments"] = json.dumps(function["arguments"], separators=(",", ":"))

    def opened(self, op: dict[str, Any]) -> Answer:
        """The answer to a call, asked again as often as is allowed where the failure may pass."""
        for left in reversed(range(op["options"]["max_retries"] + 1)):
            try:
                answer = self.post(op)
                if self.is_success(answer):
                    return answer
                body = self.whole(answer)
                self.done_with(op, answer)
                raise Refused(answer, body)
            except (Refused, ConnectionLost, TookTooLong) as error:
                wait = self.wait(error) if self.may_pass(error) else None
                if not self.tries_again(left) or wait is None:
                    raise
                time.sleep(wait)
                self.before_retry(op)
        raise AssertionError("the last attempt raises or returns")

    def is_success(self, answer: Answer) -> bool:
        """Whether an answer is one to read."""
        return answer.status == 200

    def tries_again(self, left: int) -> bool:
        """Whether another attempt is allowed where so many are left."""
        return left > 0

    def before_retry(self, op: dict[str, Any]) -> None:
        """Nothing: the request is repeated as it was."""

    def may_pass(self, error: Exception) -> bool:
        """Whether a failure may pass by itself."""
        if not isinstance(error, Refused):
            return True
        asked = error.answer.headers.get("x-should-retry")
        return asked != "false" and (error.answer.status in PASSING or error.answer.status >= 500)

    def wait(self, error: Exception) -> float | None:
        """Seconds to the next attempt; None where that is longer than anyone waits."""
        headers = error.answer.headers if isinstance(error, Refused) else {}
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        elif headers.get("retry-after", "").isdigit():
            seconds = float(headers["retry-after"])
        elif "retry-after" in headers:
            seconds = max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time())
        else:
            seconds = 0.1
        return seconds if seconds <= LONGEST_WAIT else None

    def told(self, error: Exception) -> dict[str, Any]:
        """An error in the protocol's words."""
        told = {"class": type(error).__name__, "message": str(error)}
        match error:
            case Refused():
                code, status = error.error.get("code"), error.answer.status
                return {"kind": "status", "status": status, "code": code, "body": error.body, **told}
            case ConnectionLost():
                return {"kind": "connection", **told}
            case TookTooLong():
                return {"kind": "timeout", **told}
            case ToldError():
                return {"kind": "api", **told}
            case Truncated() | Unreadable():
                return {"kind": "protocol", **told}
            case ValueError():
                return {"kind": "decode", **told}
            case _:
                return {"kind": "other", **told}
