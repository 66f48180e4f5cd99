"""A server for the tests of a client: it answers like the reference or by a script, and holds requests to the rules.

The law of this file: a request is answered whatever is wrong with it, and what is wrong with it is kept for the test to
tell.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import orjson

from chatconform.core.exchange import Exchange, Origin, Request
from chatconform.core.judge import judge
from chatconform.core.result import Verdict
from chatconform.core.rule import Level, Part
from chatconform.core.spelling import spell
from chatconform.core.telling import tell
from chatconform.reference import validation
from chatconform.reference.pipeline import CHAT, Incoming, Pipeline, Reply, pipeline
from chatconform.reference.server import MODEL, ReferenceServer
from chatconform.rules.catalogue import rules

if TYPE_CHECKING:
    from types import TracebackType

    from chatconform.core.rule import Finding, Rule

Fields = Mapping[str, str]
Scripted = Mapping[str, Any] | tuple[int, Mapping[str, Any]] | tuple[int, Mapping[str, Any], Fields] | Sequence[bytes]
"""One scripted answer: a completion (streamed if a stream was asked for), a status with a body and, if there are any,
with headers, or events as bytes."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What one request breaks: the rule, the finding with its JSON Pointer, and the request."""

    rule: Rule
    finding: Finding
    request: Request

    def __str__(self) -> str:
        where = self.finding.pointer or "(the whole)"
        return (
            f"{self.rule.level} {self.rule.id}: {where} {self.finding.message}; sent was {tell(self.request.json, 300)}"
        )


class StrictServer:
    """Listens on a loopback port from the start to the end of its block; takes any model and any key.

    `requests` are the exchanges' requests in the order of arrival, `violations` what they break of the rules that are
    a MUST, `advice` what they break of those that are a SHOULD.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.violations: list[Violation] = []
        self.advice: list[Violation] = []
        self._script: deque[Scripted] = deque()
        self._lock = threading.Lock()
        self._rules = [rule for rule in rules() if rule.on is Part.REQUEST]
        usual = pipeline((MODEL,), None)
        self._server = ReferenceServer(stages=replace(usual, validate=_validate, finish=self._finishing(usual)))

    @property
    def url(self) -> str:
        """The base URL to give the client."""
        return self._server.url

    def script(self, *answers: Scripted) -> None:
        """Answers the next requests by these, one each; what comes after them is answered by the reference again.

        An answer is a completion (streamed if the request asks for it), a status with a body, and with headers such as
        `{"retry-after": "1"}` if there are any, or events as bytes. Raises `TypeError` for anything else.
        """
        for answer in answers:
            match answer:
                case (int(), Mapping()) | Mapping():
                    pass
                case (int(), Mapping(), Mapping() as headers) if all(map(_is_field, headers.items())):
                    pass
                case [*events] if all(isinstance(event, bytes) for event in events):
                    pass
                case _:
                    told = "a completion, a status with a body (and headers), or events as bytes"
                    raise TypeError(f"an answer is {told}, and not {tell(answer)}")
        with self._lock:
            self._script.extend(answers)

    def close(self) -> None:
        """Ends the server."""
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _finishing(self, usual: Pipeline) -> Any:
        def finish(incoming: Incoming, reply: Reply) -> Reply:
            if incoming.path == CHAT and incoming.method != "OPTIONS":
                self._judge(Request(incoming.method, incoming.path, incoming.headers, incoming.body))
                with self._lock:
                    scripted = self._script.popleft() if self._script else None
                reply = reply if scripted is None else _reply(scripted, incoming)
            return usual.finish(incoming, reply)

        return finish

    def _judge(self, request: Request) -> None:
        results = list(judge(Exchange(Origin("client", len(self.requests)), request), self._rules))
        with self._lock:
            self.requests.append(request)
            for result in results:
                if result.verdict is Verdict.FAILED and result.rule.level is not Level.INFO:
                    kept = self.violations if result.rule.level is Level.MUST else self.advice
                    kept += (Violation(result.rule, finding, request) for finding in result.findings)


def _validate(body: Any) -> None:
    """Refuses what the reference refuses, but for the model, which is the client's to choose."""
    model = body.get("model") if isinstance(body, dict) else None
    validation.validate(body, models=(model if isinstance(model, str) else MODEL,))


def _is_field(field: tuple[object, object]) -> bool:
    """Whether a name and a value can stand in a header."""
    return all(isinstance(text, str) and text.isascii() and text.isprintable() for text in field)


def _reply(scripted: Scripted, incoming: Incoming) -> Reply:
    json_type, stream_type = ("content-type", "application/json"), ("content-type", "text/event-stream")
    asked = incoming.asked if isinstance(incoming.asked, dict) else {}
    match scripted:
        case (int(status), Mapping() as body):
            return Reply(status, (json_type,), orjson.dumps(body))
        case (int(status), body, Mapping() as headers):
            added = tuple((name.lower(), value) for name, value in headers.items())
            own = () if any(name == "content-type" for name, _ in added) else (json_type,)
            return Reply(status, (*own, *added), orjson.dumps(body))
        case Mapping() if asked.get("stream") and isinstance(scripted.get("choices"), list):
            options = asked.get("stream_options")
            with_usage = isinstance(options, dict) and options.get("include_usage") is True
            events = [b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in spell(scripted, usage=with_usage)]
            return Reply(200, (stream_type,), events=[*events, b"data: [DONE]\n\n"])
        case Mapping():
            return Reply(200, (json_type,), orjson.dumps(scripted))
        case _:
            return Reply(200, (stream_type,), events=list(scripted))
