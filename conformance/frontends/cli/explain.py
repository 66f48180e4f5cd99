"""`chatconform explain`: all that there is to know of one rule, case, fault or capability."""

from __future__ import annotations

import argparse
import textwrap
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatconform.core.capability import Capability
    from chatconform.core.case import Case
    from chatconform.core.rule import Rule
    from chatconform.reference.faults import Fault

HELP = "tell what a rule requires and why, what a case asks, what a fault does, or which rules need a capability"
WIDTH = 100
ABOUT = {
    "exchange": "whatever happens to a request, no answer included",
    "request": "requests",
    "response": "responses of any status",
    "error": "responses with status 400 and up",
    "overload": "answers that say not now (429 or 503)",
    "completion": "successes whose body is one JSON object",
    "stream": "successes that are a stream of events",
    "answer": "completions, whole or assembled from their stream",
    "series": "all exchanges of one case, together",
    "record": "records of a file, by themselves",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("id", metavar="ID", help="the id of a rule or case, or the name of a fault or capability")


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 told, 2 nothing is so named."""
    from chatconform.cases.catalogue import cases
    from chatconform.frontends.cli.arguments import refused
    from chatconform.recordings.requirements import record_rules
    from chatconform.reference.faults import faults
    from chatconform.rules.capabilities import capabilities
    from chatconform.rules.catalogue import rules

    told = [_rule(rule) for rule in rules() if rule.id == args.id]
    told += [_requirement(rule) for rule in record_rules() if rule.id == args.id]
    told += [_case(case) for case in cases() if case.id == args.id]
    told += [_fault(fault) for fault in faults() if fault.name == args.id]
    told += [_capability(one) for one in capabilities() if one.name == args.id]
    if not told:
        ids = [rule.id for rule in rules()] + [case.id for case in cases()] + [fault.name for fault in faults()]
        ids += [one.name for one in capabilities()]
        near = get_close_matches(args.id, ids, n=3, cutoff=0.4)
        hint = f"; near: {', '.join(near)}" if near else "; `chatconform list` names them all"
        return refused(f"no rule, case, fault or capability has the id {args.id[:80]!r}{hint}")
    for lines in told:
        print("\n".join(lines))
    return 0


def _requirement(rule: Rule) -> Iterator[str]:
    """What is asked of the records of a file by themselves."""
    yield from _text(rule)
    yield f"judge it      chatconform validate FILE --only {rule.id}"


def _text(rule: Rule) -> Iterator[str]:
    yield f"{rule.level} {rule.id}"
    yield ""
    yield from _wrapped(rule.text)
    yield ""
    for paragraph in filter(None, rule.why.split("\n\n")):
        yield from _wrapped(" ".join(paragraph.split()))
        yield ""
    yield f"source        {rule.source}"
    yield from _bringer(rule)
    yield f"judges        {ABOUT[rule.on]}"


def _bringer(thing: Rule | Case) -> Iterator[str]:
    """Where a rule or case comes from that is not the kit's own."""
    from chatconform.rules.plugins import brought_by, place_of

    if (plugin := brought_by(thing)) is not None:
        yield f"brought by    {plugin.name} ({place_of(thing)})"


def _rule(rule: Rule) -> Iterator[str]:
    from chatconform.cases.catalogue import those_for
    from chatconform.reference.faults import faults

    yield from _text(rule)
    if rule.needs is not None:
        yield f"needs         {rule.needs.title}: a target that refuses it with a proper error is not judged"
    if rule.published is not None:
        yield f"levels        {rule.level}; {rule.published} with --profile openai"
    cases = those_for([rule])
    for number, case in enumerate(cases):
        yield f"{'' if number else 'asked by':<14}{case.id}: {case.purpose}"
    if not cases:
        yield "asked by      no case; it is judged wherever it applies"
    yield f"judge it      chatconform check URL --only {rule.id}"
    broken_by = [fault.name for fault in faults() if rule.id in fault.kills]
    for number, name in enumerate(broken_by):
        yield f"{'' if number else 'see it fail':<14}chatconform serve --fault {name}"
    yield from _examples(rule)


def _examples(rule: Rule) -> Iterator[str]:
    """An exchange that keeps a rule and one that breaks it."""
    from chatconform.frontends.cli.example import told
    from chatconform.rules.specimens import specimens

    first = {one.kind: one for one in reversed(list(specimens(rule.id)))}
    for label, kind in (("kept by", "keeps"), ("broken by", "breaks")):
        if kind in first:
            yield ""
            for number, line in enumerate(told(first[kind], rule, WIDTH - 14)):
                yield f"{'' if number else label:<14}{line}"


def _case(case: Case) -> Iterator[str]:
    from chatconform.rules.catalogue import exercised_by

    yield f"case {case.id}"
    yield ""
    yield from _wrapped(case.purpose)
    yield ""
    yield from _bringer(case)
    yield f"asks          {case.most} {'request' if case.most == 1 else 'requests'} at the most"
    for number, rule in enumerate(exercised_by(case.exercises)):
        yield f"{'' if number else 'made for':<14}{rule.level:<6}  {rule.id}"


def _fault(fault: Fault) -> Iterator[str]:
    yield f"fault {fault.name}"
    yield ""
    yield from _wrapped(fault.text)
    yield ""
    yield f"serve it      chatconform serve --fault {fault.name}"
    for number, rule_id in enumerate(fault.kills):
        yield f"{'' if number else 'breaks':<14}{rule_id}"


def _capability(capability: Capability) -> Iterator[str]:
    from chatconform.rules.catalogue import rules

    yield f"capability {capability.name}"
    yield ""
    yield from _wrapped(
        f"Whether the target can do this: {capability.title}. Refused with a proper error, the rules that need it are "
        "unsupported; accepted without effect, they fail."
    )
    yield ""
    yield f"it is there   chatconform check URL --have {capability.name}"
    yield f"it is not     chatconform check URL --lack {capability.name}"
    needing = [rule for rule in rules() if rule.needs is not None and rule.needs.name == capability.name]
    for number, rule in enumerate(needing):
        yield f"{'' if number else 'needed by':<14}{rule.level:<6}  {rule.id}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)
