"""Strings and numbers for instances: words, the formats of JSON Schema, numbers between bounds and multiples."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from chatconform.reference.subschemas import Unmakeable
from chatconform.reference.words import WORDS

if TYPE_CHECKING:
    from random import Random

LONGEST: Final = 100_000
HEX: Final = "0123456789abcdef"


def words(random: Random, shortest: int = 0, longest: int | None = None) -> str:
    """A few words, as many characters as are wanted."""
    if shortest > LONGEST:
        raise Unmakeable("minLength", f"more than {LONGEST} characters")
    text = f"{random.choice(WORDS['adjective'])} {random.choice(WORDS['noun'])}"
    while len(text) < shortest:
        text += f" {random.choice(WORDS['verb'])} {random.choice(WORDS['noun'])}"
    if longest is not None and len(text) > longest:
        text = text[: max(shortest, longest)]
    elif shortest and len(text) > 2 * shortest:
        text = text[:shortest].rstrip() or text
        text += "." * (shortest - len(text))
    return text


def formatted(name: str, random: Random) -> str | None:
    """A string in a format; None for a format that is not known."""
    word = random.choice(("river", "lantern", "garden", "signal", "library"))
    day = f"20{random.randrange(20, 40)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"
    time = f"{random.randrange(24):02}:{random.randrange(60):02}:{random.randrange(60):02}Z"
    match name:
        case "date":
            return day
        case "time":
            return time
        case "date-time":
            return f"{day}T{time}"
        case "duration":
            return f"P{random.randrange(1, 30)}DT{random.randrange(1, 24)}H"
        case "email" | "idn-email":
            return f"{word}@example.com"
        case "hostname" | "idn-hostname":
            return f"{word}.example.com"
        case "ipv4":
            return ".".join(str(random.randrange(1, 255)) for _ in range(4))
        case "ipv6":
            return "2001:db8::" + f"{random.randrange(1, 65536):x}"
        case "uuid":
            digits = "".join(random.choices(HEX, k=32))
            return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
        case "uri" | "uri-reference" | "iri" | "iri-reference" | "uri-template":
            return f"https://example.com/{word}"
        case "json-pointer":
            return f"/{word}"
        case "relative-json-pointer":
            return f"0/{word}"
        case "regex":
            return f"^{word}$"
    return None


def multiple(schema: dict[str, Any], random: Random, *, whole: bool, fine: bool = False) -> int | float:
    """A number that keeps the bounds and the step of a schema; `fine` ones are seldom whole. Raises `Unmakeable`."""
    low, high = _bounds(schema)
    step = Fraction(str(schema["multipleOf"])) if "multipleOf" in schema else None
    if step is None:
        usual = Fraction(1, 4) if fine and not whole else Fraction(1)
        step = usual if whole or low is None or high is None or math.floor(high) > math.ceil(low) else None
    elif whole:
        step *= step.denominator
    if step is None:
        return _between(low, high, random)
    if low is None:
        low = high - 100 * step if high is not None else Fraction(0)
    first = math.ceil(low / step)
    if (exclusive := schema.get("exclusiveMinimum")) is not None and first * step <= Fraction(str(exclusive)):
        first += 1
    last = first + 100 if high is None else min(math.floor(high / step), first + 10**6)
    if (exclusive := schema.get("exclusiveMaximum")) is not None and last * step >= Fraction(str(exclusive)):
        last -= 1
    if last < first:
        if not whole and "multipleOf" not in schema:
            return _between(low, high, random)
        raise Unmakeable("multipleOf" if "multipleOf" in schema else "minimum", "no number lies in between")
    return _number(random.randint(first, last) * step)


def _bounds(schema: dict[str, Any]) -> tuple[Fraction | None, Fraction | None]:
    lows = [Fraction(str(schema[key])) for key in ("minimum", "exclusiveMinimum") if key in schema]
    highs = [Fraction(str(schema[key])) for key in ("maximum", "exclusiveMaximum") if key in schema]
    return max(lows, default=None), min(highs, default=None)


def _between(low: Fraction | None, high: Fraction | None, random: Random) -> int | float:
    """A number between two bounds that need not be whole."""
    if low is None or high is None or low > high:
        raise Unmakeable("minimum", "no number lies in between")
    if low == high:
        return _number(low)
    return float(low + (high - low) * random.randrange(1, 16) / 16)


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
