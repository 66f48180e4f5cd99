"""An app asked in this process: one `Ask` in, one `Exchange` out, as `ServerTarget` does it.

The law of this file: an app is seen through the same eyes as a server. What it gives is put into HTTP as a server would
put it, and read, bounded and timed by what reads a server's answers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chatconform.targets.app import kind_of
from chatconform.targets.app_connection import AppConnection, Call
from chatconform.targets.asgi import AsgiLoop
from chatconform.targets.attempt import Attempt
from chatconform.targets.connection import Pool
from chatconform.targets.function import call_function
from chatconform.targets.server import ServerTarget
from chatconform.targets.wsgi import call_wsgi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatconform.core.ask import Ask
    from chatconform.targets.app import App
    from chatconform.targets.bounds import Limits, Timeouts
    from chatconform.targets.connection import Line
    from chatconform.targets.writing import Headers

HOST: Final = "http://localhost"
"""What an app is told as its own address: the name that every framework lets in."""
ENDING: Final = 1.0
"""Seconds that an app which answered with an error has to say what it raised."""


class AppTarget(ServerTarget):
    """An app as a target; see `ServerTarget`.

    Raises `ValueError` for what is no app, for a key or header that cannot be sent, and for an app that does not start.
    """

    def __init__(
        self,
        app: App,
        *,
        headers: Mapping[str, str] | None = None,
        api_key: str | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
    ) -> None:
        path = f"/{app.path.strip('/')}" if app.path else ""
        super().__init__(HOST + path, headers=headers, api_key=api_key, timeouts=timeouts, limits=limits, proxied=False)
        kind = kind_of(app)
        self.app_name = app.name
        self._pool = _EachOnce()
        self._loop = AsgiLoop(app.app, self.timeouts.first_byte) if kind == "asgi" else None
        self._serve = call_wsgi if kind == "wsgi" else call_function
        self._app = app.app

    def at(self, path: str) -> None:
        """Asks below another base path from now on."""
        self._address = replace(self._address, path=path)
        self.url = str(self._address)

    def close(self) -> None:
        """Closes what is under way, and lets the app shut down."""
        super().close()
        if self._loop is not None:
            self._loop.close()

    def _attempt(self, target: str, headers: Headers, ask: Ask) -> Attempt:
        attempt = Attempt(ask, self.timeouts, self._limits, self._pool)
        connections: list[AppConnection] = []

        def answering(_: float) -> Line:
            connections.append(AppConnection(self._pool.next_number(), head_only=ask.method == "HEAD"))
            call = Call(ask.method, target, headers, ask.payload, ask.chunked)
            if self._loop is not None:
                self._loop.serve(call, connections[0])
            else:
                self._serve(self._app, call, connections[0])
            return connections[0]

        attempt.run(b"", None, answering)
        for connection in connections:
            response, failure = attempt.reader.response(), attempt.failure
            cut = failure is not None and failure.kind == "closed"
            if cut or (failure is None and response is not None and response.status >= 500):
                connection.ended.wait(ENDING)
            if connection.raised is not None and "left_after" not in attempt.about:
                attempt.about["raised"] = connection.raised
        return attempt


class _EachOnce(Pool):
    """Connections to an app serve one request each."""

    def leave(self, connection: Line, reusable: bool) -> None:  # noqa: ARG002  # there is nothing to use again
        super().leave(connection, reusable=False)
