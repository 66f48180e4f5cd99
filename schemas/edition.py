"""Which published API the schemas follow, and since when they are as they are.

The law of this file: a schema of the API that changes gets a new date here; the digest tells a test that one did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Edition:
    """One state of the whole set of schemas."""

    version: str
    """The version that the published OpenAPI document gives itself. It may change without a new one: hence the date."""
    date: str
    """The day on which the schemas were last compared with it, or changed."""
    digest: str
    """The beginning of the SHA-256 digest over the schemas of the API's own types."""


EDITION: Final = Edition(version="2.3.0", date="2026-11-21", digest="918e85dd3f65")


def digest() -> str:
    """The digest of the schemas as they are now, in the form of the edition's."""
    from hashlib import sha256

    import orjson

    from chatconform.schemas.registry import is_published, names, schema

    told = sha256()
    for name in filter(is_published, names()):
        told.update(orjson.dumps([name, schema(name)], option=orjson.OPT_SORT_KEYS))
    return told.hexdigest()[:12]
