"""A fault: one stage of the reference server made wrong in one way, and the rules that must notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from inspect import getdoc
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from chatconform.reference.pipeline import Pipeline

Stage = Literal["admit", "parse", "validate", "complete", "chunks", "events", "refuse", "finish", "wire"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be wrong.

    `kills` names the rules that this fault is made for, `also` those that may well notice it too. `apply` takes the
    right stage and gives the wrong one.
    """

    name: str
    text: str
    """What the faulty server does, in one sentence."""
    kills: tuple[str, ...]
    stage: Stage
    apply: Callable[[Any], Any]
    also: tuple[str, ...] = ()

    def broken(self, stages: Pipeline) -> Pipeline:
        """The stages with this fault's one replaced."""
        return replace(stages, **{self.stage: self.apply(getattr(stages, self.stage))})


def fault(
    stage: Stage, *kills: str, also: tuple[str, ...] = (), wrong: Callable[[Any], Callable[[Any], Any]] | None = None
) -> Callable[[Callable[..., Any]], Fault]:
    """Makes a fault of a function, whose name and docstring are the fault's.

    The function takes the right stage and gives the wrong one; or, with `wrong`, it is what `wrong` makes such a
    function of.
    """

    def make(function: Callable[..., Any]) -> Fault:
        name = function.__name__.replace("_", "-")
        apply = function if wrong is None else wrong(function)
        return Fault(name, (getdoc(function) or "").partition("\n")[0], kills, stage, apply, also)

    return make
