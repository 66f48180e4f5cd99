"""Rules on what the chunks of a stream add to a choice: the role, once, and pieces of text that are only added."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import kept, listed
from chatconform.rules.capabilities import STREAM
from chatconform.rules.stream.framing import has_half_a_character
from chatconform.rules.stream.parts import TEXTS, additions, answers, by_choice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.rules.stream.parts import Addition

TYPE: Final = "ChatCompletionStreamResponseDelta"
KNOWN: Final = frozenset({"role", "content", "refusal", "tool_calls", "function_call", "audio"})
REPLACEMENT: Final = "\ufffd"
ENOUGH_PIECES: Final = 4
ENOUGH_TEXT: Final = 16
ENOUGH_LETTERS: Final = 6
"""So many pieces, characters and different characters tell a repeated text from a model that repeats itself."""


def adds_to_choices(exchange: Exchange) -> bool:
    """Whether a stream adds anything to a choice."""
    return bool(additions(exchange))


def adds_in_order(exchange: Exchange) -> bool:
    """Whether a stream adds to choices, and what it adds can be told in order."""
    return bool(by_choice(exchange))


@rule(
    "stream.deltas.role-comes-first",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.role",
    needs=STREAM,
    when=adds_in_order,
)
def role_comes_first(exchange: Exchange) -> Iterator[Finding]:
    """The first delta of each choice carries the role `assistant`.

    The official Node SDK ends with "missing role for choice 0" without it, the Python one leaves the role null, and the
    message cannot be sent back as history. Judged on every choice of every stream: answers of no text, of tool calls
    alone, and cut after one token as well.
    """
    for index, found in by_choice(exchange).items():
        first = next((one for one in found if isinstance(one.value.get("delta"), dict)), None)
        if first is None or (role := first.delta.get("role")) == "assistant":
            continue
        later = next((one for one in found if one.delta.get("role") is not None), None)
        if role is not None:
            yield Finding(f"{first.pointer}/delta/role", f"is {tell(role)}", "assistant")
        else:
            when = f"comes in event {later.event} only" if later else "never comes"
            yield Finding(f"{first.pointer}/delta", f"lacks `role`, which {when} for choice {tell(index)}", "assistant")


@rule(
    "stream.deltas.role-comes-once",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.role",
    needs=STREAM,
    when=adds_in_order,
)
def role_comes_once(exchange: Exchange) -> Iterator[Finding]:
    """No delta of a choice after its first carries the role again.

    Clients add deltas up: the official Python SDK makes "assistantassistant" of a role that comes twice, and others
    choke on an empty one. Judged on every choice of every stream.
    """
    for found in by_choice(exchange).values():
        given: Any = None
        for one in found:
            role = one.delta.get("role")
            if role is not None and given is not None:
                message = f"is {tell(role)} after {tell(given)} in an earlier delta"
                yield Finding(f"{one.pointer}/delta/role", message, "no role after the first")
            given = role if given is None else given


@rule(
    "stream.deltas.content-is-text",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.content",
    needs=STREAM,
    when=adds_to_choices,
)
def content_is_text(exchange: Exchange) -> Iterator[Finding]:
    """The `content` and the `refusal` of a delta are strings or null.

    Clients append them: a list or an object becomes "[object Object]" in the official Node SDK. Judged on every delta.
    """
    for one in additions(exchange):
        for key in TEXTS:
            if (value := one.delta.get(key)) is not None and not isinstance(value, str):
                yield Finding(f"{one.pointer}/delta/{key}", f"is {tell(value)}", "a string or null")


@rule(
    "stream.deltas.text-is-only-added",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.content",
    needs=STREAM,
    when=lambda exchange: any(one.delta.get("content") for one in additions(exchange)),
)
def text_is_only_added(exchange: Exchange) -> Iterator[Finding]:
    """A delta holds what is new, never the text so far or the whole of it again.

    Readers see every word twice otherwise. Judged on every choice: each delta the one before and more, or a last one
    that equals all before it, where the text is too long and varied for a model that repeats itself.
    """
    for found in by_choice(exchange).values():
        pieces = [(one, text) for one in found if isinstance(text := one.delta.get("content"), str) and text]
        texts = [text for _, text in pieces]
        if len(pieces) < ENOUGH_PIECES:
            continue
        last = pieces[-1][0]
        before = "".join(texts[:-1])
        if _is_varied(texts[-1]) and all(b.startswith(a) and b != a for a, b in pairwise(texts)):
            yield Finding(f"{last.pointer}/delta/content", "each delta repeats the text so far", "only what is new")
        elif texts[-1] == before and _is_varied(before):
            yield Finding(f"{last.pointer}/delta/content", "repeats the whole text at the end", "only what is new")


@rule(
    "stream.deltas.characters-are-whole",
    Level.MUST,
    on=Part.STREAM,
    source="RFC 8259 section 8",
    needs=STREAM,
    when=answers,
)
def characters_are_whole(exchange: Exchange) -> Iterator[Finding]:
    """No character is cut in two by the border between two deltas.

    A character of several bytes can span tokens; sent in halves it reaches the reader as replacement characters, or as
    half a surrogate pair that no JSON parser takes. Judged on every stream: by lone surrogates, and by replacement
    characters where the log probabilities tell bytes without any.
    """
    for number, event in enumerate(exchange.events):
        if not isinstance(exchange.chunks[number], dict) and has_half_a_character(event.data):
            yield Finding(f"/{number}", f"{tell(event.data)} holds half a surrogate pair", "whole characters")
    for found in by_choice(exchange).values():
        told = _bytes_told(found)
        bad = next((one for one in found if exchange.events[one.event].valid_utf8 and _is_broken(one)), None)
        if bad is not None and told is not None and REPLACEMENT not in told:
            text = tell(bad.delta["content"])
            yield Finding(
                f"{bad.pointer}/delta/content", f"{text} stands for parts of {tell(told)}", "whole characters"
            )


@rule(
    "stream.deltas.tool-calls-are-absent-without-calls",
    Level.SHOULD,
    on=Part.STREAM,
    source=f"{TYPE}.tool_calls",
    needs=STREAM,
    published=Level.MUST,
    when=adds_to_choices,
)
def tool_calls_are_absent_without_calls(exchange: Exchange) -> Iterator[Finding]:
    """A delta without a tool call has no `tool_calls` and no `function_call`, rather than null or an empty list.

    Clients that look whether the key is there take it for a call, and typed ones refuse the null. Judged on every
    delta.
    """
    for one in additions(exchange):
        for key, empty in (("tool_calls", (None, [])), ("function_call", (None,))):
            if key in one.delta and one.delta[key] in empty:
                yield Finding(f"{one.pointer}/delta/{key}", f"is {tell(one.delta[key])}", "no such key")


@rule(
    "stream.deltas.unset-is-absent",
    Level.INFO,
    on=Part.STREAM,
    source=TYPE,
    needs=STREAM,
    published=Level.MUST,
    when=adds_to_choices,
)
def unset_is_absent(exchange: Exchange) -> Iterator[Finding]:
    """What a chunk does not tell is left out of it, where the published type knows no null for it.

    The official SDKs take null for absent; clients generated from the published types refuse it. Judged on
    `system_fingerprint` and `obfuscation` of every chunk, and on `role` of every delta.
    """
    for number, chunk in enumerate(exchange.chunks):
        for key in ("system_fingerprint", "obfuscation"):
            if isinstance(chunk, dict) and key in chunk and chunk[key] is None:
                yield Finding(f"/{number}/{key}", "is null", "no such key")
    for one in additions(exchange):
        if "role" in one.delta and one.delta["role"] is None:
            yield Finding(f"{one.pointer}/delta/role", "is null", "no such key")


@rule(
    "stream.deltas.extension-lists-have-indexes",
    Level.SHOULD,
    on=Part.STREAM,
    source="official Python SDK",
    needs=STREAM,
    when=adds_to_choices,
)
def extension_lists_have_indexes(exchange: Exchange) -> Iterator[Finding]:
    """The objects in a list that a vendor adds to deltas carry an `index`.

    The accumulator of the official Python SDK raises a RuntimeError where such a list comes in a second delta without.
    Judged on every stream, by lists of objects under keys that the published type does not know.
    """
    for one, key, value in _extensions_met_again(exchange):
        for number, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, dict) and type(item.get("index")) is not int:
                yield Finding(f"{one.pointer}/delta/{key}/{number}", f"{tell(item)} has no `index`", "an integer index")


@rule(
    "stream.deltas.extension-scalars-are-text",
    Level.SHOULD,
    on=Part.STREAM,
    source="official Python SDK",
    needs=STREAM,
    when=adds_to_choices,
)
def extension_scalars_are_text(exchange: Exchange) -> Iterator[Finding]:
    """A number that a vendor adds to deltas does not come in more than one of them.

    The accumulator of the official Python SDK adds such numbers up, as it joins strings. Judged on every stream, by
    numbers under keys that the published type does not know.
    """
    for one, key, value in _extensions_met_again(exchange):
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield Finding(f"{one.pointer}/delta/{key}", f"{tell(value)} is added to the one before", "text")


def _extensions_met_again(exchange: Exchange) -> Iterator[tuple[Addition, str, Any]]:
    """The values under unknown keys of deltas whose choice had the key before, with the key."""
    for found in by_choice(exchange).values():
        seen: set[str] = set()
        for one in found:
            for key, value in one.delta.items():
                if key not in KNOWN and value is not None:
                    if key in seen:
                        yield one, key, value
                    seen.add(key)


def _is_varied(text: str) -> bool:
    """Whether a text is too long and too varied to be a model's own repetition."""
    periodic = text in (text + text)[1:-1]
    return len(text) >= ENOUGH_TEXT and len(set(text)) >= ENOUGH_LETTERS and not periodic


def _is_broken(one: Addition) -> bool:
    content = one.delta.get("content")
    return isinstance(content, str) and REPLACEMENT in content


def _bytes_told(found: Sequence[Addition]) -> str | None:
    """The text that the bytes of a choice's log probabilities spell; None where they tell none, or no text."""
    told: list[int] = []
    for one in found:
        for entry in listed(kept(one.value, "logprobs").get("content")):
            if not isinstance(entry.get("bytes"), list):
                return None
            told += entry["bytes"]
    try:
        return bytes(told).decode() if told else None
    except (ValueError, TypeError):
        return None
