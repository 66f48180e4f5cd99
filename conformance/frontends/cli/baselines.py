"""`--baseline` and `--update-baseline`, as every command that judges takes them.

The law of this file: a baseline is read before anything is asked, and one that cannot be written loses nothing of what
was measured.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

from chatconform.frontends.cli.arguments import refused

if TYPE_CHECKING:
    import argparse

    from chatconform.core.baseline import Baseline
    from chatconform.core.judged import Judged

Result = TypeVar("Result", bound="Judged")


def add_baseline(parser: argparse.ArgumentParser) -> None:
    """Adds what says which failures are known."""
    parser.add_argument(
        "--baseline",
        metavar="FILE",
        help="known failures, a line each: others fail the run, and so does a line that no longer fails",
    )
    parser.add_argument(
        "--update-baseline",
        action="store_true",
        help="write the baseline anew: add what fails, remove what no longer does, keep all else",
    )


def wanted_baseline(args: argparse.Namespace) -> Baseline | None:
    """The baseline that is named; None where none is. Raises `BaselineError`."""
    from chatconform.core.baseline import BaselineError
    from chatconform.run.baselines import opened

    if args.baseline is None:
        if args.update_baseline:
            raise BaselineError("--update-baseline wants --baseline FILE, which names the file to write")
        return None
    return opened(args.baseline, new=args.update_baseline)


def judged_by(baseline: Baseline | None, result: Result, args: argparse.Namespace) -> tuple[Result, bool]:
    """A result with what the baseline says of it, once that is updated if it is to be; and whether all went well."""
    if baseline is None:
        return result, True
    if not args.update_baseline:
        return baseline.applied(result), True
    from chatconform.core.baseline import BaselineError
    from chatconform.run.baselines import write

    updated = baseline.updated(result, strict=args.strict)
    if updated.text == baseline.text:
        print(f"chatconform: {baseline.path} is as it should be", file=sys.stderr)
        return baseline.applied(result), True
    try:
        write(updated)
    except BaselineError as problem:
        refused(str(problem))
        return baseline.applied(result), False
    before, after = ({str(entry): None for entry in one.entries} for one in (baseline, updated))
    added, removed = len(after.keys() - before.keys()), len(before.keys() - after.keys())
    print(f"chatconform: wrote {baseline.path}: {added} added, {removed} removed", file=sys.stderr)
    return updated.applied(result), True
