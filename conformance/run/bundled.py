"""The adapters that the kit brings along: a folder each, holding one file that a newcomer copies."""

from __future__ import annotations

from importlib.resources import files

from chatconform.core.naming import unknown
from chatconform.run.adapter import AdapterError

RUNNERS = {".mjs": "node", ".sh": "bash"}


def names() -> tuple[str, ...]:
    """The names of the bundled adapters."""
    return tuple(sorted(place.name for place in (files("chatconform") / "adapters").iterdir() if place.is_dir()))


def command_of(name: str, python: str) -> list[str]:
    """The command that starts a bundled adapter; Python ones run with the interpreter given.

    Raises `AdapterError` for an unknown name, with the known ones.
    """
    if name not in names():
        raise AdapterError(f"{unknown(name, names(), 'bundled adapter')}; there are {', '.join(names())}")
    folder = files("chatconform") / "adapters" / name
    file = next(place for place in sorted(folder.iterdir(), key=str) if place.name.startswith("adapter."))
    suffix = file.name[file.name.rindex(".") :]
    return [RUNNERS.get(suffix, python), str(file)]
