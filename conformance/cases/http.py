"""HTTP: one request put in many ways, methods and paths that do not exist, keys, and the timing of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.ask import CHAT, Ask
from chatconform.core.case import case
from chatconform.core.secrets import MADE_UP
from chatconform.rules.series.delivery import looks_held_back

if TYPE_CHECKING:
    from chatconform.core.case import Asking, Situation

ORIGIN: Final = "https://app.example"
SDK_HEADERS: Final = {
    "X-Stainless-Lang": "python",
    "X-Stainless-Retry-Count": "0",
    "OpenAI-Organization": "org-conformance",
    "OpenAI-Project": "proj_conformance",
    "OpenAI-Beta": "assistants=v2",
    "Idempotency-Key": "c0f0a9e2-7c6e-4b2a-9d51-3f6d2b8a1e07",
    "Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "Origin": ORIGIN,
}
PREFLIGHT: Final = {
    "Authorization": None,
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-stainless-lang,x-stainless-retry-count",
}
TOLD_ANEW: Final = {"Content-Type": "Application/JSON;charset=UTF-8"}
WHOLE: Final = [
    "response.http.*",
    "response.limits.*",
    "response.errors.*",
    "response.status.input-is-never-a-server-error",
]


@case(
    "http.put-in-many-ways",
    exercises=[
        *WHOLE,
        "response.status.malformed-json-*",
        "response.paths.preflights-*",
        *(f"series.http.{name}-*" for name in ("unknown", "media-type", "chunked", "accept", "connections", "allowed")),
        "series.identity.*",
    ],
    most=11,
)
def put_in_many_ways(situation: Situation) -> Asking:
    """Puts one request into HTTP in every legal way, streams it, and asks as a browser would.

    What is legal together is asked together first, and apart where that is not answered.
    """
    plain = situation.chat(most=4)
    body = plain.body
    yield Ask(b"[" + plain.payload + b"]", about={"variant": "list"})
    yield plain.tagged(variant="none")
    several = yield Ask(
        body, headers={**SDK_HEADERS, **TOLD_ANEW}, chunked=7, about={"variant": "headers media-type chunked"}
    )
    if not several.succeeded:
        yield Ask(body, headers=SDK_HEADERS, about={"variant": "headers"})
        yield Ask(body, headers=TOLD_ANEW, about={"variant": "media-type"})
        yield Ask(body, chunked=7, about={"variant": "chunked"})
    yield Ask(body, headers={"Content-Type": "text/plain"}, about={"variant": "text"})
    yield Ask(plain.payload[:-1], about={"variant": "cut"})
    yield Ask({**body, "stream": True}, headers={"Accept": "application/json"}, about={"variant": "accept-json"})
    yield Ask({**body, "stream": True}, headers={"Accept": "*/*"}, about={"variant": "accept-any"})
    yield Ask(method="OPTIONS", headers=PREFLIGHT)


@case(
    "http.keys",
    exercises=["response.keys.*", "series.http.open-servers-take-any-key", "response.errors.*"],
    most=3,
)
def keys(situation: Situation) -> Asking:
    """Asks without a key and with a made-up one; and as usual, where only the made-up one is refused."""
    body = situation.chat(most=4).body
    missing = yield Ask(body, headers={"Authorization": None}, about={"key": "missing"})
    made_up = f"Bearer sk-{MADE_UP}-{situation.random.randrange(16**40):040x}"
    wrong = yield Ask(body, headers={"Authorization": made_up}, about={"key": "wrong"})
    if missing.succeeded and not wrong.succeeded:
        yield Ask(body)


@case("http.methods-and-paths", exercises=["response.paths.*", "response.http.no-redirect"], most=4)
def methods_and_paths(situation: Situation) -> Asking:
    """Uses methods and paths that do not exist."""
    body = situation.chat(most=4).body
    yield Ask(method="GET")
    yield Ask(body, method="PUT")
    yield Ask(body, path="/chat/completionz", about={"unknown_path": True})
    yield Ask(body, path=f"{CHAT}/")


@case(
    "http.delivery",
    exercises=[
        "series.delivery.*",
        "response.http.streams-are-not-cached",
        "stream.framing",
        "stream.errors",
        "stream.chunks",
        "stream.deltas",
        "stream.finish",
        "stream.usage.is-absent-when-off",
    ],
    most=4,
    alone=True,
)
def delivery(situation: Situation) -> Asking:
    """Streams a short answer and a long one, without any option; and both again where the long one came at once."""
    prompt = "Write a long story about a lighthouse."
    for _ in range(2):
        short = yield situation.chat(prompt, most=1, stream=True).tagged(delivery="short")
        long = yield situation.chat(prompt, most=96, stream=True).tagged(delivery="long")
        if not looks_held_back(long, [short]):
            return
