"""`chatconform init`: writes a file of settings to begin with, and what runs the kit in CI."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatconform.frontends.cli.arguments import refused

if TYPE_CHECKING:
    from collections.abc import Callable

HELP = "write a commented chatconform.toml and, with --ci, a workflow and a baseline to begin with"
BASELINE: Final = "chatconform-baseline.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("--ci", choices=tuple(WORKFLOWS), help="write a workflow for this service, too, and a baseline")
    parser.add_argument("--force", action="store_true", help="write over files that are there")


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns its exit status: 0 written, 2 something is in the way or cannot be written."""
    from chatconform.frontends.cli.config_file import OWN, ConfigError, find

    wanted: dict[str, Callable[[], str]] = {OWN: _settings}
    if args.ci is not None:
        wanted |= {WORKFLOWS[args.ci][0]: lambda: _workflow(args.ci), BASELINE: _baseline}
    kept = {name: name for name in wanted if Path(name).exists() and (not args.force or name == BASELINE)}
    if not Path(OWN).exists():
        try:
            settled = find(None)
        except ConfigError as problem:
            return refused(str(problem))
        kept |= {OWN: settled.name} if settled is not None else {}
    if kept.keys() | {BASELINE} >= wanted.keys():
        advice = "; --force overwrites" if Path(OWN).exists() else f"; a {OWN} beside it would be one too many"
        return refused(f"nothing to write: there is {', '.join(kept.values())} already{advice}")
    for name, text in wanted.items():
        if name not in kept:
            try:
                Path(name).parent.mkdir(parents=True, exist_ok=True)
                Path(name).write_text(text(), encoding="utf-8")
            except OSError as problem:
                return refused(f"{name} cannot be written: {problem.strerror}")
        print(f"kept {kept[name]}" if name in kept else f"wrote {name}")
    if args.ci is not None:
        print(WORKFLOWS[args.ci][1])
    return 0


def _settings() -> str:
    from chatconform.frontends.cli.sample_settings import sample

    return sample()


def _baseline() -> str:
    from chatconform.core.baseline_form import BEGINNING

    return "".join(BEGINNING)


def _workflow(service: str) -> str:
    from importlib.resources import files

    template = files("chatconform.frontends.cli") / "workflows" / f"{service}.yml"
    return template.read_text(encoding="utf-8").replace("BASELINE", BASELINE)


WORKFLOWS: Final = {
    "github": (
        ".github/workflows/chatconform.yml",
        "Say in the workflow how your server is started; what fails today and may, "
        f"`chatconform check URL --baseline {BASELINE} --update-baseline` writes down.",
    ),
    "gitlab": (
        ".gitlab/chatconform.yml",
        "Include it in .gitlab-ci.yml (`include: .gitlab/chatconform.yml`), and say in it how your server is started; "
        f"what fails today and may, `chatconform check URL --baseline {BASELINE} --update-baseline` writes down.",
    ),
}
"""For each service the file of its workflow, and what is left to do."""
