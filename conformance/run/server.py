"""A server checked: cases are played against it, every exchange is judged, and what was learnt is added up.

The law of this file: what was learnt is never lost. An interrupt or a target that dies ends the run early; the result
then says so, and holds everything up to there.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from secrets import token_hex
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Final

from chatconform.cases.catalogue import cases
from chatconform.core.result import Verdict
from chatconform.core.run_result import RunResult, Target
from chatconform.core.tally import Tally
from chatconform.reports.redaction import Redaction
from chatconform.rules.capabilities import capabilities
from chatconform.run.abilities import Abilities
from chatconform.run.allowance import Allowance
from chatconform.run.asker import Asker
from chatconform.run.baselines import opened
from chatconform.run.choice import Choice, choose
from chatconform.run.declared import declare, failing, unjudged
from chatconform.run.gate import StoppedError
from chatconform.run.hurry import Hurry
from chatconform.run.kinship import Kinship
from chatconform.run.open_door import behind_open_door, joined
from chatconform.run.opening import judged_at, not_judged_at, notes_on, open_target
from chatconform.run.progress import Progress
from chatconform.run.provoke import Played, Stage
from chatconform.run.reach import CannotCheckError, reach
from chatconform.run.suspects import RUN_ENDED, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from chatconform.core.baseline import Baseline
    from chatconform.core.case import Case
    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Rule
    from chatconform.run.declared import Declared
    from chatconform.run.fuzz import Fuzz
    from chatconform.run.opening import Where
    from chatconform.run.reach import Reached

TICK: Final = 0.1
FAREWELL: Final = 2.0
"""Seconds that threads have to end once the run is over; what they still find out is then dropped."""
INTERRUPTED: Final = "the run was interrupted"


def check(
    target: Where | None = None,
    *,
    model: str | None = None,
    api_key: str | None = None,
    headers: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    profile: str = "compatible",
    have: Sequence[str] = (),
    lack: Sequence[str] = (),
    require: bool = False,
    timeout: float = 60.0,
    concurrency: int = 4,
    seed: int = 0,
    insecure: bool = False,
    fuzz: int = 0,
    max_time: float | None = None,
    max_requests: int | None = None,
    baseline: Baseline | str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> RunResult:
    """Checks a target: the server under a base URL such as `http://127.0.0.1:8000/v1`, or an app in this process.

    An app is an ASGI or WSGI app, a function that takes a request and gives an answer, or an `App`, which says more of
    one of these. Without a target the embedded reference server is checked.

    `model` is found out where the target lists just one. `only` and `skip` are ids or globs of rules; only what the
    chosen rules need is asked. `profile` is `compatible` or `openai`. `have` and `lack` name capabilities: one that the
    target has (with `require` each that it does not lack) it may not refuse; by one that it lacks it is not judged.
    `timeout` is the longest silence in seconds, `concurrency` how many requests are in flight at once. `baseline` names
    the failures that are known, and so do not count. `progress` is called now and then from this thread.

    Raises `CannotCheckError` with one sentence for a target that cannot be reached or asked, `UnknownIdError` for a
    pattern that matches no rule, and `BaselineError` for a baseline that cannot be read. An interrupt while cases are
    played is no exception: the result is then cut short.
    """
    if concurrency < 1 or not timeout > 0 or fuzz < 0:
        raise CannotCheckError("the timeout must be more than 0 seconds, the concurrency at least 1, fuzz at least 0")
    allowance = Allowance(max_time, max_requests)
    declared = declare(have, lack, all_required=require)
    choice = choose(only, skip, profile, declared)
    named = dict(headers or {})
    known = opened(baseline) if baseline is not None else None
    run = _Run(choice, declared, model, api_key, named, timeout, concurrency, seed, insecure, fuzz, allowance, progress)
    result = run.against(target) if target is not None else _against_reference(run)
    return result if known is None else known.applied(result)


def play_again(
    target: Where,
    played: Sequence[Case],
    judged: Sequence[Rule],
    *,
    model: str | None = None,
    api_key: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 60.0,
    seed: int = 0,
    insecure: bool = False,
) -> RunResult:
    """Plays cases against a target and judges them by these rules alone; takes the rest as `check` does.

    Raises `CannotCheckError` for a target that cannot be asked.
    """
    choice = Choice(tuple(judged), tuple(judged), tuple(played))
    declared, allowance = declare((), ()), Allowance(None, None)
    named = dict(headers or {})
    run = _Run(choice, declared, model, api_key, named, timeout, 4, seed, insecure, 0, allowance, None)
    return run.against(target)


def _against_reference(run: _Run) -> RunResult:
    """The positive control: the reference server as one that wants a key and, where that tells more, as an open one."""
    from chatconform.reference.control import control  # only where it is asked for: it holds much
    from chatconform.reference.server import MODEL, ReferenceServer

    run.api_key = run.api_key or f"sk-{token_hex(24)}"
    with ReferenceServer(stages=control((MODEL,), run.api_key)) as server:
        result = run.against(server.url, proxied=False)
    rest = behind_open_door(run.choice)
    if rest is None or result.cut_short is not None:
        return result
    open_run = replace(run, choice=rest, model=MODEL, api_key=None, fuzz=0)
    with ReferenceServer() as server:
        try:
            return joined(result, open_run.against(server.url, proxied=False))
        except CannotCheckError:
            if run.allowance.reached:
                return result
            raise


@dataclass
class _Run:
    """One run: what was wished for."""

    choice: Choice
    declared: Declared
    model: str | None
    api_key: str | None
    headers: Mapping[str, str]
    timeout: float
    concurrency: int
    seed: int
    insecure: bool
    fuzz: int
    allowance: Allowance
    progress: Callable[[Progress], None] | None

    def against(self, where: Where, *, proxied: bool = True) -> RunResult:
        begun = perf_counter()
        target = open_target(
            where,
            headers=self.headers,
            api_key=self.api_key,
            timeout=self.timeout,
            insecure=self.insecure,
            proxied=proxied,
        )
        judged = judged_at(target, self.choice.judged)
        hidden = Redaction(target.secrets)
        with target:
            self._tell(Progress(0, len(self.choice.cases), 0, 0, 0.0, f"asking {target.url}"))
            try:
                send = self.allowance.bounded(target.send)
                reached = reach(send, target.url, self.model, has_key=bool(target.secrets))
            except CannotCheckError as error:
                raise CannotCheckError(hidden.text(str(error))) from None
            except StoppedError:
                raise CannotCheckError(f"{target.url} takes more requests than allowed to be found") from None
            send = self.allowance.bounded(Hurry(target).send)
            asker = Asker(send, reached.plain, self.concurrency, reached.breaks)
            abilities = Abilities(capabilities())
            kinship = Kinship()

            def see(exchange: Exchange) -> None:
                abilities.see(exchange)
                kinship.see(exchange)

            stage = Stage(asker, judged, see)
            played = [Played(case) for case in self.choice.cases]
            fuzz: Fuzz | None = None
            try:
                with self.allowance.ends(asker.stop):
                    self._play(stage, asker, played, reached, begun)
                    self._settle(stage, asker, played, begun)
                    fuzz = (
                        self._fuzz(asker, reached, judged, played, begun) if self.fuzz and not asker.stopped else None
                    )
            except KeyboardInterrupt:
                asker.stop(INTERRUPTED)
            finally:
                stage.close()
        total = Tally(self.choice.rules)
        total.add(self.declared.lacking(self.choice.rules))
        total.add(not_judged_at(target, self.choice.judged))
        for one in played:
            total.merge(one.tally)
        if fuzz is not None:
            fuzz.into(total)
        refused = self.declared.refused(abilities.refusals(total.outcomes))
        total.add(failing(refused, total.outcomes.values()))
        kinship.explain(total.outcomes.values())
        for outcome in total.outcomes.values():
            outcome.hide(hidden.text)
        whole = self.allowance.reached and all(one.finished for one in played)
        return RunResult(
            target=Target(target.url, reached.model),
            outcomes=tuple(total.outcomes.values()),
            requests=self.allowance.sent,
            seconds=perf_counter() - begun,
            seed=self.seed,
            capabilities=abilities.table(total.outcomes),
            notes=(
                *notes_on(target),
                *reached.notes,
                *kinship.notes(),
                *unjudged(refused, self.choice.rules),
                *_notes(asker, played),
                *(fuzz.notes(self.fuzz) if fuzz else ()),
            ),
            secrets=target.secrets,
            cut_short=None if whole else asker.cut_short,
            in_part=len(self.choice.cases) < len(cases()),
            fuzzed=self.fuzz if fuzz is not None else 0,
        )

    def _fuzz(
        self, asker: Asker, reached: Reached, judged: Sequence[Rule], played: Sequence[Played], begun: float
    ) -> Fuzz:
        """Sends generated requests, and looks into what they brought to light."""
        from chatconform.run.fuzz import Fuzz  # what generates takes a while to import, and most runs do not fuzz
        from chatconform.run.probes import Probes

        fuzz = Fuzz(
            asker,
            judged,
            reached.plain,
            concurrency=self.concurrency,
            seed=self.seed,
            allowance=self.allowance,
        )

        def tell(doing: str) -> None:
            known = _progress(played, len(played), asker, begun, doing)
            self._tell(replace(known, failed=known.failed + fuzz.failed))

        self._tell(_progress(played, len(played), asker, begun, "fuzzing, making the first requests"))
        fuzz.send(Probes(reached.model, reached.plain.body, reached.limit, self.seed)(self.fuzz), tell)
        fuzz.finish(tell)
        return fuzz

    def _play(self, stage: Stage, asker: Asker, played: Sequence[Played], reached: Reached, begun: float) -> None:
        """Plays all cases, so many at a time and those that are to be alone last; ends early once the asker has."""
        together = deque(one for one in played if not one.case.alone)
        alone = deque(one for one in played if one.case.alone)
        ended: SimpleQueue[Played | BaseException | None] = SimpleQueue()
        workers = min(self.concurrency, len(played))
        met = threading.Barrier(workers) if workers else None

        def work() -> None:
            try:
                play(together)
                if met is not None and met.wait() == 0:  # all others have ended
                    play(alone)
            except threading.BrokenBarrierError:
                pass
            except BaseException as error:
                if met is not None:
                    met.abort()
                if not isinstance(error, StoppedError):
                    ended.put(error)  # handed on to the thread that waits
            ended.put(None)

        def play(waiting: deque[Played]) -> None:
            while waiting and not asker.stopped:
                try:
                    one = waiting.popleft()
                except IndexError:  # another thread was quicker
                    return
                stage.play(one, reached.model, reached.limit, self.seed)
                ended.put(one)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
        for thread in threads:
            thread.start()
        running, done, doing, deadline = len(threads), 0, "", float("inf")
        try:
            while running and monotonic() < deadline:
                if asker.closed and deadline == float("inf"):
                    deadline = monotonic() + FAREWELL
                try:
                    news = ended.get(timeout=TICK)
                except Empty:
                    self._tell(_progress(played, done, asker, begun, doing))
                    continue
                if news is None:
                    running -= 1
                elif isinstance(news, BaseException):
                    raise news
                else:
                    done, doing = done + 1, news.case.id
                    self._tell(_progress(played, done, asker, begun, doing))
        finally:
            if running:
                asker.stop(asker.cut_short or INTERRUPTED)
            for thread in threads:
                thread.join(0 if running else FAREWELL)

    def _settle(self, stage: Stage, asker: Asker, played: Sequence[Played], begun: float) -> None:
        """Asks once more what broke every time, and judges what still does."""
        suspects = [suspect for one in played for suspect in one.suspects]
        reasons: list[str | None] = [RUN_ENDED] * len(suspects)
        try:
            if suspects:
                self._tell(_progress(played, len(played), asker, begun, "asking again, alone, what broke"))
                reasons = settle(asker, suspects)
        finally:
            start = 0
            for one in played:
                stage.settle(one, reasons[start : start + len(one.suspects)])
                start += len(one.suspects)

    def _tell(self, progress: Progress) -> None:
        if self.progress is not None:
            self.progress(progress)


def _progress(played: Sequence[Played], done: int, asker: Asker, begun: float, doing: str) -> Progress:
    failed = {
        outcome.rule.id
        for one in played
        for outcome in list(one.tally.outcomes.values())
        if outcome.counts.get(Verdict.FAILED)
    }
    return Progress(done, len(played), asker.requests, len(failed), perf_counter() - begun, doing)


def _notes(asker: Asker, played: Sequence[Played]) -> list[str]:
    """What the reader must know of how the run went."""
    notes = []
    if asker.waits:
        times = "once" if asker.waits == 1 else f"{asker.waits} times"
        notes.append(f"The target said not now {times} and was asked again, with fewer requests in flight.")
    if asker.wavered:
        notes.append(
            "The target broke on requests that it answered another time; only what breaks every time is judged."
        )
    unfinished = [one.case.id for one in played if not one.finished]
    if asker.cut_short and unfinished:
        notes.append(f"{len(unfinished)} of {len(played)} cases were not played to their end.")
    return notes
