"""What may stand next on a command line, for the shell that asks: commands, options, ids, names of targets.

The law of this file: whoever presses a key waits for it, so only what belongs to the command is imported; and nothing
that goes wrong is told in the middle of a line that is being written.
"""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Say = Callable[[argparse.Namespace], Iterable[str]]

FILES: Final = frozenset(
    {"badge", "baseline", "config", "drift", "output", "paths", "plugin", "record", "report", "results"}
)
"""Arguments that the shell completes by the files that there are."""
LINE: Final = "COMP_LINE"


def complete() -> int:
    """Answers the shell that asks, in the way that argcomplete and it agree on; gives the exit status."""
    from argcomplete import autocomplete

    parser = _parser(os.environ.get(LINE, ""))
    with suppress(Exception):
        autocomplete(parser, always_complete_options=False)
    return 0


def _parser(line: str) -> argparse.ArgumentParser:
    """A parser of whole command lines, with the arguments of the command that the line names."""
    from chatconform.frontends.cli.entry import COMMANDS, CONFIGURED, command

    parser = argparse.ArgumentParser("chatconform", allow_abbrev=False)
    parser.add_argument("--version", action="store_true")
    words = line.split()
    named = words[1] if len(words) > 1 else ""
    commands = parser.add_subparsers()
    for name in COMMANDS:
        told = command(name).HELP.replace("%", "%%") if named not in COMMANDS else None
        one = commands.add_parser(name, allow_abbrev=False, help=told)
        if name == named:
            command(name).add_arguments(one)
            if name in CONFIGURED:
                from chatconform.frontends.cli.config import add_arguments

                add_arguments(one)
            for action in one._actions:  # argparse has no other way to ask what was added
                completer = _completer(name, action)
                if completer is not None:
                    action.completer = completer  # type: ignore[attr-defined]
    return parser


def _completer(name: str, action: argparse.Action) -> Callable[..., Iterable[str]] | None:
    """What tells the values of an argument; None for files, which the shell knows itself, and for free text."""
    say = VALUES.get((name, action.dest)) or VALUES.get(("", action.dest))

    def told(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
        values = say(parsed_args) if say is not None else ()
        return [value for value in values if value.startswith(prefix)]

    is_file = action.dest in FILES
    return None if say is None and (is_file or action.choices is not None) else told


def _rules(_: argparse.Namespace) -> list[str]:
    from chatconform.rules.catalogue import rules

    return _with_first_words(rule.id for rule in rules())


def _scenarios(_: argparse.Namespace) -> list[str]:
    from chatconform.scenarios.catalogue import scenarios

    return _with_first_words(scenario.id for scenario in scenarios())


def _explained(args: argparse.Namespace) -> list[str]:
    from chatconform.cases.catalogue import cases

    return [*_rules(args), *_scenarios(args), *(case.id for case in cases()), *_faults(args), *_capabilities(args)]


def _faults(_: argparse.Namespace) -> list[str]:
    from chatconform.reference.faults import crashes, faults

    return [fault.name for fault in (*faults(), *crashes())]


def _capabilities(_: argparse.Namespace) -> list[str]:
    from chatconform.rules.capabilities import capabilities

    return [one.name for one in capabilities()]


def _types(_: argparse.Namespace) -> tuple[str, ...]:
    from chatconform.schemas import names

    return names()


def _profiles(_: argparse.Namespace) -> tuple[str, ...]:
    from chatconform.run.profiles import PROFILES

    return tuple(PROFILES)


def _adapters(_: argparse.Namespace) -> list[str]:
    from chatconform.run.bundled import names

    return list(names())


def _targets(_: argparse.Namespace) -> list[str]:
    from chatconform.frontends.cli.config import target_names

    return target_names()


def _formats(_: argparse.Namespace) -> list[str]:
    from chatconform.reports import FORMATS

    return list(FORMATS)


def _failures(args: argparse.Namespace) -> list[str]:
    """The failures of the report that the line names."""
    from chatconform.reports.reading import read

    found: dict[str, None] = {}
    for rule in read(args.report).document["rules"]:
        found.update(dict.fromkeys(finding["id"] for finding in rule["findings"] if "id" in finding))
    return list(found)


def _variables(_: argparse.Namespace) -> list[str]:
    return [name for name in os.environ if "KEY" in name]


def _with_first_words(ids: Iterable[str]) -> list[str]:
    """The ids, and the words that they begin with: these name all ids of an area."""
    found: dict[str, None] = {}
    for one in ids:
        words = one.split(".")
        found.update(dict.fromkeys(".".join(words[:count]) for count in range(1, len(words) + 1)))
    return list(found)


VALUES: Final[dict[tuple[str, str], Say]] = {
    ("client", "only"): _scenarios,
    ("client", "skip"): _scenarios,
    ("", "only"): _rules,
    ("", "skip"): _rules,
    ("list", "glob"): _explained,
    ("explain", "id"): _explained,
    ("replay", "id"): _failures,
    ("", "have"): _capabilities,
    ("", "lack"): _capabilities,
    ("", "profile"): _profiles,
    ("", "fault"): _faults,
    ("", "adapter"): _adapters,
    ("", "url"): _targets,
    ("", "upstream"): _targets,
    ("", "api_key_env"): _variables,
    ("check", "report"): _formats,
    ("client", "report"): _formats,
    ("validate", "report"): _formats,
    ("proxy", "report"): _formats,
    ("", "name"): _types,
    ("", "type"): _types,
}
"""What tells the values of an argument: of one command, or of all that have it."""
