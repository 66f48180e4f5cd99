"""Streams: with every option, cut short and left early, and the same request streamed and not."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.case import case
from chatconform.rules.reading import calls
from chatconform.rules.series.forms import finishes, text, texts
from chatconform.rules.series.leaving import is_slow
from chatconform.rules.series.parity import say_the_same
from chatconform.rules.stream.parts import by_choice

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from chatconform.core.ask import Ask
    from chatconform.core.case import Asking, Situation
    from chatconform.core.exchange import Exchange

USAGE: Final[dict[str, Any]] = {"stream": True, "stream_options": {"include_usage": True}}
CHOICES: Final = ["stream.chunks", "stream.deltas", "stream.finish"]
TOLD: Final = [f"stream.usage.{name}" for name in ("is-told", "chunk-has-no-choices", "is-null-elsewhere", "is-last")]
CITIES: Final = ("Reykjavík", "東京", "São Paulo", "Αθήνα", "القاهرة")
FACES: Final = ("🙂", "👩‍🚀", "🇳🇿", "🫖", "𝄞")
LETTERS: Final = "bcdfghjklmnpqrstvwxz"
LONG: Final = 400


@case(
    "streaming.one-token",
    exercises=[
        "stream.framing",
        "stream.deltas.role-comes-first",
        "stream.finish",
        "stream.obfuscation",
        "response.finish.limit-is-told",
        "response.usage.limit-is-kept",
        "response.usage.is-told",
        "response.acceptance.max-completion-tokens",
        *TOLD,
    ],
    most=4,
)
def one_token(situation: Situation) -> Asking:
    """A stream that ends after one token, under the newer name of the limit, and declines to be padded.

    Where that is refused, the limit and the stream are asked for apart.
    """
    options: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True, "include_obfuscation": False}}
    words = "Tell a long story."
    exchange = yield situation.chat(words, max_completion_tokens=1, **options)
    if exchange.refused:
        yield situation.chat(words, max_completion_tokens=1)
        exchange = yield situation.chat(words, most=1, **options)
        if exchange.refused:
            yield situation.chat(words, most=1, **USAGE)


@case(
    "streaming.choices",
    exercises=[
        "stream.framing",
        *CHOICES,
        *TOLD,
        "stream.logprobs",
        "stream.deltas.characters-are-whole",
        "response.choices",
    ],
    most=4,
)
def several_choices(situation: Situation) -> Asking:
    """A stream of three choices, as wild as can be, with its usage and with log probabilities.

    Choices and log probabilities are asked for apart where they are refused together, and left out where they are
    refused apart.
    """
    wild: dict[str, Any] = {"most": 32, "temperature": 2, "top_p": 1, **USAGE}
    likely = {"logprobs": True, "top_logprobs": 2}
    words = "zxq Δ 🧿 你: name three cities, each with an emoji."
    together = yield situation.chat(words, n=3, **likely, **wild)
    if together.refused:
        several = yield situation.chat(words, n=3, **wild)
        weighed = yield situation.chat(words, **likely, **wild)
        if several.refused and weighed.refused:
            yield situation.chat(words, most=32, **USAGE)


@case(
    "streaming.tools",
    exercises=[
        "series.parity.tool-calls-are-the-same",
        "stream.tools",
        "stream.framing",
        "response.calls",
        "response.tools.required-is-kept",
    ],
    most=5,
)
def forced_call(situation: Situation) -> Asking:
    """A strict tool that is required where the words ask for none, whole and streamed."""
    code = "".join(situation.random.choices(LETTERS, k=10))
    place = {"type": "string", "enum": [f'{code} \\ "{situation.random.choice(CITIES)}"']}
    schema = {"type": "object", "properties": {"place": place}, "required": ["place"], "additionalProperties": False}
    weather = {"type": "function", "function": {"name": "get_weather", "strict": True, "parameters": schema}}
    only = {"tools": [weather], "tool_choice": "required"}
    likeliest = situation.chat("Tell me a joke.", most=160, temperature=0, **only)
    whole = yield likeliest.tagged(form="whole")
    if whole.succeeded and not calls(whole):  # a model that calls by chance at the most
        likeliest = situation.chat("Tell me a joke.", most=160, **only)
        whole = yield likeliest.tagged(form="whole")
    if not whole.refused:
        yield from _streamed_after(likeliest, whole)


@case(
    "streaming.characters",
    exercises=[
        "series.parity",
        "stream.deltas.characters-are-whole",
        "stream.finish",
        "stream.errors",
        "response.structured.schema-is-enforced",
        "response.structured.strings-are-kept-whole",
        "response.structured.json-stands-alone",
    ],
    most=4,
)
def characters(situation: Situation) -> Asking:
    """An answer that a schema forces to be emoji, letters of many scripts, quotes and line ends, whole and streamed."""
    code = "".join(situation.random.choices(LETTERS, k=10))
    said = f'{code} "é\\ü"\n\t/{"".join(situation.random.sample((*CITIES, *FACES), 6))}'
    schema = {
        "type": "object",
        "properties": {"said": {"type": "string", "enum": [said]}},
        "required": ["said"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    words = f'Answer in JSON, with the key "said": repeat {said}'
    yield from _whole_and_streamed(situation.chat(words, most=200, temperature=0, response_format=form))


@case(
    "streaming.greedy",
    exercises=[
        "series.parity",
        "series.hold-back",
        "series.greedy.shorter-answer-is-a-prefix",
        "series.usage",
        "series.identity.*",
        "series.stops.*",
        "series.acceptance.empty-stops-do-nothing",
        "series.acceptance.logprobs-alone",
        "response.body.*",
        "response.choices.*",
        "response.message.*",
        "response.finish.*",
        "response.optional.keys-have-their-types",
        "response.usage.*",
        "response.logprobs",
        "response.likeliest.are-absent-unless-asked-for",
        "response.status.success-carries-no-error",
        "response.http.json-is-declared",
    ],
    most=25,
)
def greedy(situation: Situation) -> Asking:
    """The likeliest answer: whole and streamed, up to stop sequences of all kinds, cut shorter, and three times."""
    limit, words = 32, "Count from one to ten in words, with an emoji after each."
    # The penalty keeps a model from saying one thing again and again, in which no stop sequence could be placed.
    wished = {"seed": 7, "logprobs": True, "frequency_penalty": 1.5, "temperature": 0}
    for refused in ((), ("seed",), ("logprobs",), ("frequency_penalty", "temperature")):
        wished = {key: value for key, value in wished.items() if key not in refused}
        asked = situation.chat(words, most=limit, **wished).tagged(same="request", stops="without")
        first = yield asked.tagged(form="whole")
        if not first.refused:
            break
    if refused == ("logprobs",):  # maybe only without `top_logprobs`
        yield _with(asked, logprobs=True, top_logprobs=2)
    streamed = yield from _streamed_after(asked, first)
    if first.refused:
        return
    yield from _without_stops(situation.chat(words, most=4).tagged(same="request"))
    said = text(first)
    if not said:
        return
    if stop := _piece(said):
        yield from _stopped(asked, stop, said)
    if streamed.refused:
        return
    shorter = _with(asked, **{situation.limit: limit // 2}) if situation.limit else asked
    cut = yield from _until(shorter.tagged(form="shorter"), lambda exchange: said.startswith(text(exchange)))
    if stop := _across_pieces(streamed):
        before = said.partition(stop)[0].strip()
        stopped = _with(asked, stop=stop, **USAGE).tagged(form="stopped")
        yield from _until(stopped, lambda exchange: text(exchange) == before)
    yield from _until(_held(asked, said).tagged(form="held"), lambda exchange: text(exchange) == said)
    part = text(cut)
    if part and finishes(cut) != finishes(first):
        held = _held(shorter, part).tagged(form="held-shorter")
        last = yield from _until(held, lambda exchange: (text(exchange), finishes(exchange)) == (part, finishes(cut)))
        if last.succeeded and finishes(last) != finishes(cut):
            yield shorter.tagged(form="shorter")


def _without_stops(asked: Ask) -> Asking:
    """Three choices and a stop sequence of nothing, apart where they are refused together; without it if it stops."""
    wishes: list[dict[str, Any]] = [{"n": 3, "stop": ""}, {"stop": ""}, {"n": 3}]
    for more in wishes:
        exchange = yield _with(asked, **more)
        if exchange.succeeded and "stop" in more and not any(texts(exchange)):
            without = {key: value for key, value in more.items() if key != "stop"}
            yield _with(asked, **without)
            yield _with(asked, **without)
        if more == wishes[0] and not exchange.refused:
            return


def _stopped(asked: Ask, stop: str, said: str) -> Asking:
    """The answer up to a stop sequence, whole; where it is not what stood before, it and the whole answer again."""
    stopped = _with(asked, stop=[stop]).tagged(stops="with")
    exchange = yield stopped
    if exchange.succeeded and text(exchange) != said.partition(stop)[0].strip():
        yield stopped
        yield asked


def _piece(said: str) -> str | None:
    """Three characters out of the middle of a text, which stand in it only there; None where there are none such."""
    for start in sorted(range(1, len(said) - 3), key=lambda at: abs(at - len(said) // 2)):
        piece = said[start : start + 3]
        if said.find(piece) == start and piece.strip() == piece and "\ufffd" not in piece:
            return piece
    return None


@case("streaming.leaving", exercises=["series.leaving"], most=8, alone=True)
def leaving(situation: Situation) -> Asking:
    """Two long answers that are left as they begin, and a short one right after; twice if that one is slow."""
    short = situation.chat("Say hi.", most=1)
    long = situation.chat("Count from one to a thousand, in words.", most=LONG)
    for _ in range(2):
        before = yield short.tagged(form="before")
        streamed = replace(_with(long, stream=True), leave_after=2).tagged(form="left")
        yield [streamed, replace(long, leave_after=0).tagged(form="left")]
        after = yield short.tagged(form="after")
        if not is_slow(after, [before]):
            return


def _held(ask: Ask, said: str) -> Ask:
    """The request streamed, with a stop sequence that begins as its answer ends and never comes to its own end."""
    return _with(ask, stop=[f"{said[-2:]}\u2603qz"], **USAGE)


def _with(ask: Ask, **parameters: Any) -> Ask:
    """The same request with more parameters, or others."""
    return replace(ask, body={**ask.body, **parameters})


def _whole_and_streamed(asked: Ask) -> Asking:
    """The same request whole and streamed, and both once more if the answers are not alike."""
    whole = yield asked.tagged(form="whole")
    if not whole.refused:
        yield from _streamed_after(asked, whole)


def _streamed_after(asked: Ask, whole: Exchange) -> Generator[Ask | list[Ask], Any, Exchange]:
    """The request of a whole answer streamed, and both once more if the answers are not alike; gives the stream."""
    stream = _with(asked, **USAGE).tagged(form="streamed")
    streamed: Exchange = yield stream
    if streamed.succeeded and not say_the_same(whole, streamed):
        yield asked.tagged(form="whole")
        yield stream
    return streamed


def _until(ask: Ask, expected: Callable[[Exchange], bool]) -> Generator[Ask | list[Ask], Any, Exchange]:
    """A request, and once more if its answer is not as expected: the target may not repeat itself. Gives the answer."""
    exchange: Exchange = yield ask
    if exchange.succeeded and not expected(exchange):
        exchange = yield ask
    return exchange


def _across_pieces(streamed: Exchange) -> str | None:
    """Up to four characters across the border of two pieces of a streamed text, which stand in it only there.

    None where the text has no such border. The border nearest to the middle is taken.
    """
    found = by_choice(streamed).get(0, [])
    pieces = [piece for one in found if isinstance(piece := one.delta.get("content"), str)]
    whole = "".join(pieces)
    borders = list(accumulate(map(len, pieces)))[:-1]
    for border in sorted(borders, key=lambda at: abs(at - len(whole) // 2)):
        start = max(0, border - 2)
        stop = whole[start : border + 2]
        apart = border > start and border < len(whole) and whole[:start].strip()
        if apart and stop == stop.strip() and whole.find(stop) == start and "\ufffd" not in stop:
            return stop
    return None
