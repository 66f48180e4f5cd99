"""How far a run is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: cases that came to their end of all that are played, requests sent, and what is going on.

    `failed` counts the rules that failed so far, `doing` is the case that ended last or, before and after the cases,
    what is done in words.
    """

    cases: int
    of: int
    requests: int
    failed: int
    seconds: float
    doing: str
