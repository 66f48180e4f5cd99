"""Spoken answers: a tone for each character, as uncompressed sound."""

from __future__ import annotations

import base64
import math
import struct
from functools import cache
from typing import Final

RATE: Final = 24_000
"""Samples a second, one channel of 16 bits, as the API's pcm16 has them."""
SAMPLES: Final = 96
FORMATS: Final = ("wav", "pcm16")


def spoken(text: str, format: str) -> str:
    """A text as sound in one of the formats, in base64."""
    samples = b"".join([_tone(ord(character) % 64) for character in text])
    head = b""
    if format == "wav":
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
        head = (
            b"RIFF" + struct.pack("<I", 36 + len(samples)) + b"WAVE" + form + struct.pack("<4sI", b"data", len(samples))
        )
    return base64.b64encode(head + samples).decode()


@cache
def _tone(pitch: int) -> bytes:
    frequency = 220 * 2 ** (pitch / 24)
    waves = (math.sin(2 * math.pi * frequency * number / RATE) for number in range(SAMPLES))
    return struct.pack(f"<{SAMPLES}h", *(round(8000 * wave) for wave in waves))
