"""The likeliest tokens at each place of a text: as many as were asked for, the likeliest first."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import count, gives
from chatconform.rules.capabilities import TOP_LOGPROBS
from chatconform.rules.plain import answers_plainly
from chatconform.rules.response.logprobs import ABOVE_ZERO, entries, has_logprobs, is_number

if TYPE_CHECKING:
    from collections.abc import Iterator

SURE_NOT: Final = -1000.0
"""Below this a number only says "very unlikely", and several tokens share it."""


def _asks_for_likeliest(exchange: Exchange) -> bool:
    return exchange.asked.get("logprobs") is True and 1 <= (count(exchange.asked.get("top_logprobs")) or 0) <= 20


@rule(
    "response.likeliest.are-told",
    Level.SHOULD,
    on=Part.ANSWER,
    source="CreateChatCompletionRequest.top_logprobs",
    when=every(gives("top_logprobs"), has_logprobs, _asks_for_likeliest),
    needs=TOP_LOGPROBS,
    idle_where=answers_plainly,
)
def are_told(exchange: Exchange) -> Iterator[Finding]:
    """With `top_logprobs` the entries list the likeliest tokens.

    Who gets none was not told that the parameter is ignored. Judged on every answer with log probabilities: at one
    token at the least the list is not empty.
    """
    found = list(entries(exchange))
    if all(entry.value.get("top_logprobs") == [] for entry in found):
        shown = f"is empty at every token for top_logprobs={tell(exchange.asked.get('top_logprobs'))}"
        yield Finding(
            f"{found[0].pointer}/top_logprobs", shown, expected="the likeliest tokens, or a 400 that names it"
        )


@rule(
    "response.likeliest.are-no-more-than-asked",
    Level.MUST,
    on=Part.ANSWER,
    source="CreateChatCompletionRequest.top_logprobs",
    when=every(gives("top_logprobs"), has_logprobs, lambda exchange: count(exchange.asked["top_logprobs"]) is not None),
    idle_where=answers_plainly,
)
def are_no_more_than_asked(exchange: Exchange) -> Iterator[Finding]:
    """`top_logprobs` lists no more tokens than were asked for.

    Who asks for two reserves room for two. Judged on every entry of answers to requests with `top_logprobs`. Fewer may
    come: a grammar can leave a single token possible.
    """
    most = count(exchange.asked.get("top_logprobs")) or 0
    for entry in entries(exchange):
        if len(entry.top) > most:
            shown = f"{len(entry.top)} tokens for top_logprobs={tell(most)}"
            yield Finding(f"{entry.pointer}/top_logprobs", shown, expected=f"at most {tell(most)}")


@rule(
    "response.likeliest.are-absent-unless-asked-for",
    Level.SHOULD,
    on=Part.ANSWER,
    source="CreateChatCompletionRequest.top_logprobs",
    when=every(has_logprobs, lambda exchange: exchange.asked.get("top_logprobs") is None),
    idle_where=answers_plainly,
)
def are_absent_unless_asked_for(exchange: Exchange) -> Iterator[Finding]:
    """Without `top_logprobs` the entries list no likely tokens.

    Twenty of them make an answer twenty times as long. Judged on every answer with log probabilities to a request
    without `top_logprobs`.
    """
    for entry in entries(exchange):
        if entry.top:
            shown = f"{len(entry.top)} tokens, and top_logprobs was not asked for"
            yield Finding(f"{entry.pointer}/top_logprobs", shown, expected="[]")
            return


@rule(
    "response.likeliest.come-in-order",
    Level.MUST,
    on=Part.ANSWER,
    source="ChatCompletionTokenLogprob.top_logprobs",
    when=every(has_logprobs, lambda exchange: any(len(entry.top) > 1 for entry in entries(exchange))),
    idle_where=answers_plainly,
)
def come_in_order(exchange: Exchange) -> Iterator[Finding]:
    """`top_logprobs` begins with the likeliest token and goes down from there, each token once.

    Programs that classify by the first token read only the first of the list, or sum over it. Judged on every entry
    with several tokens; the token that was chosen may stand anywhere among them.
    """
    for entry in entries(exchange):
        others = [one for one in entry.top if one.get("token") != entry.value.get("token")]
        numbers = [one["logprob"] for one in others if is_number(one.get("logprob"))]
        if any(after > before + ABOVE_ZERO for before, after in pairwise(numbers)):
            yield Finding(
                f"{entry.pointer}/top_logprobs", f"the order is {tell(numbers)}", expected="the likeliest first"
            )
        seen: set[str] = set()
        for number, one in enumerate(entry.top):
            likely = is_number(one.get("logprob")) and one["logprob"] > SURE_NOT
            same = f"{one.get('token')!r} {one.get('bytes')!r} {one.get('logprob')!r}"
            if likely and one.get("token") and same in seen:
                place = f"{entry.pointer}/top_logprobs/{number}"
                yield Finding(place, f"{tell(one['token'])} stands there twice", expected="each token once")
            seen.add(same)
