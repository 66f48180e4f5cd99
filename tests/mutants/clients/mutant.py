"""What a mutant is: the right client with one fault, and what must catch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from right_client import Client


@dataclass(frozen=True)
class Mutant:
    """A client with one fault, and the scenarios and rules that must fail it: these and no others."""

    id: str
    fault: str
    make: type[Client]
    scenarios: frozenset[str]
    rules: frozenset[str]


MUTANTS: list[Mutant] = []


def caught_by(*scenarios: str, rules: tuple[str, ...] = ()) -> Callable[[type[Client]], type[Client]]:
    """Declares a class of clients a mutant; its docstring tells the fault, its name the id."""

    def declare(make: type[Client]) -> type[Client]:
        words = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in make.__name__)
        MUTANTS.append(
            Mutant(words.lstrip("-"), make.__doc__ or "", make, frozenset(scenarios), frozenset(rules)),
        )
        return make

    return declare
