"""That a refusal names what it refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.capabilities import MAX_COMPLETION_TOKENS, MAX_TOKENS, SEED, STOP, STREAM, capabilities
from chatconform.rules.response.errors import has_error_object, told
from chatconform.rules.validity import faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.exchange import Exchange
    from chatconform.rules.validity import Fault

QUOTED: Final = re.compile(r"['`\"](\w+)['`\"]")
WORD: Final = re.compile(r"[a-z_]{3,}")
USUAL: Final = frozenset({"model", "messages", "stream", "max_tokens", "max_completion_tokens", "temperature", "seed"})
MOST_WORDS: Final = 500
USUAL_DEPTH: Final = 32
"""Levels that every reader of JSON takes; what is deeper may be refused before a field is looked at."""
COMMON: Final = (STREAM, MAX_TOKENS, MAX_COMPLETION_TOKENS, STOP, SEED)
ELSEWHERE: Final = re.compile(
    r"context|too (long|large)|limit|quota|billing|credit|balance|moderation|polic(y|ies)|safety|model", re.IGNORECASE
)
"""What a refusal speaks of that is about the prompt, the account or the model and not about a parameter."""


def _is_checked(exchange: Exchange) -> bool:
    """Whether a request, a JSON object, was refused for what it says, and not for how deep it says it."""
    refused = has_error_object(exchange) and exchange.status in (400, 422) and bool(exchange.asked)
    return refused and not _is_deeper(exchange.asked, USUAL_DEPTH)


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether a value holds others in more levels than that."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(levels == 0 or _is_deeper(item, levels - 1) for item in inside if isinstance(item, dict | list))


def _names(exchange: Exchange) -> set[str]:
    """The names by which a param may tell the one field that is at fault; none where several fields are."""
    faults = faults_of(exchange)
    tops = {fault.pointer.split("/")[1] if fault.pointer else "" for fault in faults}
    if len(tops) != 1:
        return set()
    top = tops.pop()
    quoted = {name for fault in faults for name in QUOTED.findall(fault.message)}
    return {top, *quoted} if top else {*exchange.asked, *quoted}


@rule(
    "response.naming.param-names-the-field",
    Level.SHOULD,
    on=Part.ERROR,
    source="Error.param",
    when=lambda exchange: _is_checked(exchange) and bool(_names(exchange)),
)
def param_names_the_field(exchange: Exchange) -> Iterator[Finding]:
    """The `param` of an error names the field that is at fault.

    A program can then point at it, or send the request again without it. Judged on refused requests with one field at
    fault, by whether the field's name stands in `param`, in whatever notation; a target may refuse another parameter of
    the request for reasons of its own.
    """
    error = told(exchange) or {}
    param = error.get("param")
    if "param" not in error or (param is not None and not isinstance(param, str)):
        return
    names = _names(exchange)
    if not any(name in (param or "") for name in names) and not _is_of_its_own(exchange, param):
        fault = faults_of(exchange)[0]
        message = f"is {tell(param)}; what is wrong with the request: {fault.told}"
        yield Finding("/error/param", message, _expected(fault, names))


def _is_of_its_own(exchange: Exchange, param: str | None) -> bool:
    """Whether an error is about a parameter of the request that a target may lack, whatever the fault elsewhere."""
    first = re.match(r"\w+", param or "")
    return first is not None and first[0] in exchange.asked.keys() - USUAL


def _expected(fault: Fault, names: set[str]) -> str:
    if not fault.pointer:
        return " or ".join(f'"{name}"' for name in sorted(set(QUOTED.findall(fault.message)) or names))[:120]
    first, *rest = fault.pointer.split("/")[1:]
    return f'"{first}{"".join(f"[{step}]" if step.isdigit() else f".{step}" for step in rest)}"'


def _words(value: Any, depth: int = 6) -> Iterator[str]:
    """The names and short texts in what a request asks for."""
    if isinstance(value, dict) and depth:
        for key, item in value.items():
            yield key.lower()
            yield from _words(item, depth - 1)
    elif isinstance(value, list) and depth:
        for item in value[:MOST_WORDS]:
            yield from _words(item, depth - 1)
    elif isinstance(value, str) and len(value) <= 64:
        yield value.lower()


def _asks_for_more(exchange: Exchange) -> bool:
    """Whether a request asks for something that a target may lack."""
    return any(one.asked(exchange.asked) for one in capabilities() if one not in COMMON)


def _parameters(exchange: Exchange) -> dict[str, Any]:
    """What a request asks for beyond an answer to its messages."""
    return {name: value for name, value in exchange.asked.items() if name not in USUAL and value is not None}


@rule(
    "response.naming.lacking-parameter-is-named",
    Level.SHOULD,
    on=Part.ERROR,
    source="Error.param; Error.message",
    when=lambda exchange: _is_checked(exchange) and _asks_for_more(exchange),
)
def lacking_parameter_is_named(exchange: Exchange) -> Iterator[Finding]:
    """A refusal of something that the target lacks says what that is.

    The caller goes on without it, if only it is named. Judged on valid requests that are refused and ask for more than
    any server has: `param`, `code` or `message` has a word of what they ask for.
    """
    error = told(exchange) or {}
    if "param" not in error:
        return
    said = " ".join(str(error.get(key)) for key in ("param", "code", "type", "message")).lower()
    names = [*exchange.asked, *_words(_parameters(exchange))]
    asked = {part for name in names for part in WORD.findall(name.lower())}
    spoken = WORD.findall(said)
    if ELSEWHERE.search(said) or any(word in asked or word.rstrip("s") in asked for word in spoken):
        return
    if any(name in re.findall(r"\w+", said) for name in _parameters(exchange)):  # names of a letter, as `n`
        return
    lacking = ", ".join(sorted(_parameters(exchange)))
    yield Finding("/error/message", f"is {tell(error.get('message'))}", f"a word of what is lacking, of {lacking[:80]}")
