"""Where a proxy sends what it is given, and the two places of a request's head that change on the way.

The law of this file: the host and the path are the target's, and every other byte of a head stays as it came.
"""

from __future__ import annotations

import re
from time import perf_counter
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from chatconform.targets import address as addresses
from chatconform.targets.connection import connect, tls_context
from chatconform.targets.framing import START

if TYPE_CHECKING:
    import socket

    from chatconform.targets.framing import Head

HOST: Final = re.compile(rb"^(host[ \t]*:[ \t]*)[^\r\n]*", re.IGNORECASE | re.MULTILINE)
CONNECT_WITHIN: Final = 10.0


class Route:
    """The way to a target under a base URL; `url` is the base URL without a secret.

    Proxies come from the environment. Raises `BadUrlError` for a URL that cannot be used.
    """

    def __init__(self, base_url: str, *, insecure: bool = False) -> None:
        self._address = addresses.parse(base_url)
        self._proxy = addresses.proxy_for(self._address)
        self._tls = tls_context(insecure) if self._address.scheme == "https" else None
        self.path = self._address.path
        self.authority = self._address.authority
        self.url = str(self._address)

    def connect(self) -> socket.socket:
        """A new connection to the target. Raises `WireError`."""
        return connect(self._address, self._proxy, self._tls, perf_counter() + CONNECT_WITHIN)

    def target(self, given: str) -> str:
        """What a request asks for at the target: the path below the base URL, unless it already begins with it."""
        if "://" in given.partition("?")[0]:
            try:
                parts = urlsplit(given)
            except ValueError:
                return given
            given = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path = given.partition("?")[0]
        if not given.startswith("/") or path == self.path or path.startswith(f"{self.path}/"):
            return given
        return self.path + given

    def rewritten(self, head: Head, target: str) -> bytes:
        """The bytes of a head as they are sent on."""
        start = START.match(head.data)
        if start is None:
            return head.data
        line, rest = head.data[: start.end()], head.data[start.end() :]
        wanted, extra = target, b""
        if self._proxy is not None and self._tls is None:
            wanted = f"http://{self.authority}{target}"
            if self._proxy.credentials is not None:
                extra = b"Proxy-Authorization: %b\r\n" % self._proxy.credentials.encode("latin-1")
        if self._address.credentials is not None and not head.values(b"authorization"):
            extra += b"Authorization: %b\r\n" % self._address.credentials.encode("latin-1")
        line = line[: start.start(2)] + wanted.encode("latin-1") + line[start.end(2) :]
        host = self.authority.encode()
        return line + extra + HOST.sub(lambda match: match[1] + host, rest)
