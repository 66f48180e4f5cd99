"""The published sample page is what the kit makes of the published sample results."""

from __future__ import annotations

import runpy
from pathlib import Path

SAMPLE = runpy.run_path(str(Path(__file__).parent / "sample.py"))


def told(page: str) -> str:
    """What a page tells: its content, without the style and the version of the kit around it."""
    return page.partition("<main")[2].partition("</main>")[0]


def test_the_sample_page_is_current() -> None:
    assert told(SAMPLE["PAGE"].read_text("utf-8")) == told(SAMPLE["page"]()), (
        "run `python tests/pages/sample.py --page`"
    )


def test_the_sample_page_is_small_enough_to_keep() -> None:
    assert SAMPLE["PAGE"].stat().st_size < 300_000
