"""Driving a client through scenarios: told what to ask, answered by script, judged by what came out.

The law of this file: the adapter is started once and asked several scenarios at a time; a call that hangs costs that
one scenario, the adapter is started anew and the others that were out are asked again. What an adapter does wrong ends
the run, and what was done so far is kept.
"""

from __future__ import annotations

import secrets
import socket
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.exchange import Exchange, Origin
from chatconform.core.judge import judge
from chatconform.core.rule import Part
from chatconform.core.scenario_result import ClientRunResult, FailureKind, ScenarioOutcome, ScenarioResult
from chatconform.core.tally import Tally
from chatconform.rules.catalogue import rules
from chatconform.run.adapter import AdapterError, AdapterProcess, HangError, RestartedError
from chatconform.run.client_verdict import Happened, verdict
from chatconform.run.in_process import InProcess as InProcess
from chatconform.scenarios.catalogue import scenarios as all_scenarios
from chatconform.targets.scripted import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chatconform.core.scenario import Call, Scenario
    from chatconform.targets.scripted import Heard

CONCURRENCY: Final = 8
TRIES: Final = 3
"""How often a scenario is asked anew because another one hung the adapter, before it gets an adapter of its own."""
FOUNDATION: Final = ("ns.plain", "st.plain")
"""Scenarios without which generated streams say nothing."""
HUNG_TOO: Final = 0.9
"""The share of its patience after which a call hangs as well when the adapter is ended for another one."""
BETWEEN_CALLS: Final = 0.15
"""Seconds from one call of a scenario to the next: long enough for a server to end an idle connection."""
FAILED: Final = {ScenarioOutcome.FAILED, ScenarioOutcome.BLOCKED}


class ClientDriver:
    """One client under test and the scripted server that answers it."""

    def __init__(self, start: Callable[[], AdapterProcess | InProcess], *, timeout: float | None = None) -> None:
        """Starts the client. Raises `AdapterError` where it does not begin. `timeout` caps each scenario's patience."""
        self._start = start
        self._timeout = timeout
        self._client = start()
        self._server = ScriptedServer()
        self._lock = threading.Lock()
        self.hello = self._client.hello
        self.restarts = 0
        self.requests = 0
        """How many requests the client has sent."""

    def close(self) -> None:
        """Ends the client and the server."""
        self._server.close()
        self._client.close()

    @property
    def broke(self) -> str | None:
        """How the adapter broke the protocol, told of it alone; None where it did not."""
        broke = self._client.broke if isinstance(self._client, AdapterProcess) else None
        return None if broke is None else str(broke)

    def ask(self, scenario: Scenario, lane: str | None = None) -> tuple[ScenarioResult, list[Exchange]]:
        """Puts the client through one scenario. Gives what became of it, and what the client sent.

        Scenarios of one `lane` have the same base URL and key, so that the client object and its connection serve them
        all; they must be asked one after the other.
        """
        if missing := scenario.lacking(self.hello.features):
            detail = f"the client does not declare {', '.join(missing)}"
            return ScenarioResult(scenario, ScenarioOutcome.UNSUPPORTED, detail=detail), []
        for _ in range(TRIES):
            with suppress(RestartedError):
                return self._ask_once(self._client, scenario, lane)
            self._restart()
        alone = self._start()  # so that it does not answer for what others do to the adapter
        try:
            return self._ask_once(alone, scenario, None)
        finally:
            alone.close()

    def _ask_once(
        self, client: AdapterProcess | InProcess, scenario: Scenario, lane: str | None
    ) -> tuple[ScenarioResult, list[Exchange]]:
        name = f"{scenario.id.replace('.', '-')}-{secrets.token_hex(3)}"
        token = lane or name
        if scenario.answers:
            self._server.add(token, scenario.answers)
        base_url = (
            self._server.base_url(token) if scenario.answers else f"http://127.0.0.1:{_closed_port()}/t/{token}/v1"
        )
        patience = min(scenario.patience, self._timeout or scenario.patience)

        def is_hung(oldest_for: float) -> bool:
            heard = self._server.heard(token)
            since = time.monotonic() - heard[0].began if heard else 0.0
            return max(since, oldest_for) > patience

        reply: dict[str, Any] = {}
        first_delta = None
        began = time.monotonic()
        try:
            for number, call in enumerate(scenario.calls):
                time.sleep(BETWEEN_CALLS if number else 0.0)
                began = time.monotonic()
                reply, first_delta = client.call(_op(name, number, base_url, token, call), is_hung)
                if "unsupported" in reply:
                    break
        except (HangError, RestartedError) as hang:
            self._restart(client)
            heard = self._server.remove(token)
            # Calls that hang side by side are over their time together: one restart tells of them all.
            hung_too = bool(heard) and time.monotonic() - heard[0].began > HUNG_TOO * patience
            if isinstance(hang, RestartedError) and not hung_too:
                raise
            detail = f"the call was not over after {patience:.0f} s"
            result = ScenarioResult(scenario, ScenarioOutcome.FAILED, FailureKind.HANG, detail)
            return result, self._sent(scenario, heard)
        ended = time.monotonic()
        self._await_leaving(scenario, token, ended)
        heard = self._server.remove(token)
        sent = self._sent(scenario, heard)
        if "unsupported" in reply:
            detail = f"the client cannot: {reply['unsupported']}"
            return ScenarioResult(scenario, ScenarioOutcome.UNSUPPORTED, detail=detail), sent
        if coding := next((one.not_accepted for one in heard if one.not_accepted), None):
            detail = f"the client does not accept {coding}"
            return ScenarioResult(scenario, ScenarioOutcome.UNSUPPORTED, detail=detail), sent
        if heard and len(scenario.calls) == 1:
            began = heard[0].began  # before that, an adapter that makes one call at a time was about others
        return verdict(scenario, Happened(reply, began, ended, first_delta, heard), self.hello.fields), sent

    def _sent(self, scenario: Scenario, heard: Sequence[Heard]) -> list[Exchange]:
        """What the client sent in a scenario, for the rules on requests."""
        with self._lock:
            self.requests += len(heard)
        return [Exchange(Origin(scenario.id, step), one.request) for step, one in enumerate(heard)]

    def _await_leaving(self, scenario: Scenario, token: str, ended: float) -> None:
        """Gives a client that stopped reading the time to end its connection."""
        if scenario.expected.leaves_within is None:
            return
        while time.monotonic() < ended + scenario.expected.leaves_within:
            heard = self._server.heard(token)
            if heard and heard[-1].left is not None:
                return
            time.sleep(0.01)

    def _restart(self, broken: AdapterProcess | InProcess | None = None) -> None:
        """Starts the client anew, once for all the threads that see it broken."""
        with self._lock:
            if broken is not None and broken is not self._client:
                return
            if broken is None and isinstance(self._client, AdapterProcess) and not self._client.has_ended:
                return
            self._client.close()
            self._client = self._start()
            self.restarts += 1


def drive(
    start: Callable[[], AdapterProcess | InProcess],
    *,
    scenarios: Sequence[Scenario] | None = None,
    concurrency: int = CONCURRENCY,
    timeout: float | None = None,
    fuzz: int = 0,
    seed: int = 0,
    progress: Callable[[ScenarioResult], None] | None = None,
    streamed: Callable[[int, int], None] | None = None,
) -> ClientRunResult:
    """Puts a client through scenarios, several at a time, and judges the requests that it sends.

    Takes a function that starts the client (again, after a hang), the scenarios (all of them by default), how many are
    asked at a time, the most seconds that one may take, and how many generated streams come on top. `progress` is
    called with each result, `streamed` now and then with how many generated streams were asked and how many failed.
    Gives the results in the order of the scenarios. Raises `AdapterError` where the client does not begin; one that
    breaks later cuts the run short.
    """
    chosen = tuple(all_scenarios() if scenarios is None else scenarios)
    began = time.monotonic()
    driver = ClientDriver(start, timeout=timeout)
    on_requests = [rule for rule in rules() if rule.on is Part.REQUEST]
    tally = Tally(on_requests)
    done: dict[str, ScenarioResult] = {}
    sent: dict[str, list[Exchange]] = {}
    cut_short: str | None = None

    def take(result: ScenarioResult, exchanges: list[Exchange]) -> None:
        in_question = result.outcome in {ScenarioOutcome.FAILED, ScenarioOutcome.LOSSY}
        if in_question and result.scenario.calls:  # what many generated streams came to has none
            result = replace(result, exchanges=tuple(exchanges))
        done[result.scenario.id] = result
        sent[result.scenario.id] = exchanges
        if progress is not None:
            progress(result)

    pool = ThreadPoolExecutor(concurrency)
    try:
        _ask_all(driver, chosen, done, pool, take)
        if fuzz:
            from chatconform.run.client_fuzzing import fuzzed  # it needs the strategies, which most runs do not

            blockers = [name for name in FOUNDATION if name in done and done[name].outcome in FAILED]
            for result, exchanges in fuzzed(driver, fuzz, seed, pool, concurrency, blockers, streamed):
                take(result, exchanges)
    except AdapterError as error:
        cut_short = str(error)
    except KeyboardInterrupt:
        cut_short = "interrupted"
    finally:
        driver.close()
        pool.shutdown(cancel_futures=True)
        cut_short = cut_short or driver.broke
    order = dict.fromkeys([*(scenario.id for scenario in chosen if scenario.id in done), *done])
    for name in order:
        for exchange in sent[name]:
            tally.add(judge(exchange, on_requests))
    return ClientRunResult(
        driver.hello.client,
        driver.hello.version,
        tuple(done[name] for name in order),
        tuple(tally.outcomes.values()),
        driver.requests,
        time.monotonic() - began,
        seed,
        driver.restarts,
        cut_short,
        in_part=len(chosen) < len(all_scenarios()),
        fuzzed=fuzz,
    )


def _ask_all(
    driver: ClientDriver,
    chosen: Sequence[Scenario],
    done: Mapping[str, ScenarioResult],
    pool: ThreadPoolExecutor,
    take: Callable[[ScenarioResult, list[Exchange]], None],
) -> None:
    """Asks each scenario as soon as those that may block it are done; what others wait for and what is slow goes first.

    Raises `ValueError` where scenarios block one another in a circle.
    """
    names = {scenario.id for scenario in chosen}
    awaited = {name for scenario in chosen for name in scenario.blocked_by}
    rest = sorted(chosen, key=lambda one: (one.id not in awaited, -one.patience))
    out: set[Future[tuple[ScenarioResult, list[Exchange]]]] = set()
    while rest or out:
        ready = [one for one in rest if all(name in done for name in one.blocked_by if name in names)]
        if not ready and not out:
            raise ValueError(f"scenarios block one another in a circle: {', '.join(one.id for one in rest)}")
        rest = [one for one in rest if one not in ready]
        for scenario in ready:
            blockers = [name for name in scenario.blocked_by if name in done and done[name].outcome in FAILED]
            if blockers:
                detail = f"blocked by {', '.join(blockers)}"
                take(ScenarioResult(scenario, ScenarioOutcome.BLOCKED, detail=detail), [])
            else:
                out.add(pool.submit(driver.ask, scenario))
        if out:
            over, out = wait(out, return_when=FIRST_COMPLETED)
            for future in over:
                take(*future.result())


def _op(name: str, number: int, base_url: str, token: str, call: Call) -> dict[str, Any]:
    """A call in the form of the adapter protocol."""
    return {
        "id": name if number == 0 else f"{name}-{number + 1}",
        "op": "chat",
        "base_url": base_url,
        "api_key": f"sk-test-{token}",
        "request": dict(call.request),
        "options": {"timeout_s": call.timeout_s, "max_retries": call.max_retries, "stop_after": call.stop_after},
    }


def _closed_port() -> int:
    """A loopback port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
