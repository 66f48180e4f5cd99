"""Every fault, found by walking this folder."""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from functools import cache
from importlib import import_module

import chatconform.reference.faults as package
from chatconform.reference.faults.fault import Fault

CRASHES = f"{package.__name__}.crashing"


class UnknownFaultError(LookupError):
    """A name that is no fault's; the message names near ones."""


@cache
def faults() -> tuple[Fault, ...]:
    """Every fault that a check finds, in the order of files and of lines in them."""
    found: list[Fault] = []
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if module.name not in {__name__, CRASHES}:
            for value in vars(import_module(module.name)).values():
                values = value if isinstance(value, tuple) else (value,)
                found += [one for one in values if isinstance(one, Fault)]
    return tuple(found)


@cache
def crashes() -> tuple[Fault, ...]:
    """Every crash, which fuzzing finds."""
    found: tuple[Fault, ...] = import_module(CRASHES).CRASHES
    return found


def find(name: str) -> Fault:
    """The fault or crash of that name. Raises `UnknownFaultError`, which names near ones."""
    known = (*faults(), *crashes())
    for fault in known:
        if fault.name == name:
            return fault
    near = get_close_matches(name, [fault.name for fault in known], n=3, cutoff=0.4)
    raise UnknownFaultError(f"there is no fault {name!r}" + (f"; near: {', '.join(near)}" if near else ""))
