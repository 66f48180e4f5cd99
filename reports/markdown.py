"""Foreign text made fit for Markdown, wherever it is rendered, and the few forms that reports write in.

The law of this file: nothing that was sent acts. A renderer finds markup, and then looks for mentions, issues, links,
formulas and small pictures in what is left: all of that stays out of code spans. So whatever is not a plain word
becomes one, and what does not show, or would end the line, is told as an escape.
"""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Final

from chatconform.reports.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TICKS: Final = re.compile("`+")
CODED: Final = re.compile("`([^`]+)`")
WORD: Final = re.compile(r"[(]?[^\W\d_]+(?:['’-][^\W\d_]+)*[).,;:?!]{0,2}|\d+(?:[.,]\d+)*[,;:?!]?|[().,;:?!]+")
LARGEST: Final = 900 * 1024
"""Bytes; a job summary may have 1 MiB, and one that is larger is not shown at all."""


def code(text: str, most: int = 200) -> str:
    """A text as a code span of at most `most` characters; nothing for nothing."""
    shown = plain(text, most)
    if not shown:
        return ""
    ticks = "`" * (max((len(run) for run in TICKS.findall(shown)), default=0) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def prose(text: str, most: int = 600) -> str:
    """A sentence: plain words as they are, code and whatever might act in code spans."""
    told = ""
    for number, part in enumerate(CODED.split(plain(text, most))):
        more = code(part, most) if number % 2 else _words(part)
        told += f" {more}" if told.endswith("`") and more.startswith("`") else more  # two spans would be one
    return told


def _words(text: str) -> str:
    """A run of words: those that are plain as they are, what stands together of the others in one code span."""
    told = []
    for is_plain, words in groupby(text.split(), lambda word: WORD.fullmatch(word) is not None):
        run = " ".join(words)
        before, inner, after = ("", run, "") if is_plain else _edges(run)
        told.append(f"{before}{inner if is_plain else code(inner, len(inner))}{after}")
    blanks = (" " if text[:1] == " " else "", " " if text[-1:] == " " and told else "")
    return f"{blanks[0]}{' '.join(told)}{blanks[1]}"


def _edges(text: str) -> tuple[str, str, str]:
    """A text between the brackets and stops around it."""
    inner = text.lstrip("(")
    core = inner.rstrip(").,;:?!")
    return text[: len(text) - len(inner)], core, inner[len(core) :]


def fenced(text: str, language: str = "") -> str:
    """Lines as a code block; whoever gives them sees to it that they are printable and bounded."""
    ticks = "`" * max(3, max((len(run) for run in TICKS.findall(text)), default=0) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """A table in lines, of cells that are Markdown already; `right` numbers the columns of numbers."""
    ruler = ["---:" if number in right else "---" for number in range(len(heads))]
    return [_row(cells) for cells in (heads, ruler, *rows)]


def _row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)  # also within code, where it is no more than the mark
    return f"| {' | '.join(escaped)} |"


def folded(words: str, name: str, lines: Iterable[str]) -> str:
    """Lines behind a title that unfolds them: words of our own, and a name in code."""
    shown = f" <code>{escape(plain(name))}</code>" if name else ""
    return "\n".join([f"<details><summary>{words}{shown}</summary>", "", *lines, "", "</details>"])


def bounded(blocks: Iterable[str], rest: str, largest: int = LARGEST) -> str:
    """Blocks, with a blank line between them, until one does not fit; `rest` says where the others are told."""
    kept: list[str] = []
    room = largest - 512
    for block in blocks:
        room -= len(block.encode()) + 2
        if room < 0:
            kept.append(f"_There is no room for more here. {rest}_")
            break
        kept.append(block)
    return "\n\n".join(kept) + "\n"
