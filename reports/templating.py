"""Pages of HTML from templates: one self-contained file each, which asks for nothing and runs its own script only.

The law of this file: whatever a template is given is shown as text. Markup is escaped, and what does not show by itself
(controls, what turns the direction of writing, half surrogate pairs) is told as an escape. The page's policy, which
names its one style sheet and its one script by their digests, holds the browser to it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from chatconform.reports.plain import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Environment

TEMPLATES: Final = files("chatconform.reports") / "templates"


def page(template: str, *, styles: Iterable[str] = (), scripts: Iterable[str] = (), **values: Any) -> str:
    """A whole page as text: a template that extends `base.html`, filled with values.

    `styles` and `scripts` name files beside the template, which come after the base's own. Every text among the values
    is shown as text; raises `jinja2.UndefinedError` where the template asks for a value that it was not given.
    """
    from markupsafe import Markup

    style = "\n".join(_part(name) for name in ("base.css", *styles))
    script = "\n".join(_part(name) for name in ("base.js", *scripts))
    return (
        environment()
        .get_template(template)
        .render(
            values,
            policy=_policy(style, script),
            style=Markup(style),  # the kit's own files
            script=Markup(script),
            kit_version=version("chatconform"),
        )
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, read from the package: strict about names, escaping everything."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("chatconform.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["lines"] = lines
    made.filters["prose"] = prose
    made.filters["thousands"] = lambda number: f"{number:,}"
    return made


def lines(text: str) -> Any:
    """A text for a `pre`: line ends and tabs stay, whatever else does not show is told in a box, as markup."""
    from markupsafe import Markup

    if text.startswith("\n"):
        text = f"\n{text}"  # the first line end in a `pre` is dropped
    return Markup("").join(_line_piece(piece) for piece in re.split(r"([\n\t]+)", text))


def prose(text: str) -> Any:
    """A sentence with what stands between backticks as code, as markup."""
    from markupsafe import Markup

    parts = (Markup("<code>{}</code>" if number % 2 else "{}").format(_shown(part)) for number, part in _coded(text))
    return Markup("").join(parts)


def _coded(text: str) -> Iterable[tuple[int, str]]:
    return enumerate(re.split("`([^`]+)`", text))


def _line_piece(piece: str) -> Any:
    from markupsafe import Markup, escape

    if piece.isprintable() or not piece.strip("\n\t"):
        return escape(piece)
    told = (escape(char) if char.isprintable() else Markup("<i>{}</i>").format(escaped(char)) for char in piece)
    return Markup("").join(told)


def _shown(value: Any) -> Any:
    """What a template writes: texts that are no markup with everything invisible told."""
    if isinstance(value, str) and not hasattr(value, "__html__") and not value.isprintable():
        return "".join(char if char.isprintable() else escaped(char) for char in value)
    return value


def _policy(style: str, script: str) -> str:
    """The content security policy of a page that has one style sheet, one script and no business with anybody."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=16)
def _part(name: str) -> str:
    """A style sheet or a script, as it stands in the page."""
    return (TEMPLATES / name).read_text(encoding="utf-8").strip()
