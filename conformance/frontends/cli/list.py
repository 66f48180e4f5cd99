"""`chatconform list`: every rule and every case, or those that a glob names."""

from __future__ import annotations

import argparse

HELP = "list rules and cases"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument(
        "glob", nargs="?", default="*", metavar="GLOB", help="an id, a glob, or the first words of ids (default: all)"
    )


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 something was listed, 2 nothing is so named."""
    from chatconform.cases.catalogue import cases
    from chatconform.core.naming import UnknownIdError, matches
    from chatconform.frontends.cli.arguments import refused
    from chatconform.frontends.cli.listing import tell_cases, tell_rules
    from chatconform.rules.catalogue import select

    listed = [case for case in cases() if matches(case.id, args.glob)]
    try:
        rules = select([args.glob])
    except UnknownIdError as problem:
        if not listed:
            return refused(str(problem))
        rules = ()
    if rules:
        print("Rules")
        tell_rules(rules)
    if listed:
        print("\nCases" if rules else "Cases")
        tell_cases(listed)
    return 0
