"""`chatconform check`: judges a server, or without a URL the embedded reference server."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from chatconform.frontends.cli.arguments import (
    add_choice,
    add_target,
    api_key,
    count,
    headers,
    key_variable,
    refused,
)

if TYPE_CHECKING:
    from chatconform.core.run_result import RunResult
    from chatconform.reports.terminal import Detail

HELP = "judge a server by what it answers (without a URL, the embedded reference server)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument(
        "url", nargs="?", metavar="URL", help="the base URL of the API, such as http://localhost:8000/v1"
    )
    add_target(parser)
    add_choice(parser)
    parser.add_argument("--strict", action="store_true", help="a SHOULD that fails fails the run too")
    parser.add_argument(
        "--concurrency", type=count, default=4, metavar="N", help="requests in flight at once (default %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="where chance comes from; the same seed asks the same"
    )
    parser.add_argument("--list", action="store_true", help="tell the chosen rules and their cases, and ask nothing")
    parser.add_argument("--dry-run", action="store_true", help="tell what would be sent, and send nothing")
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="FORMAT[=PATH]",
        help="write a report (json, junit); without a path, or with -, to stdout, and the text for people to stderr",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="tell failures in a line each, and the counts")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell every rule, and every exchange that counts")
    parser.add_argument("--no-color", action="store_true", help="no colors (so does the variable NO_COLOR)")


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 conforms, 1 does not, 2 could not be judged."""
    from chatconform.core.naming import UnknownIdError
    from chatconform.reports import ReportError
    from chatconform.run.reach import CannotCheckError

    try:
        return _run(args)
    except (CannotCheckError, UnknownIdError, ReportError) as problem:
        return refused(str(problem))


def _run(args: argparse.Namespace) -> int:
    if args.list:
        from chatconform.frontends.cli.listing import tell_choice

        return tell_choice(args.only, args.skip, args.profile)
    if args.dry_run:
        from chatconform.frontends.cli.dry_run import tell_plan

        return tell_plan(args)
    wanted = _reports(args.report)
    options: dict[str, Any] = {
        "model": args.model,
        "api_key": api_key(args),
        "headers": headers(args.header),
        "only": args.only,
        "skip": args.skip,
        "profile": args.profile,
        "timeout": args.timeout,
        "concurrency": args.concurrency,
        "seed": args.seed,
        "insecure": args.insecure,
    }
    from chatconform.frontends.cli.progress_line import ProgressLine
    from chatconform.run.server import check

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a job that is cancelled tells what it learnt, too
    with ProgressLine(sys.stderr) as line:
        result = check(args.url, **options, progress=line.tell)
    failed_reports = _write(wanted, result, args)
    status = result.exit_status(strict=args.strict)
    return 2 if failed_reports and status == 0 else status


def _reports(given: list[str]) -> list[tuple[str, str | None]]:
    """The wanted reports as formats and paths. Raises `ReportError` before anything is asked."""
    from chatconform.reports import FORMATS, ReportError, check_writable

    wanted: list[tuple[str, str | None]] = []
    for text in given:
        name, _, path = text.partition("=")
        if name not in FORMATS:
            raise ReportError(f"there is no report format {name!r}; the formats are {', '.join(FORMATS)}")
        if path not in {"", "-"}:
            check_writable(path)
        wanted.append((name, None if path in {"", "-"} else path))
    if sum(path is None for _, path in wanted) > 1:
        raise ReportError("only one report can go to stdout; give the others a path, as in --report junit=FILE")
    return wanted


def _write(wanted: list[tuple[str, str | None]], result: RunResult, args: argparse.Namespace) -> bool:
    """Writes files first, then what is told; gives whether a file could not be written."""
    from chatconform.reports import ReportError, write

    failed = False
    for name, path in wanted:
        if path is not None:
            try:
                write(name, result, path, strict=args.strict)
            except ReportError as problem:
                refused(str(problem))
                failed = True
    machine = next((name for name, path in wanted if path is None), None)
    _tell(result, args, sys.stderr if machine else sys.stdout)
    if machine is not None:
        _quietly(lambda: write(machine, result, None, strict=args.strict))
    return failed


def _tell(result: RunResult, args: argparse.Namespace, stream: Any) -> None:
    import shutil

    from chatconform.reports.terminal import render

    is_terminal = stream.isatty()
    text = render(
        result,
        strict=args.strict,
        detail=_detail(args),
        color=is_terminal and not args.no_color and not os.environ.get("NO_COLOR"),
        width=min(120, shutil.get_terminal_size().columns) if is_terminal else 100,
        key=key_variable(args),
    )
    _quietly(lambda: (stream.write(text), stream.flush()))


def _quietly(write: Any) -> None:
    """Writes to a reader that may have left: the verdict stands all the same."""
    try:
        write()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _detail(args: argparse.Namespace) -> Detail:
    from chatconform.reports.terminal import Detail

    return Detail.QUIET if args.quiet else Detail.EVERYTHING if args.verbose else Detail.USUAL
