"""Which headers carry secrets, and how such a header is told without its secret."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "[redacted]"
MADE_UP: Final = "chatconform-made-up"
"""Stands in every credential that a case makes up: such a one is no secret, and is told as it is."""
SECRET: Final = re.compile(
    r"(?:.*[-_])?(?:authori[sz]ation|authentication|cookie2?|(?:api|access|auth|subscription|functions|x)[-_]?key"
    r"|(?:auth|access|session|security|csrf|xsrf|id|api|bearer|app)[-_]?token|token|secret|password|passwd|credentials?)",
    re.IGNORECASE,
)
"""Names of headers whose values are secrets, whoever sends them."""
SCHEME: Final = re.compile(r"((?:bearer|basic|token|digest|negotiate)\s+)(?=\S)", re.IGNORECASE)


def is_secret(name: str) -> bool:
    """Whether a header of this name carries a secret."""
    return SECRET.fullmatch(name.strip()) is not None


def without_secret(name: str, value: str) -> str:
    """A header's value as it may be told: of a secret one only the scheme, as in `Bearer [redacted]`."""
    if not is_secret(name) or not value.strip() or MADE_UP in value:
        return value
    scheme = SCHEME.match(value)
    return (scheme[1] if scheme else "") + HIDDEN


def secret_of(name: str, value: str) -> str | None:
    """What is secret in a header: its value without the scheme; None where nothing is."""
    if not is_secret(name) or MADE_UP in value:
        return None
    scheme = SCHEME.match(value)
    return value[scheme.end() if scheme else 0 :].strip() or None
