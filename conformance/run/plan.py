"""What a check would send, found out without sending it: the cases are played against the embedded reference server.

The law of this file: nothing goes to the target. What a later request of a case depends on comes from the reference
server's answers, so a target that answers otherwise may be asked a little less or otherwise.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chatconform.core.ask import CHAT
from chatconform.core.exchange import Origin
from chatconform.reference.server import ReferenceServer
from chatconform.run.asker import PLAIN, Asker
from chatconform.run.choice import choose
from chatconform.run.declared import declare
from chatconform.run.provoke import Played, Stage
from chatconform.run.reach import reach
from chatconform.targets import ServerTarget

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatconform.core.ask import Ask
    from chatconform.core.case import Case
    from chatconform.core.exchange import Exchange
    from chatconform.run.reach import Reached

LIMITS: Final = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True, slots=True)
class Planned:
    """One request that would be sent. `tokens` is the most it can generate, None where it sets no limit."""

    case: Case
    ask: Ask
    tokens: int | None


@dataclass(frozen=True, slots=True)
class Generated:
    """One request that would be sent to fuzz, and what is special about it."""

    kind: str
    point: str
    ask: Ask
    tokens: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The requests of a check, in the order of cases and steps, and after them the generated ones."""

    requests: tuple[Planned, ...]
    generated: tuple[Generated, ...] = ()

    @property
    def tokens(self) -> int:
        """The most tokens that the requests with a limit can generate."""
        return sum(tokens or 0 for tokens in self._limits)

    @property
    def unlimited(self) -> int:
        """How many requests generate without a limit of their own."""
        return sum(tokens is None for tokens in self._limits)

    @property
    def _limits(self) -> list[int | None]:
        return [one.tokens for one in self.requests] + [one.tokens for one in self.generated]


def plan(
    *,
    model: str | None = None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    profile: str = "compatible",
    have: Sequence[str] = (),
    lack: Sequence[str] = (),
    seed: int = 0,
    fuzz: int = 0,
) -> Plan:
    """What a check with the same arguments would send. Raises as `check` does for what it cannot choose."""
    choice = choose(only, skip, profile, declare(have, lack))
    sent: dict[str, list[Planned]] = {case.id: [] for case in choice.cases}
    cases = {case.id: case for case in choice.cases}
    lock = threading.Lock()

    with (
        ReferenceServer(models=(model,)) if model else ReferenceServer() as server,
        ServerTarget(server.url, proxied=False) as target,
    ):

        def send(ask: Ask, origin: Origin) -> Exchange:
            exchange = target.send(ask, origin)
            with lock:
                if origin.case != PLAIN:
                    sent[origin.case].append(Planned(cases[origin.case], ask, _tokens(ask, exchange)))
            return exchange

        reached = reach(target.send, target.url, model)
        stage = Stage(Asker(send, reached.plain, 1), (), lambda _: None)
        for case in choice.cases:
            stage.play(Played(case), reached.model, reached.limit, seed)
        generated = tuple(_generated(target, reached, seed, fuzz)) if fuzz else ()
    return Plan(tuple(planned for case in choice.cases for planned in sent[case.id]), generated)


def _generated(target: ServerTarget, reached: Reached, seed: int, count: int) -> Iterator[Generated]:
    """What would be sent to fuzz. What lies about its length is not played: nothing comes of it but waiting."""
    from chatconform.run.probes import Probes  # what generates takes a while to import

    for probe in Probes(reached.model, reached.plain.body, reached.limit, seed)(count):
        origin = Origin(f"fuzz.{probe.kind}", probe.number, seed)
        tokens = 0 if probe.lies else _tokens(probe.ask, target.send(probe.ask, origin))
        yield Generated(probe.kind, probe.point, probe.ask, tokens)


def _tokens(ask: Ask, exchange: Exchange) -> int | None:
    """The most tokens that a request can generate: none where it is refused."""
    body = exchange.asked
    if not exchange.succeeded or ask.path != CHAT or ask.method != "POST" or not body:
        return 0
    limits = [body[name] for name in LIMITS if type(body.get(name)) is int]
    choices = body["n"] if type(body.get("n")) is int else 1
    return choices * min(limits) if limits else None
