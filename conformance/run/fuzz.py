"""A server fuzzed: probes are sent, several at once, judged by the rules that judge everything; what fails is shrunk.

The law of this file: only a finding counts. What a fuzzed target refuses says nothing of what it is able to do, so it
is never told as unsupported. What broke is asked once more, alone, before it is judged; and after each refusal the
plain request that worked at the start must still work.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.exchange import Origin
from chatconform.core.judge import judge, judge_series
from chatconform.core.result import Verdict
from chatconform.core.rule import Part
from chatconform.run.asker import Standing
from chatconform.run.fuzz_findings import Findings, Seen
from chatconform.run.gate import StoppedError
from chatconform.run.suspects import RUN_ENDED, Suspect, settle
from chatconform.run.trouble import BUSY, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chatconform.core.ask import Ask
    from chatconform.core.exchange import Exchange
    from chatconform.core.result import Result
    from chatconform.core.rule import Rule
    from chatconform.core.tally import Tally
    from chatconform.run.allowance import Allowance
    from chatconform.run.asker import Asker, Heard
    from chatconform.run.probes import Probe

INTERRUPTED: Final = "the run was interrupted"
TICK: Final = 0.1
FAREWELL: Final = 2.0
ROUNDS: Final = 5
MOST_DOUBTED: Final = 3
"""Refusals after which the plain request failed that are looked into."""
SHRINKING: Final = 60.0
"""Seconds that making findings smaller may take."""
RESERVE: Final = 0.15
"""The share of a limit of requests or of seconds that is kept for asking again and for making findings smaller."""


class Fuzz:
    """Sends probes to one target and judges what comes back. `plain` is the request that it answered at the start."""

    def __init__(
        self, asker: Asker, rules: Sequence[Rule], plain: Ask, *, concurrency: int, seed: int, allowance: Allowance
    ) -> None:
        self._asker = asker
        self._rules = [rule for rule in rules if rule.on is not Part.SERIES]
        self._survival = [rule for rule in rules if rule.id == "series.survival.next-request-succeeds"]
        self._plain = plain
        self._concurrency = concurrency
        self._seed = seed
        self._allowance = allowance
        self._lock = threading.Lock()
        self._findings = Findings(plain.body)
        self._suspects: list[tuple[int, Probe, Suspect]] = []
        self._doubted: list[Probe] = []
        self._series: list[Result] = []
        self._unjudged: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self.ended_early = False

    @property
    def failed(self) -> int:
        """How many rules have failed so far."""
        return self._findings.failed

    def send(self, probes: Iterator[Probe], tell: Callable[[str], None]) -> None:
        """Sends the probes, so many at a time, until they end or the share of the allowance is used up."""
        waiting = enumerate(probes)
        raised: list[BaseException] = []

        def work() -> None:
            try:
                while not self._enough():
                    with self._lock:
                        number, probe = next(waiting, (0, None))
                    if probe is None:
                        return
                    self._probe(number, probe)
            except StoppedError:
                return
            except BaseException as error:  # handed on to the thread that waits
                raised.append(error)
                self._asker.stop("the fuzzer broke")

        threads = [threading.Thread(target=work, daemon=True) for _ in range(self._concurrency)]
        for thread in threads:
            thread.start()
        deadline = float("inf")
        try:
            for thread in threads:
                while thread.is_alive() and monotonic() < deadline:
                    thread.join(TICK)
                    tell(f"fuzzing, {sum(self.sent.values())} sent")
                    if self._asker.stopped:
                        deadline = min(deadline, monotonic() + FAREWELL)
        except KeyboardInterrupt:
            self._asker.stop(INTERRUPTED)
            for thread in threads:
                thread.join(FAREWELL)
        if raised:
            raise raised[0]

    def finish(self, tell: Callable[[str], None]) -> None:
        """Asks again, alone, what broke, and makes what fails smaller; what the end of a run prevents is left out."""
        try:
            tell("fuzzing, asking again what broke")
            self._settle()
            self._look_into_deaths()
            tell("fuzzing, looking for the least requests that fail")
            self._shrink()
        except StoppedError:
            pass
        except KeyboardInterrupt:
            self._asker.stop(INTERRUPTED)

    def into(self, tally: Tally) -> None:
        """Adds what was found to the tally of the run."""
        with self._lock:
            tally.add(self._series)
            self._findings.into(tally)

    def notes(self, wanted: int) -> list[str]:
        """What the reader must know of how it went."""
        sent = sum(self.sent.values())
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.sent.items()))
        of = f" of {wanted}" if sent < wanted else ""
        why = ", as the limit of the run was near" if self.ended_early else ""
        told = [f"Fuzzing sent {sent}{of} requests ({kinds or 'none'}){why}."]
        told += [
            f"{count} fuzzed request{'s are' if count > 1 else ' is'} not judged: {why}"
            for why, count in self._unjudged.most_common(3)
        ]
        return told

    def _enough(self) -> bool:
        if self._allowance.near(1 - RESERVE):
            self.ended_early = True
        return self.ended_early or self._asker.stopped

    def _probe(self, number: int, probe: Probe) -> None:
        heard = self._asker.ask(probe.ask, Origin(f"fuzz.{probe.kind}", probe.number, self._seed))
        with self._lock:
            self.sent[probe.kind] += 1
        self._take(number, probe, heard)
        if heard.exchange.refused and not probe.lies:
            after = self._asker.ask(replace(self._plain, once=True), Origin("fuzz.alive", number, self._seed))
            if _died(after):
                with self._lock:
                    self._doubted.append(probe)

    def _take(self, number: int, probe: Probe, heard: Heard) -> None:
        if heard.standing is Standing.STEADY:
            self._judge(number, probe, heard.exchange)
        elif heard.standing is Standing.SUSPECT:
            with self._lock:
                self._suspects.append((number, probe, Suspect(probe.ask, heard.exchange, heard.tries)))
        else:
            with self._lock:
                self._unjudged[heard.reason or RUN_ENDED] += 1

    def _judge(self, number: int, probe: Probe, exchange: Exchange) -> None:
        results = list(judge(exchange, self._rules))
        with self._lock:
            self._findings.take(Seen(number, probe, exchange), results)

    def _settle(self) -> None:
        suspects = sorted(self._suspects, key=lambda one: one[0])
        for (number, probe, suspect), reason in zip(
            suspects, settle(self._asker, [one[2] for one in suspects]), strict=True
        ):
            if reason is None:
                self._judge(number, probe, suspect.exchange)
            else:
                self._unjudged[reason] += 1

    def _look_into_deaths(self) -> None:
        """Plays again, alone, refusals after which the plain request failed, each between two plain requests."""
        for probe in self._doubted[:MOST_DOUBTED]:
            series: list[Exchange] = []
            origin = f"fuzz.{probe.kind}.{probe.number}-again"
            for _ in range(ROUNDS):
                self._asker.find_life()
                for about, ask in (("calm", self._plain), ("bad", probe.ask), ("after", self._plain)):
                    told = ask.tagged(probe=about)
                    series.append(self._asker.send(told, Origin(origin, len(series), self._seed)))
            self._series += [
                result for result in judge_series(series, self._survival) if result.verdict is Verdict.FAILED
            ]

    def _shrink(self) -> None:
        """Makes one example after the other smaller, as long as there is time and allowance."""
        end = monotonic() + SHRINKING
        if self._asker.wavered:
            return  # what breaks by chance may break less by anything

        def fails(seen: Seen, rule: Rule, body: Any, step: int) -> Exchange | None:
            if monotonic() > end:
                raise StopIteration
            origin = Origin(f"fuzz.{seen.probe.kind}.{seen.probe.number}-least", step, self._seed)
            exchange = self._asker.send(seen.probe.asking(body), origin)
            found = self._asker.trouble(exchange)
            if found is Trouble.ABSENT:
                self._asker.find_life(exchange)
            if found in {Trouble.ABSENT, Trouble.NOT_NOW} or (found is not None and found is not seen.trouble):
                return None
            verdicts = [result.verdict for result in judge(exchange, [rule])]
            return exchange if verdicts == [Verdict.FAILED] else None

        self._findings.shrink(fails)


def _died(after: Heard) -> bool:
    """Whether the plain request failed in a way that is no matter of load."""
    exchange = after.exchange
    return exchange.failure is not None or (after.standing is not Standing.STEADY and exchange.status not in BUSY)
