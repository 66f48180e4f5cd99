"""`chatconform check`: judges a server, or without a URL the embedded reference server."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import suppress
from functools import partial
from typing import Any

from chatconform.frontends.cli.arguments import (
    add_choice,
    add_target,
    api_key,
    count,
    generated,
    headers,
    key_variable,
    many,
    refused,
    seconds,
    whole,
)
from chatconform.frontends.cli.baselines import add_baseline, wanted_baseline
from chatconform.frontends.cli.reporting import add_reporting, tell_result, wanted_reports

EITHER = (("url", "app"),)
"""Arguments of which the one that is said last counts."""
HELP = "judge a server by what it answers (without a URL, the embedded reference server)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument(
        "url",
        nargs="?",
        metavar="URL",
        help="the base URL of the API, such as http://localhost:8000/v1, or the name of a target in chatconform.toml",
    )
    parser.add_argument(
        "--app", metavar="NAME", help="an ASGI or WSGI app to judge in this process instead, such as my_server.main:app"
    )
    add_target(parser)
    add_choice(parser)
    parser.add_argument("--strict", action="store_true", help="a SHOULD that fails fails the run too")
    parser.add_argument(
        "--concurrency", type=count, default=4, metavar="N", help="requests in flight at once (default %(default)s)"
    )
    parser.add_argument(
        "--seed", type=whole, default=0, metavar="N", help="where chance comes from; the same seed asks the same"
    )
    parser.add_argument(
        "--fuzz",
        type=generated,
        default=0,
        metavar="N",
        help="as many generated requests on top, valid and invalid",
    )
    parser.add_argument("--max-time", type=seconds, metavar="SECONDS", help="end the run after that long")
    parser.add_argument("--max-requests", type=many, metavar="N", help="make no more than so many requests in all")
    parser.add_argument("--list", action="store_true", help="tell the chosen rules and their cases, and ask nothing")
    parser.add_argument("--dry-run", action="store_true", help="tell what would be sent, and send nothing")
    add_baseline(parser)
    add_reporting(parser, "RunResult")


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 conforms, 1 does not, 2 could not be judged."""
    from chatconform.core.baseline import BaselineError
    from chatconform.core.naming import UnknownIdError
    from chatconform.reports import ReportError
    from chatconform.run.reach import CannotCheckError

    try:
        return _run(args)
    except (BaselineError, CannotCheckError, UnknownIdError, ReportError) as problem:
        return refused(str(problem))


def _run(args: argparse.Namespace) -> int:
    if args.list:
        from chatconform.frontends.cli.listing import tell_choice

        return tell_choice(args)
    if args.dry_run:
        from chatconform.frontends.cli.dry_run import tell_plan

        return tell_plan(args)
    from chatconform.core.run_result import RunResult

    if args.app is not None and args.url is not None:
        return refused("give a URL or --app, not both")
    wanted = wanted_reports(args.report, RunResult)
    baseline = wanted_baseline(args)
    options: dict[str, Any] = {
        "model": args.model,
        "api_key": api_key(args),
        "headers": headers(args.header),
        "only": args.only,
        "skip": args.skip,
        "profile": args.profile,
        "have": args.have,
        "lack": args.lack,
        "require": args.require,
        "timeout": args.timeout,
        "concurrency": args.concurrency,
        "seed": args.seed,
        "insecure": args.insecure,
        "fuzz": args.fuzz,
        "max_time": args.max_time,
        "max_requests": args.max_requests,
    }
    from chatconform.frontends.cli.progress_line import ProgressLine
    from chatconform.reports.terminal import render
    from chatconform.run.opening import app_named
    from chatconform.run.server import check

    target = args.url if args.app is None else app_named(args.app)
    with suppress(ValueError):  # only the main thread is told of signals
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a job that is cancelled tells what it learnt, too
    with ProgressLine(sys.stderr) as line:
        result = check(target, **options, progress=line.tell)
    return tell_result(wanted, result, args, partial(render, key=key_variable(args)), baseline)
