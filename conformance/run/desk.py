"""The process that judges what passed: passages become exchanges, are written down without secrets, and are judged.

The law of this file: an exchange is written before it is judged, and what is written is whole after each line.
"""

from __future__ import annotations

import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import orjson

from chatconform.core.recording import to_json
from chatconform.core.secrets import is_secret, secret_of
from chatconform.core.tally import Tally
from chatconform.recordings.record import Recorded
from chatconform.reports.redaction import Redaction
from chatconform.run.judging import Bench, Judged, Wish
from chatconform.targets.passage import UnreadableError, exchange_of

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from chatconform.core.exchange import Exchange, Request
    from chatconform.targets.passage import Passage

EVERY: Final = 1.0
"""Seconds after which what was judged is handed over, at the latest."""
KEYS: Final = frozenset({"key", "sig", "code"})
"""Names of keys in a query, beside those that headers have."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What to do: judge by a wish, and write the exchanges to a file where one is named."""

    wish: Wish
    record: str | None = None


@dataclass(slots=True)
class Report:
    """What is handed over: what was judged, why passages were not, what went wrong, and how many passages it was."""

    judged: Judged = field(default_factory=lambda: Judged(Tally(())))
    unread: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    passages: int = 0


def sit_down(connection: Connection, assignment: Assignment) -> None:
    """Judges what is handed over until that is None; hands over what it came to, new places at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that was asked tells when to end
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    desk = Desk(assignment)
    handed_over = monotonic()
    with suppress(EOFError, OSError):  # nobody waits for it any more
        while True:
            if connection.poll(EVERY if desk.report.passages else None):
                passage = connection.recv()
                if passage is None:
                    break
                desk.take(passage)
            if desk.report.passages and (desk.has_news or monotonic() - handed_over >= EVERY):
                connection.send(desk.hand_over())
                handed_over = monotonic()
        connection.send(desk.hand_over())


class Desk:
    """Judges passages one after the other. An exchange is told by the line of the file that it is written to."""

    def __init__(self, assignment: Assignment) -> None:
        self.report = Report()
        self.has_news = False
        self._known: set[tuple[str, str]] = set()
        self._file: IO[bytes] | None = None
        self._number = 0
        self._name = "proxy"
        if assignment.record is not None:
            self._name = assignment.record
            try:
                self._file, self._number = opened(assignment.record)
            except OSError as problem:
                self._cannot_write(problem)
        self._bench = Bench(assignment.wish, self._name)

    def take(self, passage: Passage) -> None:
        """Writes a passage down, and judges it."""
        self.report.passages += 1
        try:
            exchange = exchange_of(passage, self._name, self._number + 1)
        except UnreadableError as why:
            self.report.unread[str(why)] += 1
            return
        self._number += 1
        self._write(exchange)
        self._bench.take(Recorded(self._number, exchange, headers=exchange.response is not None))
        judged = self._bench.take_off()
        judged.size = passage.size
        for outcome in judged.tally.outcomes.values():
            places = {(outcome.rule.id, pointer) for pointer in outcome.places}
            self.has_news = self.has_news or not places <= self._known
            self._known |= places
        self.report.judged.merge(judged)

    def hand_over(self) -> Report:
        """What came of everything since the last time."""
        report, self.report, self.has_news = self.report, Report(), False
        return report

    def _write(self, exchange: Exchange) -> None:
        if self._file is None:
            return
        redaction = Redaction(secrets(exchange.request))
        try:
            record = {**to_json(redaction.exchange(exchange)), "case": "proxy"}
            self._file.write(orjson.dumps(record) + b"\n")
            self._file.flush()
        except OSError as problem:
            self._cannot_write(problem)

    def _cannot_write(self, problem: OSError) -> None:
        self._file = None
        self.report.problems.append(f"{self._name}: cannot be written ({problem.strerror or problem})")


def opened(path: str) -> tuple[IO[bytes], int]:
    """A file to write further lines to, and how many lines it holds. Raises `OSError`."""
    lines, last = 0, b"\n"
    with suppress(FileNotFoundError), Path(path).open("rb") as before:
        while data := before.read(1 << 20):
            lines += data.count(b"\n")
            last = data[-1:]
    file = Path(path).open("ab")  # noqa: SIM115  # it is open as long as the process
    if last != b"\n":
        file.write(b"\n")  # a line that was cut stays one by itself
        lines += 1
    return file, lines


def secrets(request: Request) -> list[str]:
    """What is secret in a request: values of headers, and keys in the query of its target."""
    query = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
    found = [secret_of(name, value) for name, value in request.headers]
    found += [value for name, value in query if is_secret(name) or name.lower() in KEYS]
    return [secret for secret in found if secret]
