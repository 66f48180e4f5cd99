"""What can be set for a command beside its command line: its own arguments, read off its parser.

The law of this file: there is no second list. An argument that a command gains can be set in a file and by a variable
at once, under the name of its option.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any, Final

URL: Final = "url"
ONCE: Final = frozenset({"config", "dry-run", "explain", "help", "list", "list-faults", "update-baseline", "version"})
"""What is said of one run and no other, so that it stands on the command line or nowhere."""
SECRET: Final = frozenset({"api-key"})
"""What would have to hold a key, which no file and no setting may."""
LOADED: Final = frozenset({"plugin"})
"""What names code, which is loaded when the argument is taken, and not before."""
PREFIX: Final = "CHATCONFORM_"
YES_OR_NO: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
NUMBERS: Final = {"int", "float"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One argument of a command, as it is set in a file or by a variable."""

    key: str
    action: argparse.Action

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.key.upper().replace("-", "_")

    @property
    def is_flag(self) -> bool:
        """Whether it is true or false."""
        return self.action.nargs == 0

    @property
    def is_list(self) -> bool:
        """Whether it takes several values."""
        return isinstance(self.action, argparse._AppendAction) or self.action.nargs in {"+", "*"}

    @property
    def is_number(self) -> bool:
        """Whether it takes a number, as the return type of what converts it says."""
        convert = self.action.type
        name = convert.__name__ if isinstance(convert, type) else getattr(convert, "__annotations__", {}).get("return")
        return name in NUMBERS

    @property
    def is_file(self) -> bool:
        """Whether it names files."""
        return self.action.metavar == "FILE" or self.key in LOADED

    @property
    def expected(self) -> str:
        """What stands in a file for it."""
        if self.is_flag:
            return "true or false"
        if self.is_list:
            return "an array of strings"
        return "a number" if self.is_number else "a string"

    def look_at(self, value: Any) -> None:
        """Raises `ValueError` with what is wrong, in words, with what a file says; no code is loaded to find it out."""
        if self.key in LOADED:
            self._of_kind(value)
        else:
            self.of_file(value)

    def of_file(self, value: Any) -> Any:
        """The value of the argument for what a file says. Raises `ValueError` with what is wrong, in words."""
        self._of_kind(value)
        return value if self.is_flag else self._all(value) if self.is_list else self._one(str(value))

    def _of_kind(self, value: Any) -> None:
        if self.is_flag:
            fits = isinstance(value, bool)
        elif self.is_list:
            fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        else:
            fits = isinstance(value, (int, float) if self.is_number else str) and not isinstance(value, bool)
        if not fits:
            raise ValueError(f"wants {self.expected}, and this is {_named(value)}")

    def of_variable(self, text: str) -> Any:
        """The value of the argument for what a variable holds. Raises `ValueError` with what is wrong, in words."""
        if self.is_flag:
            if text.strip().lower() not in YES_OR_NO:
                raise ValueError(f"wants 1 or 0, and this is {text[:40]!r}")
            return YES_OR_NO[text.strip().lower()]
        if self.is_list:
            return self._all([line.strip() for line in text.splitlines() if line.strip()])
        return self._one(text)

    def _all(self, texts: list[str]) -> list[Any]:
        found: list[Any] = []
        for text in texts:
            value = self._one(text)
            found += value if isinstance(value, list) else [value]
        return found

    def _one(self, text: str) -> Any:
        if self.action.choices is not None and text not in self.action.choices:
            raise ValueError(f"{text[:80]!r} is none of {', '.join(map(str, self.action.choices))}")
        if self.action.type is None:
            return text
        try:
            return self.action.type(text)  # type: ignore[operator]  # only a registry's name is no function, and none is used
        except argparse.ArgumentTypeError as problem:
            raise ValueError(str(problem)) from None
        except (TypeError, ValueError):
            raise ValueError(f"wants {self.expected}, and this is {text[:80]!r}") from None


def settings(parser: argparse.ArgumentParser) -> dict[str, Setting]:
    """The settings of a command by key, in the order of its arguments: options, lists of words, and the URL."""
    found = {}
    for action in parser._actions:  # argparse has no other way to ask what was added
        long = [name for name in action.option_strings if name.startswith("--")]
        key = long[0].removeprefix("--") if long else action.dest
        is_word = not long and (key == URL or action.nargs in {"*", "+"})
        is_option = bool(long) and key not in ONCE | SECRET | {URL}
        if (is_word or is_option) and action.help is not argparse.SUPPRESS:
            found[key] = Setting(key, action)
    return found


def _named(value: Any) -> str:
    """A value of a file in the words of its format; never the value itself, which may be a secret."""
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array" if all(isinstance(item, str) for item in value) else "an array of something else"
        case dict():
            return "a table"
        case _:
            return "a date or time"
