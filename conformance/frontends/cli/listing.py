"""Rules and cases as lists for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from chatconform.core.case import Case
    from chatconform.core.rule import Rule


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


def tell_names(named: Iterable[tuple[str, str]], heading: str) -> None:
    """Prints a line for each name and what it stands for."""
    _tell(heading, [("", name, text) for name, text in named])


def _tell(heading: str, rows: list[tuple[str, str, str]]) -> None:
    """Prints rows below a heading, and a blank line; nothing where there are none."""
    width = max((len(name) for _, name, _ in rows), default=0)
    for number, (first, name, text) in enumerate(rows):
        if not number:
            print(heading)
        print(f"  {f'{first}  ' if first else ''}{name:<{width}}  {text}")
    if rows:
        print()
