"""`chatconform explain`: all that there is to know of one rule, case, scenario, fault or capability."""

from __future__ import annotations

import argparse
import sys
import textwrap
from typing import TYPE_CHECKING

from chatconform.frontends.cli.arguments import add_plugins
from chatconform.frontends.cli.screen import width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatconform.core.capability import Capability
    from chatconform.core.case import Case
    from chatconform.core.rule import Rule
    from chatconform.core.scenario import Scenario
    from chatconform.reference.faults import Fault

HELP = "tell what a rule requires and why, what a case or scenario asks, what a fault does, what needs a capability"
WIDEST = 100
NARROWEST = 20
LABEL = 14
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
    parser.add_argument(
        "id", metavar="ID", help="the id of a rule, case or scenario, the name of a fault or capability"
    )
    add_plugins(parser)


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 told, 2 nothing is so named."""
    from chatconform.cases.catalogue import cases
    from chatconform.core.failure import GENERATED
    from chatconform.core.naming import matches, unknown
    from chatconform.frontends.cli.arguments import refused
    from chatconform.frontends.cli.list import run as list_those
    from chatconform.recordings.requirements import record_rules
    from chatconform.reference.faults import crashes, faults
    from chatconform.rules.capabilities import capabilities
    from chatconform.rules.catalogue import rules
    from chatconform.scenarios.catalogue import scenarios

    broken = (*faults(), *crashes())
    known = (*rules(), *record_rules())
    told = [_rule(rule) for rule in rules() if rule.id == args.id]
    told += [_requirement(rule) for rule in record_rules() if rule.id == args.id]
    told += [_case(case) for case in cases() if case.id == args.id]
    told += [_scenario(scenario) for scenario in scenarios() if scenario.id == args.id]
    told += [_fault(fault) for fault in broken if fault.name == args.id]
    told += [_capability(one) for one in capabilities() if one.name == args.id]
    told += [_generated(args.id, text) for kind, text in _generators() if args.id in {kind, f"{GENERATED}{kind}"}]
    if told:
        for lines in told:
            print("\n".join(lines))
        return 0
    ids = [rule.id for rule in known] + [case.id for case in cases()] + [scenario.id for scenario in scenarios()]
    ids += [fault.name for fault in broken] + [one.name for one in capabilities()]
    if any(matches(name, args.id) for name in ids):
        return list_those(argparse.Namespace(glob=args.id))
    return refused(unknown(args.id, ids, "rule, case, scenario, fault or capability"))


def _generators() -> Iterator[tuple[str, str]]:
    """What generated requests and streams are, by the kinds that reports name."""
    from chatconform.run.client_fuzzing import PURPOSES
    from chatconform.run.probes import KINDS

    yield from PURPOSES.items()
    yield from KINDS.items()


def _generated(name: str, text: str) -> Iterator[str]:
    from chatconform.core.failure import GENERATED
    from chatconform.run.client_fuzzing import PURPOSES

    command = "client --fuzz 200 -- COMMAND" if name.removeprefix(GENERATED) in PURPOSES else "check URL --fuzz 200"
    yield f"generated {name}"
    yield ""
    yield from _wrapped(text)
    yield ""
    yield from _labelled("ask for it", [f"chatconform {command}"])


def _requirement(rule: Rule) -> Iterator[str]:
    """What is asked of the records of a file by themselves."""
    yield from _text(rule)
    yield from _labelled("judge it", [f"chatconform validate FILE --only {rule.id}"])


def _text(rule: Rule) -> Iterator[str]:
    yield f"{rule.level} {rule.id}"
    yield ""
    yield from _wrapped(rule.text)
    yield ""
    for paragraph in filter(None, rule.why.split("\n\n")):
        yield from _wrapped(" ".join(paragraph.split()))
        yield ""
    yield from _told("source", rule.source)
    yield from _bringer(rule)
    yield from _told("judges", ABOUT[rule.on])


def _bringer(thing: Rule | Case) -> Iterator[str]:
    """Where a rule or case comes from that is not the kit's own."""
    from chatconform.rules.plugins import brought_by, place_of

    if (plugin := brought_by(thing)) is not None:
        yield from _told("brought by", f"{plugin.name} ({place_of(thing)})")


def _rule(rule: Rule) -> Iterator[str]:
    from chatconform.cases.catalogue import those_for
    from chatconform.core.rule import Part
    from chatconform.reference.faults import crashes, faults

    yield from _text(rule)
    if rule.needs is not None:
        yield from _told("needs", f"{rule.needs.title}: a target that refuses it with a proper error is not judged")
    if rule.published is not None:
        yield from _told("levels", f"{rule.level}; {rule.published} with --profile openai")
    if rule.on is Part.REQUEST:
        yield from _told("asked by", "clients: it is judged wherever their requests are seen, never of a server")
        yield from _labelled(
            "judge it", [f"chatconform validate FILE --only {rule.id}", "chatconform client -- COMMAND"]
        )
    else:
        asked = [f"{case.id}: {case.purpose}" for case in those_for([rule])]
        yield from _told("asked by", *(asked or ["no case; it is judged wherever it applies"]))
        yield from _labelled("judge it", [f"chatconform check URL --only {rule.id}"])
    broken_by = [fault.name for fault in (*faults(), *crashes()) if rule.id in fault.kills]
    yield from _labelled("see it fail", [f"chatconform serve --fault {name}" for name in broken_by])
    yield from _examples(rule)


def _examples(rule: Rule) -> Iterator[str]:
    """An exchange that keeps a rule and one that breaks it."""
    from chatconform.frontends.cli.example import told
    from chatconform.rules.specimens import specimens

    first = {one.kind: one for one in reversed(list(specimens(rule.id)))}
    for label, kind in (("kept by", "keeps"), ("broken by", "breaks")):
        if kind in first:
            yield ""
            yield from _labelled(label, told(first[kind], rule, max(NARROWEST, _width() - LABEL)))


def _case(case: Case) -> Iterator[str]:
    from chatconform.rules.catalogue import exercised_by

    yield f"case {case.id}"
    yield ""
    yield from _wrapped(case.purpose)
    yield ""
    yield from _bringer(case)
    yield from _told("asks", f"{case.most} {'request' if case.most == 1 else 'requests'} at the most")
    yield from _labelled("made for", [f"{rule.level:<6}  {rule.id}" for rule in exercised_by(case.exercises)])


def _scenario(scenario: Scenario) -> Iterator[str]:
    from chatconform.frontends.cli.explain_scenario import answered, asked, expected

    room = max(NARROWEST, _width() - LABEL)
    yield f"scenario {scenario.id}"
    yield ""
    yield from _wrapped(scenario.purpose)
    yield ""
    yield from _told("level", scenario.grade)
    if scenario.needs:
        yield from _told("needs", f"a client that declares {', '.join(scenario.needs)}")
    yield from _told("told after", *scenario.blocked_by)
    yield from _labelled("asked", asked(scenario, room))
    yield from _labelled("answered", answered(scenario, room))
    yield from _labelled("must come out", expected(scenario, room))
    yield from _labelled("drive it", [f"chatconform client --only {scenario.id} -- COMMAND"])


def _fault(fault: Fault) -> Iterator[str]:
    yield f"fault {fault.name}"
    yield ""
    yield from _wrapped(fault.text)
    yield ""
    yield from _labelled("serve it", [f"chatconform serve --fault {fault.name}"])
    yield from _labelled("breaks", fault.kills)


def _capability(capability: Capability) -> Iterator[str]:
    from chatconform.rules.catalogue import rules

    yield f"capability {capability.name}"
    yield ""
    yield from _wrapped(
        f"Whether the target can do this: {capability.title}. Refused with a proper error, the rules that need it are "
        "unsupported; accepted without effect, they fail."
    )
    yield ""
    yield from _labelled("it is there", [f"chatconform check URL --have {capability.name}"])
    yield from _labelled("it is not", [f"chatconform check URL --lack {capability.name}"])
    needing = [rule for rule in rules() if rule.needs is not None and rule.needs.name == capability.name]
    yield from _labelled("needed by", [f"{rule.level:<6}  {rule.id}" for rule in needing])


def _told(label: str, *texts: str) -> Iterator[str]:
    """Paragraphs in a column beside their label."""
    return _labelled(label, (line for text in texts for line in _wrapped(text, LABEL)))


def _labelled(label: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines as they are in a column beside their label; nothing where there are none."""
    for number, line in enumerate(lines):
        yield f"{'' if number else label:<{LABEL}}{line}"


def _wrapped(text: str, room: int = 0) -> list[str]:
    return textwrap.wrap(text, max(NARROWEST, _width() - room), break_on_hyphens=False)


def _width() -> int:
    return min(WIDEST, width(sys.stdout))
