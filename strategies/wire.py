"""Bodies below JSON: bytes that are no JSON, JSON that is oddly written, encodings and lengths that are wrong.

Each case is bytes with the headers that belong to them, and what a server may do: refuse, accept, or either.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from chatconform.strategies.drawing.sources import Source

if TYPE_CHECKING:
    from hypothesis import strategies as st

Expected = Literal["refused", "accepted", "either"]
_JSON: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
MINIMAL: dict[str, Any] = {"model": "test-model", "messages": [{"role": "user", "content": "Hi"}]}


@dataclass(frozen=True)
class Wire:
    """One body as bytes with its headers; with a wrong `content-length` among them, the body is not of that length.

    `expected` is what a server owes: "refused" is status 400 (or 413, 415, 422) with an error object, "accepted" is
    the answer that the plainly written request would get, and "either" is one of the two. None of them is ever 5xx.
    """

    family: str
    label: str
    body: bytes
    headers: tuple[tuple[str, str], ...]
    expected: Expected
    description: str


Case = tuple[str, bytes, Expected, str]


def wire_cases(request: dict[str, Any] | None = None) -> list[Wire]:
    """Returns every byte-level case made from a request (a minimal one by default), always in the same order."""
    body = MINIMAL if request is None else request
    return [case for family in FAMILIES for case in _cases(family, body)]


def wire_bodies(*, families: tuple[str, ...] | None = None) -> st.SearchStrategy[Wire]:
    """Returns a strategy of byte-level cases of requests; raises `ImpossibleNarrowing` for unknown families."""
    from chatconform.strategies.from_schema import strategy_of

    chosen = chosen_families(families)
    return strategy_of(lambda source: wire(source, chosen))


def chosen_families(families: tuple[str, ...] | None) -> tuple[str, ...]:
    """Returns the families, all by default; raises `ImpossibleNarrowing` for unknown ones."""
    from chatconform.strategies.refusals import ImpossibleNarrowing

    unknown = [family for family in families or () if family not in FAMILIES]
    if unknown or families == ():
        raise ImpossibleNarrowing(f"families: {unknown[:1] or 'none is chosen'}; there are {', '.join(FAMILIES)}")
    return tuple(FAMILIES) if families is None else families


def wire(source: Source, families: tuple[str, ...]) -> Wire:
    """Returns a byte-level case of one of the families, made from a generated request."""
    from chatconform.strategies.recipes.asking import request
    from chatconform.strategies.recipes.narrowing import Narrowing

    found = list(_cases(families[source.below(len(families))], request(source, Narrowing())))
    return found[source.below(len(found))]


def _cases(family: str, request: dict[str, Any]) -> Iterator[Wire]:
    for label, body, expected, description in FAMILIES[family](request):
        yield Wire(family, label, body, _JSON, expected, description)
    if family == "length":
        yield from _lengths(request)
    elif family == "encoding":
        yield from _charsets(request)


def plain(request: dict[str, Any]) -> bytes:
    """Returns a request as compact UTF-8 JSON."""
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()


def _with(request: dict[str, Any], member: bytes) -> bytes:
    """The request with one more member, written as it is."""
    return plain(request)[:-1] + b"," + member + b"}"


def _syntax(request: dict[str, Any]) -> Iterator[Case]:
    body = plain(request)
    yield "empty", b"", "refused", "an empty body"
    yield "white space", b" \r\n\t", "refused", "a body of white space"
    yield "text", b"hello", "refused", "a word instead of JSON"
    yield "form", b"model=m&messages=hi", "refused", "a form instead of JSON"
    yield "html", b"<html></html>", "refused", "HTML instead of JSON"
    for share in (1, len(body) // 2, len(body) - 1):
        yield f"cut at {share}", body[:share], "refused", f"the body ends after {share} bytes"
    yield "trailing comma", body[:-1] + b",}", "refused", "a comma before the closing brace"
    yield "two documents", body + body, "refused", "the request twice, one after the other"
    yield "trailing text", body + b" x", "refused", "a letter after the request"
    yield "single quotes", body.replace(b'"', b"'"), "refused", "single quotes"
    yield "comment", b"/* hi */" + body, "refused", "a comment before the request"
    yield "unquoted key", b"{model: 1}", "refused", "a key without quotes"
    yield "missing colon", body.replace(b":", b" ", 1), "refused", "a colon is missing"
    yield "open string", b'{"model": "m', "refused", "a string that does not end"
    yield "bad escape", _with(request, rb'"user":"\x41"'), "refused", "an escape that JSON does not have"
    yield "short escape", _with(request, rb'"user":"\u12"'), "refused", "an escape with two digits"
    yield "raw line end", _with(request, b'"user":"a\nb"'), "refused", "a line end within a string"
    yield "raw NUL", _with(request, b'"user":"a\x00b"'), "refused", "a NUL within a string"
    yield "NUL at the end", body + b"\x00", "refused", "a NUL after the request"


def _roots(request: dict[str, Any]) -> Iterator[Case]:
    for text in (b"null", b"true", b"0", b'"x"', b"[]", b"{}"):
        yield text.decode(), text, "refused", f"{text.decode()} instead of a request"
    yield "array of requests", b"[" + plain(request) + b"]", "refused", "the request within an array"
    yield "request as text", json.dumps(plain(request).decode()).encode(), "refused", "the request as a JSON string"


def _numbers(request: dict[str, Any]) -> Iterator[Case]:
    wrong = ("NaN", "Infinity", "-Infinity", "nan", "+1", "01", ".5", "1.", "0x10", "1_000", "--1", "1e", "-")
    for text in wrong:
        yield text, _with(request, b'"temperature":' + text.encode()), "refused", f"{text}, which is no JSON number"
    odd = {"1e400": "beyond every float", "-1e400": "beyond every float", "1e-400": "too small for a float"}
    odd |= {
        "9" * 400: "an integer of 400 digits",
        "0." + "1" * 400: "400 decimals",
        "9223372036854775808": "beyond 64 bits",
    }
    for text, why in odd.items():
        yield text[:24], _with(request, b'"seed":' + text.encode()), "either", f"a number {why}"
    yield "-0", _with(request, b'"presence_penalty":-0'), "accepted", "minus zero"
    yield "1E0", _with(request, b'"presence_penalty":1E0'), "accepted", "one with an exponent"


def _duplicates(request: dict[str, Any]) -> Iterator[Case]:
    body = plain(request)
    again = json.dumps(request["model"]).encode()
    yield "the same twice", _with(request, b'"model":' + again), "either", "the model twice, the same"
    yield "two models", _with(request, b'"model":"other"'), "either", "two different models"
    yield "two messages", _with(request, b'"messages":[]'), "either", "the messages twice, the second time none"
    yield "nested", body[:-1] + b',"metadata":{"a":"1","a":"2"}}', "either", "a key twice within metadata"
    yield "escaped", _with(request, rb'"\u006dodel":"other"'), "either", "the model twice, once with an escaped key"


def _depth(request: dict[str, Any]) -> Iterator[Case]:
    for levels in (100, 1000, 10_000, 100_000):
        arrays = b"[" * levels + b"]" * levels
        yield (
            f"{levels} arrays",
            _with(request, b'"metadata":' + arrays),
            "either",
            f"{levels} arrays within each other",
        )
        objects = b'{"a":' * levels + b"1" + b"}" * levels
        yield (
            f"{levels} objects",
            _with(request, b'"metadata":' + objects),
            "either",
            f"{levels} objects within each other",
        )
    yield "open arrays", b"[" * 100_000, "refused", "100000 opening brackets"
    yield "open objects", b'{"a":' * 50_000, "refused", "50000 objects that are not closed"


def _surrogates(request: dict[str, Any]) -> Iterator[Case]:
    for label, text in (
        ("high", rb"\ud83d"),
        ("low", rb"\ude00"),
        ("reversed", rb"\ude00\ud83d"),
        ("two high", rb"\ud83d\ud83d"),
    ):
        yield label, _with(request, b'"user":"' + text + b'"'), "either", f"a lone surrogate, escaped: {text.decode()}"
    yield "in a key", _with(request, rb'"\ud83d":1'), "either", "a key that is a lone surrogate"
    yield (
        "raw",
        _with(request, b'"user":"\xed\xa0\xbd"'),
        "refused",
        "a lone surrogate as three bytes, which is no UTF-8",
    )
    yield (
        "pair in six bytes",
        _with(request, b'"user":"\xed\xa0\xbd\xed\xb8\x80"'),
        "refused",
        "a pair as six bytes (CESU-8)",
    )
    yield "escaped pair", _with(request, rb'"user":"\ud83d\ude00"'), "accepted", "a pair, escaped as JSON has it"


def _encodings(request: dict[str, Any]) -> Iterator[Case]:
    text = plain(request).decode()
    yield "BOM", b"\xef\xbb\xbf" + plain(request), "either", "a byte order mark before the request"
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"):
        yield name, text.encode(name), "refused", f"the request in {name}"
    yield "latin-1", _with(request, b'"user":"caf\xe9"'), "refused", "an é as one byte, which is no UTF-8"
    for label, raw in (
        ("continuation", b"\x80"),
        ("overlong", b"\xc0\xaf"),
        ("cut short", b"\xe2\x82"),
        ("too far", b"\xf4\x90\x80\x80"),
    ):
        yield label, _with(request, b'"user":"a' + raw + b'b"'), "refused", f"bytes that are no UTF-8: {raw.hex()}"
    yield "FE and FF", b"\xfe\xff" + plain(request), "refused", "two bytes that no UTF-8 has"


def _charsets(request: dict[str, Any]) -> Iterator[Wire]:
    body = plain(request)
    for value in (
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "APPLICATION/JSON",
        "application/json ; x=y",
    ):
        yield Wire(
            "encoding", value, body, (("content-type", value),), "accepted", f"the content type written as {value}"
        )
    for value in ("text/plain", "application/x-www-form-urlencoded", "application/xml", ""):
        named = value or "empty"
        yield Wire("encoding", f"type {named}", body, (("content-type", value),), "either", f"the content type {named}")
    packed = (*_JSON, ("content-encoding", "gzip"))
    yield Wire("encoding", "gzip in name only", body, packed, "refused", "said to be compressed, and it is not")


def _writing(request: dict[str, Any]) -> Iterator[Case]:
    body = plain(request)
    yield "indented", json.dumps(request, indent=2, ensure_ascii=False).encode(), "accepted", "written over many lines"
    yield "escaped", json.dumps(request).encode(), "accepted", "everything beyond ASCII is escaped"
    every = "".join(f"\\u{ord(c):04x}" for c in "model").encode()
    yield (
        "escaped key",
        body.replace(b'"model"', b'"' + every + b'"', 1),
        "accepted",
        "a key of which every letter is escaped",
    )
    yield "slashes", _with(request, rb'"user":"a\/b"'), "accepted", "an escaped slash"
    yield "white space", b" \r\n\t" + body + b"\n\n ", "accepted", "white space around the request"
    yield "much white space", body[:1] + b" " * 100_000 + body[1:], "accepted", "100000 spaces within the request"
    yield "other order", plain(dict(reversed(list(request.items())))), "accepted", "the members in reverse order"
    yield "NUL", _with(request, rb'"user":"a\u0000b"'), "either", "an escaped NUL"
    yield "long key", _with(request, b'"' + b"x" * 70_000 + b'":1'), "either", "an unknown key of 70000 letters"
    many = b",".join(b'"k%d":%d' % (i, i) for i in range(10_000))
    yield "many keys", _with(request, many), "either", "10000 unknown keys"
    yield "empty key", _with(request, b'"":1'), "either", "an empty key"
    yield (
        "prototype",
        _with(request, b'"__proto__":{"admin":true}'),
        "either",
        "a key that some runtimes treat as special",
    )


def _lengths(request: dict[str, Any]) -> Iterator[Wire]:
    body = plain(request)
    real = len(body)
    for value, why in (
        (str(real - 1), "one byte less than the body has"),
        (str(real + 1), "one byte more than the body has"),
        ("0", "zero, and a body follows"),
        ("-1", "a negative length"),
        ("abc", "no number"),
        ("1e3", "a length with an exponent"),
        (f"{real}, {real}", "the length twice in one header"),
        (str(2**63), "a length beyond 64 bits"),
        ("", "an empty length"),
    ):
        headers = (*_JSON, ("content-length", value))
        yield Wire(
            "length",
            f"content-length {value or 'empty'}",
            body,
            headers,
            "refused",
            f"the length says {value!r}: {why}",
        )
    two = (*_JSON, ("content-length", str(real)), ("content-length", str(real - 1)))
    yield Wire("length", "two lengths", body, two, "refused", "two headers that name different lengths")
    both = (*_JSON, ("content-length", str(real)), ("transfer-encoding", "chunked"))
    yield Wire("length", "length and chunks", body, both, "refused", "a length and chunks at once, and no chunks")


FAMILIES: dict[str, Callable[[dict[str, Any]], Iterator[Case]]] = {
    "syntax": _syntax,
    "root": _roots,
    "number": _numbers,
    "duplicate-key": _duplicates,
    "depth": _depth,
    "surrogate": _surrogates,
    "encoding": _encodings,
    "writing": _writing,
    "length": lambda request: iter(()),  # noqa: ARG005 - its cases are about headers, and made by _lengths
}
