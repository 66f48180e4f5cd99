"""Rules on the pieces of tool calls in a stream."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.json_text import NOT_JSON, parse
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.asking import offered
from chatconform.rules.capabilities import TOOLS
from chatconform.rules.reading import choices
from chatconform.rules.stream.parts import by_call, calls_tools, ended, fragments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.rules.stream.parts import Fragment

TYPE: Final = "ChatCompletionMessageToolCallChunk"
MARKUP: Final = (
    "<tool_call>",
    "<tool_calls>",
    "<function=",
    "<function_call>",
    "<|tool_call",
    "<|python_tag|>",
    "<|channel|>",
    "[TOOL_CALLS]",
    "[TOOL_CALL]",
    "<｜tool▁call",
)
"""How models write tool calls for their servers to read."""
ENOUGH_GROWTH: Final = 3


@rule(
    "stream.tools.index-is-an-integer",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.index",
    needs=TOOLS,
    when=calls_tools,
)
def index_is_an_integer(exchange: Exchange) -> Iterator[Finding]:
    """Every piece of a tool call has an integer `index`.

    It is what pieces are joined by: without it the official Python SDK raises a TypeError and the Node one loses the
    call without a word. Judged on every piece of every streamed tool call.
    """
    for fragment in fragments(exchange):
        if "index" not in fragment.value:
            yield Finding(fragment.pointer, "lacks `index`", "an integer")
        elif fragment.index is None:
            yield Finding(f"{fragment.pointer}/index", f"is {tell(fragment.value['index'])}", "an integer")


@rule(
    "stream.tools.indexes-count-calls",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.index",
    needs=TOOLS,
    when=lambda exchange: bool(by_call(exchange)),
)
def indexes_count_calls(exchange: Exchange) -> Iterator[Finding]:
    """The tool calls of a choice are numbered 0, 1, 2 ... in the order in which they begin, each with its own number.

    Clients keep calls in a list: an index that starts at 1 or skips one raises an IndexError in the official Python
    SDK, and two calls under one index become one with both arguments. Judged on every streamed tool call.
    """
    begun: dict[int | None, int] = {}
    for (choice, index), pieces in by_call(exchange).items():
        due = begun.get(choice, 0)
        if index != due:
            yield Finding(f"{pieces[0].pointer}/index", f"is {tell(index)} for call number {due}", tell(due))
        begun[choice] = due + 1
        first = next((name for piece in pieces if (name := _text(piece.value, "id"))), None)
        for piece in pieces:
            if first is not None and (other := _text(piece.value, "id")) not in (None, first):
                message = f"is {index} for the call {tell(other)} as for {tell(first)}"
                yield Finding(f"{piece.pointer}/index", message, "an index of its own for each call")


@rule(
    "stream.tools.first-piece-names-the-call",
    Level.MUST,
    on=Part.STREAM,
    source=TYPE,
    needs=TOOLS,
    when=lambda exchange: bool(by_call(exchange)),
)
def first_piece_names_the_call(exchange: Exchange) -> Iterator[Finding]:
    """The first piece of a tool call carries its `id`, its `type`, and the name of the tool.

    Clients open the call with it: without a type the official Node SDK raises, and without an id the result cannot be
    sent back. Judged on the first piece of every streamed tool call.
    """
    for pieces in by_call(exchange).values():
        first = pieces[0]
        kind = first.value.get("type")
        if not _text(first.value, "id"):
            yield _lack(first, "id", first.value, "a string of its own for each call")
        if kind not in ("function", "custom"):
            yield _lack(first, "type", first.value, "function")
        if not _text(first.body, "name"):
            yield _lack(first, "name", first.body, "the name of a tool", under=first.kind)


@rule(
    "stream.tools.later-pieces-only-add",
    Level.MUST,
    on=Part.STREAM,
    source=TYPE,
    needs=TOOLS,
    when=lambda exchange: any(len(pieces) > 1 for pieces in by_call(exchange).values()),
)
def later_pieces_only_add(exchange: Exchange) -> Iterator[Finding]:
    """A later piece of a tool call repeats neither its id nor its name, and has no null `type`.

    Clients join strings: the official Python SDK makes one long id or name of those that come again, and its helper
    raises on the null. Judged on every piece after the first of a call.
    """
    for pieces in by_call(exchange).values():
        named, known = _text(pieces[0].body, "name"), _text(pieces[0].value, "id")
        for piece in pieces[1:]:
            # Another id is another call under the same index, of which another rule tells.
            if known and _text(piece.value, "id") == known:
                yield Finding(f"{piece.pointer}/id", f"is {tell(known)} once more", "no id after the first piece")
            if named and (again := _text(piece.body, "name")) and _text(piece.value, "id") in (None, known):
                message = f"is {tell(again)} after {tell(named)}"
                yield Finding(f"{piece.pointer}/{piece.kind}/name", message, "no name after the first piece")
            if "type" in piece.value and piece.value["type"] is None:
                yield Finding(f"{piece.pointer}/type", "is null", "no type after the first piece")


@rule(
    "stream.tools.arguments-are-text",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.function.arguments",
    needs=TOOLS,
    when=calls_tools,
)
def arguments_are_text(exchange: Exchange) -> Iterator[Finding]:
    """The `arguments` in a piece of a tool call are a string.

    Clients append them: an object becomes "[object Object]" in the official Node SDK. Judged on every piece of every
    streamed tool call.
    """
    for fragment in fragments(exchange):
        for key in ("arguments", "input"):
            value = fragment.body.get(key, "")
            if not isinstance(value, str):
                yield Finding(f"{fragment.pointer}/{fragment.kind}/{key}", f"is {tell(value)}", "a string")


@rule(
    "stream.tools.arguments-come-once",
    Level.MUST,
    on=Part.STREAM,
    source=f"{TYPE}.function.arguments",
    needs=TOOLS,
    when=lambda exchange: bool(by_call(exchange)),
)
def arguments_come_once(exchange: Exchange) -> Iterator[Finding]:
    """The pieces of a tool call's arguments, joined, are the arguments once.

    Pieces that repeat what was sent before spell no JSON. Judged on every streamed tool call: pieces that each hold all
    before them, or the whole sent once more at the end.
    """
    for pieces in by_call(exchange).values():
        told = [(piece, text) for piece in pieces if (text := _text(piece.body, "arguments"))]
        texts = [text for _, text in told]
        if len({_text(piece.value, "id") for piece in pieces} - {None}) > 1:
            continue  # several calls under one index, of which another rule tells
        if len(texts) > 1 and (fault := _repetition(texts)):
            yield Finding(f"{told[-1][0].pointer}/function/arguments", fault, "only what is new")


@rule(
    "stream.tools.no-markup-in-content",
    Level.SHOULD,
    on=Part.STREAM,
    source="ChatCompletionStreamResponseDelta.content",
    needs=TOOLS,
    when=lambda exchange: calls_tools(exchange) and ended(exchange),
)
def no_markup_in_content(exchange: Exchange) -> Iterator[Finding]:
    """What a model writes to call a tool is not streamed as text as well.

    Readers see raw markup, and it goes back to the model as part of the history. Judged on every choice that calls a
    tool: its text holds no mark of a call together with the name of an offered tool, and is not the call's own JSON.
    """
    for choice in choices(exchange):
        text = choice.content or ""
        names = [name for name in offered(exchange.asked) if f'"{name}"' in text or f"={name}" in text]
        if not choice.calls or not names:
            continue
        if mark := next((mark for mark in MARKUP if mark in text), None):
            message = f"{tell(text)} holds {tell(mark)} and the name of the tool {tell(names[0])}"
            yield Finding(choice.place("content"), message, "no markup of the call")
        elif _is_envelope(parse(text), names):
            yield Finding(choice.place("content"), f"{tell(text)} is the call itself", "no content")


def _text(value: Any, key: str) -> str | None:
    """The string under a key; None where there is none, or an empty one."""
    found = value.get(key)
    return found if isinstance(found, str) and found else None


def _lack(piece: Fragment, key: str, value: Any, expected: str, under: str | None = None) -> Finding:
    place = f"{piece.pointer}/{under}" if under else piece.pointer
    if key in value:
        return Finding(f"{place}/{key}", f"is {tell(value[key])} in the first piece of the call", expected)
    known = piece.pointer if under and not value else place
    return Finding(known, f"the first piece of the call lacks `{key}`", expected)


def _repetition(texts: Sequence[str]) -> str | None:
    """How pieces of arguments repeat each other, told in one line; None where they do not, or may not."""
    whole, last = "".join(texts), texts[-1]
    if parse(whole) is not NOT_JSON:
        return None
    grows = all(b.startswith(a) and b != a for a, b in pairwise(texts))
    if grows and len(texts) >= ENOUGH_GROWTH and isinstance(parse(last), dict):
        return f"{tell(last)} repeats all pieces before it"
    before = "".join(texts[:-1])
    if parse(before) and isinstance(parse(last), dict) and parse(last) == parse(before):
        return f"{tell(last)} repeats the whole arguments"
    half = len(whole) // 2
    borders = {sum(map(len, texts[:end])) for end in range(1, len(texts))}
    if half in borders and whole[:half] == whole[half:] and parse(whole[:half]):
        return f"{tell(whole)} is the whole arguments twice"
    return None


def _is_envelope(value: Any, names: Sequence[str]) -> bool:
    """Whether a JSON value is a call of one of those tools, as models write it."""
    one = value[0] if isinstance(value, list) and value else value
    return isinstance(one, dict) and one.get("name") in names and bool({"arguments", "parameters"} & one.keys())
