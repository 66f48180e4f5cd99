"""The published page of rules is that of the rules that there are."""

from __future__ import annotations

import runpy
from pathlib import Path


def test_the_page_of_rules_is_current() -> None:
    pages = runpy.run_path(str(Path(__file__).parent / "pages.py"))
    assert pages["PAGE"].read_text() == pages["page"](), "run `python tests/rules/pages.py`"
