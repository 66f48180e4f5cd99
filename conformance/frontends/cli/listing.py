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
    tell_rules(choice.judged)
    print()
    tell_cases(choice.cases)
    most = sum(case.most for case in choice.cases)
    print(
        f"\n{len(choice.judged)} rules, {len(choice.cases)} cases, at most {most} requests and a few to find the target"
    )
    return 0


def tell_rules(rules: Iterable[Rule]) -> None:
    """Prints a line for each rule."""
    listed = list(rules)
    width = max((len(rule.id) for rule in listed), default=0)
    for rule in listed:
        print(f"{rule.level:<6}  {rule.id:<{width}}  {rule.text}")


def tell_cases(cases: Iterable[Case]) -> None:
    """Prints a line for each case."""
    listed = list(cases)
    width = max((len(case.id) for case in listed), default=0)
    for case in listed:
        print(f"{case.most:>3} requests  {case.id:<{width}}  {case.purpose}")
