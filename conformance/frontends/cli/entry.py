"""The table of commands, and what all of them share: how errors, interrupts and closed pipes are met.

The law of this file: a command's module is imported only when it is given, and 0 and 1 are verdicts: whatever else
happens the exit status is 2.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from chatconform.core.naming import PluginError
from chatconform.frontends.cli.arguments import refused
from chatconform.frontends.cli.command_line import NOT_JUDGED, CommandParser

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = (
    "check",
    "client",
    "validate",
    "proxy",
    "serve",
    "replay",
    "report",
    "list",
    "explain",
    "generate",
    "schema",
    "init",
    "completion",
)
CONFIGURED: Final = ("check", "client", "validate", "proxy", "replay", "list", "explain")
"""The commands that read settings: see `chatconform.frontends.cli.config`."""
ASKED_TO_COMPLETE: Final = "_ARGCOMPLETE"
"""The variable by which a shell asks what could stand next on its command line."""
BROKEN_PIPE: Final = 141
"""As shells tell a program that a closed pipe ended."""


class Command(Protocol):
    """A command's module."""

    HELP: str
    """What it does, in one line."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds its arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Does it; gives the exit status."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line (that of the process where none is given); gives the exit status."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # not every stand-in for a stream can be told how to encode
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        if ASKED_TO_COMPLETE in os.environ:
            from chatconform.frontends.cli.completing import complete

            return complete()
        status = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except SystemExit as exit:
        return exit.code if isinstance(exit.code, int) else NOT_JUDGED
    except BrokenPipeError:
        # Whoever read us has seen enough. Nothing more may be written, not even when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        print("chatconform: interrupted", file=sys.stderr)
        return NOT_JUDGED
    except PluginError as problem:  # a plugin of an installed package is met wherever rules are
        return refused(str(problem))
    except Exception:
        import traceback

        traceback.print_exc()
        print("chatconform: this is a fault of chatconform's own; please report it", file=sys.stderr)
        return NOT_JUDGED
    return status


def command(name: str) -> Command:
    """The module of a command."""
    return cast("Command", import_module(f"chatconform.frontends.cli.{name}"))


def parser_of(name: str) -> CommandParser:
    """A parser with the arguments of a command of its own, and its help."""
    module = command(name)
    epilog = (module.run.__doc__ or "").partition("exit status: ")[2].partition("\n")[0]
    parser = CommandParser(
        f"chatconform {name}", description=module.HELP, epilog=f"exit status: {epilog}" if epilog else None
    )
    module.add_arguments(parser)
    return parser


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        parser = parser_of(name)
        if name not in CONFIGURED:
            return command(name).run(parser.parse_args(arguments[1:]))
        from chatconform.frontends.cli.config import parsed
        from chatconform.frontends.cli.config_file import ConfigError

        try:
            args = parsed(name, parser, arguments[1:])
        except ConfigError as problem:
            return refused(str(problem))
        return command(name).run(args)
    overview = _overview()
    if not name:
        overview.error("name a command")
    if name.startswith("-"):
        wanted = next((word for word in arguments if word in COMMANDS), None)
        if wanted is not None and not {"-h", "--help", "--version"} & {*arguments}:
            overview.error(f"options stand after the command, as in `chatconform {wanted} {name}`")
        overview.parse_args(arguments)
        overview.error("name a command")
    near = get_close_matches(name, COMMANDS, n=1)
    return overview.error(f"there is no command {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def _overview() -> CommandParser:
    overview = _Overview(
        "chatconform",
        usage="chatconform [--help | --version] COMMAND ...",
        description="The conformance kit for POST /chat/completions.",
    )
    overview.add_argument("--version", action=_Version, nargs=0, help="tell the versions of the kit and its schemas")
    return overview


class _Overview(CommandParser):
    """Looks the commands up only when help is wanted."""

    def format_help(self) -> str:
        room = shutil.get_terminal_size().columns - 2
        table = "\n".join(
            textwrap.fill(
                f"{name:<12}{command(name).HELP}",
                max(40, room),
                initial_indent="  ",
                subsequent_indent=" " * 14,
            )
            for name in COMMANDS
        )
        return f"{super().format_help()}\ncommands:\n{table}\n\n`chatconform COMMAND --help` tells the rest.\n"


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from chatconform import __version__
        from chatconform.schemas.edition import EDITION

        print(f"chatconform {__version__}")
        print(f"schemas of {EDITION.date}, after version {EDITION.version} of the published API")
        parser.exit()
