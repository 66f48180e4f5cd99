"""Cases: what is asked of a server. A case carries no expectations; rules judge whatever it provokes."""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import getdoc
from random import Random
from typing import TYPE_CHECKING, Any

from chatconform.core.ask import Ask

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Asking = Generator[Ask | list[Ask], Any, None]
    """Yields one request and is sent its exchange, or a list of them (asked at the same time) and is sent a list."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a case may know of the target: the model to name, and a source of randomness of its own.

    `limit` is the name under which the target takes a limit of tokens: reasoning models refuse the older name, old
    servers the newer one. It is empty where the target takes neither.
    """

    model: str
    random: Random = field(default_factory=lambda: Random(0))
    limit: str = "max_completion_tokens"

    def chat(
        self,
        messages: str | list[dict[str, Any]] = "Say something short.",
        *,
        most: int | None = None,
        **parameters: Any,
    ) -> Ask:
        """A request for a completion: a user's text or whole messages, and any further parameters.

        `most` limits the tokens, under the name that the target takes.
        """
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        limited = {self.limit: most} if most is not None and self.limit else {}
        return Ask({"model": self.model, "messages": messages, **limited, **parameters})


@dataclass(frozen=True, slots=True)
class Case:
    """One way to provoke exchanges.

    `exercises` names the rules that it is made for, as ids or globs: `--only` asks just the cases that its rules need.
    `most` is how many requests it makes at the most. With `alone` nothing else is in flight while it is played, as it
    looks at how long answers take, or at what requests at the same time do to each other.
    """

    id: str
    purpose: str
    exercises: tuple[str, ...]
    most: int
    asks: Callable[[Situation], Asking]
    alone: bool = False


def case(
    id: str, *, exercises: list[str], most: int = 1, alone: bool = False
) -> Callable[[Callable[[Situation], Asking]], Case]:
    """Makes a case of a generator function; its docstring's first line is the purpose."""

    def make(asks: Callable[[Situation], Asking]) -> Case:
        return Case(id, (getdoc(asks) or "").partition("\n")[0], tuple(exercises), most, asks, alone)

    return make
