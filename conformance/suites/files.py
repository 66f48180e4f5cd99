"""What a file of recordings comes to, told as a test."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from chatconform.reports.validation_terminal import render
from chatconform.run.recordings import validate_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatconform.core.baseline import Baseline
    from chatconform.core.validation_result import ValidationResult

WIDTH: Final = 100


def tell(
    path: str,
    *,
    only: list[str],
    skip: list[str],
    profile: str,
    strict: bool,
    baseline: Baseline | None = None,
    found: Callable[[str, ValidationResult], None] = lambda *_: None,
) -> None:
    """Passes the test of a file, fails it with what was found, or skips it where nothing in the file was judged.

    What the baseline knows is an expected failure; what it knows of other files is no matter of this one. `found` is
    given the path and what was found.
    """
    __tracebackhide__ = True
    result = validate_files([path], only=only, skip=skip, profile=profile)
    found(path, result)
    if baseline is not None:
        result = baseline.applied(result)
        known = replace(result.baseline, stale=(), unseen=()) if result.baseline is not None else None
        result = replace(result, baseline=known)
    status = result.exit_status(strict=strict)
    if status == 0 and result.baseline is not None and result.baseline.known:
        pytest.xfail(render(result, strict=strict, width=WIDTH))
    if status == 0:
        return
    if status == 2 and not result.missing and result.cut_short is None:
        pytest.skip(f"nothing in {path} was judged")
    pytest.fail(render(result, strict=strict, width=WIDTH), pytrace=False)
