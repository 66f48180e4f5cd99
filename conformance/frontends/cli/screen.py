"""What a text is shown on: how wide it is, whether it has colors, and whether a line can be written over.

The law of this file: `NO_COLOR` and `--no-color` win over everything; `FORCE_COLOR` over what the stream seems to be.
"""

from __future__ import annotations

import os
import shutil
from typing import Final, TextIO

USUAL_WIDTH: Final = 100
"""Columns where nobody can say how many there are: a file or a pipe."""
MOST: Final = 120
"""More columns than that are no help to a reader."""


def has_colors(stream: TextIO, *, refused: bool = False) -> bool:
    """Whether to paint what goes to a stream; `refused` says that the command line asked for no colors."""
    if refused or os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "")
    return forced not in {"", "0"} or is_live(stream)


def is_live(stream: TextIO) -> bool:
    """Whether a stream leads to a terminal that obeys escapes."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width(stream: TextIO) -> int:
    """How many columns there are for a text."""
    return min(MOST, shutil.get_terminal_size().columns) if stream.isatty() else USUAL_WIDTH
