"""Cases played: each steps from one exchange to the next, and what it provokes is judged as it comes.

The law of this file: what a case provokes is tallied apart and in its own order, so that the whole is the same however
the cases fall in time. A case that breaks is told as the kit's own fault.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from chatconform.core.ask import Ask
from chatconform.core.case import Situation
from chatconform.core.exchange import Origin
from chatconform.core.judge import judge, judge_series
from chatconform.core.naming import maker_of, matches
from chatconform.core.result import Result, Verdict
from chatconform.core.rule import Part
from chatconform.core.tally import Tally
from chatconform.run.asker import Standing
from chatconform.run.gate import StoppedError
from chatconform.run.suspects import RUN_ENDED, Suspect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chatconform.core.case import Case
    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Rule
    from chatconform.run.asker import Asker, Heard


@dataclass
class Played:
    """What one case came to."""

    case: Case
    tally: Tally = field(default_factory=lambda: Tally(()))
    series: list[Exchange] = field(default_factory=list)
    suspects: list[Suspect] = field(default_factory=list)
    lacking: str | None = None
    """Why an exchange of the series is not judged, and so the series is not."""
    finished: bool = False


class Stage:
    """Plays cases against one asker and judges by the chosen rules. `see` is given each exchange that is judged."""

    def __init__(
        self,
        asker: Asker,
        rules: Sequence[Rule],
        see: Callable[[Exchange], None],
    ) -> None:
        self._asker = asker
        self._rules = rules
        self._overload = [rule for rule in rules if rule.on is Part.OVERLOAD]
        self._see = see
        self._lock = threading.Lock()
        self._closed = False

    def play(self, played: Played, model: str, limit: str, seed: int) -> None:
        """Plays a case to its end. Raises `StoppedError` where the run is over before."""
        case = played.case
        steps = case.asks(Situation(model, Random(f"{seed}:{case.id}"), limit))
        step = 0
        try:
            wanted = next(steps)
            while True:
                asks = [wanted] if isinstance(wanted, Ask) else wanted
                if step + len(asks) > case.most:
                    raise OverflowError(f"it asks more than {case.most} times")
                pairs = [(ask, Origin(case.id, step + n, seed)) for n, ask in enumerate(asks)]
                step += len(asks)
                heard = self._asker.ask_together(pairs) if len(pairs) > 1 else [self._asker.ask(*pairs[0])]
                for (ask, _), one in zip(pairs, heard, strict=True):
                    self._take(played, ask, one)
                exchanges = [one.exchange for one in heard]
                wanted = steps.send(exchanges[0] if isinstance(wanted, Ask) else exchanges)
        except StopIteration:
            self._end(played)
        except StoppedError:
            raise
        except (Exception, SystemExit) as error:  # a case that breaks is reported, and must not end the run
            broke = f"the case {case.id} broke ({type(error).__name__}: {error})"
            reason = f"{broke}, a bug of {maker_of(case.asks)}; please report it"
            self._add(played, self._held_back(case, reason, played.series[-1:], kit_fault=True))
        finally:
            steps.close()

    def settle(self, played: Played, reasons: Sequence[str | None]) -> None:
        """Judges the suspects of a case that break every time (their reason is None), and then its series."""
        for suspect, reason in zip(played.suspects, reasons, strict=True):
            if reason is None:
                self._judge(played, suspect.exchange)
            else:
                self._hold_back(played, suspect.exchange, f"{suspect.exchange.id}: {reason}")
        if played.finished and played.suspects:
            self._judge_series(played)

    def close(self) -> None:
        """From here on no result is taken in: what a thread that was left behind still finds out is dropped."""
        with self._lock:
            self._closed = True

    def _take(self, played: Played, ask: Ask, heard: Heard) -> None:
        exchange = heard.exchange
        for earlier in heard.put_off:
            self._add(played, judge(earlier, self._overload))
        played.series.append(exchange)
        if heard.standing is Standing.STEADY:
            self._judge(played, exchange)
        elif heard.standing is Standing.SUSPECT:
            played.suspects.append(Suspect(ask, exchange, heard.tries))
        else:
            self._add(played, judge(exchange, self._overload))
            self._hold_back(played, exchange, heard.reason or RUN_ENDED, of_series=not ask.once)

    def _end(self, played: Played) -> None:
        played.finished = True
        if not played.suspects:
            self._judge_series(played)
            played.series = []  # evidence can be large, and what matters of it is in the tally now

    def _judge(self, played: Played, exchange: Exchange) -> None:
        self._add(played, judge(exchange, self._rules))
        self._see(exchange)

    def _judge_series(self, played: Played) -> None:
        if played.lacking is None:
            self._add(played, judge_series(played.series, self._rules))
        else:
            series_rules = [rule for rule in self._rules if rule.on is Part.SERIES]
            self._add(played, _inconclusive(_made_for(played.case, series_rules), played.series, played.lacking))

    def _hold_back(self, played: Played, exchange: Exchange, reason: str, *, of_series: bool = True) -> None:
        played.lacking = reason if of_series and played.lacking is None else played.lacking
        self._add(played, self._held_back(played.case, reason, [exchange]))

    def _held_back(
        self, case: Case, reason: str, exchanges: Sequence[Exchange], *, kit_fault: bool = False
    ) -> Iterable[Result]:
        rules = [rule for rule in self._rules if kit_fault or rule.on is not Part.SERIES]
        return _inconclusive(_made_for(case, rules), exchanges, reason, kit_fault=kit_fault)

    def _add(self, played: Played, results: Iterable[Result]) -> None:
        taken = list(results)
        with self._lock:
            if not self._closed:
                played.tally.add(taken)


def _made_for(case: Case, rules: Iterable[Rule]) -> list[Rule]:
    return [rule for rule in rules if any(matches(rule.id, pattern) for pattern in case.exercises)]


def _inconclusive(
    rules: Iterable[Rule], exchanges: Sequence[Exchange], reason: str, *, kit_fault: bool = False
) -> Iterable[Result]:
    return [Result(rule, tuple(exchanges), Verdict.INCONCLUSIVE, reason=reason, kit_fault=kit_fault) for rule in rules]
