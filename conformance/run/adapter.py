"""The other end of the adapter protocol, version 1: a child process that makes calls through one client.

The law of this file: what the adapter does wrong is told as the adapter's (`AdapterError`, with its last words), what a
call does is told by its reply. JSON Lines in UTF-8 on its standard input and output; its standard error is its own.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

import orjson

from chatconform.core.telling import tell
from chatconform.schemas import violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PROTOCOL: Final = 1
HELLO_WITHIN: Final = 60.0
"""Seconds to the adapter's `hello`: heavy clients take half a minute to import."""
MOST_LINE: Final = 64 * 1024 * 1024
LAST_WORDS: Final = 600
READ_OUT: Final = 1.0
"""Seconds in which what an adapter that has ended wrote last is read."""


class AdapterError(Exception):
    """The adapter broke the protocol, died, or never began; the message says how, with its last words."""


class HangError(Exception):
    """A call was not over in time; the adapter has been ended."""


class RestartedError(Exception):
    """The adapter was ended because another call hung; this one may be asked again."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What an adapter says of itself: the client, what can be asked of it, and what it reports."""

    client: str
    version: str = ""
    runtime: str = ""
    features: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()


def hello_of(message: Any) -> Hello:
    """The `hello` in an adapter's first message. Raises `AdapterError` where it is none."""
    match message:
        case {"hello": {"protocol": int(told)}} if told != PROTOCOL:  # of another one nothing else is known
            raise AdapterError(f"the adapter speaks protocol {told}; this kit speaks {PROTOCOL}")
    for violation in violations("AdapterHello", message):
        raise AdapterError(f"the adapter's hello is not as the protocol says: {violation.pointer} {violation.message}")
    told = message["hello"]
    return Hello(
        told["client"],
        told.get("version", ""),
        told.get("runtime", ""),
        frozenset(told.get("features", ())),
        frozenset(told.get("fields", ())),
    )


@dataclass(slots=True)
class _Waiting:
    """A call that is out, and what came back."""

    over: threading.Event = field(default_factory=threading.Event)
    reply: dict[str, Any] | None = None
    first_delta: float | None = None
    problem: Exception | None = None


class AdapterProcess:
    """One child process. `call` may be used from several threads; replies may come in any order."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        """Starts the command and waits for its `hello`. Raises `AdapterError` where it does not come."""
        self.command = list(command)
        self._waiting: dict[str, _Waiting] = {}
        self._answered: set[str] = set()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._last_words = bytearray()
        self._greeting: dict[str, Any] | None = None
        self._greeted = threading.Event()
        self._problem: Exception | None = None
        self.broke: AdapterError | None = None
        """How it broke the protocol, also where no call was out that this could be told to."""
        self._is_killed = False
        self._over = threading.Event()
        try:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=None if environment is None else dict(environment),
                start_new_session=True,  # so that what the adapter starts ends with it
            )
        except OSError as error:
            raise AdapterError(f"cannot start {tell(self.command[0])}: {error.strerror or error}") from None
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read, self._read_errors)]
        for reader in self._readers:
            reader.start()
        threading.Thread(target=self._watch, daemon=True).start()
        if not self._greeted.wait(HELLO_WITHIN):
            self.kill()
            raise AdapterError(f"the adapter did not say hello within {HELLO_WITHIN:.0f} s{self._words()}")
        if self._problem is not None:
            self.kill()
            raise self._problem
        try:
            self.hello = hello_of(self._greeting)
        except AdapterError:
            self.kill()
            raise

    def call(self, op: Mapping[str, Any], is_hung: Callable[[float], bool]) -> tuple[dict[str, Any], float | None]:
        """Makes one call; gives its reply, and when its first delta came (`time.monotonic()`) if the adapter says so.

        `is_hung(seconds)` is asked again and again with how long the call has been the oldest one out, until it says
        yes. Raises `HangError` then, `RestartedError` where another call hung, `AdapterError` where the adapter broke.
        """
        waiting = _Waiting()
        with self._lock:
            if self._problem is not None:
                raise self._problem
            self._waiting[op["id"]] = waiting
        try:
            with self._writing:
                assert self._process.stdin is not None
                self._process.stdin.write(orjson.dumps(op) + b"\n")
                self._process.stdin.flush()
        except (OSError, ValueError):
            time.sleep(0.2)  # let the reader see how it ended
            raise self._problem or AdapterError(f"the adapter stopped reading{self._words()}") from None
        oldest_since: float | None = None
        while not waiting.over.wait(0.05):
            with self._lock:
                oldest = next(iter(self._waiting.values()), None)
            if oldest is waiting:
                oldest_since = oldest_since or time.monotonic()
            if is_hung(time.monotonic() - oldest_since if oldest_since else 0.0):
                self._end(RestartedError())
                raise HangError
        with self._lock:
            self._waiting.pop(op["id"], None)
        if waiting.problem is not None:
            raise waiting.problem
        assert waiting.reply is not None
        return waiting.reply, waiting.first_delta

    @property
    def has_ended(self) -> bool:
        """Whether nothing can be asked of it any more."""
        return self._problem is not None

    def close(self) -> None:
        """Ends the adapter in order: its input is closed, and after two seconds it is killed."""
        with suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(2.0)
        self.kill()

    def kill(self) -> None:
        """Ends the adapter at once."""
        self._is_killed = True
        self._kill_all()
        self._process.wait()
        for reader in self._readers:
            reader.join(READ_OUT)
        self._over.set()  # what left the adapter's group may hold its output open
        for reader in self._readers:
            reader.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError, ValueError):
                assert pipe is not None
                pipe.close()

    def _kill_all(self) -> None:
        """Kills the adapter and what it started: a child that lives on would hold its output open."""
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _pieces(self, pipe: IO[bytes] | None) -> Iterator[bytes]:
        """What comes out of a pipe, until it ends or nobody is to wait for it any more."""
        assert pipe is not None
        with suppress(OSError, ValueError), selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not self._over.is_set():
                if selector.select(0.2):
                    data = os.read(pipe.fileno(), 65536)
                    if not data:
                        return
                    yield data

    def _read(self) -> None:
        line = bytearray()
        try:
            for data in self._pieces(self._process.stdout):
                *ended, rest = data.split(b"\n")
                for end in ended:
                    line += end
                    if line.strip():
                        self._take(bytes(line))
                    line.clear()
                line += rest
                if len(line) > MOST_LINE:
                    raise AdapterError(f"the adapter wrote a line of more than {MOST_LINE >> 20} MiB")
            if line.strip():
                self._take(bytes(line))
        except AdapterError as error:
            if self._problem is None and not self._is_killed:  # a line that a kill cut short is nobody's mistake
                self.broke = error
            self._end(error)
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._tell_end()

    def _watch(self) -> None:
        """Notices that the adapter has ended although something that it started still holds its output open."""
        self._process.wait()
        self._readers[0].join(READ_OUT)
        self._tell_end()

    def _tell_end(self) -> None:
        if self._problem is not None:
            return
        code = self._process.poll()
        how = "closed its output" if code is None else f"ended with status {code}"
        when = "before it said hello" if self._greeting is None else "while calls were out"
        self._end(AdapterError(f"the adapter {how} {when}{self._words()}"))

    def _take(self, line: bytes) -> None:
        """Takes one line of the adapter's in. Raises `AdapterError` where it is none of the protocol."""
        try:
            message = json.loads(line)  # not the strict parser: half surrogate pairs and NaN are a client's to hold
        except (ValueError, RecursionError):
            said = tell(line.decode(errors="replace").rstrip())
            raise AdapterError(f"the adapter wrote what is no JSON line: {said}{self._words()}") from None
        if self._greeting is None:
            self._greeting = message if isinstance(message, dict) else {"": message}
            self._greeted.set()
            return
        if isinstance(message, dict) and message.get("event") == "delta":
            self._note_delta(message.get("id"))
            return
        for violation in violations("AdapterReply", message):
            where = f" at {violation.pointer}" if violation.pointer else ""
            raise AdapterError(f"the adapter's reply is not as the protocol says{where}: {violation.message}")
        with self._lock:
            waiting = self._waiting.get(message["id"])
            if waiting is None or waiting.reply is not None:
                twice = message["id"] in self._answered
                told = "answered twice" if twice else "answered what was not asked"
                raise AdapterError(f"the adapter {told}: {tell(message['id'])}")
            self._answered.add(message["id"])
            waiting.reply = message
            waiting.over.set()

    def _note_delta(self, call_id: Any) -> None:
        with self._lock:
            waiting = self._waiting.get(call_id) if isinstance(call_id, str) else None
            if waiting is not None and waiting.first_delta is None:
                waiting.first_delta = time.monotonic()

    def _end(self, problem: Exception) -> None:
        """Tells every call that is out why nothing more comes, and ends the process."""
        with self._lock:
            self._problem = self._problem or problem
            for waiting in self._waiting.values():
                if waiting.reply is None:
                    waiting.problem = waiting.problem or self._problem
                    waiting.over.set()
        self._greeted.set()
        self._kill_all()

    def _read_errors(self) -> None:
        for words in self._pieces(self._process.stderr):
            self._last_words = (self._last_words + words)[-LAST_WORDS:]

    def _words(self) -> str:
        time.sleep(0.05)  # what it said last may still be on its way
        words = self._last_words.decode(errors="replace").strip()
        return f"; its last words: {tell(words[-300:], 300)}" if words else ""
