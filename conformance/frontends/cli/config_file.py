"""The file of settings: where it is looked for, and how it is read.

The law of this file: a file that cannot be understood ends the command with one sentence that names file and line;
it is never half used.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

OWN: Final = "chatconform.toml"
SHARED: Final = "pyproject.toml"
TABLE: Final = ("tool", "chatconform")
VARIABLE: Final = "CHATCONFORM_CONFIG"
MOST: Final = 1024 * 1024
"""A larger file is none that people write."""
ROOTS: Final = (".git", ".hg")
PLACE: Final = re.compile(r" \(at line (\d+), column \d+\)$")


class ConfigError(Exception):
    """What is wrong with the settings; the message is one sentence that names the place."""


@dataclass(frozen=True)
class ConfigFile:
    """A file of settings: its name as it is told, its text, the table in it that is ours, and the folder it is in."""

    name: str
    text: str
    prefix: tuple[str, ...]
    table: dict[str, Any]
    folder: str = ""
    """As it is told from the working directory: empty where it is the same."""

    def error(self, path: tuple[str, ...], sentence: str) -> ConfigError:
        """What is wrong at a key, with file and line."""
        return ConfigError(f"{self.name}:{self._line((*self.prefix, *path))}: {sentence}")

    def _line(self, path: tuple[str, ...]) -> int:
        """The line on which a key, or the table that it is in, is written: the first with which it is there."""
        lines = self.text.splitlines()
        for number, line in enumerate(lines):
            before = _paths(lines[:number]) if path and path[-1] in line else None
            if before is None or path in before:
                continue
            ends = (_paths(lines[:end]) for end in range(number + 1, len(lines) + 1))
            if path in next((paths for paths in ends if paths is not None), ()):
                return number + 1
        return self._line(path[:-1]) if len(path) > 1 else 1


def find(given: str | None) -> ConfigFile | None:
    """The file that is named, or the one that the working directory or a folder above it has; None where there is none.

    Raises `ConfigError` for a file that is not there or cannot be read, and where a folder has settings in two files.
    """
    name = given or os.environ.get(VARIABLE)
    if name:
        source = "--config" if given else VARIABLE
        path = Path(name)
        if not path.exists():
            raise ConfigError(f"{source}: there is no file {name}")
        found = _read(path, TABLE if path.name == SHARED else ())
        if found is None:
            raise ConfigError(f"{source}: {name} has no table [tool.chatconform]")
        return found
    for folder in _folders():
        own, shared = folder / OWN, folder / SHARED
        ours = _read(own, ()) if own.exists() else None
        theirs = _read(shared, TABLE) if shared.is_file() else None
        if ours and theirs:
            raise theirs.error((), f"settings are here and in {OWN}; keep one of the two")
        if ours or theirs:
            return ours or theirs
    return None


def _folders() -> list[Path]:
    """The working directory and those above it, up to the root of the project; only itself where there is none."""
    try:
        here = Path.cwd()
    except OSError:  # the folder is gone
        return []
    above = [here, *here.parents]
    roots = [folder for folder in above if any((folder / mark).exists() for mark in ROOTS)]
    roots = roots or [folder for folder in above if (folder / SHARED).is_file()]
    return above[: above.index(roots[0]) + 1] if roots else [here]


def _read(path: Path, prefix: tuple[str, ...]) -> ConfigFile | None:
    """A file and the table at the prefix; None where a file that serves others, too, has no such table."""
    import tomllib  # only where there is a file: most command lines have none

    name = _from_here(path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except OSError as problem:
        raise ConfigError(f"{name} cannot be read: {problem.strerror}") from None
    if prefix and prefix[-1].encode() not in data:
        return None
    if len(data) > MOST:
        raise ConfigError(f"{name} is larger than a megabyte: that is no file of settings")
    try:
        text = data.decode().replace("\r\n", "\n")
        table: Any = tomllib.loads(text)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise ConfigError(f"{name}:{line}: this is no UTF-8; write the settings in UTF-8") from None
    except tomllib.TOMLDecodeError as problem:
        place = PLACE.search(str(problem))
        line = int(place[1]) if place else text.count("\n") + 1
        raise ConfigError(f"{name}:{line}: this is no TOML: {PLACE.sub('', str(problem))}") from None
    except RecursionError:
        raise ConfigError(f"{name} is nested too deeply") from None
    for depth, key in enumerate(prefix, 1):
        table = table.get(key)
        if table is None:
            return None
        if not isinstance(table, dict):
            whole = ConfigFile(name, text, (), {})
            raise whole.error(prefix[:depth], f"[{'.'.join(prefix[:depth])}] is no table")
    folder = _from_here(path.parent)
    return ConfigFile(name, text, prefix, table, "" if folder == os.curdir else folder)


def _from_here(path: Path) -> str:
    """A path as it is from the working directory, where that is shorter to tell."""
    try:
        return min(os.path.relpath(path), str(path), key=len)
    except OSError:  # the working directory is gone
        return str(path)


def _paths(lines: list[str]) -> set[tuple[str, ...]] | None:
    """The keys, with those of the tables they are in, that the first lines of a file set; None within a value."""
    import tomllib

    try:
        table = tomllib.loads("\n".join(lines) + "\n")
    except tomllib.TOMLDecodeError:
        return None
    found: set[tuple[str, ...]] = set()
    waiting: list[tuple[tuple[str, ...], Any]] = [((), table)]
    while waiting:
        path, value = waiting.pop()
        found.add(path)
        if isinstance(value, dict):
            waiting += [((*path, key), item) for key, item in value.items()]
    return found
