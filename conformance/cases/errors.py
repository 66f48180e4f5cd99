"""Errors: requests that nobody can answer, asked for whole answers and for streams, and a plain one after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.ask import Ask
from chatconform.core.case import case

if TYPE_CHECKING:
    from chatconform.core.case import Asking, Situation

ENVELOPE: Final = [
    "response.errors.*",
    "response.http.json-is-declared",
    "response.status.input-is-never-a-server-error",
]


def _both_ways(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The same request for a whole answer and for a stream."""
    return [body, {**body, "stream": True}]


@case(
    "errors.malformed-bodies",
    exercises=["response.status.malformed-json-*", *ENVELOPE],
    most=3,
)
def malformed_bodies(situation: Situation) -> Asking:
    """Sends bodies that are no JSON object: nothing, a cut object, and a list."""
    whole = situation.chat(most=8).payload
    for body in (b"", whole[: len(whole) * 2 // 3], b"[" + whole + b"]"):
        yield Ask(body)


@case(
    "errors.unknown-model",
    exercises=[
        "response.status.unknown-model-*",
        "response.status.a-refused-stream-is-no-stream",
        "series.errors.*",
        *ENVELOPE,
    ],
    most=2,
)
def unknown_model(situation: Situation) -> Asking:
    """Names a model that cannot exist."""
    name = f"no-such-model-{situation.random.randrange(16**12):012x}"
    for body in _both_ways({**situation.chat(most=8).body, "model": name}):
        yield Ask(body, about={"unknown_model": True})


@case(
    "errors.refused-both-ways",
    exercises=[
        "response.status.a-refused-stream-is-no-stream",
        "response.naming.param-names-the-field",
        "series.errors.*",
        "series.survival.*",
        *ENVELOPE,
    ],
    most=3,
)
def refused_both_ways(situation: Situation) -> Asking:
    """Puts a text in place of the messages, for a whole answer and for a stream, and then asks properly."""
    for body in _both_ways({**situation.chat(most=8).body, "messages": "Say something short."}):
        yield Ask(body)
    yield situation.chat(most=8).tagged(probe=True)


@case("errors.unknown-fields", exercises=["series.errors.unknown-fields-meet-one-policy", *ENVELOPE], most=2)
def unknown_fields(situation: Situation) -> Asking:
    """Adds a field that nobody knows: to the request, and to a content part of a message."""
    field: dict[str, Any] = {"x_conformance_probe": 1}
    part = {"type": "text", "text": "Say something short.", **field}
    yield situation.chat(most=8, **field).tagged(unknown_field=True)
    yield situation.chat([{"role": "user", "content": [part]}], most=8).tagged(unknown_field=True)


@case(
    "errors.endless-prompt",
    exercises=["series.context.*", "response.http.large-bodies-are-answered", *ENVELOPE],
    most=3,
)
def endless_prompt(situation: Situation) -> Asking:
    """Sends a prompt that no context window holds, after two small ones that show how prompts are counted."""
    sentence = "The quick brown fox jumps over the lazy dog. "
    for repeated in (20, 40, 180_000):
        text = sentence * repeated
        yield situation.chat(text, most=1).tagged(prompt_characters=len(text), large=len(text) > 1_000_000)
