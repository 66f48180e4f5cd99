"""What is to be asked, opened: a server under its base URL, or an app in this process and the path that it serves.

The law of this file: what an app cannot show, as no wire carries it, is not judged, and told as not exercised.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.ask import CHAT, Ask
from chatconform.core.exchange import Origin
from chatconform.core.result import Result, Verdict
from chatconform.rules.plugins import import_beside
from chatconform.run.reach import CannotCheckError
from chatconform.targets import App, BadUrlError, Limits, ServerTarget, Timeouts
from chatconform.targets.address import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from chatconform.core.exchange import Exchange
    from chatconform.core.rule import Rule
    from chatconform.targets.app_target import AppTarget

    Where = str | App | Callable[..., object]
    """A base URL, or an app: bare, or as an `App` that tells more of it."""

LIMITS: Final = Limits(body=16 * 1024 * 1024, blocks=20_000, evidence=128 * 1024)
"""Many times what the requests of a check ask for; of what has no end the beginning is evidence enough."""
MISTAKEN_PATH: Final = "/chat/completions"
USUAL_PATHS: Final = ("/v1", "", "/api/v1")
WIRE_ALONE: Final = frozenset(
    {
        "response.http.framing-is-sound",
        "series.http.chunked-bodies-are-read",
        "series.http.connections-are-reused",
    }
)
"""Rules about what a server puts around an app."""
NO_WIRE: Final = "an app in this process has no wire: check it by its URL to judge this"


def open_target(
    where: Where,
    *,
    headers: Mapping[str, str],
    api_key: str | None,
    timeout: float,
    insecure: bool = False,
    proxied: bool = True,
) -> ServerTarget:
    """What is to be asked. Raises `CannotCheckError` with one sentence where it cannot be."""
    timeouts = replace(Timeouts.of(timeout), total=2 * timeout)
    try:
        if isinstance(where, str):
            return ServerTarget(
                base_url(where),
                headers=headers,
                api_key=api_key,
                timeouts=timeouts,
                limits=LIMITS,
                insecure=insecure,
                proxied=proxied,
            )
        from chatconform.targets.app_target import AppTarget  # event loops take a while to import

        app = where if isinstance(where, App) else App(where)
        target = AppTarget(app, headers=headers, api_key=api_key, timeouts=timeouts, limits=LIMITS)
    except ValueError as error:
        raise CannotCheckError(str(error)) from None
    if app.path is None:
        try:
            _find_path(target)
        except CannotCheckError:
            target.close()
            raise
    return target


def app_named(name: str) -> App:
    """The app of a name such as `my_server.main:app`, or `my_server:make_app()` for one that is made.

    Raises `CannotCheckError`.
    """
    module, colon, attribute = name.partition(":")
    is_made = attribute.endswith("()")
    words = attribute.removesuffix("()").split(".")
    if not colon or not all(word.isidentifier() for word in (*module.split("."), *words)):
        raise CannotCheckError(f"an app is named as in my_server.main:app, and {name[:80]!r} is no such name")
    try:
        found: Any = import_beside(Path.cwd(), module)
        for word in words:
            found = getattr(found, word)
        return App(found() if is_made else found)
    except (Exception, SystemExit) as error:  # an import runs whatever the module holds
        told = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise CannotCheckError(f"the app {name} cannot be loaded ({told})") from None


def base_url(url: str) -> str:
    """A base URL that can be asked. Raises `CannotCheckError` with what to write instead."""
    try:
        address = parse(url)
    except BadUrlError as error:
        raise CannotCheckError(str(error)) from None
    if address.path.endswith(MISTAKEN_PATH):
        right = str(address).removesuffix(MISTAKEN_PATH)
        raise CannotCheckError(f"give the base URL, without {MISTAKEN_PATH}: {right}")
    return url


def place_of(where: Where) -> str | None:
    """What a target is called in every process alike; None for an app that was made where only this one sees it."""
    if isinstance(where, str):
        return where
    app = where if isinstance(where, App) else App(where)
    return app.place if app.path is None else f"{app.place} at {app.path}" if app.place is not None else None


def judged_at(target: ServerTarget, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Those of some rules that can be judged at a target."""
    return tuple(rule for rule in rules if target.app_name is None or rule.id not in WIRE_ALONE)


def not_judged_at(target: ServerTarget, rules: Iterable[Rule]) -> Iterator[Result]:
    """For each of some rules that cannot be judged at a target: that it was not exercised, and why."""
    for rule in rules:
        if target.app_name is not None and rule.id in WIRE_ALONE:
            yield Result(rule, (), Verdict.NOT_EXERCISED, reason=NO_WIRE)


def notes_on(target: ServerTarget) -> tuple[str, ...]:
    """What the reader must know of how a target was asked."""
    if target.app_name is None:
        return ()
    return (f"{target.app_name} was asked in this process; serve it at {target.url} for curl commands to work.",)


def _find_path(target: AppTarget) -> None:
    """Finds where an app serves the endpoint."""
    exchange: Exchange | None = None
    for number, path in enumerate(USUAL_PATHS):
        target.at(path)
        exchange = target.send(Ask({}), Origin("path", number))
        is_page = exchange.succeeded and exchange.response is not None and exchange.response.media_type == "text/html"
        if exchange.failure is not None or (exchange.status not in {404, 405, 307, 308} and not is_page):
            return
    tried = ", ".join(f"{path}{CHAT}" for path in USUAL_PATHS)
    came = f"status {exchange.status}" if exchange is not None else "nothing"
    raise CannotCheckError(
        f"{target.app_name} answers at none of {tried} (the last gave {came}); say where it serves the endpoint, as in "
        "chatconform.App(app, path='/llm/v1')"
    )
