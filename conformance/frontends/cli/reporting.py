"""How every command that judges tells its result: reports to files and to stdout, and a text for people.

The law of this file: reports are refused before anything is asked, files are written before anything is told, and a
reader that has left does not change the verdict.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from chatconform.frontends.cli.arguments import refused
from chatconform.frontends.cli.baselines import judged_by

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from chatconform.core.baseline import Baseline
    from chatconform.reports import Reportable
    from chatconform.reports.look import Detail


class Tell(Protocol):
    """The text for people of one kind of result."""

    def __call__(
        self, result: Any, *, strict: bool, detail: Detail, color: bool, width: int, report: str | None
    ) -> str:
        """The text, painted or not, in lines of a width; `report` is the file to replay from, if there is one."""


def add_reporting(parser: argparse.ArgumentParser, kind: str) -> None:
    """Adds what says how a result of that kind, the name of its class, is told."""
    from chatconform.reports import FORMATS

    formats = ", ".join(name for name, modules in FORMATS.items() if kind in modules)
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="FORMAT[=PATH]",
        help=f"write a report ({formats}); without a path, or with -, to stdout, and the text for people to stderr",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="tell failures in a line each, and the counts")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell everything that was judged")
    add_color(parser)


def add_color(parser: argparse.ArgumentParser) -> None:
    """Adds what takes the colors away."""
    parser.add_argument(
        "--no-color",
        action="store_true",
        help="no colors (so does the variable NO_COLOR; FORCE_COLOR has them where there is no terminal)",
    )


def wanted_reports(given: list[str], kind: type[Reportable]) -> list[tuple[str, str | None]]:
    """The wanted reports of a kind of result as formats and paths. Raises `ReportError` before anything is asked."""
    from chatconform.reports import FORMATS, ReportError, check_writable

    wanted: list[tuple[str, str | None]] = []
    known = [name for name, modules in FORMATS.items() if kind.__name__ in modules]
    for text in given:
        name, equals, path = text.partition("=")
        if name not in known:
            raise ReportError(f"there is no report format {name!r}; the formats are {', '.join(known)}")
        if equals and not path:
            raise ReportError(f"--report {text} names no file; write {name}=FILE, or {name} alone for stdout")
        if path not in {"", "-"}:
            check_writable(path)
        wanted.append((name, None if path in {"", "-"} else path))
    if sum(path is None for _, path in wanted) > 1:
        raise ReportError("only one report can go to stdout; give the others a path, as in --report junit=FILE")
    return wanted


def tell_result(
    wanted: list[tuple[str, str | None]],
    result: Reportable,
    args: argparse.Namespace,
    tell: Tell,
    baseline: Baseline | None = None,
) -> int:
    """Writes files first, then what is told; gives the exit status, 2 where a file could not be written."""
    from chatconform.reports import ReportError, write

    result, is_kept = judged_by(baseline, result, args)
    failed = not is_kept
    for name, path in wanted:
        if path is not None:
            try:
                write(name, result, path, strict=args.strict)
            except ReportError as problem:
                refused(str(problem))
                failed = True
    machine = next((name for name, path in wanted if path is None), None)
    report = next((path for name, path in wanted if name == "json" and path is not None), None)
    _tell(args, partial(tell, result, report=report), sys.stderr if machine else sys.stdout)
    if machine is not None:
        quietly(lambda: write(machine, result, None, strict=args.strict))
    status = result.exit_status(strict=args.strict)
    return 2 if failed and status == 0 else status


def quietly(write: Callable[[], Any]) -> None:
    """Writes to a reader that may have left: the verdict stands all the same."""
    try:
        write()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(args: argparse.Namespace, tell: Callable[..., str], stream: Any) -> None:
    from chatconform.frontends.cli.screen import has_colors, width

    text = tell(
        strict=args.strict,
        detail=detail_of(args),
        color=has_colors(stream, refused=args.no_color),
        width=width(stream),
    )
    quietly(lambda: (stream.write(text), stream.flush()))


def detail_of(args: argparse.Namespace) -> Detail:
    """How much the command line asks to tell."""
    from chatconform.reports.look import Detail

    return Detail.QUIET if args.quiet else Detail.EVERYTHING if args.verbose else Detail.USUAL
