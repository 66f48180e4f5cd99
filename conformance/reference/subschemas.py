"""A JSON Schema taken apart for making instances: references resolved, branches folded in, and how deep each has to go.

The law of this file: whatever the schema is, this ends: references that lead in a circle are found, not followed.
"""

from __future__ import annotations

from typing import Any, Final

INFINITE: Final = 1 << 30
MOST_PASSES: Final = 400
MOST_STEPS: Final = 400_000
LOWER: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})
HIGHER: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})


class Unmakeable(ValueError):
    """A schema of which no instance is made: the keyword that stands in the way, and why."""

    def __init__(self, keyword: str, why: str) -> None:
        super().__init__(f"{keyword}: {why}")
        self.keyword = keyword
        self.why = why


class Schemas:
    """The subschemas of one document."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self._places: dict[str, Any] = {}
        self._nodes: list[dict[str, Any]] = []
        self._collect()
        self._heights = self._measure() if self._refers else {}

    @property
    def _refers(self) -> bool:
        return any("$ref" in node or "$dynamicRef" in node for node in self._nodes)

    def _collect(self) -> None:
        """Finds every object of the document that may be a subschema, and every name by which one can be called."""
        waiting: list[Any] = [self.root]
        while waiting:
            node = waiting.pop()
            if isinstance(node, list):
                waiting += node
            elif isinstance(node, dict):
                self._nodes.append(node)
                for key in ("$anchor", "$dynamicAnchor"):
                    if isinstance(name := node.get(key), str):
                        self._places.setdefault(f"#{name}", node)
                if isinstance(name := node.get("$id"), str):
                    self._places.setdefault(name.removesuffix("#"), node)
                waiting += node.values()

    def target(self, reference: Any) -> Any:
        """The subschema that a reference leads to. Raises `Unmakeable` where there is none in this document."""
        if not isinstance(reference, str):
            raise Unmakeable("$ref", "is no string")
        if reference in self._places:
            return self._places[reference]
        base, _, fragment = reference.partition("#")
        node = self.root if not base else self._places.get(base)
        if node is None:
            raise Unmakeable("$ref", f"{reference[:80]!r} leads out of the schema")
        for token in fragment.split("/")[1:] if fragment else ():
            key = token.replace("~1", "/").replace("~0", "~").replace("%25", "%")
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif isinstance(node, list) and key.isdecimal() and int(key[:9]) < len(node):
                node = node[int(key[:9])]
            else:
                raise Unmakeable("$ref", f"{reference[:80]!r} leads nowhere")
        if fragment and not fragment.startswith("/"):
            raise Unmakeable("$ref", f"{reference[:80]!r} leads nowhere")
        return node

    def flat(self, schema: Any) -> dict[str, Any]:
        """A subschema with its references and `allOf` folded in, as far as that says the same."""
        return self._flat(schema, ())

    def _flat(self, schema: Any, path: tuple[int, ...]) -> dict[str, Any]:
        if schema is True:
            return {}
        if schema is False:
            raise Unmakeable("false", "nothing is allowed")
        if not isinstance(schema, dict):
            raise Unmakeable("schema", "is neither an object nor a boolean")
        if id(schema) in path or len(path) > 100:
            raise Unmakeable("$ref", "leads in a circle")
        path = (*path, id(schema))
        whole = {key: value for key, value in schema.items() if key not in {"$ref", "$dynamicRef", "allOf"}}
        for key in ("$ref", "$dynamicRef"):
            if key in schema:
                whole = merged(whole, self._flat(self.target(schema[key]), path))
        for part in schema["allOf"] if isinstance(schema.get("allOf"), list) else ():
            whole = merged(whole, self._flat(part, path))
        return whole

    def height(self, schema: Any) -> int:
        """How many levels an instance has at the least; `INFINITE` where it would have to go on for ever."""
        if not isinstance(schema, dict):
            return 0
        return self._heights.get(id(schema), 0)

    def _measure(self) -> dict[int, int]:
        heights = {id(node): INFINITE for node in self._nodes}
        steps = 0
        for number in range(MOST_PASSES):
            changed = False
            for node in self._nodes if number % 2 else reversed(self._nodes):
                steps += 1
                height = self._level(node, heights)
                if height < heights[id(node)]:
                    heights[id(node)] = height
                    changed = True
            if not changed:
                return heights
            if steps > MOST_STEPS:
                break
        raise Unmakeable("$ref", "the schema refers to itself in too many ways")

    def _level(self, node: dict[str, Any], heights: dict[int, int]) -> int:
        """The height of a node as far as the heights of others are known."""

        def of(part: Any) -> int:
            return heights.get(id(part), 0) if isinstance(part, dict) else INFINITE if part is False else 0

        if "const" in node or "enum" in node:
            return 1
        least = 0
        for key in ("$ref", "$dynamicRef"):
            if key in node:
                try:
                    least = max(least, of(self.target(node[key])))
                except Unmakeable:
                    return INFINITE
        for part in node["allOf"] if isinstance(node.get("allOf"), list) else ():
            least = max(least, of(part))
        for key in ("anyOf", "oneOf"):
            if isinstance(node.get(key), list) and node[key]:
                least = max(least, min(of(part) for part in node[key]))
        held = [1 + of(part) for part in _needed(node)]
        return min(INFINITE, max([least, 1, *held]))


def _needed(node: dict[str, Any]) -> list[Any]:
    """The subschemas that every instance has something for, where it cannot be of a kind that holds nothing."""
    kinds = node.get("type", ["object", "array"])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not isinstance(kinds, list) or set(kinds) - {"object", "array"}:
        return []
    properties = node.get("properties")
    if "object" in kinds and isinstance(properties, dict):
        required = node.get("required")
        names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        if names or kinds == ["object"]:
            return [properties[name] for name in names if name in properties]
    least = node.get("minItems", 0)
    if "array" in kinds and isinstance(least, int) and least > 0:
        prefix = node.get("prefixItems")
        parts = list(prefix[:least]) if isinstance(prefix, list) else []
        return [*parts, node["items"]] if len(parts) < least and "items" in node else parts
    return [node["contains"]] if "array" in kinds and "contains" in node else []


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What is said by both of two schemas, in one: exact for the keywords that can be joined, else the later wins."""
    whole = dict(one)
    for key, value in other.items():
        whole[key] = _joined(key, whole[key], value) if key in whole else value
    return whole


def _joined(key: str, one: Any, other: Any) -> Any:
    match key, one, other:
        case (("properties" | "patternProperties" | "$defs" | "definitions"), dict(), dict()):
            return {**one, **{k: {"allOf": [one[k], v]} if k in one else v for k, v in other.items()}}
        case "required", list(), list():
            return [*one, *(name for name in other if name not in one)]
        case "enum", list(), list():
            return [value for value in one if value in other]
        case "type", _, _:
            ones, others = [one] if isinstance(one, str) else one, [other] if isinstance(other, str) else other
            both = [kind for kind in ones if kind in others or (kind == "integer" and "number" in others)]
            both += [kind for kind in others if kind == "integer" and "number" in ones and kind not in both]
            if not both:
                raise Unmakeable("type", "no type is allowed by all that is said")
            return both
        case _, int() | float(), int() | float() if key in LOWER:
            return min(one, other)
        case _, int() | float(), int() | float() if key in HIGHER:
            return max(one, other)
        case "multipleOf", int(), int():
            return one * other
        case (
            ("items" | "contains" | "additionalProperties" | "propertyNames" | "not"),
            dict() | bool(),
            dict() | bool(),
        ):
            return {"anyOf": [one, other]} if key == "not" else {"allOf": [one, other]}
        case (("anyOf" | "oneOf"), list(), list()):
            return [{"allOf": [a, b]} for a in one[:8] for b in other[:8]]
        case "prefixItems", list(), list():
            longer = one if len(one) > len(other) else other
            both_items = [{"allOf": [a, b]} for a, b in zip(one, other, strict=False)]
            return [*both_items, *longer[len(both_items) :]]
    return other
