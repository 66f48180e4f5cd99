"""The formats that the strict strength asserts, the same for both judges.

`unixtime` is not among them: it is about integers, of which jsonschema-rs asserts no format, and is written as bounds.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonschema import FormatChecker

_PCHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_URI = re.compile(
    rf"""
    [A-Za-z][A-Za-z0-9+\-.]*:                                         # scheme
    (?://(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{{2}})*@)?       # user
       (?:\[[0-9A-Fa-f:.vV]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{{2}})*)(?::[0-9]*)?  # host, port
       (?:/{_PCHAR}*)*
      |(?!//)(?:{_PCHAR}|/)*)                                         # path
    (?:\?(?:{_PCHAR}|[/?])*)?                                         # query
    (?:\#(?:{_PCHAR}|[/?])*)?                                         # fragment
    """,
    re.VERBOSE,
)
_PLAIN_DATA_URL = re.compile(
    r"data:[A-Za-z0-9!#$&\-^_.+/]*(?:;[A-Za-z0-9\-]+=[A-Za-z0-9\-._]+)*;base64,[A-Za-z0-9+/=]*"
)


def is_uri(text: str) -> bool:
    """Says whether a text is a URI with a scheme, by the grammar of RFC 3986."""
    # A picture of megabytes in a data URL is common, and the short expression is quick on it.
    return _PLAIN_DATA_URL.fullmatch(text) is not None or _URI.fullmatch(text) is not None


@cache
def format_checker() -> FormatChecker:
    """Returns jsonschema's checker of formats that knows `uri` and nothing else."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checks("uri")(lambda value: not isinstance(value, str) or is_uri(value))
    return checker
