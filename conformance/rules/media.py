"""What is wrong with an image or a sound in a request, as far as its bytes or its address tell by themselves.

The law of this file: only what no server could use is wrong. A media type that some server knows and another does not
is no fault, and nothing is decoded further than its first bytes.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from chatconform.core.telling import tell

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = re.compile(r"data:([^,]*),(.*)", re.IGNORECASE | re.DOTALL)
SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]*={0,2}\s*")
LEAST_IMAGE = 40
"""Some servers take bare base64 in place of an address; fewer characters than these hold no image."""
KNOWN = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpeg": (b"\xff\xd8\xff",),
    "jpg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
}
"""How the formats that every vision API documents begin."""


def wrong_image(part: Mapping[str, Any]) -> str | None:
    """What is wrong with the address of an image part, in one line; None where nothing is, or it is no image part."""
    match part:
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            return _wrong_address(url)
    return None


def wrong_audio(part: Mapping[str, Any]) -> str | None:
    """What is wrong with the data of a sound part, in one line; None where nothing is, or it is no sound part."""
    match part:
        case {"type": "input_audio", "input_audio": {"data": str(data)}}:
            if not data:
                return "is empty"
            if not data[:5].lower().startswith("data:") and not BASE64.fullmatch(data):
                return f"is {tell(data)}, which is no base64"
    return None


def _wrong_address(url: str) -> str | None:
    if not url.strip():
        return "is empty"
    if not SCHEME.match(url) and (len(url) < LEAST_IMAGE or not BASE64.fullmatch(url)):
        return f"is {tell(url)}, which is no URL"
    if re.match(r"https?://[^/]*\.invalid([:/]|$)", url):
        return f"is {tell(url)}, whose host cannot exist (RFC 6761)"
    if url[:5].lower() != "data:":
        return None
    found = DATA.fullmatch(url)
    if found is None:
        return f"is {tell(url)}, a data URL without data"
    kind, _, options = found[1].partition(";")
    if not options.lower().endswith("base64"):
        return None
    return _wrong_bytes(kind.strip().lower().removeprefix("image/"), found[2])


def _wrong_bytes(kind: str, text: str) -> str | None:
    if not BASE64.fullmatch(text):
        return f"holds {tell(text)}, which is no base64"
    if not text.strip():
        return "is a data URL without data"
    first = re.sub(r"\s", "", text[:64])[:32].replace("-", "+").replace("_", "/")
    start = b64decode(first[: len(first) // 4 * 4] or "AAAA")
    starts = [begin for begins in KNOWN.values() for begin in begins]
    if kind in KNOWN and not any(start.startswith(begin) for begin in starts):
        return f"says that it is image/{kind}, and its bytes are no image's"
    return None
