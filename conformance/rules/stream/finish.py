"""Rules on how the choices of a stream end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import STREAM
from chatconform.rules.stream.parts import by_choice, done_at, ended, fails

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange
    from chatconform.rules.stream.parts import Addition

SOURCE: Final = "CreateChatCompletionStreamResponse.choices.finish_reason"
REASONS: Final = ("stop", "length", "tool_calls", "content_filter", "function_call")


def has_come_to_its_end(exchange: Exchange) -> bool:
    """Whether a stream adds to choices and came to the end that the server gave it."""
    return bool(by_choice(exchange)) and not fails(exchange) and (ended(exchange) or _is_done(exchange))


def has_finished_choices(exchange: Exchange) -> bool:
    """Whether any choice of a stream tells why it ended."""
    return any(_finishes(one) for found in by_choice(exchange).values() for one in found)


@rule(
    "stream.finish.comes-once-per-choice",
    Level.MUST,
    on=Part.STREAM,
    source=SOURCE,
    needs=STREAM,
    when=has_come_to_its_end,
)
def comes_once_per_choice(exchange: Exchange) -> Iterator[Finding]:
    """Each choice tells exactly once why it ended.

    Without a finish reason the official Node SDK raises and others cannot tell a whole answer from a broken one; of two
    some clients take the first, some the last, and some join them. Judged on every choice of every stream that came to
    its end without telling an error.
    """
    for index, found in by_choice(exchange).items():
        ends = [one for one in found if _finishes(one)]
        if not ends:
            message = f"choice {tell(index)} never tells why it ended"
            yield Finding(f"{found[-1].pointer}/finish_reason", message, "a finish reason before the end of the stream")
        for again in ends[1:]:
            first, reason = tell(ends[0].value["finish_reason"]), tell(again.value["finish_reason"])
            message = f"choice {tell(index)} ends with {reason} after it ended with {first}"
            yield Finding(f"{again.pointer}/finish_reason", message, "one finish reason")


@rule(
    "stream.finish.reason-is-one-of-five",
    Level.MUST,
    on=Part.STREAM,
    source=SOURCE,
    needs=STREAM,
    when=has_finished_choices,
)
def reason_is_one_of_five(exchange: Exchange) -> Iterator[Finding]:
    """A finish reason is one of `stop`, `length`, `tool_calls`, `content_filter`, `function_call`.

    Programs branch on it: whether to run tools, to ask for the rest, or to trust the text. Names of an engine's own
    (`eos`, `end_turn`, `eos_token`) lead nowhere. Judged on every finish reason of every stream.
    """
    for found in by_choice(exchange).values():
        for one in found:
            reason = one.value.get("finish_reason")
            if _finishes(one) and reason not in REASONS:
                yield Finding(f"{one.pointer}/finish_reason", f"is {tell(reason)}", ", ".join(REASONS))


@rule(
    "stream.finish.nothing-is-added-after",
    Level.MUST,
    on=Part.STREAM,
    source=SOURCE,
    needs=STREAM,
    when=has_finished_choices,
)
def nothing_is_added_after(exchange: Exchange) -> Iterator[Finding]:
    """Nothing is added to a choice after it told why it ended.

    Clients hand the answer on when it ends; what comes later is lost, or starts another one. Judged on every choice
    that ended.
    """
    for found in by_choice(exchange).values():
        over = False
        for one in found:
            if over and (key := one.adds):
                yield Finding(f"{one.pointer}/delta/{key}", f"{tell(one.delta[key])} comes after the end", "nothing")
            over = over or _finishes(one)


@rule(
    "stream.finish.delta-is-empty",
    Level.INFO,
    on=Part.STREAM,
    source="clients that drop text from the last delta",
    needs=STREAM,
    when=has_finished_choices,
)
def delta_is_empty(exchange: Exchange) -> Iterator[Finding]:
    """The chunk that ends a choice adds nothing to it.

    Text beside a finish reason is legal, yet several clients drop it. Judged on every choice that ended.
    """
    for found in by_choice(exchange).values():
        for one in found:
            if _finishes(one) and (key := one.adds):
                yield Finding(f"{one.pointer}/delta/{key}", f"adds {tell(one.delta[key])}", "an empty delta")


def _finishes(one: Addition) -> bool:
    return one.value.get("finish_reason") not in (None, "")


def _is_done(exchange: Exchange) -> bool:
    return done_at(exchange) is not None
