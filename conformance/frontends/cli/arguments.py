"""Arguments that several commands take, and how bad ones are told."""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
from typing import Final

OPENAI_HOST: Final = "api.openai.com"
OPENAI_KEY: Final = "OPENAI_API_KEY"


def add_target(parser: argparse.ArgumentParser) -> None:
    """Adds what says which model of a target is asked, and how."""
    parser.add_argument("-m", "--model", help="the model to name (found out where the target lists just one)")
    add_sending(parser)


def add_sending(parser: argparse.ArgumentParser) -> None:
    """Adds what says how requests are sent."""
    parser.add_argument(
        "--api-key-env",
        metavar="NAME",
        help=f"the environment variable that holds the key ({OPENAI_KEY} for {OPENAI_HOST}, otherwise none)",
    )
    parser.add_argument(
        "-H",
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="a header to send with each request (repeatable)",
    )
    parser.add_argument(
        "--timeout", type=seconds, default=60.0, metavar="SECONDS", help="the longest silence (default %(default)g)"
    )
    parser.add_argument("--insecure", action="store_true", help="do not check the TLS certificate")


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Adds what chooses rules, and their levels."""
    choice = "an id, a glob, or the first words of ids such as response.usage (repeatable)"
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help=f"judge only these rules: {choice}")
    parser.add_argument("--skip", action="append", default=[], metavar="GLOB", help="judge none of these rules")
    parser.add_argument(
        "--profile",
        default="compatible",
        metavar="NAME",
        help="what the target promises: compatible (what clients need, the default) or openai (all as published)",
    )
    add_plugins(parser)


def add_plugins(parser: argparse.ArgumentParser) -> None:
    """Adds what brings rules and cases of one's own, beside the packages that are installed."""
    parser.add_argument(
        "--plugin",
        type=plugin,
        action="append",
        default=[],
        metavar="MODULE",
        help="a module or file that brings rules and cases of your own, such as my_rules.py (repeatable)",
    )


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Adds what chooses rules, and what the target is declared to be able to do."""
    add_rules(parser)
    parser.add_argument(
        "--have",
        type=names,
        action="extend",
        default=[],
        metavar="NAMES",
        help="capabilities it may not refuse, as in n,tools",
    )
    parser.add_argument(
        "--lack", type=names, action="extend", default=[], metavar="NAMES", help="capabilities it is not judged by"
    )
    parser.add_argument("--require", action="store_true", help="it may refuse no capability that it does not lack")


def plugin(text: str) -> str:
    """The name of a plugin, which is loaded, for argparse."""
    from chatconform.core.naming import PluginError
    from chatconform.rules.plugins import load

    try:
        return load(text).name
    except PluginError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def names(text: str) -> list[str]:
    """Names divided by commas, for argparse."""
    return [name.strip() for name in text.split(",") if name.strip()]


def seconds(text: str) -> float:
    """A number of seconds above zero, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds between 0 and a day")
    return value


def whole(text: str) -> int:
    """A whole number, for argparse."""
    if not text.removeprefix("-").isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of up to 17 digits")
    return int(text)


def count(text: str) -> int:
    """A number of requests, for argparse."""
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is no number between 1 and 256")
    return int(text)


def many(text: str) -> int:
    """A number of requests in all, for argparse."""
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number between 1 and 1000000")
    return int(text)


def generated(text: str) -> int:
    """A number of things to generate, which may be none, for argparse."""
    if not text.isdecimal() or int(text[:9]) > 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number between 0 and 1000000")
    return int(text)


def findings(text: str) -> int:
    """A number of findings, for argparse."""
    if not text.isdecimal() or len(text) > 15 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of findings")
    return int(text)


def key_variable(args: argparse.Namespace) -> str:
    """The name of the variable that holds the key, as commands that are shown name it."""
    return args.api_key_env or OPENAI_KEY


def api_key(args: argparse.Namespace) -> str | None:
    """The key to send; None for none. Raises `CannotCheckError` for a variable that is not set."""
    from chatconform.run.reach import CannotCheckError

    name = args.api_key_env or (OPENAI_KEY if _host(args.url) == OPENAI_HOST else None)
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if key:
        return key
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{,39}", name):
        raise CannotCheckError("--api-key-env wants the name of a variable, not a key")
    if args.api_key_env is None and any(given.lower().startswith("authorization:") for given in args.header):
        return None
    state = "is empty" if name in os.environ else "is not set"
    raise CannotCheckError(f"the environment variable {name} {state}; it should hold the API key")


def headers(given: list[str]) -> dict[str, str]:
    """Headers from `NAME: VALUE` texts. Raises `CannotCheckError` for one that is none."""
    from chatconform.run.reach import CannotCheckError

    found: dict[str, str] = {}
    for text in given:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise CannotCheckError("-H wants a header as 'NAME: VALUE'")
        found[name.strip()] = value.strip()
    return found


def refused(message: str) -> int:
    """Tells what is wrong with what was given, in one sentence; gives the exit status."""
    print(f"chatconform: {message.removesuffix('.')}", file=sys.stderr)
    return 2


def _host(url: str | None) -> str | None:
    from urllib.parse import urlsplit

    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None
