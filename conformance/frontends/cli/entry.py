"""The table of commands, and what all of them share: how errors, interrupts and closed pipes are met.

The law of this file: a command's module is imported only when it is given, and 0 and 1 are verdicts: whatever else
happens the exit status is 2.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = ("check", "client", "validate", "proxy", "list", "explain", "replay", "generate", "schema", "serve")
NOT_JUDGED: Final = 2
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
    except Exception:
        import traceback

        traceback.print_exc()
        print("chatconform: this is a fault of chatconform's own; please report it", file=sys.stderr)
        return NOT_JUDGED
    return status


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in COMMANDS:
        command = _command(arguments[0])
        parser = argparse.ArgumentParser(f"chatconform {arguments[0]}", description=command.HELP, allow_abbrev=False)
        command.add_arguments(parser)
        return command.run(parser.parse_args(arguments[1:]))
    parser = _overview()
    given = next((word for word in arguments if not word.startswith("-")), None)
    parser.parse_args([word for word in arguments if word != given])
    if given is None:
        parser.error("name a command")
    near = get_close_matches(given or "", COMMANDS, n=1)
    return parser.error(f"there is no command {given!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def _overview() -> argparse.ArgumentParser:
    parser = _Overview(
        "chatconform",
        usage="chatconform [--help | --version] COMMAND ...",
        description="The conformance kit for POST /chat/completions.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    return parser


class _Overview(argparse.ArgumentParser):
    """Looks the commands up only when help is wanted."""

    def format_help(self) -> str:
        table = "".join(f"  {name:<10}{_command(name).HELP}\n" for name in COMMANDS)
        return f"{super().format_help()}\ncommands:\n{table}\n`chatconform COMMAND --help` tells the rest.\n"


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from chatconform import __version__

        print(f"chatconform {__version__}")
        parser.exit()


def _command(name: str) -> Command:
    return cast("Command", import_module(f"chatconform.frontends.cli.{name}"))
