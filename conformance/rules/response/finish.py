"""Why a choice ended, and that the text agrees with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.json_text import NOT_JSON, parse
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import count, forced, gives, kept, limited_to, limits_tokens
from chatconform.rules.capabilities import STOP
from chatconform.rules.plain import answers_plainly
from chatconform.rules.reading import calls, choices, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

REASONS: Final = ("stop", "length", "tool_calls", "content_filter", "function_call")


@rule(
    "response.finish.reason-is-one-of-five",
    Level.MUST,
    on=Part.COMPLETION,
    source="CreateChatCompletionResponse.choices.finish_reason",
    kept_where=answers_plainly,
)
def reason_is_one_of_five(exchange: Exchange) -> Iterator[Finding]:
    """The `finish_reason` of every choice is one of `stop`, `length`, `tool_calls`, `content_filter`, `function_call`.

    Programs branch on it: whether to run tools, to ask for the rest, or to trust the text. Names of an engine's own
    (`eos`, `end_turn`, `eos_token`), an empty string or null lead nowhere. Judged on every completion.
    """
    for choice in choices(exchange):
        if choice.finish not in REASONS or not isinstance(choice.finish, str):
            found = f"is {tell(choice.finish)}" if "finish_reason" in choice.value else "is missing"
            yield Finding(f"/choices/{choice.position}/finish_reason", found, expected=", ".join(REASONS))


def sequences(exchange: Exchange) -> list[str]:
    """The stop sequences that were asked for; none where the request's form of them is not legal."""
    stop = exchange.asked.get("stop")
    given = [stop] if isinstance(stop, str) else stop
    if not isinstance(given, list) or not 1 <= len(given) <= 4 or not all(isinstance(one, str) for one in given):
        return []
    return [one for one in given if one]


@rule(
    "response.finish.stop-sequence-is-left-out",
    Level.MUST,
    on=Part.ANSWER,
    source="StopConfiguration",
    when=every(
        gives("stop"),
        lambda exchange: bool(sequences(exchange)) and not exchange.asked.get("include_stop_str_in_output"),
    ),
    needs=STOP,
)
def stop_sequence_is_left_out(exchange: Exchange) -> Iterator[Finding]:
    """The text of an answer holds none of the stop sequences that were asked for.

    Callers cut prompts and answers apart by these sequences; one that leaks, or that is ignored, puts the next turn
    into the answer. Judged on the text of every answer to a request with `stop`, wherever tokens end.
    """
    for choice in choices(exchange):
        text = choice.content or ""
        for one in sequences(exchange):
            if one in text:
                start = text.index(one)
                shown = tell(text[max(0, start - 20) : start + len(one) + 10])
                yield Finding(
                    choice.place("content"), f"holds {tell(one)}: {shown}", expected="text that ends before it"
                )


def _asks_for_one_token(exchange: Exchange) -> bool:
    return limited_to(exchange) == 1 and not exchange.asked.get("stop") and whole(exchange)


@rule(
    "response.finish.limit-is-told",
    Level.MUST,
    on=Part.ANSWER,
    source="CreateChatCompletionResponse.choices.finish_reason",
    when=every(limits_tokens, _asks_for_one_token),
)
def limit_is_told(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A choice that was cut by the limit of tokens ends with `length`.

    A program that is told `stop` takes half an answer for a whole one. Judged on answers of a single token, as
    limited: if that token is text, the model cannot have come to its end.
    """
    found = choices(exchange)
    used = count(kept(exchange.answer, "usage").get("completion_tokens"))
    if not any(choice.content for choice in found):
        yield Inconclusive("the model ended before it wrote any text")
    elif used is None:
        if any(choice.content and choice.finish == "stop" for choice in found):
            yield Inconclusive("without `usage` nobody can tell whether the limit was reached")
    elif used <= len(found):
        for choice in found:
            if choice.content and choice.finish == "stop":
                shown = f"is {tell(choice.finish)} after the one token {tell(choice.content)}"
                yield Finding(choice.end(), shown, expected='"length"')


def _is_cut(arguments: object) -> bool:
    return isinstance(arguments, str) and parse(arguments) is NOT_JSON


@rule(
    "response.finish.cut-call-is-told",
    Level.SHOULD,
    on=Part.ANSWER,
    source="CreateChatCompletionResponse.choices.finish_reason",
    when=every(limits_tokens, lambda exchange: bool(calls(exchange)) or forced(exchange.asked)),
)
def cut_call_is_told(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A choice whose tool call was cut by the limit of tokens ends with `length`.

    A program that is told `tool_calls` runs the tool with half its arguments. Judged on answers with calls that used up
    their limit: where arguments break off, the finish reason is `length`.
    """
    if not calls(exchange):
        yield Inconclusive("the answer ended before a call began")
    most = limited_to(exchange) or 0
    used = count(kept(exchange.answer, "usage").get("completion_tokens"))
    for choice in choices(exchange):
        cut = next((call for call in choice.calls if _is_cut(call.arguments)), None)
        if cut is None or choice.finish in ("length", "content_filter", None):
            continue
        if used is not None and used >= most:
            shown = f"is {tell(choice.finish)} after the arguments {tell(cut.arguments)}"
            yield Finding(choice.end(), shown, expected='"length"')
        else:
            yield Inconclusive("arguments that are no JSON, but the limit was not reached")
