"""To which documented family a target belongs, by what its answers show, and what is known of that family.

The law of this file: it tells, and changes no verdict.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from chatconform.core.telling import tell
from chatconform.rules.extensions import extensions, whose
from chatconform.rules.families import families

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatconform.core.exchange import Exchange
    from chatconform.core.tally import Outcome

MOST_FIELDS: Final = 12
ENOUGH: Final = 200
"""So many different fields are kept; a target that invents names tells no more with the next."""


class Kinship:
    """Looks at exchanges, from any thread, and tells in the end what they have of documented families."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._fields: set[str] = set()

    def see(self, exchange: Exchange) -> None:
        """Takes one exchange in."""
        names = {family.name for family in families() if family.shows_in(exchange)}
        fields = extensions(exchange)
        with self._lock:
            self._names |= names
            if len(self._fields) < ENOUGH:
                self._fields |= fields

    def explain(self, outcomes: Iterable[Outcome]) -> None:
        """Notes at each failed outcome what is documented of the target's families."""
        related = [family for family in families() if family.name in self._names]
        for outcome in outcomes:
            known = [(family.name, family.deviation(outcome.rule.id)) for family in related]
            if outcome.findings and any(told for _, told in known):
                outcome.known = "; ".join(f"documented of {name}: {told}" for name, told in known if told)

    def notes(self) -> list[str]:
        """What the reader should know: the family, and the fields that answers have beyond the published API."""
        titles = [family.title for family in families() if family.name in self._names]
        notes = [f"By what it answers, this is {' behind '.join(titles)}."] if titles else []
        if self._fields:
            told = [self._told(field) for field in sorted(self._fields)[:MOST_FIELDS]]
            more = f", and {len(self._fields) - MOST_FIELDS} more" if len(self._fields) > MOST_FIELDS else ""
            notes.append(f"Answers have fields that the published API has not: {', '.join(told)}{more}.")
        return notes

    def _told(self, field: str) -> str:
        shown = tell(field)[1:-1]
        known = whose(field, self._names)
        if not known:
            return f"{shown} (of no documented family)"
        return f"{shown} ({', '.join(name for name, _ in known)}: {known[0][1]})"
