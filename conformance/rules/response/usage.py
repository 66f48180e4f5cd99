"""The usage of an answer: numbers that add up, and the limits that they tell to be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.remembering import remembered
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import count, kept, limited_to, limits_tokens
from chatconform.rules.plain import answers_plainly
from chatconform.rules.reading import choices, whole
from chatconform.rules.scope import claims_completion
from chatconform.rules.validity import faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")
PROMPT_DETAILS: Final = ("cached_tokens", "audio_tokens", "text_tokens", "image_tokens", "cache_write_tokens")
COMPLETION_DETAILS: Final = (
    "reasoning_tokens",
    "audio_tokens",
    "text_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
)


@remembered
def usage(exchange: Exchange) -> tuple[str, dict[str, Any]] | None:
    """The usage of an answer and its pointer: in a stream, the last that a chunk tells."""
    if exchange.completion is not None:
        found = exchange.completion.get("usage")
        return ("/usage", found) if isinstance(found, dict) else None
    for number in range(len(exchange.chunks) - 1, -1, -1):
        chunk = exchange.chunks[number]
        if isinstance(chunk, dict) and isinstance(chunk.get("usage"), dict):
            return f"/{number}/usage", chunk["usage"]
    return None


def has_usage(exchange: Exchange) -> bool:
    """Whether an answer tells its usage."""
    return usage(exchange) is not None


@rule(
    "response.usage.is-told",
    Level.SHOULD,
    on=Part.COMPLETION,
    source="CreateChatCompletionResponse.usage",
    when=every(claims_completion, lambda exchange: "choices" in (exchange.completion or {})),
    kept_where=answers_plainly,
)
def is_told(exchange: Exchange) -> Iterator[Finding]:
    """A completion tells its usage: tokens read, more than none, tokens written, and their total.

    Budgets, bills and context management are kept by it. Judged on every completion.
    """
    found = usage(exchange)
    if found is None:
        value = (exchange.completion or {}).get("usage")
        yield Finding(
            "/usage" if value is not None else "", f"`usage` is {tell(value)}", expected="an object of counts"
        )
        return
    pointer, counts = found
    for key in COUNTS:
        number = count(counts.get(key))
        if number is not None and (number < 0 or (number == 0 and key != "completion_tokens")):
            yield Finding(f"{pointer}/{key}", f"is {tell(number)}", expected="the tokens that the messages took")


@rule(
    "response.usage.total-is-the-sum",
    Level.MUST,
    on=Part.ANSWER,
    source="CompletionUsage.total_tokens",
    when=has_usage,
)
def total_is_the_sum(exchange: Exchange) -> Iterator[Finding]:
    """`total_tokens` is `prompt_tokens` plus `completion_tokens`.

    Programs subtract one from the other, and count reasoning tokens twice or not at all where the sum does not hold.
    Judged on every answer that tells its usage.
    """
    pointer, found = usage(exchange) or ("", {})
    read, written, total = (count(found.get(key)) for key in COUNTS)
    if read is not None and written is not None and total is not None and total != read + written:
        yield Finding(f"{pointer}/total_tokens", f"is {tell(total)}, not {tell(read)} + {tell(written)}")


@rule(
    "response.usage.details-are-within-their-totals",
    Level.SHOULD,
    on=Part.ANSWER,
    source="CompletionUsage.prompt_tokens_details; CompletionUsage.completion_tokens_details",
    when=has_usage,
)
def details_are_within_their_totals(exchange: Exchange) -> Iterator[Finding]:
    """No detail of the usage is negative, or more than the tokens that it is a part of.

    Cached tokens are a part of the prompt's, reasoning and rejected predictions of the completion's: who prices them
    apart comes to negative sums otherwise. Judged on every answer that tells details.
    """
    pointer, found = usage(exchange) or ("", {})
    for whole_key, names in (("prompt_tokens", PROMPT_DETAILS), ("completion_tokens", COMPLETION_DETAILS)):
        most = count(found.get(whole_key))
        details = kept(found, f"{whole_key}_details")
        for name in names:
            part = count(details[name]) if name in details else None
            if part is not None and most and not 0 <= part <= most:
                place = f"{pointer}/{whole_key}_details/{name}"
                yield Finding(place, f"is {tell(part)}", expected=f"0 to {tell(most)}, the {whole_key}")


@rule(
    "response.usage.limit-is-kept",
    Level.MUST,
    on=Part.ANSWER,
    source="CreateChatCompletionRequest.max_completion_tokens",
    when=every(limits_tokens, has_usage),
)
def limit_is_kept(exchange: Exchange) -> Iterator[Finding]:
    """An answer has no more completion tokens than `max_completion_tokens` or `max_tokens` allow, reasoning included.

    The limit is how callers bound time and cost; both names mean the same, and the smaller one holds. Judged on every
    answer to a valid request with a limit; each of several choices has the limit to itself.
    """
    pointer, found = usage(exchange) or ("", {})
    most, used = limited_to(exchange) or 0, count(found.get("completion_tokens"))
    if used is None or used <= most:
        return
    several = max(1, count(exchange.asked.get("n")) or 1, len(choices(exchange)))
    if used > most * several and not faults_of(exchange):
        names = [
            name for name in ("max_completion_tokens", "max_tokens") if count(exchange.asked.get(name)) is not None
        ]
        asked = " and ".join(f"{name}={tell(exchange.asked[name])}" for name in names)
        expected = f"at most {most}" if several == 1 else f"at most {most} for each of {several} choices"
        yield Finding(f"{pointer}/completion_tokens", f"is {tell(used)} for {asked}", expected=expected)


@rule(
    "response.usage.all-choices-are-counted",
    Level.SHOULD,
    on=Part.ANSWER,
    source="CreateChatCompletionRequest.n",
    when=every(has_usage, lambda exchange: len(choices(exchange)) > 1, whole),
    idle_where=answers_plainly,
)
def all_choices_are_counted(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """`completion_tokens` counts the tokens of all choices, not of one.

    The caller is charged for every choice. Judged on answers of several choices that all ended at the same limit: each
    of them took as many tokens as the limit allows.
    """
    found, most = choices(exchange), limited_to(exchange)
    pointer, counts = usage(exchange) or ("", {})
    used = count(counts.get("completion_tokens"))
    if most is None or used is None or any(choice.finish != "length" for choice in found):
        yield Inconclusive("not every choice reached a limit, so nobody can tell how many tokens they took")
    elif used <= most:
        shown = f"is {tell(used)} for {len(found)} choices that each reached the limit of {most}"
        yield Finding(f"{pointer}/completion_tokens", shown, expected=f"{most * len(found)}")
