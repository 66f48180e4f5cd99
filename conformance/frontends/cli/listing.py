"""Rules and cases as lists for people."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Final

from chatconform.frontends.cli.screen import width

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from chatconform.core.case import Case
    from chatconform.core.rule import Rule
    from chatconform.core.scenario import Scenario

LEAST: Final = 30
"""Columns that a text needs beside its name."""


def tell_choice(args: argparse.Namespace) -> int:
    """Prints the rules that a check would judge by and the cases that it would play."""
    from chatconform.run.choice import choose
    from chatconform.run.declared import declare

    choice = choose(args.only, args.skip, args.profile, declare(args.have, args.lack))
    tell_rules(choice.judged, "Rules")
    tell_cases(choice.cases, "Cases")
    most = sum(case.most for case in choice.cases)
    print(
        f"{len(choice.judged)} rules, {len(choice.cases)} cases, at most {most} requests and a few to find the target"
    )
    return 0


def tell_rules(rules: Iterable[Rule], heading: str) -> None:
    """Prints a line for each rule."""
    _tell(heading, [(f"{rule.level:<6}", rule.id, rule.text) for rule in rules])


def tell_cases(cases: Iterable[Case], heading: str) -> None:
    """Prints a line for each case, with the most requests that it makes."""
    _tell(
        heading,
        [(f"{case.most:>3} {'request ' if case.most == 1 else 'requests'}", case.id, case.purpose) for case in cases],
    )


def tell_scenarios(scenarios: Iterable[Scenario], heading: str) -> None:
    """Prints a line for each scenario, with its level."""
    _tell(heading, [(f"{scenario.grade:<8}", scenario.id, scenario.purpose) for scenario in scenarios])


def tell_names(named: Iterable[tuple[str, str]], heading: str) -> None:
    """Prints a line for each name and what it stands for."""
    _tell(heading, [("", name, text) for name, text in named])


def _tell(heading: str, rows: list[tuple[str, str, str]]) -> None:
    """Prints rows below a heading, and a blank line; nothing where there are none."""
    names = max((len(name) for _, name, _ in rows), default=0)
    for number, (first, name, text) in enumerate(rows):
        if not number:
            print(heading)
        told = f"  {f'{first}  ' if first else ''}{name:<{names}}  "
        print("\n".join(_fitted(told, text)))
    if rows:
        print()


def _fitted(told: str, text: str) -> list[str]:
    """A row in one line; on a terminal in as many as it takes, and where it is narrow the text below the name."""
    if not sys.stdout.isatty() or len(told) + len(text) <= (columns := width(sys.stdout)):
        return [told + text]
    if columns - len(told) >= LEAST:
        return textwrap.wrap(text, columns, initial_indent=told, subsequent_indent=" " * len(told))
    return [told.rstrip(), *textwrap.wrap(text, max(LEAST, columns), initial_indent=" " * 6, subsequent_indent=" " * 6)]
