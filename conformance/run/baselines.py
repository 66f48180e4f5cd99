"""Baselines in files: read, held to the ids that there are, and written anew.

The law of this file: catalogues are imported where there is a baseline, as most runs have none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from chatconform.core.baseline import Baseline, BaselineError, read
from chatconform.core.failure import GENERATED
from chatconform.reports.formats import replace_file

LARGEST: Final = 16 * 1024 * 1024


def opened(baseline: Baseline | str | Path, *, new: bool = False) -> Baseline:
    """The baseline of that file, or the one that is given; with `new` a file that is not there is an empty one.

    `new` is for a baseline that is to be written, so one that cannot be is refused. Raises `BaselineError` with one
    sentence for a file that cannot be read, and for a line that says nothing.
    """
    if isinstance(baseline, Baseline):
        return baseline
    path = Path(baseline)
    if new and path.parent.is_dir() and not os.access(path if path.exists() else path.parent, os.W_OK):
        raise BaselineError(f"the baseline cannot be written to {path}: permission denied")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        if new and path.parent.is_dir():
            return Baseline(str(baseline))
        remedy = "--update-baseline makes one" if path.parent.is_dir() else f"there is no folder {path.parent}"
        raise BaselineError(f"there is no baseline {baseline}; {remedy}") from None
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise BaselineError(f"the baseline {baseline} cannot be read: {reason}") from None
    if len(data) > LARGEST:
        raise BaselineError(f"the baseline {baseline} is larger than {LARGEST // 1024**2} MiB; is it another file?")
    try:
        text = data.decode()
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise BaselineError(f"{baseline}:{line}: this is no UTF-8; write the baseline in UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BaselineError(f"{baseline}:{line}: this is no text; name the file of a baseline")
    return read(text, str(baseline), rules=_rules(), scenarios=_scenarios(text))


def write(baseline: Baseline) -> None:
    """Writes a baseline to its file, whole or not at all. Raises `BaselineError` where that cannot be done."""
    try:
        replace_file(Path(baseline.path).resolve(), baseline.text.encode())
    except OSError as problem:
        reason = problem.strerror or problem
        raise BaselineError(f"the baseline cannot be written to {baseline.path}: {reason}") from None


def _rules() -> set[str]:
    from chatconform.recordings.requirements import record_rules
    from chatconform.rules.catalogue import rules

    return {rule.id for rule in (*rules(), *record_rules())}


def _scenarios(text: str) -> set[str]:
    from chatconform.scenarios.catalogue import scenarios

    known = {scenario.id for scenario in scenarios()}
    if GENERATED in text:
        from chatconform.run.client_fuzz import KINDS  # it needs the strategies, which few baselines do

        known |= {f"{GENERATED}{kind}" for kind in KINDS}
    return known
