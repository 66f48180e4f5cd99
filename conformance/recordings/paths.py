"""Files, folders and globs as files, in a stable order; local ones, and remote ones by their URIs."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatconform.recordings.remote import find_remote, is_remote, without_credentials
from chatconform.recordings.source import STDIN

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Found:
    """The files to read, which of them were named one by one, and a sentence for each name that led nowhere."""

    files: tuple[str, ...]
    named: frozenset[str]
    missing: tuple[str, ...]


def find(names: Iterable[str]) -> Found:
    """The files that names lead to: a file, every file below a folder but hidden ones, or what a glob matches."""
    files: dict[str, None] = {}
    named: set[str] = set()
    missing: list[str] = []
    for name in names:
        if name == STDIN:
            files[name] = None
            named.add(name)
        elif is_remote(name):
            try:
                found, one_by_one = find_remote(name)
            except OSError as problem:
                missing.append(f"{without_credentials(name)}: {problem}")
                continue
            files.update(dict.fromkeys(found))
            named.update(found if one_by_one else ())
        elif Path(name).is_dir():
            below = _below(name)
            files.update(dict.fromkeys(below))
            if not below:
                missing.append(f"{name}: there is no file in this folder")
        elif Path(name).exists():
            files[name] = None
            named.add(name)
        elif glob.has_magic(name):
            matched = sorted(path for path in glob.iglob(name, recursive=True) if Path(path).is_file())  # noqa: PTH207  # also absolute
            files.update(dict.fromkeys(matched))
            named.update(matched)
            if not matched:
                missing.append(f"{name}: no file matches")
        else:
            missing.append(f"{name}: there is no such file")
    return Found(tuple(files), frozenset(named), tuple(missing))


def _below(folder: str) -> list[str]:
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [str(Path(root, name)) for name in sorted(names) if not name.startswith(".")]
    return [path for path in found if Path(path).is_file()]
