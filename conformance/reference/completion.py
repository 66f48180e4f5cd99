"""From a request that can be served to its completion, whole and in the wire's own shape.

The law of this file: the completion is a function of the request and the ticket alone; a stream is made from it
afterwards, so that both say the same. What is counted as used is what was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.reference import model
from chatconform.reference.calls import WORD, Call, calls
from chatconform.reference.instances import instance
from chatconform.reference.prompt import Prompt, read
from chatconform.reference.refusal import Refusal
from chatconform.reference.scalars import words
from chatconform.reference.sound import spoken
from chatconform.reference.tokens import encode
from chatconform.reference.validation import is_spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WINDOW: Final = 131_072
"""How many tokens a prompt and its answer have at most."""
LONGEST: Final = 16_384
"""How many tokens an answer has at most."""
LONGEST_IN_ALL: Final = 262_144
"""How many tokens all choices of an answer have at most."""
FINGERPRINT: Final = "fp_chatconform"
REASONING: Final = {"minimal": 2, "low": 4, "medium": 8, "high": 16, "xhigh": 24, "max": 32}
SENTENCES: Final = {"low": 1, "medium": 4, "high": 8}
LONG: Final = frozenset({"long", "essay", "story", "novel", "detailed", "thousand"})
"""Words of a prompt that wish for more than a few sentences."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an answer bears that does not come from the request.

    `turn` tells how often the same conversation was asked before: where no seed is given, chance differs by it.
    """

    id: str
    created: int
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """One choice as the model wrote it."""

    tokens: list[model.Token]
    calls: list[Call]
    finish: str
    used: int
    reasoning: int


def complete(body: Mapping[str, Any], ticket: Ticket) -> dict[str, Any]:
    """The completion of a valid request. Raises `Refusal` where the prompt is beyond the window."""
    prompt = read(body)
    if prompt.tokens >= WINDOW:
        message = f"This model's window is {WINDOW} tokens, and the messages have {prompt.tokens}."
        raise Refusal(400, message, param="messages", code="context_length_exceeded")
    sampling = _sampling(body, ticket)
    choices = [_written(body, prompt, sampling, number) for number in range(_several(body))]
    completion: dict[str, Any] = {
        "id": ticket.id,
        "object": "chat.completion",
        "created": ticket.created,
        "model": body["model"],
        "choices": [_choice(body, number, written, ticket) for number, written in enumerate(choices)],
        "usage": _usage(body, prompt, choices),
        "service_tier": _tier(body.get("service_tier")),
        "system_fingerprint": FINGERPRINT,
    }
    if body.get("metadata") is not None:
        completion["metadata"] = body["metadata"]
    return completion


def _sampling(body: Mapping[str, Any], ticket: Ticket) -> model.Sampling:
    def given(name: str, usual: float) -> float:
        value = body.get(name)
        return usual if value is None else value

    seed = body.get("seed")
    return model.Sampling(
        given("temperature", 1.0),
        given("top_p", 1.0),
        given("frequency_penalty", 0.0),
        given("presence_penalty", 0.0),
        {int(token): float(bias) for token, bias in (body.get("logit_bias") or {}).items()},
        ticket.turn if seed is None else int(seed),
    )


def _limit(body: Mapping[str, Any], prompt: Prompt) -> int:
    limits = [body[name] for name in ("max_tokens", "max_completion_tokens") if body.get(name) is not None]
    return int(min([*limits, WINDOW - prompt.tokens, LONGEST, LONGEST_IN_ALL // _several(body)]))


def _several(body: Mapping[str, Any]) -> int:
    return int(body.get("n") or 1)


def _written(body: Mapping[str, Any], prompt: Prompt, sampling: model.Sampling, choice: int) -> Written:
    limit = _limit(body, prompt)
    reasoning = min(limit, REASONING.get(body.get("reasoning_effort") or "none", 0))
    room = limit - reasoning
    chance = model.random_for(prompt.context, sampling, choice)
    if made := calls(body, prompt, chance):
        return _calling(made, room, reasoning)
    stops = body.get("stop") or []
    tokens, finish = _cut(
        _tokens(body, prompt, sampling, choice, chance), room, [stops] if isinstance(stops, str) else stops
    )
    return Written(tokens, [], finish, reasoning + len(tokens), reasoning)


def _calling(made: list[Call], room: int, reasoning: int) -> Written:
    """The calls as far as there is room: a name takes one token, and what is called with takes its own."""
    kept: list[Call] = []
    used = 0
    for call in made:
        if used >= room:
            return Written([], kept, "length", reasoning + used, reasoning)
        tokens = encode(call.text)[: room - used - 1]
        kept.append(Call(call.kind, call.name, "".join(tokens)))
        used += 1 + len(tokens)
    finish = "length" if used >= room else "function_call" if made[0].kind == "function_call" else "tool_calls"
    return Written([], kept, finish, reasoning + used, reasoning)


def _tokens(
    body: Mapping[str, Any], prompt: Prompt, sampling: model.Sampling, choice: int, chance: Random
) -> Iterable[model.Token]:
    """The tokens of an answer in words, without an end by limit or stop."""
    top = int(body.get("top_logprobs") or 0) if body.get("logprobs") else None
    if (text := _fixed(body, chance)) is not None:
        return model.forced(encode(text), top or 0)
    sentences = SENTENCES[body.get("verbosity") or "medium"]
    if not LONG.isdisjoint(WORD.findall(prompt.text.lower())):
        sentences *= 10
    return model.written(prompt.context, sampling, choice, sentences, top)


def _fixed(body: Mapping[str, Any], chance: Random) -> str | None:
    """The text of an answer whose form the request fixes."""
    match body.get("response_format"):
        case {"type": "json_object"}:
            return orjson.dumps({"answer": words(chance), "certain": chance.random() < 0.5}).decode()
        case {"type": "json_schema", "json_schema": dict(form)}:
            return orjson.dumps(instance(form.get("schema", {"type": "object"}), chance)).decode()
    match body.get("prediction"):
        case {"content": str(text)}:
            return text
        case {"content": list(parts)}:
            return "".join(part["text"] for part in parts)
    return None


def _cut(tokens: Iterable[model.Token], room: int, stops: list[str]) -> tuple[list[model.Token], str]:
    """The tokens up to the limit or the first stop sequence, and why they end there."""
    stops = [stop for stop in stops if stop]
    reach = max(map(len, stops), default=0)
    kept: list[model.Token] = []
    tail = ""
    for token in tokens if room else ():
        kept.append(token)
        if stops:
            tail = tail[-(reach + len(token.text)) :] + token.text
            found = [at for stop in stops if (at := tail.find(stop)) >= 0]
            if found:
                return _without(kept, len(tail) - min(found)), "stop"
        if len(kept) >= room:
            return kept, "length"
    return kept, "stop" if room else "length"


def _without(tokens: list[model.Token], characters: int) -> list[model.Token]:
    """The tokens without so many characters at the end; one that is cut keeps what stands before the cut."""
    while characters:
        last = tokens.pop()
        if len(last.text) > characters:
            text = last.text[: len(last.text) - characters]
            others = tuple((text if other == last.text else other, logprob) for other, logprob in last.others)
            return [*tokens, model.Token(text, last.logprob, others)]
        characters -= len(last.text)
    return tokens


def _choice(body: Mapping[str, Any], number: int, written: Written, ticket: Ticket) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    match written.calls:
        case []:
            message["content"] = "".join(token.text for token in written.tokens)
            if is_spoken(body):
                message["audio"] = _spoken(body, number, message["content"], ticket)
                message["content"] = None
        case [Call(kind="function_call") as call]:
            message["function_call"] = {"name": call.name, "arguments": call.text}
        case _:
            message["tool_calls"] = [
                _tool_call(call, f"{ticket.id}:{number}:{place}") for place, call in enumerate(written.calls)
            ]
    message["annotations"] = []
    logprobs = None
    if body.get("logprobs"):
        told = None if message["content"] is None else [_told(token) for token in written.tokens]
        logprobs = {"content": told, "refusal": None}
    return {"index": number, "message": message, "logprobs": logprobs, "finish_reason": written.finish}


def _spoken(body: Mapping[str, Any], number: int, text: str, ticket: Ticket) -> dict[str, Any]:
    """An answer in words as sound, with its words."""
    return {
        "id": "audio_" + blake2b(f"{ticket.id}:{number}".encode(), digest_size=12).hexdigest(),
        "expires_at": ticket.created + 3600,
        "data": spoken(text, body["audio"]["format"]),
        "transcript": text,
    }


def _tool_call(call: Call, name: str) -> dict[str, Any]:
    identity = "call_" + blake2b(name.encode(), digest_size=12).hexdigest()
    if call.kind == "custom":
        return {"id": identity, "type": "custom", "custom": {"name": call.name, "input": call.text}}
    return {"id": identity, "type": "function", "function": {"name": call.name, "arguments": call.text}}


def _told(token: model.Token) -> dict[str, Any]:
    return {**_entry(token.text, token.logprob), "top_logprobs": [_entry(text, value) for text, value in token.others]}


def _entry(text: str, logprob: float) -> dict[str, Any]:
    """A token with its bytes; the one that ends a text has none."""
    return {"token": text or "<|end|>", "logprob": logprob, "bytes": list(text.encode()) if text else None}


def _usage(body: Mapping[str, Any], prompt: Prompt, choices: list[Written]) -> dict[str, Any]:
    used = sum(written.used for written in choices)
    told = sum(len(written.tokens) for written in choices) if is_spoken(body) else 0
    predicted = 0 if body.get("prediction") is None else sum(len(written.tokens) for written in choices)
    return {
        "prompt_tokens": prompt.tokens,
        "completion_tokens": used,
        "total_tokens": prompt.tokens + used,
        "prompt_tokens_details": {
            "cached_tokens": 0,
            "audio_tokens": prompt.audio_tokens,
            "image_tokens": prompt.image_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": sum(written.reasoning for written in choices),
            "audio_tokens": told,
            "accepted_prediction_tokens": predicted,
            "rejected_prediction_tokens": 0,
        },
    }


def _tier(asked: Any) -> str:
    return "default" if asked in (None, "auto") else str(asked)
