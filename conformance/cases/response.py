"""Completions: one request in several ways, limits, log probabilities, a call that is cut, and a long conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.case import case
from chatconform.rules.reading import choices

if TYPE_CHECKING:
    from chatconform.core.case import Asking, Situation
    from chatconform.core.exchange import Exchange

WHOLE: Final = [
    "response.body.*",
    "response.choices.*",
    "response.message.*",
    "response.finish.reason-is-one-of-five",
    "response.optional.keys-have-their-types",
    "response.usage.*",
    "response.status.success-carries-no-error",
    "response.http.json-is-declared",
]
PROMPTS: Final = ("Tell me about the sea.", "Count from one to twenty in words.")
USAGE: Final[dict[str, Any]] = {"stream": True, "stream_options": {"include_usage": True}}


@case(
    "response.same-request",
    exercises=[
        *WHOLE,
        "response.logprobs.are-absent-unless-asked-for",
        "response.finish.stop-sequence-is-left-out",
        "series.usage.*",
        "series.identity.*",
        "series.stops.*",
        "series.acceptance.empty-stops-do-nothing",
    ],
    most=8,
)
def same_request(situation: Situation) -> Asking:
    """Asks the same twice, up to a piece of the answer, up to nothing, and for three short choices."""
    messages = [
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": "Where does the Rhine rise? Übrigens: 你好, 🙂."},
    ]
    greedy: dict[str, Any] = {"most": 24, "temperature": 0}
    # The penalty is for models that say one thing again and again, where no piece of the text stands out.
    penalties: list[dict[str, Any]] = [{}, {"frequency_penalty": 1.5}]
    for extra in penalties:
        plain = situation.chat(messages, **greedy, **extra).tagged(same="request", stops="without")
        yield plain
        exchange = yield plain
        if (stop := _piece(exchange)) or exchange.refused:
            break
    if stop:
        stopped = situation.chat(messages, **greedy, **extra, stop=[stop]).tagged(stops="with")
        again = yield stopped
        if again.succeeded and _text(again).strip() != _text(exchange).partition(stop)[0].strip():
            yield stopped
    yield situation.chat(messages, **greedy, **extra, stop="").tagged(same="request")
    yield situation.chat(messages, most=4, n=3).tagged(same="request")


def _text(exchange: Exchange) -> str:
    return next((choice.content or "" for choice in choices(exchange)), "")


def _piece(exchange: Exchange) -> str | None:
    """Three characters out of the middle of a text, which stand in it only there; None where there are none such."""
    text = _text(exchange).strip()
    for start in sorted(range(1, len(text) - 3), key=lambda at: abs(at - len(text) // 2)):
        piece = text[start : start + 3]
        if text.find(piece) == start and piece.strip() == piece and "\ufffd" not in piece:
            return piece
    return None


@case(
    "response.single-token",
    exercises=[
        "response.finish.limit-is-told",
        "response.usage.limit-is-kept",
        "response.usage.is-told",
        "response.acceptance.max-completion-tokens",
    ],
)
def single_token(situation: Situation) -> Asking:
    """Limits an answer to one token, under the newer name of the limit."""
    yield situation.chat(PROMPTS[1], max_completion_tokens=1)


@case(
    "response.logprobs",
    exercises=[
        "response.logprobs",
        "response.likeliest",
        "response.body.is-strict-json",
        "series.acceptance.logprobs-alone",
        "series.acceptance.all-top-logprobs",
    ],
    most=4,
)
def logprobs(situation: Situation) -> Asking:
    """Asks for log probabilities alone, with no likeliest tokens, with twenty, and where a schema rules most out."""
    likeliest: list[dict[str, Any]] = [{"most": 3}, {"most": 3, "top_logprobs": 0}, {"most": 16, "top_logprobs": 20}]
    for more in likeliest:
        yield situation.chat(PROMPTS[0], temperature=0, logprobs=True, **more)
    wet = {
        "type": "object",
        "properties": {"wet": {"enum": [True]}},
        "required": ["wet"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": wet}}
    question = "Answer in JSON: is water wet?"
    yield situation.chat(question, most=48, logprobs=True, top_logprobs=5, response_format=form)


@case(
    "response.cut-call",
    exercises=["response.finish.cut-call-is-told", "response.message.text-holds-no-call"],
    most=1,
)
def cut_call(situation: Situation) -> Asking:
    """Forces the call of a tool with a long argument, and leaves room for eight tokens."""
    letter = {"type": "string", "minLength": 200, "description": "At least 200 characters."}
    schema = {"type": "object", "properties": {"letter": letter}, "required": ["letter"], "additionalProperties": False}
    function = {"name": "send_letter", "description": "Sends a letter.", "parameters": schema}
    tools = [{"type": "function", "function": function}]
    yield situation.chat("Send a long letter to my grandmother.", most=8, tools=tools, tool_choice="required")


@case("response.conversation", exercises=WHOLE, most=1)
def conversation(situation: Situation) -> Asking:
    """Goes on with a conversation of several turns, in several scripts, as wildly as can be."""
    turns: list[dict[str, Any]] = [
        {"role": "system", "content": "You are a patient teacher."},
        {"role": "user", "content": "What is <b>7 × 8</b>? Think first.", "name": "pupil_1"},
        {"role": "assistant", "content": 'Seven times eight is "56".'},
        {"role": "user", "content": [{"type": "text", "text": "И наоборот?\n"}, {"type": "text", "text": "\t八七?"}]},
    ]
    yield situation.chat(turns, most=32, temperature=2, user="someone", seed=7)
