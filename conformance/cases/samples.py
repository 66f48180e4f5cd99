"""Small pictures, a sound and a document: real ones, so that a server that reads them finds something to read."""

from __future__ import annotations

import math
from base64 import b64encode
from struct import pack
from typing import Final

PNG: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQMAAACQp+OdAAAAA1BMVEXIHh4WiPieAAAAD0lEQVR42mNgGAWjgHwAAAJAAAHgTR1EAAAAAElF"
    "TkSuQmCC"
)
JPEG: Final = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8"
    "ybqmx5moq6T/wAALCAAgACABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AJAAAAAH"
    "/9k="
)
GIF: Final = (
    "R0lGODdhQABAAIEAAMgeHgAAAAAAAAAAACwAAAAAQABAAEAIaQABCBxIsKDBgwgTKlzIsKHDhxAjSpxIsaLFixgzatzIsaPHjyBDihxJsqTJ"
    "kyhTqlzJsqXLlzBjypxJs6bNmzhz6tzJs6fPn0CDCh1KtKjRo0iTKl3KtKnTp1CjSp1KtarVq1izagUQEAA7"
)
WEBP: Final = "UklGRiQAAABXRUJQVlA4TBcAAAAvP8APAAdQjyLXo/8BICH8f69F9D/1AwA="
PDF: Final = (
    b"%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
    b"4 0 obj<</Length 36>>stream\nBT /F 12 Tf 9 50 Td (Hello.) Tj ET   \nendstream endobj\n"
    b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def image(kind: str, data: str, head: str = "data:image/") -> str:
    """The address of a picture whose bytes it holds itself."""
    return f"{head}{kind};base64,{data}"


def document() -> str:
    """The address of a document of one line."""
    return f"data:application/pdf;base64,{b64encode(PDF).decode()}"


def sound(seconds: float = 0.3, rate: int = 8000) -> str:
    """A tone as a wave file, in base64."""
    count = int(seconds * rate)
    tone = bytes(128 + int(60 * math.sin(2 * math.pi * 440 * number / rate)) for number in range(count))
    form = pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate, 1, 8)
    body = b"WAVE" + form + pack("<4sI", b"data", count) + tone
    return b64encode(pack("<4sI", b"RIFF", len(body)) + body).decode()
