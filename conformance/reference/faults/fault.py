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

    `kills` names the rules that this fault is made for. `apply` takes the right stage and gives the wrong one.
    """

    name: str
    text: str
    """What the faulty server does, in one sentence."""
    kills: tuple[str, ...]
    stage: Stage
    apply: Callable[[Any], Any]

    def broken(self, stages: Pipeline) -> Pipeline:
        """The stages with this fault's one replaced."""
        return replace(stages, **{self.stage: self.apply(getattr(stages, self.stage))})


def fault(stage: Stage, kills: tuple[str, ...]) -> Callable[[Callable[[Any], Any]], Fault]:
    """Makes a fault of a function from the right stage to the wrong one; its name and docstring are the fault's."""

    def make(apply: Callable[[Any], Any]) -> Fault:
        name = apply.__name__.replace("_", "-")
        return Fault(name, (getdoc(apply) or "").partition("\n")[0], kills, stage, apply)

    return make
