"""How every text for people looks: how much is told, in which colors, in lines how wide, and in which words it ends."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, TypeVar

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"
NARROWEST: Final = 20
"""Columns that a paragraph keeps, however narrow the terminal is."""
STATUS_WORDS: Final = {0: ("PASSED", GREEN), 1: ("FAILED", RED)}
SHORT: Final = {"passed": ("PASS", GREEN), "failed": ("FAIL", RED)}
Shade = TypeVar("Shade", bound=StrEnum)


class Detail(IntEnum):
    """How much is told."""

    QUIET = 0
    """One line for each failure, and the counts."""
    USUAL = 1
    EVERYTHING = 2
    """Everything that was judged, and what shows it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a report is told with."""

    detail: Detail = Detail.USUAL
    color: bool = False
    width: int = 100

    def paint(self, code: str, text: str) -> str:
        """A text in a color or weight, where there are any."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text

    def wrapped(self, text: str, first: str = "", later: str = "", room: int = 0) -> list[str]:
        """A text in lines, with indents, that leave some room beside them; an empty text is one line."""
        width = max(NARROWEST, self.width - room)
        lines = textwrap.wrap(text, width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
        return lines or [first]

    def labelled(self, label: str, lines: Iterable[str], width: int) -> Iterator[str]:
        """Lines in a column beside their label, which so many columns are for; on a narrow terminal below it."""
        heading = f"  {self.paint(DIM, f'{label:<{width}}')}"
        if self._is_narrow:
            yield f"  {self.paint(DIM, label)}"
            heading, width = "    ", 2
        for line in lines:
            yield f"{heading}{line}"
            heading = " " * (width + 2)

    def told(self, label: str, *texts: str, width: int) -> Iterator[str]:
        """Paragraphs in a column beside their label."""
        room = 4 if self._is_narrow else width + 2
        return self.labelled(label, (line for text in texts for line in self.wrapped(text, room=room)), width)

    @property
    def _is_narrow(self) -> bool:
        return self.width < 60

    def headline(self, word: str, level: object, name: str, *, counts: bool) -> str:
        """The first line of a failure: whether it counts against the run decides its color."""
        return f"{self.paint(f'{BOLD};{RED if counts else YELLOW}', f'{word} {level}')}  {self.paint(BOLD, name)}"

    def mark(self, shade: StrEnum) -> str:
        """What one thing came to, in capitals and a column of its own."""
        word, paint = SHORT.get(shade, (words(shade).upper(), DIM))
        return self.paint(paint, f"{word:<13}")

    def table(self, rows: Mapping[str, Mapping[Shade, int]], shades: Sequence[Shade], bad: Shade) -> Iterator[str]:
        """How often each row came to which shade; where the columns do not fit, a paragraph for each row."""
        names = max(map(len, rows), default=0)
        headings = {shade: words(shade) for shade in shades}
        if names + sum(len(heading) + 2 for heading in headings.values()) > self.width:
            for name, counts in rows.items():
                told = ", ".join(f"{counts[shade]} {headings[shade]}" for shade in shades if counts.get(shade))
                yield from self.wrapped(f"{name}: {told}", "", "  ")
            return
        yield self.paint(DIM, " " * names + "".join(f"  {heading}" for heading in headings.values()))
        for name, counts in rows.items():
            cells = (self._cell(counts.get(shade, 0), len(headings[shade]), bad is shade) for shade in shades)
            yield f"{name:<{names}}{''.join(cells)}"

    def _cell(self, count: int, width: int, is_bad: bool) -> str:
        text = f"  {count or '.':>{width}}"
        if not count:
            return self.paint(DIM, text)
        return self.paint(RED, text) if is_bad else text

    def ending(self, status: int, told: str) -> str:
        """The last line: what it came to, by exit status, and the counts."""
        word, paint = STATUS_WORDS.get(status, ("NOT CONCLUSIVE", YELLOW))
        return f"{self.paint(f'{BOLD};{paint}', word)}  {told}"


def words(shade: StrEnum) -> str:
    """What something came to, as people say it."""
    return shade.replace("_", " ")


def many(count: int, what: str) -> str:
    """A count of things, as in `1 rule` and `2,000 rules`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
