"""The formats of JSON Schema as regular expressions, so that a format goes together with patterns, lengths and others.

Each describes a part of its format on which validators agree: what it matches is always of the format.
"""

from __future__ import annotations

from typing import Final

_YEAR: Final = r"(?!0000)[0-9]{4}"
_LEAP: Final = r"(?!0000)(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_MONTHLY: Final = r"(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31"
_DATE: Final = rf"(?:{_YEAR}-(?:{_MONTHLY})|{_LEAP}-02-29)"
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME: Final = rf"{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:Z|[+-]{_CLOCK})"
_COUNT: Final = "(?:0|[1-9][0-9]{0,3})"
_HOURS: Final = rf"T(?:{_COUNT}H(?:{_COUNT}M(?:{_COUNT}S)?)?|{_COUNT}M(?:{_COUNT}S)?|{_COUNT}S)"
_DAYS: Final = rf"(?:{_COUNT}Y(?:{_COUNT}M(?:{_COUNT}D)?)?|{_COUNT}M(?:{_COUNT}D)?|{_COUNT}D)"

_PLAIN: Final = "a-zA-Z0-9"
_LABEL: Final = rf"[{_PLAIN}]{{1,20}}(?:-[{_PLAIN}]{{1,20}}){{0,2}}"
_TOP: Final = rf"[a-zA-Z][{_PLAIN}]{{1,20}}"
_HOST: Final = rf"(?:{_LABEL}\.)*{_TOP}"
_IDN: Final = r"[a-zß-öø-ÿ][a-z0-9ß-öø-ÿ]{0,15}"
_NAME: Final = rf"[{_PLAIN}_+-]{{1,30}}(?:\.[{_PLAIN}_+-]{{1,30}})?"
_BYTE: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_ADDRESS: Final = rf"{_BYTE}(?:\.{_BYTE}){{3}}"
_HEX: Final = "[0-9a-fA-F]"
_GROUP: Final = f"{_HEX}{{1,4}}"
_SHORTENED: Final = "|".join(
    f"(?:{_GROUP}:){{1,{left}}}(?::{_GROUP}){{1,{7 - left}}}" if left < 7 else f"(?:{_GROUP}:){{1,7}}:"
    for left in range(1, 8)
)
_ADDRESS_6: Final = f"(?:{_GROUP}:){{7}}{_GROUP}|{_SHORTENED}|::(?:{_GROUP}(?::{_GROUP}){{0,6}})?"

_SCHEME: Final = rf"[a-zA-Z][{_PLAIN}+.-]{{0,30}}"
_ESCAPE: Final = "%[0-9A-F]{2}"
_CHARACTER: Final = rf"{_PLAIN}._~!$&'()*+,;=:@-"


def _uri(beyond: str, *, relative: bool) -> str:
    """A reference of RFC 3986, or of RFC 3987 with the characters beyond ASCII that it may have."""
    piece = f"(?:[{beyond}{_CHARACTER}]|{_ESCAPE})"
    tail = rf"(?:\?(?:{piece}|[/?])*)?(?:#(?:{piece}|[/?])*)?"
    located = f"//(?:{_HOST}|{_ADDRESS})(?::[1-9][0-9]{{0,3}})?(?:/{piece}*)*"
    absolute = f"{_SCHEME}:(?:{located}|/?{piece}+(?:/{piece}*)*)"
    first = f"(?:[{beyond}{_CHARACTER.replace(':', '')}]|{_ESCAPE})"
    either = f"(?:{absolute}|{located}|/(?:{piece}+(?:/{piece}*)*)?|(?:{first}+(?:/{piece}*)*)?)"
    return f"^{either if relative else absolute}{tail}$"


_VARIABLE: Final = rf"[{_PLAIN}_]{{1,30}}(?::[1-9][0-9]{{0,2}}|\*)?"
_ATOM: Final = rf"(?:[{_PLAIN} _,;:=@/-]|\\[dwsDWS.]|\.|\[[{_PLAIN}]{{1,20}}\]|\([{_PLAIN}]*\))[*+?]?"
_POINTER: Final = "(?:/(?:[^/~]|~[01])*)*"

GRAMMARS: Final[dict[str, str]] = {
    "date": f"^{_DATE}$",
    "time": f"^{_TIME}$",
    "date-time": f"^{_DATE}T{_TIME}$",
    "duration": f"^P(?:{_COUNT}W|{_DAYS}(?:{_HOURS})?|{_HOURS})$",
    "email": f"^{_NAME}@{_HOST}$",
    "idn-email": f"^{_NAME}@{_HOST}$",
    "hostname": f"^{_HOST}$",
    "idn-hostname": rf"^(?:{_IDN}\.)*{_IDN}$",
    "ipv4": f"^{_ADDRESS}$",
    "ipv6": f"^(?:{_ADDRESS_6})$",
    "uri": _uri("", relative=False),
    "uri-reference": _uri("", relative=True),
    "iri": _uri("à-öø-ÿ一-龥", relative=False),
    "iri-reference": _uri("à-öø-ÿ一-龥", relative=True),
    "uri-template": rf"^(?:[{_PLAIN}._~:/?#=&@-]|\{{[+#./;?&]?{_VARIABLE}(?:,{_VARIABLE})*\}})*$",
    "uuid": f"^{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}$",
    "json-pointer": f"^{_POINTER}$",
    "relative-json-pointer": f"^(?:0|[1-9]{{1,8}}[0-9]?)(?:#|{_POINTER})$",
    "regex": rf"^\^?(?:{_ATOM})*\$?$",
}

LONGEST: Final[dict[str, int]] = {"email": 250, "idn-email": 250, "hostname": 250, "idn-hostname": 120}
"""How many characters a text of a format may have, where that is bounded."""
