"""`chatconform replay`: sends the requests of a report's findings again, and tells which of them still break a rule."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chatconform.frontends.cli.arguments import add_sending, api_key, headers, refused

if TYPE_CHECKING:
    from chatconform.reports.redaction import Redaction
    from chatconform.run.replay import Replayed

HELP = "send the requests of a report's findings again, exactly, and judge what comes back"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("report", metavar="REPORT", help="a file written by `chatconform check --report json=FILE`")
    parser.add_argument(
        "id", nargs="?", metavar="ID", help="a rule (or a glob), or an exchange such as tools.named#0 (default: all)"
    )
    parser.add_argument("--url", metavar="URL", help="the base URL to ask (default: the one that the report names)")
    add_sending(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="show each request and what came back")


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 nothing breaks a rule now, 1 something does, 2 could not be."""
    from chatconform.run.reach import CannotCheckError

    try:
        return _run(args)
    except CannotCheckError as problem:
        return refused(str(problem))
    except OSError as problem:
        return refused(f"{args.report} cannot be read: {problem.strerror}")


def _run(args: argparse.Namespace) -> int:
    from chatconform.core.result import Verdict
    from chatconform.reports.redaction import Redaction
    from chatconform.run.reach import CannotCheckError
    from chatconform.run.replay import chosen, read, replay
    from chatconform.run.opening import base_url
    from chatconform.targets import ServerTarget, Timeouts

    report = read(sys.stdin.buffer.read() if args.report == "-" else Path(args.report).read_bytes())
    args.url = args.url or report.url
    wanted = chosen(report, args.id)
    verdicts: list[Verdict] = []
    try:
        target = ServerTarget(
            base_url(args.url),
            headers=headers(args.header),
            api_key=api_key(args),
            timeouts=Timeouts.of(args.timeout),
            insecure=args.insecure,
        )
    except ValueError as problem:
        raise CannotCheckError(str(problem)) from None
    with target:
        for exchange_id, rules in wanted.items():
            replayed = replay(report, exchange_id, rules, target)
            if replayed.now.failure is not None and replayed.now.failure.kind in {"refused", "unresolved", "tls"}:
                raise CannotCheckError(f"{target.url} cannot be asked: {replayed.now.failure.message}")
            _tell(exchange_id, replayed, Redaction(target.secrets), target.url, verbose=args.verbose)
            verdicts += [result.verdict for result in replayed.results] or [Verdict.NOT_EXERCISED]
    still = verdicts.count(Verdict.FAILED)
    passed = verdicts.count(Verdict.PASSED)
    print(f"{len(wanted)} requests sent again: {still} findings still there, {passed} gone")
    return 1 if still else 0 if passed else 2


def _tell(exchange_id: str, replayed: Replayed, redaction: Redaction, url: str, *, verbose: bool) -> None:
    from chatconform.core.result import Verdict
    from chatconform.reports.curl import command
    from chatconform.reports.plain import plain

    now = redaction.exchange(replayed.now)
    came = f"status {now.status}" if now.response is not None else "no answer"
    failure = f" ({plain(now.failure.message)})" if now.failure is not None else ""
    print(f"{exchange_id}: {came}{failure}")
    if verbose:
        print(f"  {command(now.request, url)}")
        if now.response is not None:
            print(f"  {plain(now.response.body[:8192].decode(errors='replace'), 2000)}")
    for result in replayed.results:
        said = [plain(redaction.text(f"{f.pointer} {f.message}".strip()), 300) for f in result.findings]
        words = {Verdict.FAILED: "still breaks", Verdict.PASSED: "now keeps"}.get(result.verdict, "does not show")
        print(f"  {words} {result.rule.id}" + "".join(f"\n    {text}" for text in said[:3]))
    if not replayed.results:
        print("  exercises none of the rules that it broke")
