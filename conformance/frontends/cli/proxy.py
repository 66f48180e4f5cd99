"""`chatconform proxy`: passes traffic on to a target untouched, and judges it on the side."""

from __future__ import annotations

import argparse
import queue
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chatconform.frontends.cli.arguments import add_rules, refused
from chatconform.frontends.cli.reporting import add_reporting
from chatconform.frontends.cli.serve import wait_for_the_end, whole_port

if TYPE_CHECKING:
    from chatconform.core.rule import Rule
    from chatconform.core.tally import Example

HELP = "stand between clients and a server: pass everything on untouched, and tell what breaks a rule"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument(
        "--upstream", required=True, metavar="URL", help="the base URL to pass everything on to, or a target's name"
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default %(default)s)")
    parser.add_argument(
        "--port", type=whole_port, default=8088, metavar="N", help="the port; 0 takes a free one (default %(default)s)"
    )
    parser.add_argument(
        "--record", metavar="FILE", help="add every exchange to this file, without its keys, for `chatconform validate`"
    )
    parser.add_argument("--insecure", action="store_true", help="do not check the TLS certificate of the upstream")
    add_rules(parser)
    parser.add_argument("--strict", action="store_true", help="a SHOULD that fails fails the watch too")
    add_reporting(parser, "ValidationResult")


def run(args: argparse.Namespace) -> int:
    """Runs until it is interrupted; gives the exit status: 0 all is well, 1 something is not, 2 nothing was judged."""
    from chatconform.core.naming import UnknownIdError
    from chatconform.reports import ReportError
    from chatconform.run.reach import CannotCheckError

    try:
        return _run(args)
    except (CannotCheckError, UnknownIdError, ReportError) as problem:
        return refused(str(problem))


def _run(args: argparse.Namespace) -> int:
    from chatconform.core.validation_result import ValidationResult
    from chatconform.frontends.cli.reporting import tell_result, wanted_reports
    from chatconform.reports.validation_terminal import render
    from chatconform.run.proxy import Watch

    wanted = wanted_reports(args.report, ValidationResult)
    to_stderr = any(path is None for _, path in wanted)
    with _Voice(sys.stderr if to_stderr else sys.stdout) as voice:
        watch = Watch(
            args.upstream,
            host=args.host,
            port=args.port,
            insecure=args.insecure,
            only=args.only,
            skip=args.skip,
            profile=args.profile,
            record=args.record,
            found=voice.tell_finding,
            trouble=voice.tell_trouble,
        )
        with watch:
            voice.tell(f"Listening at {watch.url}, passing on to {watch.target}. Ctrl-C ends it.")
            wait_for_the_end()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.default_int_handler)
    result = watch.result()
    return tell_result(wanted, result, args, render)


class _Voice:
    """Tells lines from a thread of its own: a reader that is slow or has left holds nothing up."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(10_000)
        self._thread = threading.Thread(target=self._speak, daemon=True)

    def __enter__(self) -> _Voice:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(5.0)

    def tell(self, line: str) -> None:
        """Tells a line, unless too many wait to be told."""
        with suppress(queue.Full):
            self._lines.put_nowait(line)

    def tell_finding(self, rule: Rule, example: Example) -> None:
        """Tells the first finding of a rule and place."""
        from chatconform.core.rule import Level
        from chatconform.reports.validation_terminal import sighting

        if rule.level is not Level.INFO:
            self.tell(sighting(rule, example))

    def tell_trouble(self, sentence: str) -> None:
        """Tells what could not be passed on, or judged."""
        from chatconform.reports.plain import plain

        self.tell(f"chatconform: {plain(sentence, 400)}")

    def _speak(self) -> None:
        while (line := self._lines.get()) is not None:
            with suppress(OSError, ValueError):
                self._stream.write(f"{line}\n")
                self._stream.flush()
