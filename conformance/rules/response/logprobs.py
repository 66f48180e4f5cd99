"""How likely the tokens were: told when it was asked for, token by token, in numbers that can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.remembering import remembered
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import gives, kept
from chatconform.rules.capabilities import LOGPROBS
from chatconform.rules.plain import answers_plainly
from chatconform.rules.reading import Choice, choices, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

ABOVE_ZERO: Final = 1e-4
"""Half-precision arithmetic ends a hair above zero where a token is certain; that is rounding, not a fault."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One token's entry, and where it stands."""

    pointer: str
    value: dict[str, Any]

    @property
    def top(self) -> list[dict[str, Any]]:
        """The likeliest tokens at this place, those that are objects."""
        found = self.value.get("top_logprobs")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


@remembered
def holders(exchange: Exchange) -> list[tuple[str, dict[str, Any]]]:
    """What holds `logprobs`, with its pointer: the choices of a completion, or those of every chunk."""
    bodies = [(f"/{i}", chunk) for i, chunk in enumerate(exchange.chunks)] or [("", exchange.completion)]
    return [
        (f"{pointer}/choices/{number}", choice)
        for pointer, body in bodies
        if isinstance(body, dict) and isinstance(found := body.get("choices"), list)
        for number, choice in enumerate(found)
        if isinstance(choice, dict)
    ]


@remembered
def items(exchange: Exchange) -> list[tuple[str, Any]]:
    """Whatever stands in the lists of log probabilities, with its pointer."""
    return [
        (f"{pointer}/logprobs/{key}/{number}", value)
        for pointer, holder in holders(exchange)
        if holder.get("logprobs") is not None
        for key in ("content", "refusal")
        if isinstance(found := kept(holder, "logprobs").get(key), list)
        for number, value in enumerate(found)
    ]


def entries(exchange: Exchange) -> Iterator[Entry]:
    """Every token's entry that is an object."""
    for pointer, value in items(exchange):
        if isinstance(value, dict):
            yield Entry(pointer, value)


def has_logprobs(exchange: Exchange) -> bool:
    """Whether any log probability came, asked for or not."""
    return next(entries(exchange), None) is not None


@rule(
    "response.logprobs.are-absent-unless-asked-for",
    Level.SHOULD,
    on=Part.ANSWER,
    source="CreateChatCompletionRequest.logprobs",
    when=lambda exchange: exchange.asked.get("logprobs") in (None, False),
    kept_where=answers_plainly,
)
def are_absent_unless_asked_for(exchange: Exchange) -> Iterator[Finding]:
    """`logprobs` is null unless it was asked for.

    It multiplies the size of an answer. Judged on every answer to a request without `logprobs`.
    """
    for pointer, holder in holders(exchange):
        value = holder.get("logprobs")
        if value is not None and value not in ({"content": None, "refusal": None}, {"content": None}):
            yield Finding(f"{pointer}/logprobs", f"is {tell(value)}", expected="null")
            return


@rule(
    "response.logprobs.are-told-token-by-token",
    Level.MUST,
    on=Part.ANSWER,
    source="CreateChatCompletionResponse.choices.logprobs",
    when=every(gives("logprobs"), lambda exchange: exchange.asked["logprobs"] is True and whole(exchange)),
    needs=LOGPROBS,
)
def are_told_token_by_token(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """With `logprobs` true every text comes with `{"content": [...]}`: an entry for each token.

    Evaluation and calibration run on it: where it is dropped in silence, or in the older form of `tokens` and
    `token_logprobs`, they compute with nothing. A server that cannot tell it says so with a 400. Judged on every answer
    that has text.
    """
    with_text = [choice for choice in choices(exchange) if choice.content]
    if not with_text:
        yield Inconclusive("the model wrote no text")
    for choice in with_text:
        told = choice.value.get("logprobs")
        pointer = choice.end() if exchange.is_stream else f"/choices/{choice.position}/logprobs"
        if not isinstance(told, dict):
            found = f"is {tell(told)}" if "logprobs" in choice.value else "is missing"
            yield Finding(pointer, f"`logprobs` {found}", expected="an entry for each token, or a 400 that names it")
        elif "tokens" in told or "token_logprobs" in told:
            yield Finding(pointer, f"the form of the older API: {tell(told)}", expected='{"content": [...]}')
        elif not isinstance(told.get("content"), list) or not told["content"]:
            yield Finding(f"{pointer}/content", f"is {tell(told.get('content'))}", expected="an entry for each token")


@rule(
    "response.logprobs.entries-have-their-shape",
    Level.MUST,
    on=Part.ANSWER,
    source="ChatCompletionTokenLogprob",
    when=lambda exchange: bool(items(exchange)),
    idle_where=answers_plainly,
)
def entries_have_their_shape(exchange: Exchange) -> Iterator[Finding]:
    """Every entry has `token`, `logprob`, `bytes` and `top_logprobs`, and every likely token the first three.

    Typed clients fail on an entry that lacks one, and without `bytes` a character that was cut into tokens cannot be
    put together. Judged on every entry of every answer.
    """
    for pointer, entry in items(exchange):
        yield from _misshapen(pointer, entry)
        if not isinstance(entry, dict):
            continue
        likely = entry.get("top_logprobs")
        for number, one in enumerate(likely if isinstance(likely, list) else ()):
            yield from _misshapen(f"{pointer}/top_logprobs/{number}", one)
        if not isinstance(likely, list):
            found = f"is {tell(likely)}" if "top_logprobs" in entry else "is missing"
            yield Finding(f"{pointer}/top_logprobs", found, expected="a list, empty where none were asked for")


def _misshapen(pointer: str, value: Any) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield Finding(pointer, f"is {tell(value)}", expected="an object")
        return
    token, number, held = value.get("token"), value.get("logprob"), value.get("bytes")
    if not isinstance(token, str):
        yield Finding(
            f"{pointer}/token", f"is {tell(token)}" if "token" in value else "is missing", expected="a string"
        )
    if not is_number(number):
        found = f"is {tell(number)}" if "logprob" in value else "is missing"
        yield Finding(f"{pointer}/logprob", found, expected="a number")
    if "bytes" not in value:
        yield Finding(f"{pointer}/bytes", "is missing", expected="a list of bytes, or null")
    elif held is not None and not _are_bytes(held):
        yield Finding(f"{pointer}/bytes", f"is {tell(held)}", expected="a list of integers from 0 to 255, or null")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_bytes(value: Any) -> bool:
    return isinstance(value, list) and all(type(one) is int and 0 <= one <= 255 for one in value)


@rule(
    "response.logprobs.refusal-key-is-there",
    Level.INFO,
    on=Part.COMPLETION,
    source="CreateChatCompletionResponse.choices.logprobs",
    when=has_logprobs,
    published=Level.MUST,
    idle_where=answers_plainly,
)
def refusal_key_is_there(exchange: Exchange) -> Iterator[Finding]:
    """`logprobs` has the key `refusal` beside `content`, null where the model did not refuse.

    The published type requires it, most servers leave it out, and the official SDKs do not mind; strictly typed clients
    do. Judged on every completion with log probabilities.
    """
    for pointer, holder in holders(exchange):
        if isinstance(holder.get("logprobs"), dict) and "refusal" not in holder["logprobs"]:
            yield Finding(f"{pointer}/logprobs", "lacks `refusal`", expected="null")


@rule(
    "response.logprobs.are-not-above-zero",
    Level.MUST,
    on=Part.ANSWER,
    source="ChatCompletionTokenLogprob.logprob",
    when=has_logprobs,
    idle_where=answers_plainly,
)
def are_not_above_zero(exchange: Exchange) -> Iterator[Finding]:
    """No log probability is above zero.

    It is the natural logarithm of a probability; a number above zero is a raw score, or a probability itself, and
    perplexities made of it mean nothing. Judged on every entry and every likely token, roundings left out.
    """
    for entry in entries(exchange):
        likely = ((f"{entry.pointer}/top_logprobs/{number}", one) for number, one in enumerate(entry.top))
        for pointer, value in ((entry.pointer, entry.value), *likely):
            logprob = value.get("logprob")
            if isinstance(logprob, int | float) and is_number(logprob) and logprob > ABOVE_ZERO:
                yield Finding(f"{pointer}/logprob", f"is {tell(logprob)}", expected="0 or less")


@rule(
    "response.logprobs.spell-the-text",
    Level.SHOULD,
    on=Part.COMPLETION,
    source="ChatCompletionTokenLogprob.bytes",
    when=every(has_logprobs, whole),
    idle_where=answers_plainly,
)
def spell_the_text(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """The bytes of the entries, one after the other, are the text.

    Only then can a probability be put to a place in the text. Judged on every completion that is text alone; what a
    stop sequence or blanks at the ends took away does not count.
    """
    for choice in choices(exchange):
        spelled = _spelled(choice)
        if choice.content is None or choice.calls or spelled is None or _thinks(choice):
            continue
        try:
            text = spelled.decode()
        except UnicodeDecodeError:
            yield Inconclusive("the model wrote bytes that are no characters")
            continue
        cut = choice.finish == "stop" and exchange.asked.get("stop")
        same = _begins_alike(text, choice.content) if cut else text.strip() == choice.content.strip()
        if not same:
            yield Finding(
                f"/choices/{choice.position}/logprobs/content",
                f"spells {tell(text)}",
                expected=f"the text, {tell(choice.content)}",
            )


def _begins_alike(spelled: str, text: str) -> bool:
    """Whether one of the two is the other's beginning: a stop sequence may end within a token, and take all of it."""
    one, other = spelled.strip(), text.strip()
    return one.startswith(other) or other.startswith(one)


def _thinks(choice: Choice) -> bool:
    """Whether a part of what the model wrote stands outside of the text."""
    return any(choice.message.get(key) for key in ("reasoning_content", "reasoning"))


def _spelled(choice: Choice) -> bytes | None:
    """What a choice's entries spell; None where there are none, or one is of a wrong shape."""
    found = kept(choice.value, "logprobs").get("content")
    if not isinstance(found, list) or not found:
        return None
    pieces: list[bytes] = []
    for entry in found:
        match entry:
            case {"bytes": list(held)} if _are_bytes(held):
                pieces.append(bytes(held))
            case {"bytes": None, "token": str(token)}:
                pieces.append(token.encode(errors="replace"))
            case _:
                return None
    return b"".join(pieces)
