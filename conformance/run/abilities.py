"""Which capabilities a target honours, refuses or ignores, from all that a run saw.

The law of this file: an effect that was seen even once is *honoured* (where it is missing at other times, a rule says
so); no effect where there had to be one is *ignored*; a refusal counts only where nothing else explains it.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Final

from chatconform.core.result import Verdict
from chatconform.core.run_result import CapabilityStatus, Support

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatconform.core.capability import Capability
    from chatconform.core.exchange import Exchange
    from chatconform.core.tally import Outcome

PARAMETER: Final = re.compile(r"[A-Za-z_]+")
"""The beginning of what an error tells in `param`, as in `tools[0].function`."""


class Abilities:
    """Looks at exchanges, from any thread, and tells in the end how each capability fares."""

    def __init__(self, capabilities: Sequence[Capability]) -> None:
        self._capabilities = capabilities
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, Support], str] = {}
        self._accepted: set[str] = set()
        self._refusals: list[tuple[Exchange, frozenset[str]]] = []

    def see(self, exchange: Exchange) -> None:
        """Takes one exchange in."""
        if not (exchange.succeeded or exchange.refuses_a_wish) or not exchange.asked:
            return
        wished = [one for one in self._capabilities if one.asked(exchange.asked)]
        if exchange.refuses_a_wish:
            others = {key: value for key, value in exchange.asked.items() if key != _blamed(exchange)}
            if len(others) < len(exchange.asked):
                wished = [one for one in wished if not one.asked(others)]
            with self._lock:
                self._refusals.append((exchange, frozenset(one.name for one in wished)))
            return
        with self._lock:
            self._accepted.update(one.name for one in wished)
        for one in wished:
            effect = one.honoured(exchange)
            if effect is not None:
                support = Support.HONOURED if effect else Support.IGNORED
                with self._lock:
                    known = self._seen.setdefault((one.name, support), exchange.id)
                    self._seen[one.name, support] = min(known, exchange.id)

    def table(self, outcomes: Mapping[str, Outcome] | None = None) -> tuple[CapabilityStatus, ...]:
        """How the target treats each capability, in the order in which they were given; outcomes are by rule id."""
        refused = self._refused()
        return tuple(self._status(one, refused, outcomes or {}) for one in self._capabilities)

    def refusals(self, outcomes: Mapping[str, Outcome] | None = None) -> dict[str, Exchange]:
        """The capabilities that the table tells as refused, each with an exchange that shows it."""
        refused = self._refused()
        told = {one.capability.name for one in self.table(outcomes) if one.support is Support.REFUSED}
        return {name: exchange for name, exchange in refused.items() if name in told}

    def _status(
        self, capability: Capability, refused: dict[str, Exchange], outcomes: Mapping[str, Outcome]
    ) -> CapabilityStatus:
        for support in (Support.HONOURED, Support.IGNORED):
            if (shown := self._seen.get((capability.name, support))) is not None:
                return CapabilityStatus(capability, support, shown)
        if capability.name in refused:
            return CapabilityStatus(capability, Support.REFUSED, refused[capability.name].id)
        told = [outcomes[rule].verdict for rule in capability.shown_by if rule in outcomes]
        if told and told[0] is Verdict.FAILED:
            return CapabilityStatus(capability, Support.IGNORED)
        if told and len(told) == len(capability.shown_by) and all(verdict is Verdict.PASSED for verdict in told):
            return CapabilityStatus(capability, Support.HONOURED)
        return CapabilityStatus(capability, Support.UNKNOWN)

    def _refused(self) -> dict[str, Exchange]:
        """The capabilities that were refused, each with an exchange that shows it.

        What was accepted elsewhere did not cause a refusal, and neither did what has nothing to do with the parameter
        that the error names. What is then left did; the fewer are left the surer it is, so that few explain the
        refusals of more.
        """
        left = [(shown, names - self._accepted) for shown, names in self._refusals]
        refused: dict[str, Exchange] = {}
        for shown, names in sorted(left, key=lambda told: (len(told[1]), told[0].id)):
            if not names & refused.keys():
                refused |= dict.fromkeys(names, shown)
        return refused


def _blamed(exchange: Exchange) -> str | None:
    """The parameter of a request that an error names; None where it names none."""
    match exchange.error:
        case {"error": {"param": str(param)}}:
            return next(iter(PARAMETER.findall(param)), None)
    return None
