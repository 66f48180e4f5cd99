"""The kill table: which rules fail against which mutant, from a run of the whole kit against each of them.

`python tests/mutants/table.py` takes minutes and writes `reports/published/kill-table.md`; nobody writes there by hand.
With names of mutants only these are run again, and of the others the page is believed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "reports" / "published" / "kill-table.md"
PROCESSES = 2
HEAD = """\
# Kill table

Every mutant is the reference server with one fault (`chatconform serve --fault NAME`). The whole kit was run against
each, `chatconform check` with its default settings, and this is what failed. A mutant is killed by the rules that it is
made for; a fault that shows in several places may be noticed by other rules too. The reference server itself, without a
fault, fails none.

This page is written by `python tests/mutants/table.py`, never by hand.

"""
ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| (?P<text>[^|]*) \| (?P<kills>[^|]*) \| (?P<others>[^|]*) \|$", re.MULTILINE)


def page(faults: Iterable[Any], rules: Iterable[Any], failed: Mapping[str, Iterable[str]]) -> str:
    """The page for what failed against each fault, by the fault's name."""
    mutants, killers = list(faults), {rule.id: [] for rule in rules}  # type: ignore[var-annotated]
    rows = []
    for fault in mutants:
        noticed = set(failed[fault.name])
        kills = [rule for rule in killers if rule in noticed and rule in fault.kills]
        others = [rule for rule in killers if rule in noticed and rule not in fault.kills]
        for rule in kills:
            killers[rule].append(fault.name)
        rows.append(f"| `{fault.name}` | {fault.text.replace('|', '/')} | {_listed(kills)} | {_listed(others)} |")
    by_rule = [f"| `{rule}` | {_listed(names)} |" for rule, names in killers.items()]
    return "\n".join(
        [
            f"{HEAD}{len(mutants)} mutants, {len(killers)} rules about servers.",
            "",
            "## By mutant",
            "",
            "| mutant | what it does | killed by | also noticed by |",
            "|---|---|---|---|",
            *rows,
            "",
            "## By rule",
            "",
            "| rule | mutants made for it that it kills |",
            "|---|---|",
            *by_rule,
            "",
        ]
    )


def read(text: str) -> dict[str, list[str]]:
    """What failed against each mutant, as a page tells it."""
    return {row["name"]: re.findall(r"`([^`]+)`", row["kills"] + row["others"]) for row in ROW.finditer(text)}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _failed(name: str) -> tuple[str, list[str]]:
    from matrix import checked, failed  # it stands beside this file

    from chatconform.reference.faults import find

    return name, sorted(failed(checked(find(name))))


def main() -> None:
    """Runs the kit against every mutant, or the named ones, and writes the page."""
    from chatconform.reference.faults import faults
    from chatconform.rules.catalogue import rules
    from chatconform.run.choice import about_servers

    names = sys.argv[1:] or [fault.name for fault in faults()]
    found = read(PAGE.read_text()) if sys.argv[1:] else {}
    with ProcessPoolExecutor(PROCESSES) as pool:
        for number, (name, noticed) in enumerate(pool.map(_failed, names), 1):
            found[name] = noticed
            print(f"\r{number} of {len(names)}", end="", flush=True)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(faults(), filter(about_servers, rules()), found))
    print(f"\nwritten: {PAGE.relative_to(Path.cwd())}" if PAGE.is_relative_to(Path.cwd()) else f"\nwritten: {PAGE}")


if __name__ == "__main__":
    main()
