"""The parser of every command line: it tells what is wrong in one sentence, as everything else is told.

The law of this file: a command line that cannot be read ends with exit status 2, and nothing in it is
obeyed by a terminal.
"""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

NOT_JUDGED = 2


class CommandParser(argparse.ArgumentParser):
    """Parses one command's arguments; names are given whole, and near ones are suggested."""

    def __init__(self, prog: str, **more: Any) -> None:
        super().__init__(prog, allow_abbrev=False, **more)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """The arguments; a word that the command does not take ends the process with one sentence."""
        found, rest = self.parse_known_args(args, namespace)
        if rest:
            self.error(self._unknown(rest[0]))
        return found

    def error(self, message: str) -> NoReturn:
        """Ends the process with one sentence."""
        from chatconform.reports.plain import plain

        told = plain(message.removeprefix("argument "), 400)
        hint = "" if told.endswith("?") else f"; `{self.prog} --help` tells what there is"
        self.exit(NOT_JUDGED, f"chatconform: {told}{hint}\n")

    def options(self) -> list[str]:
        """The spellings of every option that help tells."""
        shown = (action for action in self._actions if action.help is not argparse.SUPPRESS)
        return [spelling for action in shown for spelling in action.option_strings]

    def _unknown(self, word: str) -> str:
        if not word.startswith("-") or word == "-":
            return f"one word too many: {word!r}"
        name = word.partition("=")[0]
        near = get_close_matches(name, self.options(), n=1, cutoff=0.7)
        return f"there is no option {name}" + (f"; did you mean {near[0]}?" if near else "")
