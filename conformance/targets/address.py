"""Where a target is: its base URL taken apart, and the proxy that the environment names for it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

PORTS: Final = {"http": 80, "https": 443}
NOT_IN_URLS: Final = re.compile(r"[\x00-\x20\x7f\\]")


class BadUrlError(ValueError):
    """A base URL that cannot be one; the message is one sentence that says what to write instead."""


@dataclass(frozen=True, slots=True)
class Address:
    """A base URL, or a proxy's, taken apart. `str()` of it never shows the user and password that it may hold."""

    scheme: str
    host: str
    """A name in its ASCII form or an IP address, without brackets."""
    port: int
    path: str = ""
    """The base path, without a slash at its end."""
    credentials: str | None = field(default=None, repr=False)
    """The value of an `Authorization` header made of the URL's user and password; None where it has none."""

    @property
    def authority(self) -> str:
        """Host and port as a `Host` header names them: the scheme's own port left out, an IPv6 address in brackets."""
        host = self.host.partition("%")[0] if ":" in self.host else self.host
        host = f"[{host}]" if ":" in host else host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(url: str) -> Address:
    """A target's base URL taken apart. Raises `BadUrlError` for one that cannot be used."""
    cleaned = url.strip()
    if NOT_IN_URLS.search(cleaned):
        raise BadUrlError("the URL holds a blank, a backslash or a control character; write it percent-encoded")
    if "://" not in cleaned:
        raise BadUrlError(f"the URL has no scheme; write http:// or https:// before {_public(cleaned)}")
    parts = _split(cleaned)
    if parts.query or parts.fragment:
        raise BadUrlError("the base URL ends before any ? or #; a query cannot be part of it")
    address = _address(parts)
    # Every byte above ASCII is percent-encoded, as browsers do; what is already encoded stays as it is.
    path = "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in parts.path)
    return Address(address.scheme, address.host, address.port, path.rstrip("/"), address.credentials)


def proxy_for(address: Address) -> Address | None:
    """The proxy that `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name for a target; None for none.

    Raises `BadUrlError` for a proxy that cannot be used.
    """
    from urllib.request import getproxies_environment, proxy_bypass

    proxies = getproxies_environment()
    url = proxies.get(address.scheme) or proxies.get("all")
    host = f"[{address.host}]" if ":" in address.host else address.host
    if not url or proxy_bypass(f"{host}:{address.port}"):
        return None
    if address.host in proxies.get("no", "").replace(",", " ").split():  # an IPv6 address without its brackets
        return None
    proxy = _split(url if "://" in url else f"http://{url}")
    if proxy.scheme.lower() != "http":
        raise BadUrlError(f"the environment names a {proxy.scheme}:// proxy, and only http:// proxies can be used")
    return _address(proxy, port=80)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise BadUrlError(f"the URL cannot be read: {_lower_first(str(error))}") from None


def _address(parts: SplitResult, port: int | None = None) -> Address:
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise BadUrlError(f"the URL's scheme is {scheme[:20]!r}; it must be http:// or https://")
    try:
        number = parts.port
    except ValueError:
        raise BadUrlError("the URL's port is no number between 1 and 65535") from None
    if number == 0:
        raise BadUrlError("the URL's port is no number between 1 and 65535")
    if not parts.hostname:
        raise BadUrlError("the URL names no host")
    return Address(scheme, _ascii(parts.hostname), number or port or PORTS[scheme], "", _credentials(parts))


def _ascii(host: str) -> str:
    if ":" in host:
        return host.replace("%25", "%")
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise BadUrlError(f"the URL's host {host[:80]!r} is no valid name") from None


def _credentials(parts: SplitResult) -> str | None:
    if parts.username is None:
        return None
    pair = unquote_to_bytes(parts.username) + b":" + unquote_to_bytes(parts.password or "")
    return f"Basic {base64.b64encode(pair).decode()}"


def _public(text: str) -> str:
    """What was given in place of a URL, for a message: without anything before an @, and not too long."""
    return repr(text.rpartition("@")[2][:80])


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
