"""`chatconform serve`: runs the reference server, as a faithful mock or with one fault."""

from __future__ import annotations

import argparse
import math
import os
import signal
import threading
from typing import TYPE_CHECKING

from chatconform.frontends.cli.arguments import refused

if TYPE_CHECKING:
    from types import FrameType

HELP = "run the reference server: a faithful mock of the API, or with --fault one that is wrong in one way"
PORT = 8000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default %(default)s)")
    parser.add_argument(
        "--port", type=whole_port, default=PORT, metavar="N", help="the port; 0 takes a free one (default %(default)s)"
    )
    parser.add_argument(
        "-m",
        "--model",
        action="append",
        metavar="NAME",
        help="a model that there is, by the name that clients use; repeatable (default chatconform-reference)",
    )
    parser.add_argument(
        "--latency",
        type=_seconds,
        default=0.0,
        metavar="S",
        help="how many seconds an answer takes; a stream spreads them over its tokens (default 0)",
    )
    keys = parser.add_mutually_exclusive_group()
    keys.add_argument("--api-key-env", metavar="NAME", help="the variable that holds the key that clients must send")
    keys.add_argument("--api-key", metavar="KEY", help="the key that clients must send; --api-key-env hides it better")
    parser.add_argument("--fault", metavar="NAME", help="be wrong in this one way, to see a check fail")
    parser.add_argument("--list-faults", action="store_true", help="list the faults that there are, and end")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the base URL and nothing else")


def run(args: argparse.Namespace) -> int:
    """Serves until it is interrupted and returns its exit status: 0 interrupted, 2 could not serve."""
    if args.list_faults:
        return _list_faults()
    from chatconform.reference.faults import UnknownFaultError
    from chatconform.reference.server import MODEL, ReferenceServer

    key = args.api_key
    if args.api_key_env is not None and not (key := os.environ.get(args.api_key_env)):
        return refused(f"the variable {args.api_key_env} is not set")
    if key == "":
        return refused("the key is empty")
    models = tuple(dict.fromkeys(args.model or [MODEL]))
    if "" in models:
        return refused("the name of a model is empty")
    try:
        server = ReferenceServer(
            args.port, host=args.host, api_key=key, latency=args.latency, fault=args.fault, models=models
        )
    except UnknownFaultError as error:
        return refused(f"{error}; `chatconform serve --list-faults` lists them")
    except OSError as error:
        return refused(f"cannot listen on {args.host}, port {args.port}: {_reason(error)}")
    with server:
        _tell(server.url, models, args)
        wait_for_the_end()
    return 0


def _tell(url: str, models: tuple[str, ...], args: argparse.Namespace) -> None:
    if args.quiet:
        print(url, flush=True)
        return
    wrong = f", with the fault {args.fault}" if args.fault else ""
    print(f"Serving {', '.join(models)} at {url}{wrong}. Ctrl-C ends it.", flush=True)


def wait_for_the_end() -> None:
    """Returns when the process is interrupted or told to terminate."""
    done = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - what a signal handler is called with
        done.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    done.wait()


def _list_faults() -> int:
    from chatconform.reference.faults import crashes, faults

    listed = (*faults(), *crashes())
    width = max(len(fault.name) for fault in listed)
    for fault in listed:
        print(f"{fault.name:<{width}}  {fault.text}")
    return 0


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).partition(" (while")[0]


def whole_port(text: str) -> int:
    """A port, for argparse."""
    if not text.isascii() or not text.isdigit() or int(text[:9]) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 0 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; give seconds, from 0 to 3600")
    return seconds
