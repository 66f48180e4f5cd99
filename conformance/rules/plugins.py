"""Plugins: rules and cases that others bring. They are judged, listed, explained and reported as the kit's own are.

The law of this file: what a plugin brings is looked at when it is loaded. Whatever is wrong with it becomes one
sentence that names the plugin, the place and what to do.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.case import Case
from chatconform.core.naming import PluginError
from chatconform.core.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GROUP: Final = "chatconform"
"""The group of entry points by which an installed package brings a plugin."""
ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")
TAKEN: Final = ("record.", "schema.")
"""What the ids of the requirements on records begin with."""


@dataclass(frozen=True, slots=True, eq=False)
class Plugin:
    """Rules and cases that were brought together, and the name of what brought them."""

    name: str
    rules: tuple[Rule, ...]
    cases: tuple[Case, ...]

    @property
    def things(self) -> tuple[Rule | Case, ...]:
        """Rules and cases together."""
        return (*self.rules, *self.cases)


_added: dict[str, Plugin] = {}


def plugins() -> tuple[Plugin, ...]:
    """Every plugin: those of installed packages, then those that were loaded or registered. Raises `PluginError`."""
    return (*_installed(), *_added.values())


def load(name: str) -> Plugin:
    """Loads the plugin of a module that can be imported from here, or of a file such as `my_rules.py`; once.

    Raises `PluginError`.
    """
    if (known := next((one for one in plugins() if one.name == name), None)) is not None:
        return known
    is_file = name.endswith(".py")
    folder, module = (Path(name).resolve().parent, Path(name).stem) if is_file else (Path.cwd(), name)
    if is_file and not Path(name).is_file():
        raise PluginError(f"the plugin {name} cannot be loaded: there is no such file")
    try:
        found = import_beside(folder, module)
    except (Exception, SystemExit) as error:  # an import runs whatever the plugin holds
        hint = "" if is_file else "; give a module that can be imported from here, or a file such as my_rules.py"
        raise PluginError(f"the plugin {name} cannot be loaded ({_told(error)}){hint}") from None
    if is_file and Path(getattr(found, "__file__", None) or "").resolve() != Path(name).resolve():
        raise PluginError(f"the plugin {name} cannot be loaded: another module is called {module}; rename the file")
    return register(found, name)


def import_beside(folder: Path, module: str) -> ModuleType:
    """Imports a module that is installed or lies in a folder. Raises whatever importing it raises."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # at the end: nothing that is installed is hidden by what lies about
    return import_module(module)


def register(brought: Any, name: str) -> Plugin:
    """Takes in what a plugin brings: a module or package, a rule, a case, or several of them. Raises `PluginError`."""
    plugin = _plugin(brought, name)
    _check_ids((*(other for other in plugins() if other.name != name), plugin))
    _added[name] = plugin
    return plugin


def forget(name: str) -> None:
    """Lets go of a plugin that was loaded or registered by that name; nothing where there is none."""
    _added.pop(name, None)


def brought_by(thing: Rule | Case) -> Plugin | None:
    """The plugin that brings a rule or case; None for the kit's own."""
    named = (type(thing), thing.id)
    return next((one for one in plugins() if any((type(own), own.id) == named for own in one.things)), None)


def place_of(thing: Rule | Case) -> str:
    """The file and line of a rule or case."""
    code = getattr(thing.check if isinstance(thing, Rule) else thing.asks, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else "a place that it does not tell"


def check_against(own: Sequence[Rule] | Sequence[Case]) -> None:
    """Raises `PluginError` where a plugin brings an id that one of the kit's own has."""
    ids = {one.id for one in own}
    for plugin in plugins():
        for thing in plugin.things:
            if type(thing) is type(own[0]) and thing.id in ids:
                raise PluginError(
                    f"{_called(thing, plugin)} has the id of one of chatconform's own; give it another id"
                )


@cache
def _installed() -> tuple[Plugin, ...]:
    """The plugins of installed packages, in the order of their names."""
    from importlib.metadata import entry_points  # it takes a while, and only those who judge need it

    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        package = f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.name
        try:
            brought = point.load()
        except (Exception, SystemExit) as error:  # as above
            raise PluginError(
                f"the plugin {point.value} of the package {package} cannot be loaded ({_told(error)}); mend the "
                "package or uninstall it"
            ) from None
        found.append(_plugin(brought, package))
    _check_ids(found)
    return tuple(found)


def _plugin(brought: Any, name: str) -> Plugin:
    things = list(dict.fromkeys(_things(brought, name)))
    if not things:
        raise PluginError(f"the plugin {name} brings no rule and no case; they stand at the top of its modules")
    rules = tuple(thing for thing in things if isinstance(thing, Rule))
    cases = tuple(thing for thing in things if isinstance(thing, Case))
    plugin = Plugin(name, rules, cases)
    for thing in things:
        if not ID.fullmatch(thing.id):
            raise PluginError(
                f"{_called(thing, plugin)} has an id that is none; write words of small letters, digits and hyphens, "
                "divided by dots, as in acme.request-id"
            )
        if thing.id.startswith(TAKEN):
            raise PluginError(f"{_called(thing, plugin)} has an id that begins as those of records do; begin otherwise")
    for rule in rules:
        if not rule.text:
            raise PluginError(
                f"{_called(rule, plugin)} has no docstring; its first line is the requirement, so write one"
            )
    return plugin


def _things(brought: Any, name: str) -> Iterator[Rule | Case]:
    """The rules and cases that something brings, modules in the order of their lines; never the kit's own."""
    match brought:
        case Rule() | Case():
            yield brought
        case ModuleType():
            for module in _modules(brought, name):
                things = (value for value in vars(module).values() if isinstance(value, Rule | Case))
                yield from (thing for thing in things if not _is_ours(thing))
        case str() | bytes():
            raise PluginError(f"the plugin {name} brings a text; it should bring rules, cases or modules of them")
        case Iterable():
            for one in brought:
                yield from _things(one, name)
        case _:
            raise PluginError(
                f"the plugin {name} brings a value of the type {type(brought).__name__}; it should bring rules, cases "
                "or modules of them"
            )


def _modules(module: ModuleType, name: str) -> Iterator[ModuleType]:
    """A module, and if it is a package all that are in it."""
    import pkgutil

    yield module
    for inner in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}."):
        if inner.name.endswith("__main__"):
            continue
        try:
            yield import_module(inner.name)
        except (Exception, SystemExit) as error:  # as above
            raise PluginError(
                f"the plugin {name} cannot be loaded: {inner.name} does not import ({_told(error)})"
            ) from None


def _is_ours(thing: Rule | Case) -> bool:
    function = thing.check if isinstance(thing, Rule) else thing.asks
    return function.__module__.startswith("chatconform.")


def _check_ids(brought: Iterable[Plugin]) -> None:
    """Raises `PluginError` where two different rules, or two different cases, have the same id."""
    seen: dict[tuple[type, str], tuple[Rule | Case, Plugin]] = {}
    for plugin in brought:
        for thing in plugin.things:
            other, whose = seen.setdefault((type(thing), thing.id), (thing, plugin))
            if other is not thing:
                raise PluginError(
                    f"{_called(thing, plugin)} has the id of another one, {_called(other, whose)}; give one of them "
                    "another id, or leave one plugin out"
                )


def _called(thing: Rule | Case, plugin: Plugin) -> str:
    kind = "rule" if isinstance(thing, Rule) else "case"
    return f"the {kind} {thing.id!r} of {plugin.name} ({place_of(thing)})"


def _told(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
