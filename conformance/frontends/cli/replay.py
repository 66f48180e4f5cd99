"""`chatconform replay`: asks for the failures of a report again, and tells which are fixed; or prints what to send."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

from chatconform.frontends.cli.arguments import add_plugins, add_sending, api_key, headers, key_variable, refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chatconform.reports.reading import Results
    from chatconform.reports.redaction import Redaction
    from chatconform.run.replay import Broken, Now, Report, Told

HELP = "ask for the failures of a report again, exactly, and tell which are fixed"
FORMATS: Final = ("curl", "httpie", "python")
LONGEST: Final = 300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("report", metavar="REPORT", help="a file that --report json=FILE wrote, or - for stdin")
    parser.add_argument(
        "id",
        nargs="?",
        metavar="ID",
        help="a failure, as reports name it; or a rule or scenario (or a glob), or an exchange (default all failures)",
    )
    parser.add_argument("--url", metavar="URL", help="the base URL to ask, or a target's name (default the report's)")
    parser.add_argument(
        "--format", choices=FORMATS, help="print what sends the requests, and send nothing; keys are variables in it"
    )
    parser.add_argument(
        "--client", metavar="COMMAND", help="of a report on a client: what starts its adapter, as a line of words"
    )
    parser.add_argument("--adapter", metavar="NAME", help="of a report on a client: an adapter that the kit brings")
    add_sending(parser)
    add_plugins(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="show each request and what came back")


def run(args: argparse.Namespace) -> int:
    """Runs the command; gives its exit status: 0 all is fixed, 1 something still fails, 2 it cannot be said."""
    from chatconform.reports.httpie import UnsayableError
    from chatconform.reports.reading import UnreadableResults
    from chatconform.run.adapter import AdapterError
    from chatconform.run.reach import CannotCheckError

    try:
        return _run(args)
    except (AdapterError, CannotCheckError, UnreadableResults, UnsayableError) as problem:
        return refused(str(problem))


def _run(args: argparse.Namespace) -> int:
    from chatconform.reports.reading import Kind, read
    from chatconform.run.reach import CannotCheckError

    results = read(args.report)
    if results.kind is Kind.RECORDINGS:
        raise CannotCheckError(
            f"{args.report} is of recordings, which others sent: `chatconform validate FILE --explain FILE:LINE` "
            "shows a record again, with all that is wrong with it"
        )
    if results.kind is Kind.CLIENT:
        return _ask_client(results, args)
    if args.client is not None or args.adapter is not None:
        raise CannotCheckError(f"{args.report} is of a server; --client and --adapter are for reports on clients")
    from chatconform.run.replay import chosen, report_of

    report = report_of(results)
    args.url = args.url or report.url
    broken = chosen(report, args.id)
    if args.format is not None:
        return _print(report, broken, args)
    return _ask_server(report, broken, args)


def _ask_server(report: Report, broken: Sequence[Broken], args: argparse.Namespace) -> int:
    from chatconform.reports.redaction import Redaction
    from chatconform.run.opening import open_target
    from chatconform.run.replay import replayed, worst

    asking = {"headers": headers(args.header), "api_key": api_key(args), "timeout": args.timeout}
    found: dict[str, list[Told]] = {one.id: [] for one in broken}
    with open_target(args.url, **asking, insecure=args.insecure) as target:
        redaction = Redaction(target.secrets)
        for told in replayed(report, broken, target, **asking, insecure=args.insecure):
            found[told.broken.id].append(told)
            if args.verbose:
                _show(told, redaction, target.url, key_variable(args))
    for name, all_told in found.items():
        one = all_told[0].broken
        now = worst(all_told)
        shown = next(told for told in all_told if told.now is now)
        _tell(now, name, f"{one.rule.id}  {one.place}", map(redaction.text, shown.why))
    return _ending([worst(told) for told in found.values()])


def _ask_client(results: Results, args: argparse.Namespace) -> int:
    import shlex

    from chatconform.run.adapter import AdapterProcess
    from chatconform.run.client_replay import chosen, replayed
    from chatconform.run.reach import CannotCheckError

    lost = chosen(results, args.id)
    if args.format is not None:
        raise CannotCheckError("a client sends its requests itself, so there is nothing to print; --client runs it")
    if (args.client is None) == (args.adapter is None):
        again = f"chatconform replay {shlex.quote(args.report)} {lost[0].id}"
        raise CannotCheckError(f"say how the client is driven: `{again} --adapter NAME`, or --client COMMAND")
    if args.adapter is not None:
        from chatconform.frontends.cli.client import PYTHON_VARIABLE
        from chatconform.run.bundled import command_of

        command = command_of(args.adapter, os.environ.get(PYTHON_VARIABLE, sys.executable))
    else:
        try:
            command = shlex.split(args.client)
        except ValueError as problem:
            raise CannotCheckError(f"--client cannot be read as words: {problem}") from None
    outcomes: list[Now] = []
    for told in replayed(lost, partial(AdapterProcess, command)):
        one = told.lost
        name = one.name if one.place is None else f"{one.name}  {one.place}"
        _tell(told.now, "" if one.id == one.name else one.id, name, [told.why] if told.why else [])
        outcomes.append(told.now)
    return _ending(outcomes)


def _print(report: Report, broken: Sequence[Broken], args: argparse.Namespace) -> int:
    """Prints what sends each request: one after the other, each below what it shows."""
    from chatconform.core.rule import Part
    from chatconform.reports import curl, httpie, python_script
    from chatconform.reports.plain import plain
    from chatconform.run.opening import base_url
    from chatconform.run.reach import CannotCheckError
    from chatconform.run.replay import chunk_of

    base_url(args.url)
    by_exchange: dict[str, list[Broken]] = {}
    for one in broken:
        by_exchange.setdefault(one.exchange, []).append(one)
    told: list[str] = []
    for name, findings in by_exchange.items():
        if name in report.cut or name not in report.exchanges:
            raise CannotCheckError(f"the request of {name} was too large to be kept whole in the report")
        exchange = report.exchanges[name]
        told_of = {one.id: f"# {one.id}  {one.rule.id}  {one.place}" for one in findings}
        lines = [plain(line, LONGEST) for line in told_of.values()]
        if any(one.rule.on is Part.SERIES for one in findings):
            case = plain(exchange.origin.case)
            lines.append(f"# one of the requests of the case {case}, which show it together")
        key = key_variable(args)
        match args.format:
            case "curl":
                lines.append(curl.command(exchange.request, args.url, key=key, whole=True))
            case "httpie":
                lines.append(httpie.command(exchange.request, args.url, key=key))
            case _:
                size = chunk_of(exchange)
                lines.append(python_script.script(exchange.request, args.url, key=key, chunk=size).rstrip())
        told.append("\n".join(lines))
    print("\n\n".join(told))
    return 0


def _tell(now: Now, name: str, what: str, why: Iterable[str]) -> None:
    from chatconform.reports.plain import plain

    print("  ".join(filter(None, [f"{now:<13}", plain(name), plain(what, LONGEST)])))
    for text in why:
        print(f"{'':<15}{plain(text, LONGEST)}")


def _ending(outcomes: Sequence[Now]) -> int:
    """Tells the counts; gives the exit status."""
    from chatconform.run.replay import Now

    counts = Counter(outcomes)
    print(
        ", ".join(f"{counts[now]} {now}" for now in (Now.FIXED, Now.STILL, Now.DIFFERENT, Now.UNKNOWN) if counts[now])
    )
    if counts[Now.STILL] or counts[Now.DIFFERENT]:
        return 1
    return 2 if counts[Now.UNKNOWN] else 0


def _show(told: Told, redaction: Redaction, url: str, key: str) -> None:
    """The request that was sent again, and the beginning of what came back."""
    from chatconform.reports.curl import command
    from chatconform.reports.plain import plain

    if told.exchange is None:
        return
    now = redaction.exchange(told.exchange)
    came = f"status {now.status}" if now.response is not None else "no answer"
    failure = f" ({plain(now.failure.message)})" if now.failure is not None else ""
    print(f"{now.id}: {came}{failure}\n{command(now.request, url, key=key)}")
    if now.response is not None:
        print(plain(now.response.body[:8192].decode(errors="replace"), 2000))
    print()
