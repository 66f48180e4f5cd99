"""`chatconform list`: every rule, case, fault and capability, or those that a glob names."""

from __future__ import annotations

import argparse

from chatconform.frontends.cli.arguments import add_plugins

HELP = "list rules, cases, scenarios, faults of the reference server, and capabilities"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument(
        "glob", nargs="?", default="*", metavar="GLOB", help="an id, a glob, or the first words of ids (default all)"
    )
    add_plugins(parser)


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 something was listed, 2 nothing is so named."""
    from chatconform.cases.catalogue import cases
    from chatconform.core.naming import matches, unknown
    from chatconform.frontends.cli.arguments import refused
    from chatconform.frontends.cli.listing import tell_cases, tell_names, tell_rules, tell_scenarios
    from chatconform.recordings.requirements import record_rules
    from chatconform.reference.faults import crashes, faults
    from chatconform.rules.capabilities import capabilities
    from chatconform.rules.catalogue import rules
    from chatconform.scenarios.catalogue import scenarios

    known_rules, broken = (*rules(), *record_rules()), (*faults(), *crashes())
    chosen_rules = [rule for rule in known_rules if matches(rule.id, args.glob)]
    chosen_cases = [case for case in cases() if matches(case.id, args.glob)]
    chosen_scenarios = [one for one in scenarios() if matches(one.id, args.glob)]
    chosen_faults = [(fault.name, fault.text) for fault in broken if matches(fault.name, args.glob)]
    chosen_capabilities = [(one.name, one.title) for one in capabilities() if matches(one.name, args.glob)]
    if not (chosen_rules or chosen_cases or chosen_scenarios or chosen_faults or chosen_capabilities):
        ids = [rule.id for rule in known_rules] + [case.id for case in cases()] + [one.id for one in scenarios()]
        ids += [fault.name for fault in broken] + [one.name for one in capabilities()]
        return refused(unknown(args.glob, ids, "rule, case, scenario, fault or capability"))
    tell_rules(chosen_rules, "Rules")
    tell_cases(chosen_cases, "Cases")
    tell_scenarios(chosen_scenarios, "Scenarios (chatconform client)")
    tell_names(chosen_faults, "Faults (chatconform serve --fault NAME)")
    tell_names(chosen_capabilities, "Capabilities (chatconform check --have NAMES --lack NAMES)")
    return 0
