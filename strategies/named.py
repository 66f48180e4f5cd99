"""All types of the endpoint in one document, so that what they share is normalised once."""

from __future__ import annotations

from functools import cache

from chatconform.strategies.drawing.composer import Composer
from chatconform.strategies.normal.conjunction import Key
from chatconform.strategies.normal.dialects import escaped
from chatconform.strategies.normal.documents import Document
from chatconform.strategies.normal.forms import Forms


@cache
def composer(strict: bool) -> Composer:
    """Return the composer of all types, in the published strength or the strict one."""
    from chatconform.schemas.registry import documents

    return Composer(Forms(Document({"$defs": documents(strict)})), extras=False)


@cache
def key_of(name: str, strict: bool) -> Key:
    """Return the key of a type; raise `UnknownType` when no type has that name."""
    from chatconform.schemas.registry import uri

    uri(name, strict)
    return key_at(f"#/$defs/{escaped(name)}", strict)


@cache
def key_at(reference: str, strict: bool) -> Key:
    """Return the key of what a reference into the document of all types leads to."""
    forms = composer(strict).forms
    document = forms.document
    return forms.joined(frozenset((document.target(document.entries[document.root], reference, dynamic=False) * 2,)))
