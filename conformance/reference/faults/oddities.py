"""Faults at odd input: broken text, double keys, template markup, prompts that fit nowhere, and what they leave."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chatconform.reference.faults.fault import fault
from chatconform.reference.faults.making import Body, on_completion, on_refusals, on_replies, on_request, on_text
from chatconform.reference.refusal import Refusal, invalid

if TYPE_CHECKING:
    from chatconform.reference.pipeline import Incoming, Parse, Reply, Validate

LARGE = 1_000_000


@on_text("response.odd.broken-text-is-refused", also=("response.status.malformed-json-*",))
def broken_text_is_mended(parse: Parse, body: bytes) -> Any:
    """Puts question marks for bytes that are no UTF-8."""
    return parse(body.decode(errors="replace").encode())


@on_text("response.odd.byte-order-marks-are-skipped-or-refused")
def byte_order_mark_is_unprocessable(parse: Parse, body: bytes) -> Any:
    """Refuses a byte order mark with status 422."""
    if body.startswith(b"\xef\xbb\xbf"):
        raise Refusal(422, "The body begins with a byte order mark.", code="invalid_json")
    return parse(body)


@on_text("response.odd.last-of-double-keys-counts")
def first_of_double_keys_counts(parse: Parse, body: bytes) -> Any:
    """Keeps the first of the values of a key that stands twice."""
    value = parse(body)
    return json.loads(body, object_pairs_hook=lambda pairs: dict(reversed(pairs))) if len(body) < LARGE else value


@on_text("series.resilience.blanks-change-nothing")
def blanks_are_refused(parse: Parse, body: bytes) -> Any:
    """Refuses a body that begins with a blank."""
    if body[:1].isspace():
        raise invalid(None, "The body begins with a blank.", "invalid_json")
    return parse(body)


@on_completion("series.resilience.template-markup-is-text", streams=True)
def template_markup_is_read(body: Body, completion: Body) -> None:
    """Reads the marks of a chat template in a user's words as its own."""
    marks = sum(str(message.get("content")).count("<|im_end|>") for message in body["messages"])
    usage = completion["usage"]
    usage["prompt_tokens"] -= 6 * marks
    usage["total_tokens"] -= 6 * marks


@fault("validate", "series.survival.next-request-succeeds", also=("*",))
def refusals_break_later_answers(validate: Validate) -> Validate:
    """Fails every answer of exactly eight tokens once it was given messages that are no list."""
    broken = [False]

    def faulty(body: Any) -> None:
        if isinstance(body, dict) and "messages" in body:
            broken[0] = broken[0] or not isinstance(body["messages"], list)
        validate(body)
        if broken[0] and 8 in (body.get("max_tokens"), body.get("max_completion_tokens")):
            raise Refusal(500, "The engine is gone.", code="server_error", type="server_error")

    return faulty


@on_refusals("series.context.overflow-is-named")
def overflow_has_no_code(refusal: Refusal, status: int, body: Body) -> tuple[int, Any]:
    """Refuses a prompt that is too long without the code that says so."""
    if refusal.code == "context_length_exceeded":
        body["error"]["code"] = None
    return status, body


@on_request("series.context.prompts-are-not-cut")
def long_prompts_are_cut(body: Body) -> Body:
    """Cuts a prompt that is too long in silence."""
    messages = [
        {**message, "content": message["content"][:200_000]} if isinstance(message.get("content"), str) else message
        for message in body["messages"]
    ]
    return {**body, "messages": messages}


@on_replies("series.errors.streams-are-refused-alike")
def streams_are_refused_otherwise(incoming: Incoming, reply: Reply) -> Reply:
    """Refuses streams with status 422 where whole answers are refused with 400."""
    streamed = isinstance(incoming.asked, dict) and incoming.asked.get("stream") is True
    return replace(reply, status=422) if streamed and reply.status == 400 else reply
