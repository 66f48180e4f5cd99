"""The strict strength, made mechanically from the published one.

Two things are added. An object that lists its properties and says nothing of others admits no others. A format is
asserted: `unixtime` becomes bounds, since formats are asserted of strings only, and `uri` is left to a validator that
asserts formats, as `chatconform.schemas.validator` makes it.

Only declarations are changed: the document itself, its `$defs`, and what their properties, items and additional
properties are. What stands below `if`, `then`, `else` or `dependentSchemas` refines a declaration and never is one,
so it stays as it is. The head of a tagged union is not closed either: its branches are, each with its own properties.
"""

from typing import Any

from chatconform.schemas.registry import BASE, STRICT_BASE, Schema

LATEST_SECOND = 253_402_300_799  # the end of the year 9999: beyond it lie only times in milliseconds


def made_strict(published: Schema) -> Schema:
    """Returns the strict form of a schema document, which stands under an `$id` of its own."""
    strict: Schema = _declaration(published)
    strict["$id"] = published["$id"].replace(BASE, STRICT_BASE, 1)
    return strict


def _declaration(declared: Any) -> Any:
    if not isinstance(declared, dict):
        return declared
    made: Schema = {}
    for keyword, value in declared.items():
        match keyword:
            case "properties" | "patternProperties" | "$defs":
                made[keyword] = {name: _declaration(below) for name, below in value.items()}
            case "items" | "additionalProperties":
                made[keyword] = _declaration(value)
            case "prefixItems":
                made[keyword] = [_declaration(below) for below in value]
            case _:
                made[keyword] = value
    if "properties" in made and "additionalProperties" not in made and not _is_union(made):
        made["additionalProperties"] = False
    if made.get("format") == "unixtime":
        made |= {"minimum": 0, "maximum": LATEST_SECOND}
    return made


def _is_union(declared: Schema) -> bool:
    """Says whether a branch elsewhere lists the properties, so that closing this head would forbid them."""
    return "$ref" in declared.get("then", {})
