"""The formats that the strict strength asserts, the same for both judges.

`unixtime` is not among them: it is about integers, of which jsonschema-rs asserts no format, and is written as bounds.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonschema import FormatChecker

# Possessive throughout: a picture of megabytes in a data URL is common, and a URL that is none may be as long.
_ESCAPE = "%[0-9A-Fa-f]{2}"
_NAME = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=]++|{_ESCAPE})*+"
_USER = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:]++|{_ESCAPE})*+"
_PATH = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]++|{_ESCAPE})*+"
_QUERY = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]++|{_ESCAPE})*+"
_ADDRESS = r"\[[0-9A-Za-z:.]++\]"
_AUTHORITY = rf"//(?:{_USER}@)?(?:{_ADDRESS}|{_NAME})(?::[0-9]*+)?"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+\-.]*+:(?:{_AUTHORITY}(?:/{_PATH})?|(?!//){_PATH})(?:\?{_QUERY})?(?:#{_QUERY})?"
)


def is_uri(text: str) -> bool:
    """Says whether a text is a URI with a scheme, by the grammar of RFC 3986."""
    return _URI.fullmatch(text) is not None


@cache
def format_checker() -> FormatChecker:
    """Returns jsonschema's checker of formats that knows `uri` and nothing else."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checks("uri")(lambda value: not isinstance(value, str) or is_uri(value))
    return checker
