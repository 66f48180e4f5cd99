"""ASGI apps: one event loop in a thread of its own, with the app's lifespan around all requests."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from chatconform.targets.app_connection import MOST_RAISED

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from chatconform.targets.app_connection import AppConnection, Call

    Message = dict[str, Any]

FAREWELL: Final = 3.0
"""Seconds that an app has to shut down; what then still runs is left behind."""
PATIENCE: Final = 0.005
"""Seconds between two looks at whether a reader is behind, or has left."""


class AsgiLoop:
    """Runs an ASGI app from its startup to `close`."""

    def __init__(self, app: Callable[..., Any], patience: float) -> None:
        """Raises `ValueError` where the app says that it cannot start, or does not within that many seconds."""
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._state: dict[str, Any] = {}
        self._down = asyncio.Event()
        self._started: asyncio.Future[str | None] | None = None
        try:
            problem = asyncio.run_coroutine_threadsafe(self._start_up(), self._loop).result(patience)
        except TimeoutError:
            problem = f"its lifespan did not start within {patience:g} s"
        if problem is not None:
            self.close()
            raise ValueError(f"the app does not start: {problem}")

    def serve(self, call: Call, connection: AppConnection) -> None:
        """Lets the app answer a call on a connection; gives back control at once."""
        self._spawn(self._answer(call, connection))

    def close(self) -> None:
        """Lets the app shut down, and ends what still runs."""
        if self._loop.is_closed():
            return
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result(2 * FAREWELL)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(FAREWELL)
        if not self._thread.is_alive():
            self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._loop.call_soon_threadsafe(lambda: self._loop.create_task(work))

    async def _start_up(self) -> str | None:
        """Begins the lifespan; gives why the app cannot start, None where it did or has no lifespan."""
        self._started = self._loop.create_future()
        self._life = self._loop.create_task(self._live())
        return await self._started

    async def _live(self) -> None:
        sent = iter([{"type": "lifespan.startup"}])
        started = self._started
        assert started is not None

        async def receive() -> Message:
            for message in sent:
                return message
            await self._down.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: Message) -> None:
            kind = message["type"]
            if not kind.startswith("lifespan."):
                raise RuntimeError("the app answers its lifespan as it answers a request")
            if not started.done() and kind.startswith("lifespan.startup."):
                failed = kind.endswith("failed")
                started.set_result((message.get("message") or "its lifespan failed")[-MOST_RAISED:] if failed else None)

        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        try:
            await self._app(scope, receive, send)
        except Exception:  # as servers take it: an app that raises here has no lifespan
            pass
        finally:
            if not started.done():
                started.set_result(None)

    async def _shut_down(self) -> None:
        self._down.set()
        if self._started is not None and self._started.done():
            await asyncio.wait([self._life], timeout=FAREWELL)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=FAREWELL)
        await self._loop.shutdown_asyncgens()

    async def _answer(self, call: Call, connection: AppConnection) -> None:
        pieces = list(call.pieces) or [b""]
        ended = False

        async def receive() -> Message:
            if pieces:
                piece = pieces.pop(0)
                return {"type": "http.request", "body": piece, "more_body": bool(pieces) or call.stalls}
            while not (connection.left.is_set() or ended):
                await asyncio.sleep(PATIENCE)
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal ended
            kind = message["type"]
            if kind == "http.response.start":
                if connection.started:
                    raise RuntimeError("the app starts its response twice")
                connection.start(message["status"], [(bytes(n), bytes(v)) for n, v in message.get("headers", ())])
            elif kind == "http.response.body":
                if not connection.started or ended:
                    raise RuntimeError("the app sends a body before it starts its response, or after its end")
                connection.write(bytes(message.get("body", b"")))
                if not message.get("more_body", False):
                    ended = True
                    connection.finish()
                while connection.full and not connection.left.is_set():
                    await asyncio.sleep(PATIENCE)
                if connection.left.is_set():  # nobody reads it: as a server does, but at a pace that leaves others room
                    await asyncio.sleep(PATIENCE)

        try:
            await self._app(self._scope(call), receive, send)
        except BaseException as error:  # whatever it is, it is the app's, and told
            connection.end(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            connection.end(None if connection.started else RuntimeError("the app returned without a response"))

    def _scope(self, call: Call) -> Message:
        path, _, query = call.target.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": call.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1", "replace"),
            "query_string": query.encode("latin-1", "replace"),
            "root_path": "",
            "headers": [
                (n.lower().encode("latin-1", "replace"), v.encode("latin-1", "replace")) for n, v in call.headers
            ],
            "client": ("127.0.0.1", 50_000),
            "server": ("localhost", 80),
            "state": self._state.copy(),
        }
