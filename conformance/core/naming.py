"""Ids and how they are chosen: by the id itself, a glob, or the first words of it."""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The id: words divided by dots."""


Thing = TypeVar("Thing", bound=Named)


class UnknownIdError(LookupError):
    """An id or glob that selects nothing; the message names near ids."""


class PluginError(Exception):
    """What is wrong with a plugin, which brings things with ids of its own; the message is one sentence."""


def matches(name: str, pattern: str) -> bool:
    """Whether an id is named by a pattern: the id itself, a glob, or the id's first words (`response.usage`)."""
    return name == pattern or name.startswith(f"{pattern}.") or fnmatchcase(name, pattern)


def chosen(things: Sequence[Thing], only: Sequence[str], skip: Sequence[str], what: str) -> tuple[Thing, ...]:
    """The things that match one of `only` (all of them where it is empty) and none of `skip`.

    `what` is what one of them is called. Raises `UnknownIdError` for a pattern that matches none.
    """
    ids = [thing.id for thing in things]
    for pattern in (*only, *skip):
        if not any(matches(name, pattern) for name in ids):
            raise UnknownIdError(unknown(pattern, ids, what))
    wanted = (thing for thing in things if not only or any(matches(thing.id, pattern) for pattern in only))
    return tuple(thing for thing in wanted if not any(matches(thing.id, pattern) for pattern in skip))


def maker_of(function: Callable[..., object]) -> str:
    """Who a check or a case is by: chatconform, or the module of a plugin."""
    module = function.__module__
    return "chatconform" if module.startswith("chatconform.") else module


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """Says that nothing has that name, and which names are near it."""
    near = get_close_matches(name, list(known), n=3, cutoff=0.4)
    hint = f"; near: {', '.join(near)}" if near else ""
    return f"no {what} matches {name!r}{hint}"
