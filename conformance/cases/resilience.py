"""Resilience: odd JSON, odd text, too much of everything, and broken uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chatconform.core.ask import Ask
from chatconform.core.case import case

if TYPE_CHECKING:
    from chatconform.core.case import Asking, Situation

HARDY: Final = [
    "response.status.input-is-never-a-server-error",
    "response.http.every-request-is-answered",
]
DEPTH: Final = 10_000
ODD_KEYS: Final = ("", "__proto__", "constructor", "$ref", "a.b[0]", "ключ", "🙂", "k" * 300)
SLOW_PATTERNS: Final = ("^(a+)+$", "^(a|aa)+$", "(x+x+)+y", "^([a-zA-Z0-9]+\\s?)*$", "(.*)*(.*)*(.*)*=")


def _blank(body: bytes) -> bytes:
    """A request's body with blanks and line ends around it and between its values."""
    return b" \n\t" + body.replace(b'","', b'" ,\r\n\t"') + b"\r\n "


def _with(plain: Ask, addition: bytes) -> bytes:
    """A request's body with some bytes of an object added to its end."""
    return plain.payload[:-1] + b"," + addition + b"}"


@case("resilience.odd-json", exercises=[*HARDY, "series.resilience.blanks-*", "response.odd.*"], most=7)
def odd_json(situation: Situation) -> Asking:
    """Writes requests with blanks, a byte order mark, ten thousand levels, odd numbers, and a key that stands twice."""
    plain = situation.chat(most=4)
    limit = (situation.limit or "max_tokens").encode()
    twice = _with(situation.chat(), b'"%b":1,"%b":6' % (limit, limit))
    limits = {"first_limit": 1, "last_limit": 6}
    both = yield Ask(_blank(twice), about={**limits, "blanks": True})
    if not both.succeeded:
        yield Ask(twice, about=limits)
        yield Ask(_blank(plain.payload), about={"blanks": True})
        yield plain.tagged(blanks=False)
    yield Ask(b"\xef\xbb\xbf" + plain.payload)
    yield Ask(_with(plain, b'"x_deep":' + b"[" * DEPTH + b"]" * DEPTH))
    yield Ask(
        _with(
            plain, b'"temperature":1e400,"seed":1000000000000000000000000000000,"top_p":-1e-400,"presence_penalty":NaN'
        )
    )


@case("resilience.odd-text", exercises=[*HARDY, "response.body.is-strict-json", "response.odd.*"], most=2)
def odd_text(situation: Situation) -> Asking:
    """Says half characters, and bytes that are no UTF-8."""
    plain = situation.chat("Repeat: @", most=8)
    for odd in (b"\\ud800", b"\xff\xfe\xc0\xaf\xed\xa0\x80" + "你好".encode("gbk")):
        yield Ask(plain.payload.replace(b"@", odd))


@case("resilience.too-much", exercises=[*HARDY, "response.naming.lacking-parameter-is-named"], most=4)
def too_much(situation: Situation) -> Asking:
    """Sends strings of a megabyte, thousands of values, odd keys, and patterns that take some engines ages.

    All at once first; where that is not answered each by itself, as a refusal of one hides the others.
    """
    long = "long " * 200_000
    lengths: dict[str, Any] = {"stop": [long], "user": long, "logit_bias": {str(n): 1 for n in range(50_000)}}
    values = {"type": "string", "enum": [f"value-{number}" for number in range(10_000)]}
    keys = {key: {"type": "string"} for key in ODD_KEYS} | {"of": values}
    patterns = {f"p{n}": {"type": "string", "pattern": pattern} for n, pattern in enumerate(SLOW_PATTERNS)}
    text = "a" * 40 + "!"
    everything = yield situation.chat(text, most=32, response_format=_form(keys | patterns), **lengths)
    if not everything.succeeded:
        yield situation.chat(most=4, **lengths)
        yield situation.chat(most=32, response_format=_form(keys))
        yield situation.chat(text, most=32, response_format=_form(patterns))


def _form(properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}


@case("resilience.half-a-body", exercises=["series.survival.*"], most=3)
def half_a_body(situation: Situation) -> Asking:
    """Begins to send a body twice and stalls, and meanwhile makes a plain request."""
    plain = situation.chat(most=4)
    stalled = Ask(plain.payload, headers={"Content-Length": str(len(plain.payload) + 1000)}, leave_within=1.0)
    yield [stalled, stalled, plain.tagged(probe="meanwhile")]
