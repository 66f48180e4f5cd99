"""`chatconform client`: judges a client by what it makes of scripted answers, and by what it sends."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from chatconform.frontends.cli.arguments import add_plugins, count, generated, refused, seconds, whole
from chatconform.frontends.cli.baselines import add_baseline, wanted_baseline
from chatconform.frontends.cli.reporting import add_reporting, tell_result, wanted_reports

if TYPE_CHECKING:
    from chatconform.core.scenario_result import ScenarioResult

HELP = "judge a client, driven through an adapter, by what it makes of scripted answers"
EITHER = (("command", "adapter"),)
"""Arguments of which the one that is said last counts."""
PYTHON_VARIABLE = "CHATCONFORM_PYTHON"
LACKING: Final = re.compile(r"No module named|MODULE_NOT_FOUND")
"""How Python and Node say that a client is not installed."""
INSTALL: Final = "install what {!r} drives: with pip beside chatconform (or $CHATCONFORM_PYTHON), with npm here"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    choice = "an id, a glob, or the first words of ids such as st (repeatable)"
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="what starts the adapter, after --")
    parser.add_argument(
        "--adapter",
        metavar="NAME",
        help=f"an adapter that the kit brings along (Python ones run with ${PYTHON_VARIABLE} where it is set)",
    )
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help=f"only these scenarios: {choice}")
    parser.add_argument("--skip", action="append", default=[], metavar="GLOB", help="none of these scenarios")
    parser.add_argument("--strict", action="store_true", help="a should or policy that fails fails the run too")
    parser.add_argument(
        "--timeout", type=seconds, default=None, metavar="SECONDS", help="the most seconds that one scenario may take"
    )
    parser.add_argument(
        "--concurrency", type=count, default=8, metavar="N", help="scenarios at once (default %(default)s)"
    )
    parser.add_argument(
        "--fuzz", type=generated, default=0, metavar="N", help="as many generated streams on top (default %(default)s)"
    )
    parser.add_argument(
        "--seed", type=whole, default=0, metavar="N", help="where chance comes from; the same seed generates the same"
    )
    add_plugins(parser)
    parser.add_argument("--list", action="store_true", help="tell the chosen scenarios, and start nothing")
    add_baseline(parser)
    add_reporting(parser, "ClientRunResult")


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 fair, 1 a scenario failed, 2 could not be judged."""
    from chatconform.core.baseline import BaselineError
    from chatconform.core.naming import UnknownIdError
    from chatconform.reports import ReportError
    from chatconform.run.adapter import AdapterError

    try:
        return _run(args)
    except AdapterError as problem:
        lacking = args.adapter is not None and LACKING.search(str(problem))
        return refused(f"{problem}; {INSTALL.format(args.adapter)}" if lacking else str(problem))
    except (BaselineError, UnknownIdError, ReportError) as problem:
        return refused(str(problem))


def _run(args: argparse.Namespace) -> int:
    from chatconform.scenarios.catalogue import select

    scenarios = select(args.only, args.skip)
    if args.list:
        from chatconform.frontends.cli.listing import tell_scenarios

        tell_scenarios(scenarios, "Scenarios")
        print(f"{len(scenarios)} scenarios")
        return 0
    if bool(args.command) == bool(args.adapter):
        return refused("give either the adapter's command, after --, or the name of a bundled one with --adapter")
    from chatconform.core.scenario_result import ClientRunResult
    from chatconform.frontends.cli.progress_line import ProgressLine
    from chatconform.reports.client_terminal import render
    from chatconform.run.adapter import AdapterProcess
    from chatconform.run.bundled import command_of
    from chatconform.run.client import drive

    command = args.command or command_of(args.adapter, os.environ.get(PYTHON_VARIABLE, sys.executable))
    wanted = wanted_reports(args.report, ClientRunResult)
    baseline = wanted_baseline(args)
    done: list[ScenarioResult] = []
    began = time.monotonic()

    def tell(result: ScenarioResult) -> None:
        done.append(result)
        tell_counts(result.scenario.id)

    def tell_counts(doing: str) -> None:
        failed = sum(one.outcome == "failed" for one in done)
        told = f", {failed} failed" if failed else ""
        line.tell_text(f"{len(done)} of {len(scenarios)} scenarios{told}: {doing}", time.monotonic() - began)

    def tell_streams(asked: int, failed: int) -> None:
        tell_counts(f"{asked} of {args.fuzz} generated streams" + (f", {failed} of them fail" if failed else ""))

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a job that is cancelled tells what it learnt, too
    with ProgressLine(sys.stderr) as line:
        result = drive(
            partial(AdapterProcess, command),
            scenarios=scenarios,
            concurrency=args.concurrency,
            timeout=args.timeout,
            fuzz=args.fuzz,
            seed=args.seed,
            progress=tell,
            streamed=tell_streams,
        )
    return tell_result(wanted, result, args, render, baseline)
