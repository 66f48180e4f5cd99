"""The choices of an answer: as many as were asked for, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import count
from chatconform.rules.capabilities import N
from chatconform.rules.plain import answers_plainly
from chatconform.rules.reading import choices, whole

if TYPE_CHECKING:
    from collections.abc import Iterator


def wanted(exchange: Exchange) -> int | None:
    """How many choices were asked for; None where `n` is no number that may be asked for."""
    n = exchange.asked.get("n")
    if n is None:
        return 1
    n = count(n)
    return n if n is not None and 1 <= n <= 128 else None


def _is_countable(exchange: Exchange) -> bool:
    """Whether the choices are there to be counted: a list in a completion, or a stream that came to its end."""
    if wanted(exchange) is None:
        return False
    return whole(exchange) if exchange.is_stream else isinstance((exchange.completion or {}).get("choices"), list)


@rule(
    "response.choices.are-as-many-as-asked",
    Level.MUST,
    on=Part.ANSWER,
    source="CreateChatCompletionRequest.n",
    when=_is_countable,
    needs=N,
)
def are_as_many_as_asked(exchange: Exchange) -> Iterator[Finding]:
    """An answer has exactly `n` choices, one where `n` is not given.

    Every client reads `choices[0]`, and one that asks for three drafts counts on three. A server that cannot give
    several says so with a 400. Judged on every completion and on every stream that came to its end.
    """
    answer = exchange.answer or {}
    found = answer.get("choices")
    if isinstance(found, list) and len(found) != wanted(exchange):
        pointer = "" if exchange.is_stream else "/choices"
        expected = f"{wanted(exchange)}, or a 400 that names `n`" if len(found) else f"{wanted(exchange)}"
        yield Finding(pointer, f"{len(found)} choices for n={tell(exchange.asked.get('n', 1))}", expected=expected)


@rule(
    "response.choices.indexes-count-from-zero",
    Level.MUST,
    on=Part.ANSWER,
    source="CreateChatCompletionResponse.choices",
    when=_is_countable,
    kept_where=answers_plainly,
)
def indexes_count_from_zero(exchange: Exchange) -> Iterator[Finding]:
    """The indexes of the choices are 0, 1, 2 and so on, each once.

    Clients put choices into their places by `index`. Judged on every completion and on every stream that came to its
    end, in any order.
    """
    found = choices(exchange)
    indexes = [count(choice.value.get("index")) for choice in found]
    if None in indexes or not found:
        return
    if sorted(index for index in indexes if index is not None) != list(range(len(found))):
        pointer = "" if exchange.is_stream else "/choices"
        yield Finding(pointer, f"the indexes are {tell(indexes)}", expected=f"{tell(list(range(len(found))))}")


@rule(
    "response.choices.logprobs-key-is-there",
    Level.INFO,
    on=Part.COMPLETION,
    source="CreateChatCompletionResponse.choices",
    published=Level.MUST,
)
def logprobs_key_is_there(exchange: Exchange) -> Iterator[Finding]:
    """Every choice has the key `logprobs`, null where none were asked for.

    The published type requires it, most servers leave it out, and the official SDKs do not mind; strictly typed clients
    do. Judged on every completion that did not ask for log probabilities.
    """
    if exchange.asked.get("logprobs") is True:
        return
    for choice in choices(exchange):
        if "logprobs" not in choice.value:
            yield Finding(f"/choices/{choice.position}", "lacks `logprobs`", expected="null")


def objects(value: Any) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a list with their places; nothing for anything else."""
    return [(i, item) for i, item in enumerate(value) if isinstance(item, dict)] if isinstance(value, list) else []
