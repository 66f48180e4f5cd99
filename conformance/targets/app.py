"""Apps: what can be asked in this process, without a port."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

KINDS: Final = {3: "asgi", 2: "wsgi", 1: "function"}
"""What a callable is by the number of arguments that it wants."""


@dataclass(frozen=True, slots=True)
class App:
    """An app to check in this process, where a bare one does not say enough.

    `app` is an ASGI or WSGI app, or a function that takes a `Request` and gives a `Response` or a triple of status,
    headers and body. `path` is what stands before `/chat/completions`, such as `/v1`; None tries the usual ones. `kind`
    is `asgi`, `wsgi` or `function`; None finds out by the arguments that it wants.
    """

    app: Callable[..., Any]
    path: str | None = None
    kind: str | None = None

    @property
    def name(self) -> str:
        """What reports call it: the module and name under which it can be imported, or those of its kind."""
        if (place := self.place) is not None:
            return place
        named = self.app if hasattr(self.app, "__qualname__") else type(self.app)
        return f"{named.__module__}.{named.__qualname__}"

    @property
    def place(self) -> str | None:
        """The module and name under which it can be imported, as in `my_server.main:app`; None for none."""
        homes = [name for name in (getattr(self.app, "__module__", None),) if isinstance(name, str)]
        for module in (*homes, *sys.modules):
            for name, value in list(getattr(sys.modules.get(module), "__dict__", {}).items()):
                if value is self.app:
                    return f"{module}:{name}"
        return None


def kind_of(app: App) -> str:
    """Whether an app is `asgi`, `wsgi` or a `function`. Raises `ValueError` for what is none, with what to do."""
    if app.kind is not None:
        if app.kind not in KINDS.values():
            raise ValueError(f"an app is of the kind asgi, wsgi or function, not {app.kind!r}")
        return app.kind
    if not callable(app.app):
        raise ValueError(f"{type(app.app).__name__!r} is neither a base URL nor an app: it cannot be called")
    try:
        parameters = list(inspect.signature(app.app).parameters.values())
    except (TypeError, ValueError):  # written in C: it does not say
        parameters = []
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    wanted = [one for one in parameters if one.kind in positional and one.default is inspect.Parameter.empty]
    if len(wanted) not in KINDS:
        raise ValueError(
            f"{app.name} does not show whether it is an ASGI app, a WSGI app or a function of a request; "
            "say chatconform.App(app, kind='asgi'), 'wsgi' or 'function'"
        )
    return KINDS[len(wanted)]
