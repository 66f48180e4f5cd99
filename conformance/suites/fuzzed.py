"""One server under test, told request by request: what hypothesis draws is sent, judged, and shrunk by hypothesis.

The law of this file: an example fails for what it says, never for a bad moment. What broke is asked again, after a
plain request that worked; what the target has no time for is no example.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NoReturn

import hypothesis
from hypothesis import strategies as st

from chatconform.core.exchange import Origin
from chatconform.core.failure import failures_of, weighs
from chatconform.core.judge import judge
from chatconform.core.result import Verdict
from chatconform.core.rule import Part
from chatconform.core.run_result import Target
from chatconform.core.tally import Tally
from chatconform.reports.failure import lines
from chatconform.reports.look import Look
from chatconform.reports.redaction import Redaction
from chatconform.rules.validity import is_valid as is_valid_request
from chatconform.run.asker import Asker, Standing
from chatconform.run.dressing import LIMIT_PLACES, dressed
from chatconform.run.gate import StoppedError
from chatconform.run.opening import open_target
from chatconform.run.probes import BOUNDARY, INVALID, MOST_TOGETHER, VALID, WIRE, Probe, Probes, joined, wire_probe
from chatconform.run.reach import reach
from chatconform.run.suspects import Suspect, settle
from chatconform.strategies import boundaries, invalid_requests, requests, wire_bodies
from chatconform.strategies.recipes.asking import REQUEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatconform.core.baseline import Baseline
    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Rule
    from chatconform.core.tally import Outcome
    from chatconform.run.opening import Where
    from chatconform.strategies import Invalid, Wire

WIDTH: Final = 100
DRAWN: Final = "fuzz.drawn"
SOME: Final[dict[str, Any]] = {"model": "m", "messages": [{"role": "user", "content": "Say hello."}]}


def probes() -> st.SearchStrategy[Probe]:
    """A strategy of requests of all kinds: valid, invalid, at the boundaries, and bytes that are broken below JSON."""
    return st.one_of(
        requests().map(lambda body: Probe(VALID, 0, body, "a generated request")),
        st.deferred(lambda: st.lists(st.sampled_from(_valid()), min_size=1, max_size=MOST_TOGETHER)).map(_of_several),
        st.deferred(lambda: st.sampled_from(_listed())),
        invalid_requests().map(_of_invalid),
        wire_bodies().filter(lambda wire: wire.family != "length").map(_of_wire),
    )


@cache
def _listed() -> list[Probe]:
    """The boundary cases one by one, the small ones first: hypothesis shrinks towards the first."""
    listed = [probe for probe in Probes(SOME["model"], SOME, "", 0).listed if probe.place]
    return sorted(listed, key=lambda probe: _size(probe.body))


@cache
def _valid() -> list[Any]:
    """The bodies of the valid boundary cases, the small ones first."""
    cases = (case for case in boundaries(REQUEST) if case.valid and case.pointer not in LIMIT_PLACES)
    bodies = (dressed(case.value, case.pointer, SOME, "") for case in cases)
    return sorted((body for body in bodies if is_valid_request(body)), key=_size)


def _size(body: Any) -> int:
    return len(json.dumps(body))


def _of_several(bodies: list[Any]) -> Probe:
    """One request with the points of several, as far as they go together."""
    held: dict[str, Any] = SOME
    for body in bodies:
        both = joined(held, body, SOME)
        held = both if both is not None and is_valid_request(both) else held
    return Probe(BOUNDARY, 0, held, "several boundaries")


def _of_invalid(broken: Invalid) -> Probe:
    return Probe(INVALID, 0, broken.value, broken.description, place=broken.pointer)


def _of_wire(wire: Wire) -> Probe:
    return wire_probe(WIRE, 0, wire)


class FuzzedServer:
    """A server that is asked from the first example to `close`."""

    def __init__(
        self,
        where: Where,
        *,
        rules: Sequence[Rule],
        model: str | None,
        api_key: str | None,
        key_variable: str,
        headers: dict[str, str],
        timeout: float,
        seed: int,
        insecure: bool,
        strict: bool,
        baseline: Baseline | None = None,
    ) -> None:
        """`baseline` names the failures that are known. Raises `CannotCheckError` where it cannot be asked."""
        self._baseline = baseline
        self._rules = [rule for rule in rules if weighs(rule.level, strict=strict) and rule.on is not Part.SERIES]
        self._key_variable, self._seed = key_variable, seed
        self._target = open_target(where, headers=headers, api_key=api_key, timeout=timeout, insecure=insecure)
        self._redaction = Redaction(self._target.secrets)
        try:
            self._reached = reach(self._target.send, self._target.url, model, has_key=bool(self._target.secrets))
        except BaseException:
            self._target.close()
            raise
        self._asker = Asker(self._target.send, self._reached.plain, 1, self._reached.breaks)
        self._sent = 0

    def close(self) -> None:
        """Closes the connections."""
        self._target.close()

    def ask(self, probe: Probe) -> None:
        """Sends a request; fails the example where what comes back breaks a rule, or the target does not live on."""
        __tracebackhide__ = True
        try:
            self._ask(probe)
        except StoppedError:
            _fail("the-target-is-gone", f"chatconform: {self._redaction.text(self._asker.cut_short or 'it is gone')}")

    def _ask(self, probe: Probe) -> None:
        __tracebackhide__ = True
        plain = self._reached.plain.body
        body = probe.body
        if probe.kind != WIRE:
            body = dressed(body, probe.place, plain, self._reached.limit)
            body = {**body, "model": plain["model"]} if probe.kind == VALID else body
        ask = probe.asking(body)
        self._sent += 1
        heard = self._asker.ask(ask, Origin(DRAWN, self._sent, self._seed))
        if heard.standing is Standing.SUSPECT:
            (reason,) = settle(self._asker, [Suspect(ask, heard.exchange, heard.tries)])
            if reason is not None:
                hypothesis.reject()
        elif heard.standing is Standing.WITHHELD:
            hypothesis.reject()
        self._judge(heard.exchange)
        if heard.exchange.refused:
            self._asker.find_life()

    def _is_known(self, outcome: Outcome) -> bool:
        """Whether the baseline names what failed; a rule that requests are known to break may be broken by any."""
        if self._baseline is None:
            return False
        entries = self._baseline.entries_of(outcome.rule.id, "check")
        failures = list(failures_of([outcome]))
        return all(any(entry.is_of_requests or entry.names(one) for entry in entries) for one in failures)

    def _judge(self, exchange: Exchange) -> None:
        __tracebackhide__ = True
        tally = Tally(())
        tally.add(result for result in judge(exchange, self._rules) if result.verdict is Verdict.FAILED)
        target = Target(self._target.url, self._reached.model)
        for outcome in tally.outcomes.values():
            if self._is_known(outcome):
                continue
            told = lines(outcome, target, self._redaction, Look(width=WIDTH), key=self._key_variable)
            _fail(outcome.rule.id, "\n".join([f"{outcome.rule.level} {outcome.rule.id}", *told]))


def _fail(name: str, text: str) -> NoReturn:
    """Fails with an exception of a kind of its own for each rule: hypothesis then shrinks and tells each by itself."""
    __tracebackhide__ = True
    raise _breach(name)(text)


@cache
def _breach(name: str) -> type[AssertionError]:
    made: Any = type(name, (AssertionError,), {"__module__": "chatconform"})
    found: type[AssertionError] = made
    return found
