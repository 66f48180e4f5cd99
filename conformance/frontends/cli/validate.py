"""`chatconform validate`: judges recorded traffic: bodies, exchanges, batches, archives, cassettes and streams."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import TYPE_CHECKING, Final

from chatconform.frontends.cli.arguments import add_rules, count, findings, refused
from chatconform.frontends.cli.baselines import add_baseline, wanted_baseline
from chatconform.frontends.cli.reporting import add_reporting

if TYPE_CHECKING:
    from chatconform.core.rule import Rule
    from chatconform.core.tally import Example
    from chatconform.run.recordings import Reading

SOON: Final = 0.4
"""Seconds after which findings are told as they come; what takes less is told at the end at once."""
HELP = "judge recorded traffic: JSON Lines, batches, HTTP archives, cassettes, streams (packed or not)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("paths", nargs="+", metavar="FILE", help="a file, a folder, a glob, a URI, or - for stdin")
    parser.add_argument("--type", metavar="NAME", help="the type of every body (found out by looking at each)")
    parser.add_argument("--format", metavar="F", help="jsonl, json, har, cassette or sse (found out by looking)")
    add_rules(parser)
    parser.add_argument("--strict", action="store_true", help="a SHOULD that fails fails the validation too")
    parser.add_argument("--lint", action="store_true", help="tell repeated keys and integers beyond 64 bits, too")
    parser.add_argument(
        "--jobs", type=count, default=1, metavar="N", help="processes to judge large files with (default %(default)s)"
    )
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="where to judge: here, or on the cluster that Ray finds (default %(default)s)",
    )
    parser.add_argument("--max-findings", type=findings, metavar="N", help="end after so many findings")
    parser.add_argument(
        "--explain", metavar="[FILE:]LINE", help="show the record of that line whole, and all that is wrong with it"
    )
    add_baseline(parser)
    add_reporting(parser, "ValidationResult")


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 all is well, 1 something is not, 2 not all could be judged."""
    from chatconform.core.baseline import BaselineError
    from chatconform.core.naming import UnknownIdError
    from chatconform.reports import ReportError
    from chatconform.run.reach import CannotCheckError

    try:
        return _run(args)
    except (BaselineError, CannotCheckError, UnknownIdError, ReportError) as problem:
        return refused(str(problem))


def _run(args: argparse.Namespace) -> int:
    from chatconform.core.validation_result import ValidationResult
    from chatconform.frontends.cli.progress_line import ProgressLine
    from chatconform.frontends.cli.reporting import tell_result, wanted_reports
    from chatconform.reports.validation_terminal import render, sighting
    from chatconform.run.recordings import validate_files

    if args.explain is not None:
        from chatconform.frontends.cli.explain_record import tell_record

        return tell_record(args)
    wanted = wanted_reports(args.report, ValidationResult)
    baseline = wanted_baseline(args)
    held: list[str] = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a job that is cancelled tells what it learnt, too
    with ProgressLine(sys.stderr) as line:

        def found(rule: Rule, example: Example) -> None:
            held.append(sighting(rule, example))

        def progress(reading: Reading) -> None:
            line.tell_text(_told(reading), reading.seconds)
            if reading.seconds >= SOON and not args.quiet:
                for text in held:
                    line.above(text)
                held.clear()

        result = validate_files(
            args.paths,
            type=args.type,
            form=args.format,
            only=args.only,
            skip=args.skip,
            profile=args.profile,
            lint=args.lint,
            jobs=args.jobs,
            engine=args.engine,
            most=args.max_findings,
            progress=progress,
            found=found,
        )
    return tell_result(wanted, result, args, render, baseline)


def _told(reading: Reading) -> str:
    """How far it is: the rate, and the time that is left."""
    rate = reading.done / reading.seconds if reading.seconds else 0.0
    of = "" if reading.size is None else f" of {reading.size / 1e6:,.0f}"
    left = ""
    if reading.size and rate and reading.size > reading.done:
        left = f", {(reading.size - reading.done) / rate:.0f} s left"
    findings = f", {reading.findings:,} findings" if reading.findings else ""
    return f"{reading.done / 1e6:,.0f}{of} MB, {rate / 1e6:,.0f} MB/s, {reading.records:,} records{findings}{left}"
