"""Requests at the same time do not touch each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.json_text import NOT_JSON
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import count, kept, limit, listed
from chatconform.rules.reading import calls, choices
from chatconform.rules.scope import PASSING
from chatconform.rules.series.forms import has, is_form, of, text
from chatconform.rules.stream.parts import done_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chatconform.core.exchange import Exchange

SOURCE: Final = "RFC 9110 section 3.3: requests do not depend on each other"
GRAM: Final = 5
"""So many letters in a row of a random word do not come about by chance."""
CUT: Final = frozenset({"reset", "closed", "malformed"})
HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One request of a burst: its place in the series, and the random word that only it knows."""

    number: int
    exchange: Exchange

    @property
    def word(self) -> str:
        """The random word in its prompt."""
        word = self.exchange.about.get("word")
        return word if isinstance(word, str) else ""

    @property
    def place(self) -> str:
        """The JSON Pointer of its text."""
        return next((choice.place("content") for choice in choices(self.exchange)), "")


def neighbours(series: Sequence[Exchange], form: str = "neighbour") -> list[Neighbour]:
    """The requests of a burst that are alike but for the word."""
    return [Neighbour(number, one) for number, one in enumerate(series) if is_form(one, form)]


def harmed(exchange: Exchange) -> bool:
    """Whether a good request came to nothing for a reason other than load or time."""
    if exchange.failure is not None:
        return exchange.failure.kind in CUT and done_at(exchange) is None
    return exchange.status is not None and exchange.status >= 400 and exchange.status not in PASSING


def mostly_harmed(found: Sequence[Neighbour]) -> bool:
    """Whether too many of them came to nothing for it to be chance."""
    return bool(found) and sum(harmed(one.exchange) for one in found) >= HALF * len(found)


def _is_lost(exchange: Exchange) -> bool:
    """Whether a good request was dropped or failed; what is refused may be refused for what it asks."""
    return harmed(exchange) and not exchange.refused


def _mostly_lost(found: Sequence[Neighbour]) -> bool:
    """Whether too many of them were dropped or failed for it to be chance."""
    return bool(found) and sum(_is_lost(one.exchange) for one in found) >= HALF * len(found)


def _answered(series: Sequence[Exchange]) -> list[Neighbour]:
    return [one for one in neighbours(series) if one.exchange.answer is not None and one.exchange.succeeded]


@rule(
    "series.isolation.answers-are-not-swapped",
    Level.MUST,
    on=Part.SERIES,
    source=SOURCE,
    when=lambda series: bool(neighbours(series)),
)
def answers_are_not_swapped(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """An answer is that to its own request, however many are asked at the same time.

    Nothing is worse than to read what somebody else was told. Judged on requests at the same time, whole and streamed,
    each with a random word that a schema forces into its answer: no answer holds a part of another's word. Where no
    schema is taken, by the prompt's tokens, which are those that the same request has alone.
    """
    found = _answered(series)
    if len(found) < 2:
        yield Inconclusive("the target answered fewer than two of the requests at the same time")
        return
    for one in found:
        said = text(one.exchange)
        for other in found:
            grams = {other.word[at : at + GRAM] for at in range(len(other.word) - GRAM + 1)}
            if other is not one and (part := next((g for g in grams if g in said and g not in one.word), None)):
                message = f"{tell(said, 50)} holds {tell(part)} of the word that {other.exchange.id} asks for"
                yield Finding(one.place, message, f"the word {tell(one.word)}", one.number)
                break
    yield from _swapped_usage(series, found)


def _swapped_usage(series: Sequence[Exchange], found: Sequence[Neighbour]) -> Iterator[Finding]:
    """Where the prompt's tokens are another request's, and not those that the same request has alone."""
    alone = {one.word: _prompt_tokens(one.exchange) for one in neighbours(series, "again")}
    told = [(one, _prompt_tokens(one.exchange)) for one in found]
    for one, tokens in told:
        due = alone.get(one.word)
        if tokens is None or due is None or tokens == due:
            continue
        others = (other for other in found if other is not one and alone.get(other.word) == tokens)
        if other := next(others, None):
            message = f"prompt_tokens is {tokens}, which are those of {other.exchange.id}"
            yield Finding(f"{_usage_place(one.exchange)}/prompt_tokens", message, f"{due}, as alone", one.number)


@rule(
    "series.isolation.streams-have-their-own-ids",
    Level.MUST,
    on=Part.SERIES,
    source="CreateChatCompletionStreamResponse.id",
    when=lambda series: len(_streams(series)) > 1,
)
def streams_have_their_own_ids(series: Sequence[Exchange]) -> Iterator[Finding]:
    """Streams at the same time have different ids.

    Programs that read several streams at once keep them apart by the id. Judged on all streams of a burst.
    """
    seen: dict[str, Neighbour] = {}
    for one, name in _streams(series):
        if name in seen:
            message = f"is {tell(name)}, as in {seen[name].exchange.id} at the same time"
            yield Finding("/0/id", message, "an id of its own", one.number)
        seen.setdefault(name, one)


def _streams(series: Sequence[Exchange]) -> list[tuple[Neighbour, str]]:
    named = ((one, (one.exchange.answer or {}).get("id")) for one in _answered(series) if one.exchange.is_stream)
    return [(one, name) for one, name in named if isinstance(name, str) and name]


@rule(
    "series.isolation.bad-request-fails-alone",
    Level.MUST,
    on=Part.SERIES,
    source=SOURCE,
    when=lambda series: any(is_form(one, "poison") for one in series) and bool(neighbours(series)),
)
def bad_request_fails_alone(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """A bad request among good ones at the same time fails alone.

    Engines that serve requests in batches have lost the whole batch to one of them. Judged on good requests beside
    malformed ones: where half of them or more come to nothing, the same ones are asked without the bad ones, which must
    go well, and then with them again.
    """
    found = neighbours(series)
    if not mostly_harmed(found):
        return
    clean, again = neighbours(series, "clean"), neighbours(series, "neighbour-again")
    if mostly_harmed(again) and clean and not any(harmed(one.exchange) for one in clean):
        first = next(one for one in found if harmed(one.exchange))
        lost = sum(harmed(one.exchange) for one in found)
        message = f"{lost} of {len(found)} good requests came to nothing beside a bad one ({_fate(first.exchange)})"
        yield Finding("", message, "answers, as without the bad one", first.number)
    else:
        yield Inconclusive("many requests came to nothing, and not for certain because of the bad one")


@rule(
    "series.isolation.load-is-answered",
    Level.SHOULD,
    on=Part.SERIES,
    source="RFC 6585 section 4; RFC 9110 section 15.6.4",
    when=lambda series: bool(neighbours(series)),
)
def load_is_answered(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """Many requests at the same time are answered, or told to come again by 429 or 503 with an error object.

    Clients wait and try again when they are told so; a dropped connection or a 500 tells them nothing. Judged on a
    burst of requests: fewer than half are dropped, or the same happens when they are asked once more, and what tells
    half of them "not now" tells it by an error object.
    """
    found = neighbours(series)
    busy = [one for one in found if one.exchange.status in {429, 503}]
    mute = [one for one in busy if not _tells_error(one.exchange)]
    if len(mute) >= HALF * len(found):
        status = mute[0].exchange.status
        message = f"{len(mute)} of {len(found)} requests were told status {status} with no error object"
        yield Finding("", message, '{"error": {"message": ...}}', mute[0].number)
    elif _mostly_lost(found) and _mostly_lost(neighbours(series, "clean")):
        first = next(one for one in found if _is_lost(one.exchange))
        lost = sum(_is_lost(one.exchange) for one in found)
        message = f"{lost} of {len(found)} requests at the same time came to nothing ({_fate(first.exchange)})"
        yield Finding("", message, "answers, or status 429 or 503", first.number)
    elif len([one for one in found if one.exchange.succeeded or one in busy]) < HALF * len(found):
        yield Inconclusive("the target answered fewer than half of the requests at the same time")


@rule(
    "series.isolation.parameters-do-not-leak",
    Level.SHOULD,
    on=Part.SERIES,
    source=SOURCE,
    when=lambda series: any(is_form(one, "variant") for one in series) and has("alone")(series),
)
def parameters_do_not_leak(series: Sequence[Exchange]) -> Iterator[Finding | Inconclusive]:
    """The parameters of a request do not change the answers to others at the same time.

    In a batch each request has its own limit, stop sequences, log probabilities and tools. Judged on requests without
    any beside some that have them: what none of them shows alone, none shows in the burst.
    """
    found = _answered(series)
    if not found:
        yield Inconclusive("the target answered none of the requests at the same time")
        return
    alone = of(series, "alone")[0].exchange
    variants = [one.asked for one in series if is_form(one, "variant")]
    for one in found:
        if leak := _leak(one, alone, variants):
            yield Finding(one.place, leak, "an answer as if it had been asked alone", one.number)


def _leak(one: Neighbour, alone: Exchange, variants: Sequence[Mapping[str, Any]]) -> str | None:
    """How an answer shows a parameter of another request, told in one line."""
    exchange = one.exchange
    if _has_logprobs(exchange) and not _has_logprobs(alone):
        return "it has log probabilities, which another request at the same time asks for"
    if calls(exchange) and not calls(alone):
        return "it calls a tool, which another request at the same time offers"
    finish = next((choice.finish for choice in choices(exchange)), None)
    used, most = count(kept(exchange.answer, "usage").get("completion_tokens")), limit(exchange.asked)
    if finish == "length" and used is not None and used != most and used in map(limit, variants):
        return f"it ends with length after {used} tokens of {most}, the limit of another request at the same time"
    said, due = text(exchange), one.word
    if finish == "stop" and due and exchange.about.get("forced") and due not in said:
        for stop in (variant.get("stop") for variant in variants):
            before = due.partition(stop)[0] if isinstance(stop, str) and stop in due else None
            if before is not None and said.endswith(before):
                return f"it ends before {tell(stop)}, the stop sequence of another request at the same time"
    return None


def _has_logprobs(exchange: Exchange) -> bool:
    held = (kept(choice.value, "logprobs") for choice in choices(exchange))
    return any(listed(logprobs.get("content")) for logprobs in held)


def _tells_error(exchange: Exchange) -> bool:
    match exchange.error:
        case {"error": {"message": str(message)}} if message:
            return True
    return False


def _fate(exchange: Exchange) -> str:
    if exchange.failure is not None:
        return exchange.failure.message or exchange.failure.kind
    said: Any = "no JSON" if exchange.error is NOT_JSON else exchange.error
    return f"status {exchange.status}, {tell(said, 60)}"


def _prompt_tokens(exchange: Exchange) -> int | None:
    return count(kept(exchange.answer, "usage").get("prompt_tokens"))


def _usage_place(exchange: Exchange) -> str:
    told = [number for number, chunk in enumerate(exchange.chunks) if isinstance(chunk, dict) and chunk.get("usage")]
    return f"/{told[-1]}/usage" if told else "/usage"
