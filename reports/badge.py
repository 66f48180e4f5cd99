"""A badge of one result: a picture of its own, or the JSON of which badge services make one.

It tells the verdict in words and numbers: a badge of few rules says that they were few.
"""

from __future__ import annotations

from html import escape
from typing import Final

import orjson

from chatconform.reports.digest import Digest, Shade
from chatconform.reports.json_report import encodable
from chatconform.reports.plain import plain

LABEL: Final = "chat completions"
LONGEST: Final = 60
COLORS: Final = {"brightgreen": "#2f7d4f", "yellow": "#8a5a00", "red": "#b3261e", "lightgrey": "#5b6670"}
"""The names that badge services know, and what they look like here: white stands out on each."""
WIDE, NARROW = frozenset("mwMW@%"), frozenset("ijlftrI.,:;'|!()[] ")


def message(digest: Digest) -> tuple[str, str]:
    """What a badge says of a result, and the name of its color."""
    counts = digest.counts
    passed = counts[Shade.PASSED] + counts[Shade.LOSSY]
    counted = sum(one.counts(strict=digest.strict) for one in digest.judged.values())
    told = sum(one.shade is Shade.FAILED and one.level != "INFO" for one in digest.judged.values())
    if digest.status == 2:
        return "not conclusive", "lightgrey"
    if counted:
        levels = ", ".join(f"{count:,} {level}" for level, count in digest.failed.items() if level != "INFO")
        return f"{levels} failed", "red"
    if digest.status == 1:
        return "baseline is stale", "red"
    if told:
        return f"{passed:,} passed, {told:,} failed", "yellow"
    return f"{passed:,} passed", "brightgreen" if passed else "lightgrey"


def endpoint(digest: Digest, label: str = LABEL) -> str:
    """The badge as the JSON that badge services read."""
    text, color = message(digest)
    document = {"schemaVersion": 1, "label": plain(label, LONGEST), "message": text, "color": color}
    return orjson.dumps(encodable(document), option=orjson.OPT_INDENT_2).decode() + "\n"


def svg(digest: Digest, label: str = LABEL) -> str:
    """The badge as a picture; what it says is its title too, for who cannot see it."""
    text, color = message(digest)
    told = encodable(plain(label, LONGEST))
    left, right = _width(told), _width(text)
    title = escape(f"{told}: {text}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-labelledby="title">\n'
        f'<title id="title">{title}</title>\n'
        f'<clipPath id="round"><rect width="{left + right}" height="20" rx="4"/></clipPath>\n'
        f'<g clip-path="url(#round)"><rect width="{left}" height="20" fill="#3b4148"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{COLORS[color]}"/></g>\n'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" text-anchor="middle" '
        f'aria-hidden="true">\n'
        f"{_text(told, left / 2, left)}\n{_text(text, left + right / 2, right)}\n</g>\n</svg>\n"
    )


def _text(text: str, middle: float, width: int) -> str:
    """A text that keeps to its width, whichever font is there."""
    return (
        f'<text x="{middle:g}" y="14" textLength="{width - 12}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
    )


def _width(text: str) -> int:
    """About as many pixels as a text takes in 11 pixels of a wide sans-serif, and the room around it."""
    return 12 + round(sum(10.5 if char in WIDE else 4.2 if char in NARROW else 7.0 for char in text))
