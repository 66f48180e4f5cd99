"""Texts of each format that JSON Schema names, drawn so that every validator agrees on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from chatconform.strategies.judging import format_judge_of
from chatconform.strategies.normal.acceptance import accepts_text
from chatconform.strategies.normal.alternatives import Strings
from chatconform.strategies.normal.grammars import GRAMMARS
from chatconform.strategies.normal.languages import found_in

Below = Callable[[int], int]
_TRIES = 60


def _some(below: Below, alphabet: str, low: int, high: int) -> str:
    return "".join(alphabet[below(len(alphabet))] for _ in range(low + below(high - low + 1)))


_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ALNUM = "0123456789" + _LETTERS
_HEX = "0123456789abcdef"


def _date(below: Below) -> str:
    year = (2000, 1970, 2024, 1999, 1, 9999, 1000 + below(9000))[below(7)]
    return f"{max(year, 1):04}-{1 + below(12):02}-{1 + below(28):02}"


def _offset(below: Below) -> str:
    return "Z" if below(2) == 0 else f"{'+-'[below(2)]}{below(24):02}:{below(60):02}"


def _time(below: Below) -> str:
    fraction = ("", ".5", ".123", ".000001")[below(4)]
    return f"{below(24):02}:{below(60):02}:{below(60):02}{fraction}{_offset(below)}"


def _duration(below: Below) -> str:
    return ("P1D", "PT0S", "P1Y2M3D", "PT36H", "P4W", "PT1M30S", f"P{below(1000)}D", f"P1DT{below(24)}H")[below(8)]


def _label(below: Below) -> str:
    return _some(below, _LETTERS, 1, 1) + ("" if below(2) == 0 else _some(below, _ALNUM, 1, (4, 20)[below(2)]))


def _hostname(below: Below) -> str:
    return ".".join(_label(below) for _ in range(1 + below(4)))


def _domain(below: Below) -> str:
    return f"{_label(below)}.{('com', 'org', 'example', 'io')[below(4)]}"


def _idn_hostname(below: Below) -> str:
    return ("例え.jp", "bücher.example", "пример.испытание", _hostname(below))[below(4)]


def _email(below: Below) -> str:
    name = _some(below, _LETTERS, 1, 6) + ("", ".x", "+tag", "_1", _some(below, _ALNUM, 10, 40))[below(5)]
    return f"{name}@{_domain(below)}"


def _ipv4(below: Below) -> str:
    return ".".join(str((0, 127, 255, below(256))[below(4)]) for _ in range(4))


def _ipv6(below: Below) -> str:
    short = ("::", "::1", "fe80::1", "2001:db8::", "::ffff:192.0.2.1")
    chosen = below(len(short) + 1)
    return short[chosen] if chosen < len(short) else ":".join(_some(below, _HEX, 1, 4) for _ in range(8))


def _path(below: Below) -> str:
    return "".join("/" + _some(below, _ALNUM, 0, 8) for _ in range(below(4)))


def _uri(below: Below) -> str:
    scheme = ("https", "http", "ftp", "data", "urn", "mailto")[below(6)]
    if scheme == "urn":
        return f"urn:example:{_some(below, _ALNUM, 1, 8)}"
    if scheme == "data":
        return ("data:,", "data:text/plain;base64,aGk=", "data:image/png;base64,iVBORw0KGgo=")[below(3)]
    if scheme == "mailto":
        return f"mailto:{_email(below)}"
    tail = ("", "?q=1", "#top", "?a=b&c=%20d", ":8080/" if below(2) else "/")[below(5)]
    host = _domain(below)
    return f"{scheme}://{host}{tail}" if tail.startswith(":") else f"{scheme}://{host}{_path(below)}{tail}"


def _uri_reference(below: Below) -> str:
    return ("", "/", "a", "../b", "#frag", "?q", "//example.com/x", _uri(below))[below(8)]


def _iri(below: Below) -> str:
    return ("https://例え.jp/路径", "http://bücher.example/ü", _uri(below))[below(3)]


def _iri_reference(below: Below) -> str:
    return ("", "/路径", "#ü", _uri_reference(below))[below(4)]


def _uri_template(below: Below) -> str:
    return ("", "/a", "https://example.com/{id}", "/x{?q,page}", "{+path}/y", "/{var:3}")[below(6)]


def _uuid(below: Below) -> str:
    digits = _some(below, _HEX, 8, 8), _some(below, _HEX, 4, 4), _some(below, _HEX, 3, 3), _some(below, _HEX, 3, 3)
    return f"{digits[0]}-{digits[1]}-4{digits[2]}-{'89ab'[below(4)]}{digits[3]}-{_some(below, _HEX, 12, 12)}"


def _pointer(below: Below) -> str:
    return "".join("/" + ("", "0", "a", "foo", "~0", "~1", "a b", "é")[below(8)] for _ in range(below(4)))


def _relative_pointer(below: Below) -> str:
    return str((0, 1, 2, 10 + below(90))[below(4)]) + ("#" if below(3) == 2 else _pointer(below))


def _regex(below: Below) -> str:
    return ("", "a", "^a$", "[a-z]+", "(a|b)*", r"\d{2,3}", "a.b?", "(?:x)", "^$")[below(9)]


FORMATS: dict[str, Callable[[Below], str]] = {
    "date": _date,
    "time": _time,
    "date-time": lambda below: f"{_date(below)}T{_time(below)}",
    "duration": _duration,
    "email": _email,
    "idn-email": lambda below: ("δοκιμή@example.com", _email(below))[below(2)],
    "hostname": _hostname,
    "idn-hostname": _idn_hostname,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "uri": _uri,
    "uri-reference": _uri_reference,
    "iri": _iri,
    "iri-reference": _iri_reference,
    "uri-template": _uri_template,
    "uuid": _uuid,
    "json-pointer": _pointer,
    "relative-json-pointer": _relative_pointer,
    "regex": _regex,
}


def drawn(strings: Strings, below: Below, tries: int = _TRIES) -> str | None:
    """Return a typical text of the formats that meets everything else too, or None when some tries found none."""
    first, *others = strings.formats
    for _ in range(tries):
        text = FORMATS[first](below)
        if accepts_text(strings, text) and all(found_in(GRAMMARS[name], text) for name in others):
            return text
    return None


@lru_cache(maxsize=512)
def examples(strings: Strings) -> tuple[str, ...]:
    """Return some typical texts that meet the formats and everything else, shortest first; none if all are rare."""
    from random import Random

    random = Random(0).random
    found = []
    for _ in range(24):
        text = drawn(strings, lambda n: int(random() * n))
        if text is None:
            break
        found.append(text)
    return tuple(sorted(dict.fromkeys(found), key=len))


def meets(name: str, value: str) -> bool:
    """Return whether a text is one of the format for validators that assert formats; any is of an unknown format."""
    return name not in FORMATS or found_in(GRAMMARS[name], value) or format_judge_of(name)(value)
