"""Requests at the same time: alike but for a random word, beside bad ones and some with other parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.case import case
from chatconform.core.json_text import parse
from chatconform.rules.series.forms import text
from chatconform.rules.series.isolation import Neighbour, harmed, mostly_harmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.core.ask import Ask
    from chatconform.core.case import Asking, Situation
    from chatconform.core.exchange import Exchange

LETTERS: Final = "bcdfghjklmnpqrstvwxz"
NEIGHBOURS: Final = 6
USAGE: Final[dict[str, Any]] = {"stream": True, "stream_options": {"include_usage": True}}


@case("concurrency.burst", exercises=["series.isolation"], most=26, alone=True)
def burst(situation: Situation) -> Asking:
    """One request alone, then eleven at once: six with a word of their own, two bad ones, three with parameters."""
    words = ["".join(situation.random.choices(LETTERS, k=12)) for _ in range(NEIGHBOURS + 1)]
    alone = yield _asked(situation, words[-1], 0, forced=True).tagged(form="alone")
    forced = text(alone) != "" and parse(text(alone)) == {"word": words[-1]}
    if not forced and alone.refused:
        alone = yield _asked(situation, words[-1], 0, forced=False).tagged(form="alone")
    good = [_asked(situation, word, rank, forced=forced) for rank, word in enumerate(words[:-1])]
    found: list[Exchange] = yield [*_as(good, "neighbour"), *_poisons(situation), *_variants(situation, words)]
    together = _of(found, "neighbour")
    if mostly_harmed(together) and not _only_streams_are_refused(together):
        clean = yield _as(good, "clean")
        if mostly_harmed(_of(clean, "clean")):
            return
        yield [*_as(good, "neighbour-again"), _poisons(situation)[0]]
    elif not _is_in_order([one.exchange for one in together]):
        for ask in good:
            yield replace(ask.tagged(form="again"), once=False)


def _asked(situation: Situation, word: str, rank: int, *, forced: bool) -> Ask:
    """A request for a word; the prompt is the longer the higher its rank, and every other one is streamed."""
    schema = {
        "type": "object",
        "properties": {"word": {"type": "string", "enum": [word]}},
        "required": ["word"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    more: dict[str, Any] = {"most": 96, "response_format": form} if forced else {"most": 16}
    if rank % 2:
        more |= USAGE
    message = f'{word} is the word. Answer in JSON, with the word under the key "word".{" Please." * 12 * rank}'
    return replace(situation.chat(message, **more).tagged(word=word, forced=forced), once=True)


def _poisons(situation: Situation) -> list[Ask]:
    """A body that is no JSON, and a request that no schema allows."""
    cut = situation.chat("Say hello.", most=8)
    asks = [replace(cut, body=cut.payload[:-9]), situation.chat("Say hello.", most=8, temperature="hot")]
    return [replace(ask.tagged(form="poison"), once=True) for ask in asks]


def _variants(situation: Situation, words: Sequence[str]) -> list[Ask]:
    """Requests with a limit of one token and log probabilities, with a stop sequence, and with a tool."""
    letter = max(LETTERS, key=lambda one: sum(one in word[1:] for word in words))
    tool = {"type": "function", "function": {"name": "ring", "parameters": {"type": "object", "properties": {}}}}
    asks = [
        situation.chat("Tell me about the sea.", most=1, logprobs=True),
        situation.chat("Spell the alphabet in small letters, without blanks.", most=48, stop=letter),
        situation.chat("Ring the bell.", most=64, tools=[tool], tool_choice="required"),
    ]
    return [replace(ask.tagged(form="variant"), once=True) for ask in asks]


def _as(asks: Sequence[Ask], form: str) -> list[Ask]:
    return [ask.tagged(form=form) for ask in asks]


def _of(exchanges: Sequence[Exchange], form: str) -> list[Neighbour]:
    return [Neighbour(number, one) for number, one in enumerate(exchanges) if one.about.get("form") == form]


def _only_streams_are_refused(found: Sequence[Neighbour]) -> bool:
    """Whether all that came to nothing is streams, and they are refused: then it is not because of the others."""
    failed = [one.exchange for one in found if harmed(one.exchange)]
    return all(exchange.refused and exchange.asked.get("stream") is True for exchange in failed)


def _is_in_order(exchanges: Sequence[Exchange]) -> bool:
    """Whether longer prompts have more tokens, as far as the answers tell."""
    usages = [exchange.answer.get("usage") for exchange in exchanges if exchange.answer is not None]
    told = [usage.get("prompt_tokens") for usage in usages if isinstance(usage, dict)]
    counts = [tokens for tokens in told if type(tokens) is int]
    return counts == sorted(counts)
