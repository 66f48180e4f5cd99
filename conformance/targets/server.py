"""Asking a server: one `Ask` in, one `Exchange` out, whatever the server does.

The law of this file: what the target does never raises; it becomes a `Response`, a `Failure`, or a response cut short
by a failure. Every piece of a body is kept with the time at which it came. No redirect is followed.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from chatconform.core.exchange import Exchange, Request
from chatconform.core.secrets import secret_of, without_secret
from chatconform.targets import address as addresses
from chatconform.targets.attempt import Attempt
from chatconform.targets.bounds import Limits, Timeouts
from chatconform.targets.connection import Connection, Pool, connect, tls_context
from chatconform.targets.writing import Headers, framed, head, headers_of, merged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatconform.core.ask import Ask
    from chatconform.core.exchange import Origin

SENDABLE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class ServerTarget:
    """A server under a base URL such as `http://127.0.0.1:8000/v1`.

    `api_key` is sent as a bearer token. `headers` are added to each request, or replace its usual ones. Proxies come
    from the environment unless `proxied` is false. `url` is the base URL without a secret. `secrets` are the values
    that no output may show: exchanges hold them as `[redacted]`, but the target may send them back. `timeouts` may be
    replaced at any time. Safe for many threads. Raises `BadUrlError` for a URL that cannot be used, and `ValueError`
    for a key or header that cannot be sent.
    """

    app_name: str | None = None
    """What an app in this process is called; None for a server."""

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        api_key: str | None = None,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        insecure: bool = False,
        proxied: bool = True,
    ) -> None:
        self._address = addresses.parse(base_url)
        self._proxy = addresses.proxy_for(self._address) if proxied else None
        self.timeouts = timeouts or Timeouts()
        self._limits = limits or Limits()
        self._tls = tls_context(insecure) if self._address.scheme == "https" else None
        self._pool = Pool()
        usual = [("User-Agent", f"chatconform/{version('chatconform')}"), ("Accept", "application/json")]
        usual.append(("Accept-Encoding", "identity"))
        authorization = f"Bearer {api_key}" if api_key else self._address.credentials
        if authorization is not None:
            usual.append(("Authorization", authorization))
        self._usual = merged(usual, headers or {})
        for name, value in self._usual:
            _check_header(name, value)
        self.url = str(self._address)
        self.secrets = tuple(filter(None, (secret_of(name, value) for name, value in self._usual)))

    def send(self, ask: Ask, origin: Origin) -> Exchange:
        """Asks, and gives what came back.

        `ask.leave_after` of 0 leaves as soon as the request is sent. `about` of the exchange is that of the ask, with
        `connection` (its `number`, and the `uses` that it had before), where it was sent in chunks the size of these as
        `chunked` and, where we left early, `left_after`.
        """
        target = self._address.path + ask.path
        headers = headers_of(ask, self._address.authority, self._usual)
        told = tuple((n, without_secret(n, v) if (n, v) in self._usual else v) for n, v in headers)
        request = Request(ask.method, target, told, ask.payload)
        attempt = self._attempt(target, headers, ask)
        return Exchange(
            origin,
            request,
            attempt.reader.response(),
            attempt.failure,
            started=attempt.started,
            seconds=attempt.seconds,
            about={**ask.about, **({} if ask.chunked is None else {"chunked": ask.chunked}), **attempt.about},
        )

    def close(self) -> None:
        """Closes all connections; exchanges under way come to their end as failures."""
        self._pool.close()

    def __enter__(self) -> ServerTarget:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _attempt(self, target: str, headers: Headers, ask: Ask) -> Attempt:
        payload = self._payload(target, headers, ask)
        attempt = Attempt(ask, self.timeouts, self._limits, self._pool)
        kept = self._pool.take()
        attempt.run(payload, kept, self._connection)
        dropped = attempt.failure is not None and attempt.failure.kind in {"closed", "reset"}
        if kept is not None and dropped and not attempt.reader.started and not self._pool.closed:
            # The kept connection was dropped while the request was on its way: not a byte came back, so ask once more.
            attempt = Attempt(ask, self.timeouts, self._limits, self._pool)
            attempt.run(payload, None, self._connection)
        return attempt

    def _payload(self, target: str, headers: Headers, ask: Ask) -> bytes:
        if self._proxy is not None and self._address.scheme == "http":
            target = f"http://{self._address.authority}{target}"
            if self._proxy.credentials is not None:
                headers = (*headers, ("Proxy-Authorization", self._proxy.credentials))
        return head(ask.method, target, headers) + framed(ask.payload, ask.chunked)

    def _connection(self, deadline: float) -> Connection:
        sock = connect(self._address, self._proxy, self._tls, deadline)
        return Connection(sock, self._pool.next_number())


def _check_header(name: str, value: str) -> None:
    """Raises `ValueError` for a usual header that cannot be sent; the message never shows its value."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name[:40]!r} is no header name")
    if not SENDABLE.fullmatch(value):
        what = "the API key" if name.lower() == "authorization" else f"the header {name}"
        raise ValueError(f"{what} holds a line break or another character that no header can hold")
