"""The first requests of a run: is the target there, is it the API, which model, and what is a plain request to it?

The law of this file: whatever is in the way becomes one sentence that says what to do about it.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.ask import CHAT, Ask
from chatconform.core.exchange import Origin
from chatconform.core.json_text import NOT_JSON
from chatconform.core.telling import tell
from chatconform.run.trouble import Trouble, trouble, wait_asked_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.exchange import Exchange

MODELS: Final = "/models"
LIMITS: Final = ("max_tokens", "max_completion_tokens", "")
"""A plain request is short in the way that the target knows: reasoning models refuse the older name, old servers refuse
the newer one, or ignore it and write on."""
SHORT: Final = 16
PATIENCE: Final = {Trouble.NOT_NOW: 4, Trouble.BROKEN: 2}
LONGEST_WAIT: Final = 20.0
MOST_NAMES: Final = 6


class CannotCheckError(Exception):
    """Why a target cannot be checked, in one sentence."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A target that answers: the model to name, the name under which it takes a limit of tokens (empty for none), a
    plain request that it answered, what the reader must know, and how even that answer broke (None where it did not).
    """

    model: str
    limit: str
    plain: Ask
    notes: tuple[str, ...]
    requests: int
    breaks: str | None = None


def reach(send: Callable[[Ask, Origin], Exchange], base: str, model: str | None, *, has_key: bool = False) -> Reached:
    """Finds the model where none is named, and a plain request that the target answers well.

    `base` is the base URL without a secret, for the sentences. Raises `CannotCheckError`.
    """
    caller = _Caller(send, base, has_key)
    notes: list[str] = []
    if model is None:
        model = caller.only_model()
        notes.append(f"{tell(model)} is the only model that the target lists, so it is the one that was asked.")
    limit, plain, exchange = caller.plain_request(model)
    breaks = exchange.failure.kind if exchange.failure is not None else None
    return Reached(model, limit, plain, tuple(notes), caller.requests, breaks)


class _Caller:
    """Asks the first requests and counts them."""

    def __init__(self, send: Callable[[Ask, Origin], Exchange], base: str, has_key: bool) -> None:
        self._send = send
        self._base = base
        self._has_key = has_key
        self.requests = 0

    def only_model(self) -> str:
        exchange = self._ask(Ask(method="GET", path=MODELS))
        self._see_whether_there(exchange)
        names = model_names(exchange)
        if names is None:
            self._see_whether_below_v1(exchange)
            raise CannotCheckError(
                f"{self._base} does not list its models (GET {MODELS} {_came_to(exchange)}); name one with --model"
            )
        if not names:
            raise CannotCheckError(f"{self._base} lists no models; name one with --model")
        if len(names) > 1:
            raise CannotCheckError(f"{self._base} offers {len(names)} models; name one with --model: {_listed(names)}")
        return names[0]

    def plain_request(self, model: str) -> tuple[str, Ask, Exchange]:
        for limit in LIMITS:
            limited = {limit: SHORT} if limit else {}
            plain = Ask({"model": model, "messages": [{"role": "user", "content": "Say hello."}], **limited})
            exchange = self._ask(plain)
            endless = exchange.failure is not None and exchange.failure.kind == "too-large"
            if exchange.succeeded and not _is_page(exchange) and not endless:
                return limit, plain, exchange
            self._see_whether_there(exchange)
            if _speaks_of(exchange, model):
                raise CannotCheckError(self._no_such_model(model, exchange))
            if exchange.status not in {400, 422}:
                self._see_whether_below_v1(exchange)
                break
        refused = "refuses" if exchange.refused else "does not answer"
        raise CannotCheckError(f"{self._base} {refused} even the plainest request ({_came_to(exchange)})")

    def _ask(self, ask: Ask) -> Exchange:
        """Asks, and again a few times where the answer speaks of the moment."""
        tries = 0
        while True:
            exchange = self._send(ask, Origin("reach", self.requests))
            self.requests += 1
            tries += 1
            found = trouble(exchange)
            refused_by_tls = exchange.failure is not None and exchange.failure.kind == "tls"
            if found is None or refused_by_tls or tries > PATIENCE.get(found, 0):
                return exchange
            wait = wait_asked_for(exchange)
            if wait is not None and wait > LONGEST_WAIT:
                return exchange
            time.sleep(0.5 * tries if wait is None else wait)

    def _see_whether_there(self, exchange: Exchange) -> None:
        """Raises where what came back tells nothing of this path or model, but of the way to the target."""
        if exchange.failure is not None:
            raise CannotCheckError(self._why_not_reached(exchange))
        status = exchange.status or 0
        assert exchange.response is not None
        if 300 <= status < 400:
            where = exchange.response.header("location") or "nowhere"
            raise CannotCheckError(
                f"{self._base} redirects to {tell(where, 200)} (status {status}), and redirects are not followed; "
                "give the URL that answers by itself"
            )
        if status in {401, 403}:
            what = "refuses the key" if self._has_key else "wants a key"
            hint = "" if self._has_key else "; name the environment variable that holds it with --api-key-env"
            raise CannotCheckError(f"{self._base} {what} ({_came_to(exchange)}){hint}")
        if status in {429, 503, 529}:
            raise CannotCheckError(f"{self._base} says not now ({_came_to(exchange)}); try again later")
        if _is_page(exchange):
            self._see_whether_below_v1(exchange)
            raise CannotCheckError(
                f"{self._base} answers with a web page (status {status}); is it the base URL of the API, "
                "as in http://localhost:8000/v1?"
            )

    def _why_not_reached(self, exchange: Exchange) -> str:
        assert exchange.failure is not None
        kind, message = exchange.failure.kind, exchange.failure.message
        if kind == "first-byte-timeout":
            return f"{self._base} took the connection but {message}; --timeout waits longer"
        if kind == "too-large" and exchange.response is not None:
            return f"{self._base} answers without end: {message}"
        return f"{self._base} cannot be checked: {message}"

    def _see_whether_below_v1(self, exchange: Exchange) -> None:
        """Raises where nothing is at the base URL, telling whether it is below `/v1`."""
        if not (exchange.status in {404, 405} or _is_page(exchange)) or self._base.endswith("/v1"):
            return
        below = self._ask(Ask(method="GET", path=f"/v1{MODELS}"))
        if below.failure is None and model_names(below) is None:
            below = self._ask(Ask({}, path=f"/v1{CHAT}"))
        if below.failure is None and below.status not in {404, 405} and not _is_page(below):
            raise CannotCheckError(f"{self._base} is not the API, but {self._base}/v1 seems to be; give that URL")

    def _no_such_model(self, model: str, exchange: Exchange) -> str:
        said = f"{self._base} does not know the model {tell(model)} ({_came_to(exchange)})"
        listing = self._ask(Ask(method="GET", path=MODELS))
        names = model_names(listing) if listing.succeeded else None
        if not names:
            return said
        near = get_close_matches(model, names, n=3)
        return f"{said}; {'near' if near else 'it offers'}: {_listed(near or names)}"


def model_names(exchange: Exchange) -> list[str] | None:
    """The ids that an answer to `GET /models` lists; None where it is no such list."""
    match exchange.completion:
        case {"data": list(models)}:
            return [one["id"] for one in models if isinstance(one, dict) and isinstance(one.get("id"), str)]
    return None


def said(exchange: Exchange) -> str | None:
    """What an error says, whatever its shape; None where it says nothing that can be told."""
    value: Any = exchange.error
    if value is NOT_JSON and exchange.response is not None:
        return exchange.response.body[:500].decode(errors="replace").strip() or None
    for key in ("error", "message", "detail"):
        if isinstance(value, dict) and value.get(key):
            value = value[key]
    return value if isinstance(value, str) else None


def _came_to(exchange: Exchange) -> str:
    if exchange.failure is not None:
        return exchange.failure.message
    raised = str(exchange.about.get("raised", "")).strip()  # by an app in this process
    if raised:
        return f"status {exchange.status}: it raised {tell(raised.splitlines()[-1], 300)}"
    words = said(exchange) if not _is_page(exchange) else None
    return f"status {exchange.status}" + (f": {tell(words, 160)}" if words else "")


def _is_page(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.response.media_type in {"text/html", "application/xhtml+xml"}


def _speaks_of(exchange: Exchange, model: str) -> bool:
    """Whether an error is about the model: it names it, or has the code for it."""
    match exchange.error:
        case {"error": {"code": "model_not_found"}}:
            return True
    words = said(exchange) or ""
    named = re.search(rf"(?<!\w){re.escape(model)}(?!\w)", words)
    return exchange.status in {400, 404, 422} and named is not None and "model" in words.replace(model, "").lower()


def _listed(names: list[str]) -> str:
    told = ", ".join(tell(name) for name in names[:MOST_NAMES])
    return told if len(names) <= MOST_NAMES else f"{told} and {len(names) - MOST_NAMES} more"
