"""The arguments of a command: its defaults, then the file of settings, then variables, then the command line.

The law of this file: the whole file is looked at, whichever command reads it, so that a word that nothing knows is
found at once; only what is used of it is taken.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from chatconform.core.secrets import is_secret
from chatconform.frontends.cli.command_line import CommandParser
from chatconform.frontends.cli.config_file import OWN, ConfigError, ConfigFile, find
from chatconform.frontends.cli.entry import CONFIGURED, command, parser_of
from chatconform.frontends.cli.settings import SECRET, URL, Setting, settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TARGETED: Final = {"check": "url", "replay": "url", "proxy": "upstream"}
"""Those that ask a target, and the argument that is its URL, or its name in the settings."""
TARGETS: Final = "target"
VARIABLE: Final = re.compile(r"\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
NAME: Final = re.compile(r"[A-Za-z_][\w-]*")
KEYS: Final = frozenset({*SECRET, "key", "apikey", "secret", "token", "password"})
"""What people call a key that they should not write into a file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what says which settings are used, and for each flag the one that takes back what they say."""
    flags = [setting for setting in settings(parser).values() if setting.is_flag]
    parser.add_argument(
        "--config", metavar="FILE", help=f"the settings to use (those of {OWN} or pyproject.toml, if there are any)"
    )
    for flag in flags:
        name = f"--no-{flag.key}"
        parser.add_argument(
            name, dest=flag.action.dest, action="store_const", const=False, default=None, help=argparse.SUPPRESS
        )


def parsed(name: str, parser: CommandParser, argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command line, filled up with what is set elsewhere.

    `parser` has the command's own arguments, and may be used for nothing else afterwards. Raises `ConfigError` with one
    sentence for settings that cannot be used.
    """
    known = settings(parser)
    add_arguments(parser)
    parser.usage = parser.format_usage().removeprefix("usage: ").rstrip().replace("%", "%%")
    defaults: dict[str, Any] = {}
    required: dict[str, str] = {}
    for action in parser._actions:  # as in `settings`
        if action.dest in {"help", "config"}:
            continue
        defaults.setdefault(action.dest, [] if action.nargs == "*" and action.default is None else action.default)
        if action.required and action.nargs != "*":  # argparse takes any number, none included, for required
            required[action.dest] = "/".join(action.option_strings) or str(action.metavar)
            action.required = False
            action.nargs = "*" if action.nargs == "+" else action.nargs or (None if action.option_strings else "?")
    blank = argparse.Namespace(**dict.fromkeys(defaults))
    given = {dest: value for dest, value in vars(parser.parse_args(argv, blank)).items() if value not in (None, [])}
    file = find(given.pop("config", None))
    layers = [_variables(known), given]
    if file is not None:
        look_through(file)
        layers = [*_tables(file, name, known), *layers]
    if name in TARGETED:
        layers = _with_target(file, TARGETED[name], known, layers)
    found = {**defaults, **_merged(name, layers)}
    for dest, told in required.items():
        if found[dest] in (None, []):
            parser.error(f"the following arguments are required: {told}")
    if file is not None and found.get("verbose"):
        print(f"chatconform: settings of {file.name}", file=sys.stderr)
    return argparse.Namespace(**found)


def look_through(file: ConfigFile) -> None:
    """Raises `ConfigError` for the first key of a file that nothing knows, or whose value is of a wrong kind."""
    by_command = settings_of_all()
    everywhere = together(by_command, CONFIGURED)
    of_targets = settings_of_targets(by_command)
    for key, value in file.table.items():
        if key in by_command and isinstance(value, dict):
            _look_through_table(file, (key,), value, {name: [one] for name, one in by_command[key].items()})
        elif key == TARGETS:
            for name, target in _targets(file).items():
                _look_through_table(file, (key, name), target, of_targets)
                if not isinstance(target.get(URL), str):
                    raise file.error((key, name), f"[{key}.{name}] has no {URL}")
        else:
            tables: dict[str, list[Setting]] = {name: [] for name in (*by_command, TARGETS)}
            _look_at(file, (), key, value, {**everywhere, **tables})


def settings_of_all() -> dict[str, dict[str, Setting]]:
    """The settings of each command that reads any."""
    return {name: settings(parser_of(name)) for name in CONFIGURED}


def together(by_command: Mapping[str, Mapping[str, Setting]], names: Sequence[str]) -> dict[str, list[Setting]]:
    """The settings of these commands by key: those that share one stand together."""
    found: dict[str, list[Setting]] = {}
    for name in names:
        for key, setting in by_command[name].items():
            found.setdefault(key, []).append(setting)
    return found


def settings_of_targets(by_command: Mapping[str, Mapping[str, Setting]]) -> dict[str, list[Setting]]:
    """The settings of a target by key: all that the commands that ask one have in common or alone, and its URL."""
    found = together(by_command, tuple(TARGETED))
    return {key: known for key, known in found.items() if key == URL or known[0].action.dest not in TARGETED.values()}


def target_names() -> list[str]:
    """The names of the targets that the settings here know. Raises `ConfigError` for settings that cannot be read."""
    file = find(None)
    return list(_targets(file)) if file is not None else []


def _look_through_table(
    file: ConfigFile, path: tuple[str, ...], table: Mapping[str, Any], known: Mapping[str, list[Setting]]
) -> None:
    for key, value in table.items():
        _look_at(file, path, key, value, known)


def _look_at(file: ConfigFile, path: tuple[str, ...], key: str, value: Any, known: Mapping[str, list[Setting]]) -> None:
    place = (*path, key)
    table = f" in [{'.'.join((*file.prefix, *path))}]" if path else ""
    if key not in known:
        if key.replace("_", "-") in KEYS:
            raise file.error(
                place, f"{key} has no place in a file: set api-key-env to the name of the variable that holds the key"
            )
        near = get_close_matches(key.replace("_", "-"), known, n=1)
        raise file.error(place, f"there is no key {key!r}{table}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if not known[key]:
        raise file.error(place, f"{key} is a table: write [{'.'.join((*file.prefix, key))}]")
    for setting in known[key]:
        try:
            setting.look_at(value)
        except ValueError as problem:
            raise file.error(place, f"{key}{table} {_sentence(problem)}") from None
    if key == "header":
        _look_at_headers(file, place, value)


def _look_at_headers(file: ConfigFile, place: tuple[str, ...], headers: list[str]) -> None:
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise file.error(place, "a header is written as 'NAME: VALUE'")
        if is_secret(name) and value.strip() and not VARIABLE.search(value):
            raise file.error(
                place, f"the value of {name.strip()} has no place in a file: write ${{NAME}} for that of a variable"
            )


def _sentence(problem: ValueError) -> str:
    text = str(problem)
    return text if text.startswith("wants ") else f"is wrong: {text}"


def _tables(file: ConfigFile, name: str, known: Mapping[str, Setting]) -> list[dict[str, Any]]:
    """What a file says for a command: for all that have such an argument, and for this one."""
    own = file.table.get(name)
    layers = [_taken(file, (), file.table, known)]
    return [*layers, _taken(file, (name,), own, known)] if isinstance(own, dict) else layers


def _taken(
    file: ConfigFile, path: tuple[str, ...], table: Mapping[str, Any], known: Mapping[str, Setting]
) -> dict[str, Any]:
    """The arguments that a table sets, with the variables that it names."""
    found = {}
    for key, setting in known.items():
        if key in table and not isinstance(table[key], dict):
            place = (*path, key)
            try:
                value = _valued(file, place, table[key])
                found[setting.action.dest] = setting.of_file(_placed(value, file.folder) if setting.is_file else value)
            except ValueError as problem:
                raise file.error(place, f"{key} {_sentence(problem)}") from None
    return found


def _valued(file: ConfigFile, place: tuple[str, ...], value: Any) -> Any:
    """A value of a file, with the variables that it names in it."""
    try:
        return _filled(value)
    except LookupError as missing:
        raise file.error(place, f"the variable {missing.args[0]} is not set") from None


def _placed(value: Any, folder: str) -> Any:
    """The names of files as they are from the working directory; what is no file, or has a place, stays."""
    if isinstance(value, list):
        return [_placed(one, folder) for one in value]
    is_file = isinstance(value, str) and value != "-" and "://" not in value and (os.sep in value or "." in value)
    return os.path.join(folder, value) if is_file else value  # noqa: PTH118 - a path would lose a trailing slash


def _filled(value: Any) -> Any:
    """A value with the variables that it names; `$${X}` stands for `${X}`. Raises `LookupError` with a name."""
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return VARIABLE.sub(_variable, value) if isinstance(value, str) else value


def _variable(match: re.Match[str]) -> str:
    return match[0][1:] if match[0].startswith("$$") else os.environ[match[1]]


def _variables(known: Mapping[str, Setting]) -> dict[str, Any]:
    """What environment variables set; one that is empty sets nothing."""
    found = {}
    for setting in known.values():
        text = os.environ.get(setting.variable, "")
        if text.strip():
            try:
                found[setting.action.dest] = setting.of_variable(text)
            except ValueError as problem:
                raise ConfigError(f"the variable {setting.variable} {_sentence(problem)}") from None
    return found


def _with_target(
    file: ConfigFile | None, place: str, known: Mapping[str, Setting], layers: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The layers with the target that the strongest of them names, between what all targets share and variables."""
    named = next((layer[place] for layer in reversed(layers) if place in layer), None)
    targets = _targets(file) if file is not None else {}
    if named is None or not NAME.fullmatch(named):
        return layers
    if file is None or not targets:
        hint = "or make it the name of a target in chatconform.toml"
        raise ConfigError(f"the URL has no scheme; write http:// or https:// before {named!r}, {hint}")
    if named not in targets:
        near = get_close_matches(named, targets, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(targets)}; a URL begins with http://"
        raise ConfigError(f"{file.name} has no target {named!r}; {hint}")
    path, target = (TARGETS, named), targets[named]
    taken = _taken(file, path, target, known)
    taken[place] = _valued(file, (*path, URL), target[URL])
    for layer in layers:
        if layer.get(place) == named:
            layer[place] = taken[place]
    return [*layers[:-2], taken, *layers[-2:]]


def _targets(file: ConfigFile) -> dict[str, dict[str, Any]]:
    targets = file.table.get(TARGETS, {})
    if not isinstance(targets, dict):
        raise file.error((TARGETS,), f"{TARGETS} is a table: write [{'.'.join((*file.prefix, TARGETS))}.NAME]")
    for name, target in targets.items():
        if not isinstance(target, dict):
            raise file.error((TARGETS, name), f"a target is a table: write [{'.'.join((*file.prefix, TARGETS))}.NAME]")
    return targets


def _merged(name: str, layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the layers say together, the last first; of arguments that exclude each other the strongest stays."""
    either: tuple[tuple[str, str], ...] = getattr(command(name), "EITHER", ())
    merged: dict[str, Any] = {}
    for layer in layers:
        for one, other in either:
            if (one in layer) != (other in layer):
                merged.pop(other if one in layer else one, None)
        merged.update(layer)
    return merged
