"""Small servers that behave as a test says."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import settings

# What was started in the background ignores interrupts, and so do its children: tests interrupt theirs on purpose.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("steady", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("steady")

MODEL = "small"
TIMED = {
    "adapters",
    "cli",
    "client",
    "fuzz",
    "mutants",
    "pages",
    "proxy",
    "ray",
    "recordings",
    "reference",
    "run",
    "suites",
    "targets",
}
"""The rooms whose tests talk over sockets or to processes, against the clock."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Looks again where the clock may have failed a test: a machine that is busy elsewhere is no bug of the kit."""
    for item in items:
        if TIMED.intersection(item.path.parts):
            item.add_marker(pytest.mark.flaky(reruns=2))


@dataclass
class Seen:
    """A request as the small server saw it."""

    number: int
    method: str
    path: str
    body: Any
    headers: dict[str, str]

    @property
    def text(self) -> str:
        """The words of the last message; what a test tells requests apart by."""
        return self.body["messages"][-1]["content"] if isinstance(self.body, dict) and "messages" in self.body else ""


@dataclass
class Answer:
    """What the small server does: an answer, or with a word a `reset`, a `close` or a `hang`."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    instead: str | None = None
    raw: bytes | None = None
    more: bytes = b""
    """What follows the raw bytes again and again, without end."""


class SmallServer:
    """Serves on loopback; `seen` holds the requests, `most_at_once` how many were answered at the same time."""

    def __init__(self, behave: Callable[[Seen], Answer], path: str = "/v1", port: int = 0) -> None:
        self.seen: list[Seen] = []
        self.most_at_once = 0
        self.path = path
        self._at_once = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def _any(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                data = self.rfile.read(length)
                try:
                    body = json.loads(data) if data else None
                except ValueError:
                    body = None
                with outer._lock:
                    seen = Seen(len(outer.seen), self.command, self.path, body, dict(self.headers.items()))
                    outer.seen.append(seen)
                    outer._at_once += 1
                    outer.most_at_once = max(outer.most_at_once, outer._at_once)
                try:
                    outer._answer(self, behave(seen))
                finally:
                    with outer._lock:
                        outer._at_once -= 1

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._any
                raise AttributeError(name)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_port = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        # Keeps the port for us, but does not listen: once the server is dead nobody else can take its place.
        self._place = socket.socket()
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._place.bind(("127.0.0.1", self.port))
        self.url = f"http://127.0.0.1:{self.port}{path}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _answer(self, handler: Any, answer: Answer) -> None:
        if answer.instead == "hang":
            self._over.wait(20)
        if answer.instead in {"reset", "close", "hang"}:
            if answer.instead == "reset":
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        if answer.raw is not None:
            handler.wfile.write(answer.raw)
            handler.wfile.flush()
            while answer.more and not self._over.is_set():
                handler.wfile.write(answer.more)
            if answer.instead == "raw-then-hang":
                self._over.wait(20)
            handler.close_connection = True
            return
        body = b"" if answer.body is None else answer.body
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(answer.status)
        headers = {"Content-Type": "application/json", **answer.headers, "Content-Length": str(len(data))}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    def die(self) -> None:
        """Stops listening at once, as a process does that crashes; connections that are open end."""
        self._server.shutdown()
        self._server.socket.close()
        self._over.set()

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._place.close()


class Small:
    """Starts small servers, and has words for what they answer."""

    model = MODEL

    def __init__(self) -> None:
        self.started: list[SmallServer] = []

    def serve(self, behave: Callable[[Seen], Answer], path: str = "/v1") -> SmallServer:
        """Starts a server that lists its one model and leaves everything else to `behave`."""

        def with_models(seen: Seen) -> Answer:
            if seen.method == "GET" and seen.path == f"{path}/models":
                return self.models(MODEL)
            return behave(seen)

        self.started.append(SmallServer(with_models, path))
        return self.started[-1]

    def serve_all(self, behave: Callable[[Seen], Answer], path: str = "/v1", port: int = 0) -> SmallServer:
        """Starts a server that leaves everything to `behave`, the list of models too."""
        self.started.append(SmallServer(behave, path, port))
        return self.started[-1]

    def models(self, *names: str) -> Answer:
        """A list of models."""
        return Answer(body={"object": "list", "data": [{"id": name, "object": "model"} for name in names]})

    def completion(self, text: str = "Hello.", **more: Any) -> Answer:
        """A plain completion."""
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        whole = {"id": "c-1", "object": "chat.completion", "created": 1_700_000_000, "model": MODEL}
        return Answer(body={**whole, "choices": [choice], "usage": usage, **more})

    def error(self, status: int, message: str = "It is so.", **headers: str) -> Answer:
        """An error object."""
        told = {"message": message, "type": "some_error", "param": None, "code": None}
        return Answer(status, {"error": told}, {name.replace("_", "-"): value for name, value in headers.items()})

    def page(self, status: int = 200) -> Answer:
        """A web page."""
        return Answer(status, b"<html>Welcome!</html>", {"Content-Type": "text/html; charset=utf-8"})

    def answer(self, status: int, body: Any, **headers: str) -> Answer:
        """Any answer: bytes, or a JSON value."""
        return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def endless(self, head: bytes, more: bytes) -> Answer:
        """An answer without end: the rest of a head after its status, and then bytes again and again."""
        return Answer(instead="raw", raw=b"HTTP/1.1 200 OK\r\n" + head, more=more)

    def instead(self, what: str, raw: bytes | None = None) -> Answer:
        """No answer: a `reset`, a `close`, a `hang`, or raw bytes."""
        return Answer(instead=what, raw=raw)


@pytest.fixture
def small() -> Iterator[Small]:
    """Small servers; all of them end with the test."""
    servers = Small()
    yield servers
    for one in servers.started:
        one.close()


@pytest.fixture
def server_results() -> Callable[..., dict[str, Any]]:
    """Makes the JSON results of a server: outcomes by the ids of rules, with levels and places where they matter."""

    def make(
        outcomes: dict[str, str],
        *,
        url: str = "http://127.0.0.1:8000/v1",
        model: str | None = "m",
        levels: dict[str, str] | None = None,
        places: dict[str, list[str]] | None = None,
        message: str = "is wrong",
        **members: Any,
    ) -> dict[str, Any]:
        failed = [id for id, outcome in outcomes.items() if outcome == "failed"]
        level_of = {id: (levels or {}).get(id, "MUST") for id in outcomes}
        rules = []
        for id, outcome in outcomes.items():
            pointers = (places or {}).get(id, ["/choices/0"]) if id in failed else []
            found = {"message": message, "expected": None, "case": "a.case", "exchange": "a.case#0"}
            rules.append(
                {
                    "id": id,
                    "level": level_of[id],
                    "title": f"The requirement of `{id}` is kept.",
                    "source": "a source",
                    "outcome": outcome,
                    "judged": 1,
                    "kit_fault": False,
                    "reasons": ["the model did not"] if outcome == "inconclusive" else [],
                    "findings_total": len(pointers),
                    "findings": [{"pointer": pointer, **found} for pointer in pointers],
                }
            )
        by_level = {level: sum(level_of[id] == level for id in failed) for level in ("MUST", "SHOULD", "INFO")}
        names = ("passed", "failed", "unsupported", "inconclusive", "not_exercised")
        counts = {name: list(outcomes.values()).count(name) for name in names}
        document = {
            "schema_version": "1.0",
            "tool": {"name": "chatconform", "version": "0.1.0"},
            "target": {"url": url, "model": model},
            "summary": {"rules": len(rules), **counts, "failed_by_level": by_level},
            "exit_status": 1 if by_level["MUST"] else 0,
            "strict": False,
            "requests": 3,
            "seconds": 0.5,
            "seed": 0,
            "cut_short": None,
            "notes": [],
            "capabilities": [],
            "rules": rules,
            "exchanges": {
                "a.case#0": {"case": "a.case", "step": 0, "request": {"method": "POST", "target": "/v1", "headers": []}}
            },
        }
        return {**document, **members}

    return make
