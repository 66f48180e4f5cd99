"""The way of a request through the server, stage by stage, so that a fault can take the place of exactly one.

The law of this file: a stage is a plain function of what it is given; nothing between two stages alters what passes.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from secrets import compare_digest, token_hex
from threading import Lock
from typing import Any, Final

import orjson

from chatconform.reference import completion, streaming, validation
from chatconform.reference.completion import Ticket
from chatconform.reference.refusal import Refusal, invalid

VERSION: Final = "2020-10-01"
CHAT: Final = "/v1/chat/completions"
MODELS: Final = "/v1/models"
MOST_TURNS: Final = 10_000

Headers = tuple[tuple[str, str], ...]


class Hangup(Exception):
    """The connection ends here, without another byte; with a reset if so asked."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("the connection ends here")
        self.reset = reset


@dataclass(slots=True)
class Incoming:
    """A request as it arrived. `asked` is its JSON value once that is read."""

    method: str
    path: str
    headers: Headers = ()
    body: bytes = b""
    asked: Any = None

    def header(self, name: str) -> str | None:
        """The first value of a header, by its name in lower case."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is written: a body, or the events of a stream. `generated` ones take the server's latency."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    events: Iterable[bytes] | None = None
    generated: bool = False


Admit = Callable[[Incoming], None]
Parse = Callable[[bytes], Any]
Validate = Callable[[Any], None]
Complete = Callable[[Any, Ticket], dict[str, Any]]
Chunks = Callable[[Any, dict[str, Any]], list[dict[str, Any]]]
Events = Callable[[list[dict[str, Any]]], Iterable[bytes]]
Refuse = Callable[[Refusal], tuple[int, Any]]
Finish = Callable[[Incoming, Reply], Reply]
Wire = Callable[[Iterator[bytes]], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages, in the order in which a request passes them."""

    admit: Admit
    """Raises a `Refusal` for a path, method, key or content type that is not served."""
    parse: Parse
    """The JSON value of a body; raises a `Refusal` where there is none."""
    validate: Validate
    """Raises a `Refusal` for a request that cannot be served."""
    complete: Complete
    """The completion of a valid request."""
    chunks: Chunks = streaming.chunks
    """The chunks that spell a completion."""
    events: Events = streaming.events
    """The events of a stream, as bytes."""
    refuse: Refuse = lambda refusal: (refusal.status, refusal.wire)
    """The status and the JSON body that tell of a refusal."""
    finish: Finish = lambda incoming, reply: replace(reply, headers=(*reply.headers, *_usual_headers(incoming)))
    """The reply with the headers that all of them have."""
    wire: Wire = iter
    """The bytes of the HTTP response, as they are sent one after the other."""


def pipeline(models: tuple[str, ...], api_key: str | None) -> Pipeline:
    """The stages of a correct server that serves these models, to those who know the key if there is one."""
    return Pipeline(
        admit=partial(admit, api_key=api_key),
        parse=parse,
        validate=partial(validation.validate, models=models),
        complete=completion.complete,
    )


def admit(incoming: Incoming, api_key: str | None) -> None:
    """Raises a `Refusal` for what is asked in the wrong place, in the wrong way, or without the key."""
    path = incoming.path
    if path == CHAT:
        _allow(incoming, "POST")
    elif path == MODELS or path.startswith(f"{MODELS}/"):
        _allow(incoming, "GET")
    else:
        raise Refusal(404, f"There is nothing at {incoming.method} {path[:200]}.", code="unknown_url")
    if api_key is not None:
        _check_key(incoming.header("authorization"), api_key)
    if path == CHAT:
        _check_content(incoming)


def _allow(incoming: Incoming, method: str) -> None:
    if incoming.method != method:
        message = f"{incoming.method} is not allowed here; use {method}."
        raise Refusal(405, message, code="method_not_allowed", headers={"allow": f"{method}, OPTIONS"})


def _check_key(given: str | None, api_key: str) -> None:
    scheme, _, key = (given or "").strip().partition(" ")
    challenge = {"www-authenticate": 'Bearer realm="chatconform"'}
    if scheme.lower() != "bearer" or not key.strip():
        raise Refusal(401, "No API key was given. Send it as `Authorization: Bearer KEY`.", headers=challenge)
    if not compare_digest(key.strip().encode("latin-1"), api_key.encode()):
        raise Refusal(401, "The API key is not correct.", code="invalid_api_key", headers=challenge)


def _check_content(incoming: Incoming) -> None:
    kind, *parameters = (part.strip().lower() for part in (incoming.header("content-type") or "").split(";"))
    if kind != "application/json":
        raise Refusal(415, "The body must be sent as `Content-Type: application/json`.", code="unsupported_media_type")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in {"utf-8", "utf8", "us-ascii"}:
            raise Refusal(415, "JSON is read as UTF-8, and as nothing else.", code="unsupported_media_type")
    if (incoming.header("content-encoding") or "identity").lower() != "identity":
        raise Refusal(415, "A body in a content coding is not read.", code="unsupported_media_type")


def parse(body: bytes) -> Any:
    """The JSON value of a body. Raises a `Refusal` where it is no strict JSON text."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid(None, f"The body is no JSON that can be read: {error}.", "invalid_json") from None


def _usual_headers(incoming: Incoming) -> Headers:
    usual = [
        ("x-request-id", f"req_{token_hex(12)}"),
        ("openai-version", VERSION),
        ("openai-processing-ms", "1"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-remaining-requests", "9999"),
        ("x-ratelimit-reset-requests", "6ms"),
    ]
    if (origin := incoming.header("origin")) is not None:
        usual += [("access-control-allow-origin", origin), ("access-control-expose-headers", "*"), ("vary", "Origin")]
    return tuple(usual)


@dataclass(slots=True)
class Service:
    """A pipeline at work: it gives out the tickets, and answers whatever comes."""

    stages: Pipeline
    models: tuple[str, ...]
    started: int = field(default_factory=lambda: int(time.time()))
    _turns: OrderedDict[bytes, int] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def answer(self, incoming: Incoming) -> Reply:
        """The reply to a request; a refusal is one too."""
        try:
            reply = self._served(incoming)
        except Refusal as refusal:
            reply = self.refused(refusal)
        except Hangup:
            raise
        except Exception:  # a fault of ours must not end the connection, nor tell what we look like inside
            reply = self.refused(Refusal(500, "The server failed.", code="server_error", type="server_error"))
        return self.stages.finish(incoming, reply)

    def refused(self, refusal: Refusal) -> Reply:
        """The reply that tells of a refusal."""
        status, told = self.stages.refuse(refusal)
        return _json(status, told, tuple(refusal.headers.items()))

    def _served(self, incoming: Incoming) -> Reply:
        if incoming.method == "OPTIONS":
            return _preflight(incoming)
        self.stages.admit(incoming)
        if incoming.path != CHAT:
            return self._listed(incoming.path.removeprefix(MODELS).removeprefix("/"))
        body = incoming.asked = self.stages.parse(incoming.body)
        self.stages.validate(body)
        made = self.stages.complete(body, self._ticket(incoming.body))
        if isinstance(body, dict) and body.get("stream"):
            headers = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))
            return Reply(200, headers, events=self.stages.events(self.stages.chunks(body, made)), generated=True)
        return replace(_json(200, made), generated=True)

    def _listed(self, name: str) -> Reply:
        told = [
            {"id": model, "object": "model", "created": self.started, "owned_by": "chatconform"}
            for model in self.models
        ]
        if not name:
            return _json(200, {"object": "list", "data": told})
        for model in told:
            if model["id"] == name:
                return _json(200, model)
        raise Refusal(404, f"The model {name[:80]!r} does not exist.", param="model", code="model_not_found")

    def _ticket(self, body: bytes) -> Ticket:
        """What the next answer bears: the turn counts how often the very same request was made before."""
        digest = blake2b(body, digest_size=16).digest()
        with self._lock:
            turn = self._turns.pop(digest, -1) + 1
            self._turns[digest] = turn
            if len(self._turns) > MOST_TURNS:
                self._turns.popitem(last=False)
        return Ticket(f"chatcmpl-{token_hex(12)}", int(time.time()), turn)


def _json(status: int, value: Any, headers: Headers = ()) -> Reply:
    return Reply(status, (("content-type", "application/json"), *headers), orjson.dumps(value))


def _preflight(incoming: Incoming) -> Reply:
    """What a browser asks before it asks."""
    wanted = incoming.header("access-control-request-headers") or "authorization, content-type"
    return Reply(
        204,
        (
            ("allow", "GET, POST, OPTIONS"),
            ("access-control-allow-methods", "GET, POST, OPTIONS"),
            ("access-control-allow-headers", wanted),
            ("access-control-max-age", "600"),
        ),
    )
