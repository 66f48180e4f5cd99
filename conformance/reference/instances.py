"""Instances of JSON Schemas, as a constrained model would write them: what the schema fixes is kept, the rest is words.

The law of this file: the same schema and the same chance give the same instance; an instance that is given is valid;
and making one ends, in a bounded time, for any schema. What cannot be made is refused with the keyword in the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from chatconform.reference.patterns import PatternError, matching
from chatconform.reference.scalars import formatted, multiple, words
from chatconform.reference.subschemas import INFINITE, Schemas, Unmakeable, merged

if TYPE_CHECKING:
    from random import Random

MOST_VALUES: Final = 20_000
MOST_TRIALS: Final = 40_000
"""How many values and branches are tried in all before a schema is given up."""
DEEP: Final = 5
"""The level below which only what is required is made."""
DEEPEST: Final = 120
ATTEMPTS: Final = 16
TYPES: Final = ("string", "integer", "object", "array", "boolean", "number", "null")


def instance(schema: Any, random: Random) -> Any:
    """A value that is valid by a schema. Raises `Unmakeable`."""
    from chatconform.schemas import UnusableSchema, violations_of

    try:
        violations_of(schema, None)
    except UnusableSchema as error:
        raise Unmakeable("schema", str(error)) from None
    schemas = Schemas(schema)
    if schemas.height(schema) >= INFINITE:
        raise Unmakeable("$ref", "the schema has no finite instance")
    problem = Unmakeable("schema", "no instance was found")
    trials = MOST_TRIALS
    for attempt in range(ATTEMPTS):
        maker = _Maker(schemas, random, attempt, min(trials, MOST_VALUES))
        try:
            value = maker.make(schema, 0)
            orjson.dumps(value)
        except Unmakeable as error:
            problem = error
        except orjson.JSONEncodeError:
            problem = Unmakeable("$ref", "instances are nested too deeply")
        else:
            breaches = violations_of(schema, value)
            if not breaches:
                return value
            problem = Unmakeable(breaches[0].keyword, "cannot be kept together with the rest of the schema")
        trials -= maker.spent
        if trials <= 0:
            break
    raise problem


class _Maker:
    """One attempt: the further ones are bolder about optional parts and branches."""

    def __init__(self, schemas: Schemas, random: Random, attempt: int, most: int) -> None:
        self.schemas, self.random, self.attempt = schemas, random, attempt
        self.left = self.most = most

    @property
    def spent(self) -> int:
        """How many values and branches were tried."""
        return self.most - self.left

    def _spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Unmakeable("schema", f"making an instance takes more than {self.most} steps")

    def make(self, schema: Any, depth: int) -> Any:
        self._spend()
        if depth > DEEPEST:
            raise Unmakeable("schema", f"instances are nested more than {DEEPEST} levels deep")
        return self._of(self.schemas.flat(schema), depth)

    def _of(self, schema: dict[str, Any], depth: int) -> Any:
        for key in ("anyOf", "oneOf"):
            if isinstance(branches := schema.get(key), list) and branches:
                rest = {name: value for name, value in schema.items() if name != key}
                return self._branch(key, branches, rest, depth)
        if "if" in schema:
            return self._condition(schema, depth)
        if "const" in schema:
            return schema["const"]
        if isinstance(values := schema.get("enum"), list):
            return self._one_of(values, schema)
        kind = self._kind(schema)
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return self._string(schema)
            case "integer" | "number":
                return multiple(schema, self.random, whole=kind == "integer", fine=self.attempt % 2 == 1)
            case "boolean":
                return self.random.random() < 0.5
        return None

    def _one_of(self, values: list[Any], schema: dict[str, Any]) -> Any:
        """One of the values of an `enum` that its siblings allow."""
        from chatconform.schemas import violations_of

        siblings = {k: v for k, v in schema.items() if k in {"type", "minimum", "maximum", "pattern", "maxLength"}}
        if siblings:
            values = [value for value in values[:200] if not violations_of(siblings, value)]
        if not values:
            raise Unmakeable("enum", "none of its values is allowed by the rest")
        return self.random.choice(values)

    def _branch(self, key: str, branches: list[Any], rest: dict[str, Any], depth: int) -> Any:
        """An instance of one of the branches and of what stands beside them."""
        first = self.attempt // 2 % len(branches)
        order = [*branches[first:], *branches[:first]]
        if key == "anyOf" or self.attempt == 0:
            self.random.shuffle(order)
        if depth >= DEEP:
            order.sort(key=self.schemas.height)
        problem = Unmakeable(key, "none of its branches has a finite instance")
        for branch in order:
            if self.schemas.height(branch) >= INFINITE:
                continue
            self._spend()
            try:
                return self._of(merged(rest, self.schemas.flat(branch)), depth)
            except Unmakeable as error:
                problem = error
                if self.left < 0:
                    break
        raise problem

    def _condition(self, schema: dict[str, Any], depth: int) -> Any:
        rest = {name: value for name, value in schema.items() if name not in {"if", "then", "else"}}
        if self.attempt % 2:
            return self._of(merged(rest, self.schemas.flat(schema.get("else", True))), depth)
        met = merged(rest, self.schemas.flat(schema["if"]))
        return self._of(merged(met, self.schemas.flat(schema.get("then", True))), depth)

    def _kind(self, schema: dict[str, Any]) -> str:
        """The type to make: one that is allowed, else the one that the keywords speak of."""
        allowed = schema.get("type")
        if isinstance(allowed, str):
            return allowed
        if isinstance(allowed, list) and allowed:
            held = [kind for kind in allowed if kind in {"object", "array"}]
            flat = [kind for kind in allowed if kind not in held]
            return str((flat or held)[0] if self.attempt < 2 else self.random.choice(allowed))
        if self.attempt < 4:
            for kind, keywords in SPOKEN_OF.items():
                if keywords & schema.keys():
                    return kind
        return TYPES[self.attempt % len(TYPES)]

    def _string(self, schema: dict[str, Any]) -> str:
        shortest, longest = _whole(schema.get("minLength", 0)), schema.get("maxLength")
        most = None if longest is None else _whole(longest)
        if isinstance(pattern := schema.get("pattern"), str):
            try:
                return matching(pattern, self.random, shortest, most)
            except PatternError as error:
                raise Unmakeable("pattern", str(error)) from None
        if isinstance(schema.get("format"), str) and (text := formatted(schema["format"], self.random)) is not None:
            return text
        return words(self.random, shortest, most)

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        prefix = schema.get("prefixItems", [])
        items = schema.get("items", True)
        least, most = _whole(schema.get("minItems", 0)), schema.get("maxItems")
        if "contains" in schema:
            least = max(least, _whole(schema.get("minContains", 1)))
        wanted = least
        if depth < DEEP and items is not False:
            wanted = max(least, len(prefix), 0 if self.attempt == 1 else self.random.randint(1, 3))
        if items is False:
            wanted = max(least, len(prefix) if depth < DEEP else 0)
        if most is not None:
            wanted = min(wanted, _whole(most))
        if wanted > MOST_VALUES:
            raise Unmakeable("minItems", f"more than {MOST_VALUES} items")
        made: list[Any] = []
        seen: set[bytes] = set()
        needed = _whole(schema.get("minContains", 1)) if "contains" in schema else 0
        for place in range(wanted):
            part = prefix[place] if place < len(prefix) else items
            if place >= wanted - needed:
                part = {"allOf": [part, schema["contains"]]}
            if part is not False and self.schemas.height(part) >= INFINITE and place >= least:
                break
            try:
                made.append(
                    self._another(part, seen, depth) if schema.get("uniqueItems") else self.make(part, depth + 1)
                )
            except Unmakeable:
                if place < least or self.left < 0:
                    raise
                break
        return made

    def _another(self, part: Any, seen: set[bytes], depth: int) -> Any:
        """An item that is none of those seen."""
        for _ in range(50):
            value = self.make(part, depth + 1)
            text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
            if text not in seen:
                seen.add(text)
                return value
        raise Unmakeable("uniqueItems", "no more different items were found")

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        required = [*schema.get("required", [])]
        most = schema.get("maxProperties")
        made: dict[str, Any] = {}
        optional_too = depth < DEEP and most is None and self.attempt != 1
        for name, part in properties.items():
            if name in required:
                made[name] = self.make(part, depth + 1)
            elif optional_too and part is not False and self.schemas.height(part) < INFINITE:
                try:
                    made[name] = self.make(part, depth + 1)
                except Unmakeable:
                    if self.left < 0:
                        raise
        for name in required:
            if name not in made:
                made[name] = self.make(self._extra(schema, name), depth + 1)
        self._depend(schema, made, depth)
        least = _whole(schema.get("minProperties", 0))
        for name in self._names(schema) if len(made) < least else ():
            if len(made) >= least:
                break
            if name not in made:
                made[name] = self.make(properties.get(name, self._extra(schema, name)), depth + 1)
        return made

    def _depend(self, schema: dict[str, Any], made: dict[str, Any], depth: int) -> None:
        """Adds what the properties that are there bring with them."""
        for name, brought in schema.get("dependentRequired", {}).items():
            for other in brought if name in made else ():
                if other not in made:
                    part = schema.get("properties", {}).get(other, self._extra(schema, other))
                    made[other] = self.make(part, depth + 1)
        for name, part in schema.get("dependentSchemas", {}).items():
            if name in made:
                more = self._of(merged({"type": "object"}, self.schemas.flat(part)), depth)
                made.update({key: value for key, value in more.items() if key not in made})

    def _extra(self, schema: dict[str, Any], name: str) -> Any:
        """What a property that is not listed must be."""
        from chatconform.schemas import violations_of

        for pattern, part in schema.get("patternProperties", {}).items():
            if not violations_of({"pattern": pattern}, name):
                return part
        return schema.get("additionalProperties", True)

    def _names(self, schema: dict[str, Any]) -> list[str]:
        """Names for properties beyond those that are required, most fitting first."""
        found = list(schema.get("properties", {}))
        least = min(_whole(schema.get("minProperties", 0)), MOST_VALUES)
        naming = schema.get("propertyNames")
        if isinstance(naming, dict):
            found += [
                str(self.make(merged({"type": "string"}, self.schemas.flat(naming)), 0)) for _ in range(4 * least)
            ]
        for pattern in schema.get("patternProperties", {}):
            try:
                found += [matching(pattern, self.random) for _ in range(4 * least)]
            except PatternError:
                continue
        return found + [f"key{number}" for number in range(1, least + 1)]


SPOKEN_OF: Final = {
    "object": {"properties", "required", "additionalProperties", "minProperties", "patternProperties", "propertyNames"},
    "array": {"items", "prefixItems", "minItems", "contains", "uniqueItems", "maxItems"},
    "string": {"pattern", "minLength", "maxLength", "format"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}


def _whole(value: Any) -> int:
    """A bound as an integer, within what is ever made."""
    return int(min(max(value, 0), 10 * MOST_VALUES))
