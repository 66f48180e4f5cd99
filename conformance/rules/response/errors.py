"""How an error is told: one object, always of the same shape, in words that help and give nothing away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.exchange import Exchange, Response
from chatconform.core.json_text import NOT_JSON
from chatconform.core.rule import Finding, Level, Part, rule
from chatconform.core.telling import tell
from chatconform.rules.scope import refuses

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS: Final = ("message", "type", "param", "code")
SHAPE: Final = '{"error": {"message": ..., "type": ..., "param": ..., "code": ...}}'
NULL_WORDS: Final = frozenset({"None", "null", "undefined", "nil", "NaN"})
MOST_TEXT: Final = 65_536
SOURCE_FILE: Final = r"(?<![\w:/.])(?:/[\w.@+-]+){2,}\.(?:py|pyx|cpp|cc|hpp|cu|rs|go|mjs|js|ts|java|rb|so)\b"
LEAKS: Final = re.compile(
    r"Traceback \(most recent call last\)"
    r'|File \\?"[^"]{1,200}\\?", line \d+'
    r"|(?<!//)(?<![.@])\b[\w-]+\.(?:cpp|cc|hpp|cu|rs|go):\d+"
    r"|\bat [^\n]{1,200}\.(?:m?js|ts|java):\d+"
    r"|thread '[^']{1,80}' panicked at"
    r"|\bgoroutine \d+ \["
    rf"|{SOURCE_FILE}"
    r"|\b[A-Z]:\\\\?(?:Users|Program Files)\b"
)


def told(exchange: Exchange) -> dict[str, Any] | None:
    """What stands under `error` in an error's body; None where the body has another shape."""
    match exchange.error:
        case {"error": dict(error)}:
            return error
    return None


def has_error_object(exchange: Exchange) -> bool:
    """Whether the endpoint told an error in the published shape."""
    return refuses(exchange) and told(exchange) is not None


@rule(
    "response.errors.body-is-an-error-object",
    Level.MUST,
    on=Part.ERROR,
    source="ErrorResponse",
    when=refuses,
)
def body_is_an_error_object(exchange: Exchange) -> Iterator[Finding]:
    """Every answer that is not a success is a JSON object with an object under `error`.

    The official SDKs read message, type, code and param from there. From any other shape (`detail`, a bare string, a
    page of HTML) they keep nothing, so that users see "(no body)" or a bare status code. Judged on every error that the
    target gives; errors that speak of time or load are left out.
    """
    if told(exchange) is None and exchange.response is not None:
        pointer = "/error" if isinstance(exchange.error, dict) and "error" in exchange.error else ""
        yield Finding(pointer, f"status {exchange.status} with {_foreign(exchange.response)}", expected=SHAPE)


def _foreign(response: Response) -> str:
    """A name for the shape of an error's body that is not the published one."""
    body = response.json
    if not response.body.strip():
        return "an empty body"
    if body is NOT_JSON:
        start = response.body[:200].lstrip().lower()
        kind = "HTML" if start.startswith((b"<!doctype", b"<html", b"<head", b"<body")) else "a body that is not JSON"
        return f"{kind}: {tell(response.body[:200].decode(errors='replace'))}"
    match body:
        case {"error": value}:
            return f"an `error` that is no object: {tell(value)}"
        case {"detail": _}:
            return f"the error under `detail`: {tell(body)}"
        case {"object": "error"}:
            return f"the error at the top level: {tell(body)}"
    return f"no `error`: {tell(body)}"


@rule(
    "response.errors.error-has-all-keys",
    Level.MUST,
    on=Part.ERROR,
    source="Error",
    when=has_error_object,
)
def error_has_all_keys(exchange: Exchange) -> Iterator[Finding]:
    """The error has all four keys: `message`, `type`, `param` and `code`.

    Typed clients generated from the published types refuse an error that lacks one, and then tell a decoding failure in
    place of the error. `param` and `code` are null where there is nothing to say. Judged on every error.
    """
    error = told(exchange) or {}
    if missing := [f"`{key}`" for key in KEYS if key not in error]:
        yield Finding("/error", f"lacks {' and '.join(missing)}", expected="null where there is nothing to say")


@rule(
    "response.errors.code-is-a-string-or-null",
    Level.MUST,
    on=Part.ERROR,
    source="Error.code",
    when=has_error_object,
)
def code_is_a_string_or_null(exchange: Exchange) -> Iterator[Finding]:
    """The error's `code` is a string or null, never a number.

    `code` is a word for programs, such as `context_length_exceeded`; several servers repeat the HTTP status there,
    which typed clients fail to decode and which tells programs nothing. Judged on every error.
    """
    code = (told(exchange) or {}).get("code")
    if code is not None and not isinstance(code, str):
        yield Finding("/error/code", f"is {tell(code)}", expected="a string or null")


@rule(
    "response.errors.keys-have-their-types",
    Level.MUST,
    on=Part.ERROR,
    source="Error",
    when=has_error_object,
)
def keys_have_their_types(exchange: Exchange) -> Iterator[Finding]:
    """The error's `message` and `type` are strings, and its `param` is a string or null.

    The SDKs hand these to callers as strings; a list of objects in `message`, as some validators make, ends as its
    Python or JavaScript notation in front of a user. Judged on every error.
    """
    error = told(exchange) or {}
    for key in ("message", "type"):
        if key in error and not isinstance(error[key], str):
            yield Finding(f"/error/{key}", f"is {tell(error[key])}", expected="a string")
    param = error.get("param")
    if param is not None and not isinstance(param, str):
        yield Finding("/error/param", f"is {tell(param)}", expected="a string or null")


@rule(
    "response.errors.message-says-something",
    Level.SHOULD,
    on=Part.ERROR,
    source="Error.message",
    when=has_error_object,
)
def message_says_something(exchange: Exchange) -> Iterator[Finding]:
    """The error's `message` is not empty.

    It is all that most programs show to their users. Judged on every error whose message is a string.
    """
    match told(exchange):
        case {"message": str(message)} if not message.strip():
            yield Finding("/error/message", f"is {tell(message)}", expected="a sentence that says what is wrong")


@rule(
    "response.errors.null-is-not-a-word",
    Level.SHOULD,
    on=Part.ERROR,
    source="Error",
    when=has_error_object,
)
def null_is_not_a_word(exchange: Exchange) -> Iterator[Finding]:
    """Nothing to say is null in an error, never a word such as "None" or "null".

    A program that asks whether there is a `code` or a `param` takes the word for one. Judged on every error.
    """
    error = told(exchange) or {}
    for key in KEYS:
        value = error.get(key)
        if isinstance(value, str) and value.strip() in NULL_WORDS:
            yield Finding(f"/error/{key}", f"is the word {tell(value)}", expected="null, or something to say")


@rule(
    "response.errors.message-gives-nothing-away",
    Level.SHOULD,
    on=Part.ERROR,
    source="secure error handling, CWE-209",
    when=refuses,
)
def message_gives_nothing_away(exchange: Exchange) -> Iterator[Finding]:
    """An error shows no stack trace and no path of a source file.

    What a server looks like inside helps attackers and no caller. Judged on the text of every error; what the request
    itself said and the error repeats does not count.
    """
    response = exchange.response
    if response is None:
        return
    text = response.body[:MOST_TEXT].decode(errors="replace")
    found = LEAKS.search(text)
    if found and found.group().encode() not in exchange.request.body:
        start = max(0, found.start() - 20)
        pointer = "/error/message" if told(exchange) is not None else ""
        yield Finding(pointer, f"shows {tell(text[start : found.end() + 40])}", expected="a sentence for the caller")


@rule(
    "response.errors.text-is-utf-8",
    Level.SHOULD,
    on=Part.ERROR,
    source="RFC 8259 section 8.1",
    when=refuses,
)
def text_is_utf_8(exchange: Exchange) -> Iterator[Finding]:
    """An error's body is valid UTF-8, also where it repeats what was sent.

    Servers that copy a piece of a hostile request into the message cut characters in two or let broken bytes through,
    and the client then fails on the error instead of telling it. Judged on every error.
    """
    if exchange.response is None:
        return
    try:
        exchange.response.body.decode()
    except UnicodeDecodeError as error:
        around = exchange.response.body[max(0, error.start - 20) : error.end + 10]
        yield Finding("", f"byte {error.start} is no UTF-8: {tell(around.decode(errors='backslashreplace'))}")
