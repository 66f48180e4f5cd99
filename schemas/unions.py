"""Unions in their plain form.

Our files write a union as a head (which types, which tags) and a chain of `if`, `then` and `else` that leads to one
branch: a validator then reports what is wrong in the branch that was meant. Most generators of code and of data know
unions only as `oneOf`; these functions turn the one form into the other, without a change of meaning.
"""

from typing import Any

from chatconform.schemas.registry import Schema

KEYWORDS_OF = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"),
    "object": ("properties", "required", "additionalProperties", "propertyNames", "maxProperties", "minProperties"),
}
HEAD = ("type", "required", "properties", "if", "then", "else")


def as_one_of(node: Any) -> Any:
    """Returns a copy of a subschema in which every union, at any depth, is a plain `oneOf`."""
    if isinstance(node, list):
        return [as_one_of(below) for below in node]
    if not isinstance(node, dict):
        return node
    branches = _branches(node)
    if branches is None:
        return {key: value if key in ("examples", "enum") else as_one_of(value) for key, value in node.items()}
    moved = {*HEAD, *(keyword for keywords in KEYWORDS_OF.values() for keyword in keywords)}
    rest = {key: value for key, value in node.items() if key not in moved}
    flat: list[Any] = []
    for branch in map(as_one_of, branches):
        flat += branch["oneOf"] if set(branch) == {"oneOf"} else [branch]
    return {**as_one_of(rest), "oneOf": flat}


def _branches(node: Schema) -> list[Schema] | None:
    """Returns the branches of a union, or None when the subschema is none."""
    kinds = node.get("type")
    condition = node.get("if")
    if kinds == "object" and condition and "$ref" in node.get("then", {}):
        return _tagged(node)
    if isinstance(kinds, list) and condition and set(condition) == {"type"}:
        chosen, then = condition["type"], node["then"]
        others = [kind for kind in kinds if kind != chosen]
        first = then if "$ref" in then else {"type": chosen, **then}
        return [first, node["else"] if "else" in node else {"type": others[0] if len(others) == 1 else others}]
    if isinstance(kinds, list) and len(set(kinds) - {"null"}) > 1:
        return [
            {"type": kind, **{key: node[key] for key in KEYWORDS_OF.get(kind, ()) if key in node}} for kind in kinds
        ]
    return None


def _tagged(node: Schema) -> list[Schema]:
    """Returns what the chain leads to, link by link. The branches tell themselves apart by their own tags."""
    found = []
    link: Schema | None = node
    while link:
        found.append(link["then"])
        link = link.get("else")
    return found
