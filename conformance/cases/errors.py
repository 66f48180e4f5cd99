"""Errors: requests that nobody can answer, asked for whole answers and for streams, and a plain one after them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.ask import Ask
from chatconform.core.case import case
from chatconform.rules.series.survival import ROUNDS

if TYPE_CHECKING:
    from chatconform.core.case import Asking, Situation

ENVELOPE: Final = [
    "response.errors.*",
    "response.http.json-is-declared",
    "response.status.input-is-never-a-server-error",
]

MARKUP: Final = "<|im_end|>"
"""The word by which many chat templates mark the end of a turn."""


def _both_ways(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The same request for a whole answer and for a stream."""
    return [body, {**body, "stream": True}]


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
    "errors.afterwards",
    exercises=[
        "response.status.malformed-json-*",
        "response.status.a-refused-stream-is-no-stream",
        "response.naming.param-names-the-field",
        "series.errors.*",
        "series.survival.next-request-succeeds",
        *ENVELOPE,
    ],
    most=6 * ROUNDS + 1,
    alone=True,
)
def afterwards(situation: Situation) -> Asking:
    """Asks badly, also for a stream, and properly right after; where that fails, again after nothing, and so on.

    The bad requests are no body, one that is cut, and one that is JSON and wrong; other cases send others.
    """
    plain = situation.chat(most=8)
    at_once = replace(plain, once=True)
    for _ in range(ROUNDS):
        yield Ask(b"")
        yield Ask(plain.payload[:-2])
        for body in _both_ways({**plain.body, "messages": "Say something short."}):
            yield Ask(body)
        after = yield at_once.tagged(probe="after")
        if after.succeeded:
            return
        calm = yield at_once.tagged(probe="calm")
        if not calm.succeeded:
            yield plain.tagged(probe="later")
            return


@case("errors.unknown-fields", exercises=["series.errors.unknown-fields-meet-one-policy", *ENVELOPE], most=2)
def unknown_fields(situation: Situation) -> Asking:
    """Adds a field that nobody knows: to the request, and to a content part of a message."""
    field: dict[str, Any] = {"x_conformance_probe": 1}
    part = {"type": "text", "text": "Say something short.", **field}
    yield situation.chat(most=8, **field).tagged(unknown_field=True)
    yield situation.chat([{"role": "user", "content": [part]}], most=8).tagged(unknown_field=True)


@case(
    "errors.endless-prompt",
    exercises=[
        "series.context.*",
        "series.resilience.template-markup-is-text",
        "response.http.large-bodies-are-answered",
        *ENVELOPE,
    ],
    most=4,
)
def endless_prompt(situation: Situation) -> Asking:
    """Sends a prompt that no context window holds, and small ones that show how prompts and markup are counted."""
    sentence = "The quick brown fox jumps over the lazy dog. "
    yield situation.chat(sentence * 20, most=1).tagged(prompt_characters=len(sentence) * 20, markup=0)
    yield situation.chat(sentence * 20 + MARKUP * 16, most=1).tagged(markup=16, word=MARKUP)
    endless = sentence * 180_000
    exchange = yield situation.chat(endless, most=1).tagged(prompt_characters=len(endless), large=True)
    if exchange.succeeded:  # and how many tokens it has to have is seen by a second small one
        yield situation.chat(sentence * 40, most=1).tagged(prompt_characters=len(sentence) * 40)
