"""Structured outputs: whether the text is the JSON that the request asks for, by its schema and nothing around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.condition import every
from chatconform.core.exchange import Exchange
from chatconform.core.json_text import NOT_JSON, parse
from chatconform.core.rule import Finding, Inconclusive, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules import asking
from chatconform.rules.capabilities import JSON_OBJECT, JSON_SCHEMA
from chatconform.rules.conforming import at, departures, forced_strings, holds_keyword
from chatconform.rules.reading import Choice, choices, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.schemas import Violation

REFINING: Final = frozenset(
    {
        "pattern",
        "format",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "maxItems",
        "uniqueItems",
        "contains",
        "minContains",
        "maxContains",
        "minProperties",
        "maxProperties",
        "propertyNames",
        "patternProperties",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
        "unevaluatedItems",
        "not",
    }
)
"""Keywords that narrow a value down and that servers may not know: a server that does not says so."""
FENCE: Final = re.compile(r"\s*```[\w-]*\s*\n?(.*?)\n?\s*```", re.DOTALL)
MOST_TEXT: Final = 65_536
_FORMATS: Final = asking.gives("response_format")


def _format(exchange: Exchange) -> Any:
    return asking.kept(exchange.asked, "response_format").get("type")


def _wants_schema(exchange: Exchange) -> bool:
    found = asking.answer_schema(exchange.asked)
    return found is not None and found[1] and not _may_call(exchange)


def _wants_json(exchange: Exchange) -> bool:
    return _format(exchange) == "json_object" or _wants_schema(exchange)


def _may_call(exchange: Exchange) -> bool:
    """Whether the model may call a tool instead of answering: the format holds for its text alone."""
    return any(choice.hints_at_calls for choice in choices(exchange))


def _ended(choice: Choice) -> bool:
    """Whether the model ended its text by itself, and did not refuse."""
    return choice.finish == "stop" and choice.refusal is None


def _judged(exchange: Exchange) -> Iterator[Choice | Inconclusive]:
    """The choices whose text has to be whole JSON; for each other one the reason why it has not."""
    for choice in choices(exchange):
        if choice.refusal is not None:
            yield Inconclusive("the model refused")
        elif not _ended(choice) or not whole(exchange):
            yield Inconclusive(f"the text was cut ({tell(choice.finish)}) before the model ended it")
        elif exchange.asked.get("stop"):
            yield Inconclusive("the text may have been cut by a stop sequence")
        else:
            yield choice


def decoration(text: str) -> str | None:
    """What stands around the JSON of a text, in words; None where the text is JSON, or where none is found in it."""
    if parse(text) is not NOT_JSON:
        return None
    bare = text.strip().lstrip("\ufeff").strip()
    if text.lstrip().startswith("\ufeff") and parse(bare) is not NOT_JSON:
        return "a byte order mark"
    fenced = FENCE.search(bare[:MOST_TEXT])
    if fenced and isinstance(parse(fenced[1]), dict | list):
        return "a markdown fence"
    start, end = bare.find("{"), bare.rfind("}")
    if 0 <= start < end and isinstance(parse(bare[start : end + 1]), dict):
        return "text before it" if start else "text after it"
    return None


@rule(
    "response.structured.json-object-is-json",
    Level.MUST,
    on=Part.ANSWER,
    source="ResponseFormatJsonObject",
    when=every(_FORMATS, lambda exchange: _format(exchange) == "json_object" and not _may_call(exchange)),
    needs=JSON_OBJECT,
)
def json_object_is_json(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """With `json_object` the text is the JSON of one object.

    Programs parse it without looking. It is decoding that makes it true with any model, so that prose shows that the
    format was ignored. Judged on every choice that ended by itself; JSON with something around it has its own rule.
    """
    for choice in _judged(exchange):
        if isinstance(choice, Inconclusive):
            yield choice
            continue
        value = parse(choice.content or "")
        if value is NOT_JSON and decoration(choice.content or "") is None and not _looks_cut(choice):
            yield Finding(choice.place("content"), f"is {tell(choice.content)}, which is no JSON", expected="an object")
        elif value is not NOT_JSON and not isinstance(value, dict):
            yield Finding(choice.place("content"), f"is {tell(choice.content)}", expected="an object")


@rule(
    "response.structured.schema-is-enforced",
    Level.MUST,
    on=Part.ANSWER,
    source="ResponseFormatJsonSchema.json_schema.strict",
    when=every(_FORMATS, _wants_schema),
    needs=JSON_SCHEMA,
)
def schema_is_enforced(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """With a strict `json_schema` the text is JSON by that schema.

    Structured outputs are parsed into types: a field that is missing or of another type is an exception in production.
    A schema that leaves one random value proves it with any model, streamed or not, in each of several choices.
    Judged on every choice that ended by itself.
    """
    for choice in _judged(exchange):
        if isinstance(choice, Inconclusive):
            yield choice
            continue
        place, text = choice.place("content"), choice.content or ""
        value, found = _measured(choice)
        if value is NOT_JSON:
            if decoration(text) is None and not _looks_cut(choice):
                yield Finding(place, f"is {tell(text)}, which is no JSON", expected="JSON by the schema")
            continue
        if found is None:
            yield Inconclusive("the schema is one that cannot be used")
        for departure in found or ():
            if departure.keyword not in REFINING and not _is_mangled(exchange, departure, value):
                yield Finding(place, _told(departure), expected="JSON by the schema")


@rule(
    "response.structured.keywords-are-honoured",
    Level.SHOULD,
    on=Part.ANSWER,
    source="ResponseFormatJsonSchemaSchema; the practice of structured outputs: what is not supported is refused",
    when=every(
        _FORMATS,
        _wants_schema,
        lambda exchange: holds_keyword((asking.answer_schema(exchange.asked) or ({},))[0], REFINING),
    ),
    needs=JSON_SCHEMA,
)
def keywords_are_honoured(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """A keyword of the schema that narrows values (`pattern`, `minLength`, `minimum` ...) holds, or is refused.

    A keyword that is dropped in silence is the worst of the three: the caller trusts a bound that is not there. Judged
    on every strict schema that has such keywords.
    """
    for choice in _judged(exchange):
        if isinstance(choice, Inconclusive):
            yield choice
            continue
        for departure in _measured(choice)[1] or ():
            if departure.keyword in REFINING:
                yield Finding(
                    choice.place("content"), _told(departure), expected=f"`{departure.keyword}` kept, or a 400"
                )


@rule(
    "response.structured.strings-are-kept-whole",
    Level.SHOULD,
    on=Part.ANSWER,
    source="RFC 8259 section 7",
    when=every(_FORMATS, _wants_schema, lambda exchange: bool(_odd_constants(exchange))),
    needs=JSON_SCHEMA,
)
def strings_are_kept_whole(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """Characters beyond ASCII, quotes, backslashes and line ends come through constrained decoding unharmed.

    Grammars are built from bytes or from escapes, and lose or double one of them. Judged on schemas that force a string
    with such characters: the string that comes back is that one.
    """
    for choice in _judged(exchange):
        if isinstance(choice, Inconclusive):
            yield choice
            continue
        value, found = _measured(choice)
        for departure in found or ():
            if _is_mangled(exchange, departure, value):
                yield Finding(choice.place("content"), _told(departure), expected="the string as the schema has it")


@rule(
    "response.structured.json-stands-alone",
    Level.MUST,
    on=Part.ANSWER,
    source="ResponseFormatJsonObject; ResponseFormatJsonSchema",
    when=every(_FORMATS, _wants_json),
)
def json_stands_alone(exchange: Exchange) -> Iterator[Finding | Inconclusive]:
    """Nothing stands around the JSON of a structured output: no markdown fence, no words, no byte order mark.

    A fence is what models write where nothing constrains them, and what every JSON parser refuses. Judged on every
    choice that ended by itself.
    """
    for choice in _judged(exchange):
        if isinstance(choice, Inconclusive):
            yield choice
        elif found := decoration(choice.content or ""):
            shown = f"is {tell(choice.content)}: JSON with {found}"
            yield Finding(choice.place("content"), shown, expected="the JSON alone")


@rule(
    "response.structured.cut-ends-with-length",
    Level.SHOULD,
    on=Part.ANSWER,
    source="CreateChatCompletionResponse.choices.finish_reason",
    when=every(
        _FORMATS,
        _wants_json,
        lambda exchange: any(choice.finish == "length" or _looks_cut(choice) for choice in choices(exchange)),
    ),
)
def cut_ends_with_length(exchange: Exchange) -> Iterator[Finding]:
    """A structured output that the limit cuts ends with `length`.

    The official SDKs raise an error of its own for it; with `stop` half an object is parsed and the user sees what
    a parser says. Judged on structured outputs that stop in the middle with as many tokens as the limit allows.
    """
    for choice in choices(exchange):
        if _looks_cut(choice):
            shown = f"is {tell(choice.finish)}, and the JSON ends in the middle: {tell((choice.content or '')[-30:])}"
            yield Finding(choice.end(), shown, expected='"length"')


def _looks_cut(choice: Choice) -> bool:
    """Whether a text that claims its own end is half a JSON text, with as many tokens as were allowed."""
    text = (choice.content or "").strip()
    most = asking.limit(choice.exchange.asked)
    used = asking.count(asking.kept(choice.exchange.answer, "usage").get("completion_tokens"))
    several = len(choices(choice.exchange))
    if (
        choice.finish != "stop"
        or choice.exchange.asked.get("stop")
        or most is None
        or used is None
        or used < most * several
    ):
        return False
    return text[:1] in ("{", "[", "") and parse(text) is NOT_JSON and decoration(text) is None


def _measured(choice: Choice) -> tuple[Any, list[Violation] | None]:
    """The JSON value of a choice, and what it breaks of the schema that was asked for."""
    value = parse(choice.content or "")
    schema, _ = asking.answer_schema(choice.exchange.asked) or ({}, False)
    return value, [] if value is NOT_JSON else departures(schema, value)


def _told(departure: Violation) -> str:
    return f"at {departure.pointer} {departure.message}" if departure.pointer else departure.message


def _odd_constants(exchange: Exchange) -> set[str]:
    """The strings that the schema forces and that hold more than plain characters."""
    schema, _ = asking.answer_schema(exchange.asked) or ({}, False)
    return {text for text in forced_strings(schema) if not text.isascii() or set(text) & set('"\\\n\t')}


def _is_mangled(exchange: Exchange, departure: Violation, value: Any) -> bool:
    """Whether a departure is a forced string whose plain characters are there and whose others are not."""
    if departure.keyword not in ("const", "enum"):
        return False
    found = at(value, departure.pointer)
    return isinstance(found, str) and _plain(found) in {_plain(text) for text in _odd_constants(exchange)}


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isascii() and char.isalnum())


@rule(
    "response.structured.text-is-not-blank",
    Level.INFO,
    on=Part.ANSWER,
    source="the API's note on JSON mode: without an instruction the model may write white space until the limit",
    when=every(_FORMATS, lambda exchange: _format(exchange) == "json_object" and not _may_call(exchange)),
    needs=JSON_OBJECT,
)
def text_is_not_blank(exchange: Exchange) -> Iterator[Finding]:
    """With `json_object` a choice does not end at its limit with nothing but white space.

    Where the prompt does not speak of JSON, a model may never begin its object, and the caller pays for spaces; servers
    refuse such a prompt or bound the white space. Judged on choices that a limit ended.
    """
    for choice in choices(exchange):
        if choice.finish == "length" and choice.content and not choice.content.strip():
            shown = f"is {len(choice.content)} characters of white space"
            yield Finding(choice.place("content"), shown, expected="an object, or a 400")
