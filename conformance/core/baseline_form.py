"""How a baseline is written: lines that people edit and review, and that are changed without touching the others.

    # Why a line is here stands above it, or behind it.
    [check]
    response.usage.total-is-the-sum  /usage/total_tokens  # images are counted twice, ticket 12
    response.errors.has-an-error-object  whole
    response.tools.named-is-kept  sometimes  # as the model pleases

A line has the id of a rule, the place (a JSON Pointer with list indexes as `*`, or `whole`) and perhaps a reason;
without a place it stands for the rule wherever it fails. The id of a scenario stands alone. What fails only `sometimes`
is never stale. What follows `[check]`, `[client]` or `[validate]` holds for that command, what stands before them for
all. What follows `[check --fuzz]` is shown by generated requests alone, so that only a run that sends some misses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatconform.core.failure import WHOLE
from chatconform.core.naming import unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from chatconform.core.failure import Failure

COMMANDS: Final = ("check", "client", "validate")
LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
HEADER: Final = re.compile(r"\[([^\]]*)\]\s*(?:#.*)?")
REASON: Final = re.compile(r"(?:^|\s)#\s*(.*)")
NUMBER: Final = re.compile(r"/\d+(?=/|$)")
FUZZED: Final = "--fuzz"
SOMETIMES: Final = "sometimes"
"""What stands behind the place of a failure that need not show in every run."""
REQUEST: Final = "request:"
"""How a place begins that is in the request: what generated requests found is told by what they have."""
BEGINNING: Final = (
    "# Known failures: a rule and its place (a JSON Pointer, * for any index), or a scenario, and why after a #.\n",
    f"# Others fail the run, and so does a line that no longer fails, unless `{SOMETIMES}` stands behind its place.\n",
)
SHOWN: Final = 60


class BaselineError(ValueError):
    """A baseline that cannot be read or written; the message is one sentence with the file, the line and the remedy."""


@dataclass(frozen=True, slots=True)
class Section:
    """What entries hold for: a command (None for all), and with `fuzzed` what only generated requests show."""

    command: str | None = None
    fuzzed: bool = False

    def __str__(self) -> str:
        return f"[{self.command}{f' {FUZZED}' if self.fuzzed else ''}]"


@dataclass(frozen=True, slots=True)
class Entry:
    """One known failure: `place` is None where the entry stands for the rule wherever it fails, or for a scenario."""

    name: str
    place: str | None = None
    reason: str | None = None
    line: int = 0
    section: Section = Section()
    sometimes: bool = False
    """Whether it need not fail in every run."""

    @property
    def is_missed(self) -> bool:
        """Whether a run without generated requests misses it where nothing fails."""
        return not self.sometimes and not self.section.fuzzed

    def names(self, failure: Failure) -> bool:
        """Whether this is the failure that is meant."""
        return self.name == failure.name and self.place in {None, failure.place}

    @property
    def is_of_requests(self) -> bool:
        """Whether its place is told by what requests have that show it."""
        return self.place is not None and self.place.startswith(REQUEST)

    def __str__(self) -> str:
        return self.name if self.place is None else f"{self.name}  {self.place}"


def entries_in(path: str, lines: Sequence[str]) -> Iterator[Entry]:
    """The entries of the lines of a file. Raises `BaselineError` for a line that is none."""
    section = Section()
    for number, line in enumerate(lines, 1):
        text = line.removeprefix("\ufeff").strip() if number == 1 else line.strip()
        if text.startswith("["):
            section = _section(text, path, number)
            continue
        reason = REASON.search(text)
        words = (text[: reason.start()] if reason else text).split()
        sometimes = words[1:] != [] and words[-1] == SOMETIMES
        words = words[:-1] if sometimes else words
        if len(words) > 2:
            raise wrong(path, number, f"{_short(words[2])} is one word too many; a reason stands behind a #")
        if words:
            told = reason[1].strip() if reason else ""
            place = words[1] if len(words) > 1 else None
            yield Entry(words[0], place, told or None, number, section, sometimes)


def _section(text: str, path: str, number: int) -> Section:
    named = HEADER.fullmatch(text)
    words = named[1].split() if named else []
    if not words or words[0] not in COMMANDS or words[1:] not in ([], [FUZZED]) or words == ["validate", FUZZED]:
        raise wrong(path, number, f"{_short(text)} is no section; the sections are [check], [client] and [validate]")
    return Section(words[0], len(words) > 1)


def check(entry: Entry, path: str, rules: Collection[str], scenarios: Collection[str]) -> None:
    """Raises `BaselineError` for an entry that can name no failure."""
    name, place = entry.name, entry.place
    if name in scenarios:
        if place is not None:
            raise wrong(path, entry.line, f"the scenario {name} has no places; remove {_short(place)}")
    elif name not in rules:
        if any(char in name for char in "*?"):
            raise wrong(path, entry.line, f"{_short(name)} is a pattern; an entry names one rule or one scenario")
        raise wrong(path, entry.line, unknown(name[:SHOWN], (*rules, *scenarios), "rule or scenario"))
    elif place is not None and place != WHOLE and not place.startswith(("/", REQUEST)):
        why = f"a place is a JSON Pointer such as /choices/*/message, or {WHOLE}, and {_short(place)} is neither"
        raise wrong(path, entry.line, why)
    elif place is not None and NUMBER.search(place) and not place.startswith(REQUEST):
        general = NUMBER.sub("/*", place)
        raise wrong(path, entry.line, f"the indexes of lists are told as *: write {_short(general)}")


def wrong(path: str, line: int, what: str) -> BaselineError:
    """What is wrong with a line."""
    return BaselineError(f"{path}:{line}: {what}")


def _short(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


def insert(lines: list[str], failure: Failure, section: Section) -> None:
    """Adds an entry as the last one of its section, which is there from then on."""
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    headers = [n for n, line in enumerate(lines) if line.strip().startswith("[")]
    start = next((n for n in headers if _section(lines[n].strip(), "", n) == section), None)
    if start is None:
        lines += [end, f"{section}{end}"]
        at = len(lines)
    else:
        after = next((n for n in headers if n > start), len(lines))
        at = max(n for n in range(start, after) if n == start or _is_entry(lines[n])) + 1
    lines.insert(at, f"{Entry(failure.name, failure.place)}{end}")


def _is_entry(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith(("#", "["))
